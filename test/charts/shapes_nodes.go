// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

// nodeShapes are those of nodes and the sizes of pods.
func nodeShapes() []Shape {
	return []Shape{goldilocks(), nodeFeatureDiscovery(), telepresence(), verticalPodAutoscaler()}
}

// podMonitorOf is the spec of a PodMonitor for all pods of a release.
func podMonitorOf(port string) string {
	return "selector: {matchLabels: {app.kubernetes.io/instance: '{{ $.Release.Name }}'}}\npodMetricsEndpoints: [{port: " + port + "}]\n"
}

func nodeFeatureDiscovery() Shape {
	return Shape{
		Name: "node-feature-discovery", Version: "0.19.0", AppVersion: "v0.19.0",
		Values: imageValues + `
postDeleteCleanup: true
master: {replicaCount: 1, enableTaints: false, podDisruptionBudget: {enable: false}}
worker: {tolerations: []}
gc: {replicaCount: 1, podDisruptionBudget: {enable: false}}
prometheus: {enable: false}
`,
		Schema: `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "master": {"type": "object", "properties": {"enableTaints": {"type": "boolean"}, "replicaCount": {"type": "integer"}}},
    "postDeleteCleanup": {"type": "boolean"},
    "prometheus": {"type": "object", "properties": {"enable": {"type": "boolean"}}},
    "worker": {"type": "object", "properties": {"tolerations": {"type": "array"}}}
  }
}
`,
		CRDs: []CRDSet{{In: InCRDs, CRDs: inGroup("nfd.k8s-sigs.io", "",
			crdRow{"NodeFeature", "nodefeatures", ns, "v1alpha1*", 3, ""},
			crdRow{"NodeFeatureGroup", "nodefeaturegroups", ns, "v1alpha1*/status", 8, "nfg"},
			crdRow{"NodeFeatureRule", "nodefeaturerules", cl, "v1alpha1*", 9, "nfr"})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@ @-gc @-worker"},
			{Kind: "ConfigMap", Names: "@-master-conf @-worker-conf"},
			{Kind: "ClusterRole", Names: "@ @-gc"},
			{Kind: "ClusterRoleBinding", Names: "@ @-gc"},
			{Kind: "Role", Names: "@-worker"},
			{Kind: "RoleBinding", Names: "@-worker"},
			{Kind: "PodDisruptionBudget", Names: "@-master", If: "master.podDisruptionBudget.enable"},
			{Kind: "PodDisruptionBudget", Names: "@-gc", If: "gc.podDisruptionBudget.enable"},
		},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@-master", Replicas: "master.replicaCount"},
			{Kind: "Deployment", Name: "@-gc", Replicas: "gc.replicaCount"},
			{Kind: "DaemonSet", Name: "@-worker"},
		},
		Resources: []Resource{{
			APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Name: "@", If: "prometheus.enable", Spec: podMonitorOf("http"),
		}},
		Hooks: []Hook{{
			Kinds: "ServiceAccount ClusterRole ClusterRoleBinding Job", Name: "@-prune", Events: "post-delete", Delete: onSuccess, If: "postDeleteCleanup",
		}},
	}
}

func verticalPodAutoscaler() Shape {
	const all = install + "," + installed
	const generate = "admissionController.enabled && admissionController.generateCertificate"
	return Shape{
		Name: "vpa", Version: "5.0.0", AppVersion: "1.7.1", KubeVersion: ">= 1.28.0-0",
		Values: `
recommender: {enabled: true, replicaCount: 1, image: {repository: registry.example/standin, tag: '1'}, podMonitor: {enabled: false}}
updater: {enabled: true, replicaCount: 1, image: {repository: registry.example/standin, tag: '1'}, podMonitor: {enabled: false}}
admissionController:
  enabled: true
  replicaCount: 1
  image: {repository: registry.example/standin, tag: '1'}
  generateCertificate: true
  podDisruptionBudget: {}
  mutatingWebhookConfiguration: {failurePolicy: Ignore}
`,
		CRDs: []CRDSet{{In: InCRDs, CRDs: inGroup("autoscaling.k8s.io", "",
			crdRow{"VerticalPodAutoscaler", "verticalpodautoscalers", ns, "v1*/status v1beta2-/status", 26, "vpa"},
			crdRow{"VerticalPodAutoscalerCheckpoint", "verticalpodautoscalercheckpoints", ns, "v1* v1beta2-", 7, "vpacheckpoint"})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@-admission-controller @-recommender @-updater"},
			{Kind: "ClusterRole", Names: "@-actor @-admission-controller @-checkpoint-actor @-evictioner @-metrics-reader @-status-actor " +
				"@-status-reader @-target-reader @-updater-in-place"},
			{Kind: "ClusterRoleBinding", Names: "@-actor @-admission-controller @-checkpoint-actor @-evictionter-binding=@-evictioner " +
				"@-metrics-reader @-status-actor @-status-reader-binding=@-status-reader @-target-reader-binding=@-target-reader " +
				"@-updater-in-place-binding=@-updater-in-place"},
			{Kind: "PodDisruptionBudget", Names: "@-admission-controller", If: "admissionController.podDisruptionBudget"},
		},
		Services: []Service{{Name: "@-webhook", Selects: "@-admission-controller", Ports: "webhook:443"}},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@-admission-controller", Replicas: "admissionController.replicaCount", Image: "admissionController.image"},
			{Kind: "Deployment", Name: "@-recommender", Replicas: "recommender.replicaCount", Image: "recommender.image"},
			{Kind: "Deployment", Name: "@-updater", Replicas: "updater.replicaCount", Image: "updater.image"},
		},
		// The Job that runs after the install writes the CA.
		Webhooks: []WebhookConfiguration{{Kind: "Mutating", Name: "@-webhook-config", Webhooks: []Webhook{{
			Name: "vpa.k8s.io", Service: "@-webhook", Path: "/", Timeout: 5,
			FailurePolicy: "{{ $.Values.admissionController.mutatingWebhookConfiguration.failurePolicy }}",
			Rule:          "core,autoscaling.k8s.io pods,verticalpodautoscalers CU",
		}}}},
		Resources: []Resource{
			{APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Name: "@-recommender", If: "recommender.podMonitor.enabled", Spec: podMonitorOf("metrics")},
			{APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Name: "@-updater", If: "updater.podMonitor.enabled", Spec: podMonitorOf("metrics")},
		},
		Hooks: []Hook{
			{Kinds: "ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding", Name: "@-admission-certgen", Events: all, Delete: onSuccess, Weight: -110, If: generate},
			{Kinds: "Job", Name: "@-admission-certgen", Events: install, Delete: onSuccess, Weight: -110, If: generate},
			{Kinds: "Job", Name: "@-admission-certgen-patch", Events: installed, Delete: onSuccess, If: generate},
			{Kinds: "ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding", Name: "@-test", Events: "test", Delete: onEnd},
			{Kinds: "Pod", Name: "@-test-crds-available", Events: "test", Delete: onSuccess, Weight: 10},
			{Kinds: "Pod", Name: "@-test-create-vpa", Events: "test", Delete: onSuccess, Weight: 20},
			{Kinds: "Pod", Name: "@-test-webhook-configuration", Events: "test", Delete: onSuccess, Weight: 30},
			{Kinds: "Pod", Name: "@-test-metrics-api-available", Events: "test", Delete: onSuccess, Weight: 40},
		},
	}
}

func goldilocks() Shape {
	return Shape{
		Name: "goldilocks", Version: "11.0.0", AppVersion: "v4.16.1", KubeVersion: ">= 1.22.0-0",
		Values: imageValues + `
vpa: {enabled: false}
metrics-server: {enabled: false}
controller: {replicaCount: 1}
dashboard:
  replicaCount: 2
  ingress: {enabled: false, ingressClassName: '', annotations: {}, hosts: [], tls: []}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@-controller @-dashboard"},
			{Kind: "ClusterRole", Names: "@-controller @-dashboard"},
			{Kind: "ClusterRoleBinding", Names: "@-controller @-dashboard"},
		},
		Services: []Service{{Name: "@-dashboard", Ports: "http:80"}},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@-controller", Replicas: "controller.replicaCount"},
			{Kind: "Deployment", Name: "@-dashboard", Replicas: "dashboard.replicaCount"},
		},
		Files: map[string]string{"ingress.yaml": `{{- with .Values.dashboard.ingress }}
{{- if .enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "standin.full" $ }}-dashboard
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  ingressClassName: {{ .ingressClassName }}
  {{- with .tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
  {{- range .hosts }}
  - host: {{ .host }}
    http:
      paths:
      {{- range .paths }}
      - path: {{ .path }}
        pathType: {{ .type }}
        backend: {service: {name: {{ include "standin.full" $ }}-dashboard, port: {name: http}}}
      {{- end }}
  {{- end }}
{{- end }}
{{- end }}
`},
	}
}

func telepresence() Shape {
	return Shape{
		Name: "telepresence-oss", Version: "2.20.2", AppVersion: "2.20.2", Base: "traffic-manager",
		Values: imageValues + `
replicaCount: 1
metritonEnabled: true
prometheus: {port: 0}
agentInjector:
  enabled: true
  certificate: {method: helm, regenerate: false}
  webhook: {failurePolicy: Ignore, namespaceSelector: {}}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ConfigMap", Names: "telepresence-agents telepresence-intercept-env @ @-agent-cloud-token"},
			{Kind: "Role", Names: "@ @-cloud-token agent-injector-webhook-secret"},
			{Kind: "RoleBinding", Names: "@ @-cloud-token agent-injector-webhook-secret"},
		},
		Services: []Service{
			{Name: "@", Ports: "api:8081", Headless: true},
			{Name: "agent-injector", Selects: "@", Ports: "https:443"},
			{Name: "telepresence-prometheus", Selects: "@", Ports: "telepresence-prometheus:80", If: "prometheus.port"},
		},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount"}},
		Files: map[string]string{
			"agent-injector.yaml": telepresenceWebhook,
			"cluster-rbac.yaml":   telepresenceRoles,
			"check.yaml":          "{{- if ne .Release.Name \"traffic-manager\" }}{{ fail \"the release must be called traffic-manager\" }}{{ end }}\n",
		},
		Hooks: []Hook{
			{Kinds: "Job", Name: "uninstall-agents", Events: "pre-delete", Delete: onSuccess, Weight: -5, If: "agentInjector.enabled"},
			{Kinds: "Pod", Name: "@-test-connection", Events: "test"},
		},
	}
}

// telepresenceRoles carry the namespace in their names.
const telepresenceRoles = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: traffic-manager-{{ .Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: traffic-manager-{{ .Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: traffic-manager-{{ .Release.Namespace }}}
subjects: [{kind: ServiceAccount, name: traffic-manager, namespace: {{ .Release.Namespace }}}]
`

// telepresenceWebhook keeps a certificate that the cluster has, unless cert-manager makes it.
const telepresenceWebhook = `{{- $injector := .Values.agentInjector }}
{{- if $injector.enabled }}
{{- $manager := eq $injector.certificate.method "certmanager" }}
{{- $host := printf "agent-injector.%s.svc" .Release.Namespace }}
{{- $ca := genCAWithKey "standin-ca" 365 (genPrivateKey "ecdsa") }}
{{- $made := genSignedCertWithKey $host nil (list $host) 365 $ca (genPrivateKey "ecdsa") }}
{{- $data := dict "ca.crt" ($ca.Cert | b64enc) "tls.crt" ($made.Cert | b64enc) "tls.key" ($made.Key | b64enc) }}
{{- with (lookup "v1" "Secret" .Release.Namespace "mutator-webhook-tls").data }}
{{- if not $injector.certificate.regenerate }}{{ $data = . }}{{ end }}
{{- end }}
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: agent-injector-webhook-{{ .Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
  {{- if $manager }}
  annotations: {cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/mutator-webhook-tls}
  {{- end }}
webhooks:
- name: agent-injector-{{ .Release.Namespace }}.getambassador.io
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: {{ $injector.webhook.failurePolicy }}
  reinvocationPolicy: IfNeeded
  timeoutSeconds: 5
  clientConfig:
    {{- if not $manager }}
    caBundle: {{ get $data "ca.crt" }}
    {{- end }}
    service: {name: agent-injector, namespace: {{ .Release.Namespace }}, path: /traffic-agent, port: 443}
  rules:
  - {apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE, DELETE]}
  namespaceSelector:
    {{- toYaml $injector.webhook.namespaceSelector | nindent 4 }}
---
{{- if $manager }}
apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: telepresence
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: mutator-webhook-tls
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
spec:
  secretName: mutator-webhook-tls
  dnsNames: [{{ $host }}]
  issuerRef: {name: telepresence, kind: Issuer}
{{- else }}
apiVersion: v1
kind: Secret
metadata:
  name: mutator-webhook-tls
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
data:
  {{- toYaml $data | nindent 2 }}
{{- end }}
{{- end }}
`
