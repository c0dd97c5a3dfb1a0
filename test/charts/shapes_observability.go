// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

func observabilityShapes() []Shape {
	return []Shape{grafana(), jaeger(), kubePrometheusStack(), loki()}
}

func grafana() Shape {
	return Shape{
		Name: "grafana", Version: "12.11.1", AppVersion: "13.2.0", KubeVersion: "^1.25.0-0",
		Values: imageValues + `
replicas: 1
adminUser: admin
adminPassword: ''
admin: {existingSecret: ''}
service: {enabled: true, type: ClusterIP}
sidecar: {dashboards: {enabled: false, label: grafana_dashboard}}
datasources: {}
serviceMonitor: {enabled: false}
`,
		// Random unless it is given, or there already and the cluster can be asked: two renders without a cluster differ.
		Helpers: `{{- define "standin.password" -}}
{{- $old := lookup "v1" "Secret" .Release.Namespace (include "standin.full" .) -}}
{{- if .Values.adminPassword -}}
{{- .Values.adminPassword | b64enc -}}
{{- else if $old -}}
{{- index $old.data "admin-password" -}}
{{- else -}}
{{- randAlphaNum 40 | b64enc -}}
{{- end -}}
{{- end }}
`,
		Files: map[string]string{"secret.yaml": `{{- if not $.Values.admin.existingSecret }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ include "standin.full" $ }}
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
type: Opaque
data:
  admin-user: {{ $.Values.adminUser | b64enc }}
  admin-password: {{ include "standin.password" $ }}
{{- end }}
`, "datasources.yaml": `{{- with $.Values.datasources }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "standin.full" $ }}-datasources
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
data:
  {{- range $file, $content := . }}
  {{ $file }}: |
    {{- toYaml $content | nindent 4 }}
  {{- end }}
{{- end }}
`},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ConfigMap", Names: "@"},
			{Kind: "ConfigMap", Names: "@-config-dashboards", If: "sidecar.dashboards.enabled"},
			{Kind: "ClusterRole", Names: "@-clusterrole"},
			{Kind: "ClusterRoleBinding", Names: "@-clusterrolebinding=@-clusterrole"},
		},
		Services: []Service{{Name: "@", Ports: "service:80", Type: "service.type", If: "service.enabled"}},
		Workloads: []Workload{{
			Kind: "Deployment", Name: "@", Replicas: "replicas",
			PodAnnotations: `checksum/secret: {{ include "standin.password" $ | sha256sum }}`,
		}},
		Monitors: []Monitor{{Name: "@", If: "serviceMonitor.enabled"}},
	}
}

func jaeger() Shape {
	return Shape{
		Name: "jaeger", Version: "4.11.1", AppVersion: "2.19.0", KubeVersion: ">= 1.21-0", OmitNamespace: true,
		Values: "jaeger:\n  replicas: 1\n  " + imageValues,
		Plain:  []Plain{{Kind: "ServiceAccount", Names: "@"}},
		Services: []Service{{Name: "@", Ports: "zk-compact-trft:5775 config-rest:5778 jg-compact-trft:6831 jg-binary-trft:6832 " +
			"http-zipkin:9411 grpc-http:14250 c-tchan-trft:14267 http-c-binary-trft:14268 otlp-grpc:4317 otlp-http:4318 " +
			"http-query:16686 grpc-query:16685 internal-metrics:8888 span-metrics:8889"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "jaeger.replicas", Image: "jaeger.image"}},
	}
}

func loki() Shape {
	return Shape{
		Name: "loki", Version: "18.11.0", AppVersion: "3.7.6", KubeVersion: ">=1.25.0-0",
		Values: `
deploymentMode: Monolithic
loki:
  image: {repository: registry.example/standin, tag: '1'}
  auth_enabled: true
  useTestSchema: false
  schemaConfig: {}
  storage: {type: s3, bucketNames: {}}
singleBinary: {replicas: 0, persistence: {enabled: true}}
gateway: {enabled: true, replicas: 1}
chunksCache: {enabled: true, replicas: 1}
resultsCache: {enabled: true, replicas: 1}
lokiCanary: {enabled: true}
test: {enabled: true}
monitoring: {serviceMonitor: {enabled: false}}
`,
		Schema: `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "deploymentMode": {"type": "string", "enum": ["Monolithic", "SimpleScalable", "Distributed"]},
    "loki": {"type": "object"},
    "singleBinary": {"type": "object"}
  }
}
`,
		// What upstream's chart does not render without.
		Files: map[string]string{"validate.yaml": `{{- if not (or $.Values.loki.schemaConfig $.Values.loki.useTestSchema) }}
{{- fail "loki.schemaConfig is empty: it needs at least one entry in configs" }}
{{- end }}
{{- if and (ne $.Values.loki.storage.type "filesystem") (not $.Values.loki.storage.bucketNames.chunks) }}
{{- fail "loki.storage.bucketNames.chunks is empty: name a bucket, or set loki.storage.type to filesystem" }}
{{- end }}
{{- if and (eq $.Values.deploymentMode "Monolithic") (eq (toString $.Values.singleBinary.replicas) "0") }}
{{- fail "singleBinary.replicas is 0, although deploymentMode is Monolithic" }}
{{- end }}
`},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@ @-gateway @-memcached"},
			{Kind: "ClusterRole", Names: "@-clusterrole"},
			{Kind: "ClusterRoleBinding", Names: "@-clusterrolebinding=@-clusterrole"},
		},
		ConfigMaps: []ConfigMap{{Name: "@", KB: 2}, {Name: "@-gateway", KB: 12, If: "gateway.enabled"}, {Name: "@-runtime"}},
		Services: []Service{
			{Name: "@", Ports: "http-metrics:3100 grpc:9095 grpclb:9096"},
			{Name: "@-headless", Selects: "@", Ports: "http-metrics:3100 grpc:9095 grpclb:9096", Headless: true},
			{Name: "@-memberlist", Selects: "@", Ports: "tcp:7946", Headless: true},
			{Name: "@-gateway", Ports: "http:80", If: "gateway.enabled"},
			{Name: "@-gateway-exporter", Selects: "@-gateway", Ports: "http-metrics:4040", If: "gateway.enabled"},
		},
		Workloads: []Workload{
			{Kind: "StatefulSet", Name: "@", Replicas: "singleBinary.replicas", Image: "loki.image", Claim: "singleBinary.persistence.enabled"},
			{Kind: "Deployment", Name: "@-gateway", Replicas: "gateway.replicas", Image: "loki.image", If: "gateway.enabled"},
			{Kind: "StatefulSet", Name: "@-chunks-cache", Replicas: "chunksCache.replicas", Image: "loki.image", If: "chunksCache.enabled"},
			{Kind: "StatefulSet", Name: "@-results-cache", Replicas: "resultsCache.replicas", Image: "loki.image", If: "resultsCache.enabled"},
			{Kind: "DaemonSet", Name: "@-canary", Image: "loki.image", If: "lokiCanary.enabled"},
		},
		Monitors: []Monitor{{Name: "@", If: "monitoring.serviceMonitor.enabled"}},
		Hooks:    []Hook{{Kinds: "Pod", Name: "@-helm-test", Events: "test", If: "test.enabled"}},
	}
}
