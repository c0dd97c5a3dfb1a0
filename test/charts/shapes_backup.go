// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

func backupShapes() []Shape { return []Shape{velero()} }

func velero() Shape {
	return Shape{
		Name: "velero", Version: "12.1.0", AppVersion: "1.18.1", KubeVersion: ">=1.16.0-0",
		Values: imageValues + `
replicaCount: 1
upgradeCRDs: true
cleanUpCRDs: false
backupsEnabled: true
snapshotsEnabled: true
deployNodeAgent: false
credentials: {useSecret: true, existingSecret: ''}
# One location each, without provider and bucket: the CRDs refuse them, as upstream's do.
configuration:
  backupStorageLocation: [{}]
  volumeSnapshotLocation: [{}]
metrics: {enabled: true, serviceMonitor: {autodetect: true, enabled: false}}
`,
		Schema: `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "backupsEnabled": {"type": "boolean"},
    "snapshotsEnabled": {"type": "boolean"},
    "upgradeCRDs": {"type": "boolean"},
    "configuration": {
      "type": "object",
      "properties": {"backupStorageLocation": {"type": "array"}, "volumeSnapshotLocation": {"type": "array"}}
    }
  }
}
`,
		Files: map[string]string{
			"backupstoragelocation.yaml":  veleroLocations("backupsEnabled", "backupStorageLocation", "BackupStorageLocation"),
			"volumesnapshotlocation.yaml": veleroLocations("snapshotsEnabled", "volumeSnapshotLocation", "VolumeSnapshotLocation"),
		},
		CRDs: []CRDSet{{In: InCRDs, CRDs: veleroCRDs()}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@-server"},
			{Kind: "ConfigMap", Names: "velero-repo-maintenance"},
			{Kind: "ClusterRoleBinding", Names: "@-server=cluster-admin"},
			{Kind: "Role", Names: "@-server"},
			{Kind: "RoleBinding", Names: "@-server"},
		},
		Services: []Service{{Name: "@", Ports: "http-monitoring:8085", If: "metrics.enabled"}},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@", Replicas: "replicaCount"},
			{Kind: "DaemonSet", Name: "node-agent", If: "deployNodeAgent"},
		},
		// autodetect means: only where the API is there.
		Monitors: []Monitor{{
			Name: "@", If: "metrics.enabled && metrics.serviceMonitor.enabled", Gated: true, Forced: "!metrics.serviceMonitor.autodetect",
		}},
		Hooks: []Hook{
			{Kinds: "ServiceAccount ClusterRole ClusterRoleBinding", Name: "@-upgrade-crds", Events: install + ",pre-rollback", Delete: onEnd, Weight: -5, If: "upgradeCRDs"},
			{Kinds: "Job", Name: "@-upgrade-crds", Events: install + ",pre-rollback", Delete: onEnd, Weight: 5, If: "upgradeCRDs"},
			{Kinds: "Job", Name: "@-cleanup-crds", Events: "pre-delete", Delete: onEnd, Weight: 3, If: "cleanUpCRDs"},
		},
	}
}

func veleroCRDs() []CRD {
	out := inGroup("velero.io", "",
		crdRow{"BackupRepository", "backuprepositories", ns, "v1*", 4, ""},
		crdRow{"Backup", "backups", ns, "v1*", 20, ""},
		crdRow{"BackupStorageLocation", "backupstoragelocations", ns, "v1*", 6, "bsl"},
		crdRow{"DataDownload", "datadownloads", ns, "v2alpha1*", 6, ""},
		crdRow{"DataUpload", "datauploads", ns, "v2alpha1*", 7, ""},
		crdRow{"DeleteBackupRequest", "deletebackuprequests", ns, "v1*", 2, ""},
		crdRow{"DownloadRequest", "downloadrequests", ns, "v1*", 3, ""},
		crdRow{"PodVolumeBackup", "podvolumebackups", ns, "v1*", 7, ""},
		crdRow{"PodVolumeRestore", "podvolumerestores", ns, "v1*", 7, ""},
		crdRow{"Restore", "restores", ns, "v1*", 17, ""},
		crdRow{"Schedule", "schedules", ns, "v1*", 18, ""},
		crdRow{"ServerStatusRequest", "serverstatusrequests", ns, "v1*", 2, "ssr"},
		crdRow{"VolumeSnapshotLocation", "volumesnapshotlocations", ns, "v1*", 3, "vsl"})
	for i := range out {
		if out[i].ShortNames == "bsl" || out[i].ShortNames == "vsl" {
			out[i].Required = "provider"
		}
	}
	return out
}

// veleroLocations writes one location for every entry of a list.
func veleroLocations(enabled, list, kind string) string {
	return `{{- if $.Values.` + enabled + ` }}
{{- range $.Values.configuration.` + list + ` }}
---
apiVersion: velero.io/v1
kind: ` + kind + `
metadata:
  name: {{ .name | default "default" }}
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
spec:
  provider: {{ .provider }}
  {{- with .bucket }}
  objectStorage: {bucket: {{ . }}}
  {{- end }}
  {{- with .config }}
  config:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
`
}
