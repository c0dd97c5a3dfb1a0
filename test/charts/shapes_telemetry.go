// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

// telemetryShapes are those of what collects metrics, logs and traces.
func telemetryShapes() []Shape {
	return []Shape{alloy(), metricsServer(), opentelemetryOperator(), tempo(), zipkin()}
}

func alloy() Shape {
	return Shape{
		Name: "alloy", Version: "1.11.1", AppVersion: "v1.18.1",
		Values: imageValues + `
crds: {create: true}
alloy:
  configMap: {content: ''}
  clustering: {enabled: false}
  mounts: {varlog: false}
  extraPorts: []
controller: {type: daemonset}
serviceMonitor: {enabled: false}
`,
		CRDs: []CRDSet{{In: InCRDs, Subchart: "crds", SubchartVersion: "0.0.0", If: "crds.create", CRDs: inGroup("monitoring.grafana.com", "grafana",
			crdRow{"PodLogs", "podlogs", ns, "v1alpha2*", 9, ""})}},
		// The content is a template of the chart's, too.
		Files: map[string]string{"config.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "standin.full" $ }}
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
data:
  config.alloy: |-
    {{- tpl ($.Values.alloy.configMap.content | default "// an example") $ | nindent 4 }}
`},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "@"},
			{Kind: "ClusterRoleBinding", Names: "@"},
		},
		Services: []Service{
			{Name: "@", Ports: "http-metrics:12345"},
			{Name: "@-cluster", Selects: "@", Ports: "http:12345", Headless: true, If: "alloy.clustering.enabled"},
		},
		Workloads: []Workload{{Kind: "DaemonSet", Name: "@", Container: "alloy"}},
		Monitors:  []Monitor{{Name: "@", If: "serviceMonitor.enabled"}},
	}
}

func metricsServer() Shape {
	return Shape{
		Name: "metrics-server", Version: "3.13.1", AppVersion: "0.8.1",
		Values: imageValues + `
replicas: 1
podDisruptionBudget: {enabled: false}
tls: {type: metrics-server}
apiService: {create: true, insecureSkipTLSVerify: true}
metrics: {enabled: false}
serviceMonitor: {enabled: false}
`,
		// An API that somebody else serves: whoever asks for it waits for these pods.
		Files: map[string]string{"apiservice.yaml": `{{- if $.Values.apiService.create }}
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata:
  name: v1beta1.metrics.k8s.io
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  {{- with $.Values.apiService.insecureSkipTLSVerify }}
  insecureSkipTLSVerify: {{ . }}
  {{- end }}
  service:
    name: {{ include "standin.full" $ }}
    namespace: {{ $.Release.Namespace }}
    port: 443
{{- end }}
`, "certificate.yaml": `{{- if eq $.Values.tls.type "cert-manager" }}
apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: {{ include "standin.full" $ }}-issuer
  namespace: {{ $.Release.Namespace }}
spec:
  selfSigned: {}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {{ include "standin.full" $ }}
  namespace: {{ $.Release.Namespace }}
spec:
  dnsNames: ['{{ include "standin.full" $ }}.{{ $.Release.Namespace }}.svc']
  secretName: {{ include "standin.full" $ }}
  issuerRef: {kind: Issuer, name: '{{ include "standin.full" $ }}-issuer'}
{{- end }}
`},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "system:metrics-server system:metrics-server-aggregated-reader"},
			{Kind: "ClusterRoleBinding", Names: "system:metrics-server metrics-server:system:auth-delegator=system:auth-delegator"},
			{Kind: "RoleBinding", Names: "kube-system/metrics-server-auth-reader=extension-apiserver-authentication-reader"},
			{Kind: "PodDisruptionBudget", Names: "@", If: "podDisruptionBudget.enabled"},
		},
		Services:  []Service{{Name: "@", Ports: "https:443"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicas", Container: "metrics-server"}},
		Monitors:  []Monitor{{Name: "@", If: "metrics.enabled && serviceMonitor.enabled"}},
	}
}

func tempo() Shape {
	return Shape{
		Name: "tempo", Version: "2.2.4", AppVersion: "2.10.8",
		Values: `
replicas: 1
tempo:
  repository: registry.example/standin
  tag: '1'
  retention: 24h
  metricsGenerator: {enabled: false}
persistence: {enabled: false}
serviceMonitor: {enabled: false}
`,
		Plain:      []Plain{{Kind: "ServiceAccount", Names: "@"}},
		ConfigMaps: []ConfigMap{{Name: "@", KB: 1}},
		Services: []Service{{Name: "@", Ports: "tempo-prom-metrics:3200 tempo-jaeger-thrift-http:14268 grpc-tempo-jaeger:14250 " +
			"tempo-zipkin:9411 tempo-otlp-legacy:55680 tempo-otlp-http-legacy:55681 grpc-tempo-otlp:4317 tempo-otlp-http:4318"}},
		Workloads: []Workload{{Kind: "StatefulSet", Name: "@", Replicas: "replicas", Image: "tempo", Container: "tempo", Claim: "persistence.enabled"}},
		Monitors:  []Monitor{{Name: "@", If: "serviceMonitor.enabled"}},
	}
}

func zipkin() Shape {
	return Shape{
		Name: "zipkin", Version: "0.4.0", AppVersion: "3.5.1",
		Values: imageValues + `
replicaCount: 1
zipkin: {storage: {type: mem}}
serviceMonitor: {enabled: false}
`,
		Plain:     []Plain{{Kind: "ServiceAccount", Names: "@"}},
		Services:  []Service{{Name: "@", Ports: "http-query:9411"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount", Container: "zipkin"}},
		Monitors:  []Monitor{{Name: "@", If: "serviceMonitor.enabled"}},
		Hooks:     []Hook{{Kinds: "Pod", Name: "@-test-connection", Events: "test"}},
	}
}

func opentelemetryOperator() Shape {
	const fail = "{{ $.Values.admissionWebhooks.failurePolicy }}"
	const service = "@-webhook"
	const selector = "{{ toJson $.Values.admissionWebhooks.namespaceSelector }}\n"
	const issued = "admissionWebhooks.certManager.enabled"
	hook := func(name, path, policy, rule string) Webhook {
		return Webhook{Name: name, Service: service, Path: path, FailurePolicy: policy, Rule: rule, NamespaceSelector: selector}
	}
	const instrumentation, collector = "/validate-opentelemetry-io-v1alpha1-instrumentation", "/validate-opentelemetry-io-v1beta1-opentelemetrycollector"
	return Shape{
		Name: "opentelemetry-operator", Version: "0.122.0", AppVersion: "0.158.0",
		Values: imageValues + `
replicaCount: 1
pdb: {create: false}
crds: {create: true, annotations: {}}
manager: {serviceMonitor: {enabled: false}}
admissionWebhooks:
  failurePolicy: Fail
  pods: {failurePolicy: Ignore}
  certManager: {enabled: true}
  namespaceSelector: {}
`,
		CRDs: []CRDSet{{In: InTemplates, If: "crds.create", Annotations: "crds.annotations", CRDs: inGroup("opentelemetry.io", "",
			crdRow{"OpenTelemetryCollector", "opentelemetrycollectors", ns, "v1alpha1/status/scale v1beta1*/status/scale", 178, "otelcol otelcols"},
			crdRow{"Instrumentation", "instrumentations", ns, "v1alpha1*/status", 42, "otelinst otelinsts"},
			crdRow{"OpAMPBridge", "opampbridges", ns, "v1alpha1*/status", 32, ""},
			crdRow{"TargetAllocator", "targetallocators", ns, "v1alpha1*/status", 68, ""})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "@-manager @-metrics"},
			{Kind: "ClusterRoleBinding", Names: "@-manager"},
			{Kind: "Role", Names: "@-leader-election"},
			{Kind: "RoleBinding", Names: "@-leader-election"},
			{Kind: "PodDisruptionBudget", Names: "@", If: "pdb.create"},
		},
		Services:  []Service{{Name: "@", Ports: "metrics:8443"}, {Name: service, Selects: "@", Ports: "webhook:443"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount", Container: "manager"}},
		Webhooks: []WebhookConfiguration{
			{Kind: "Mutating", Name: "@-mutation", Webhooks: []Webhook{
				hook("minstrumentation.kb.io", "/mutate-opentelemetry-io-v1alpha1-instrumentation", fail, "opentelemetry.io instrumentations CU"),
				hook("mopentelemetrycollectorbeta.kb.io", "/mutate-opentelemetry-io-v1beta1-opentelemetrycollector", fail,
					"opentelemetry.io opentelemetrycollectors CU"),
				hook("mpod.kb.io", "/mutate-v1-pod", "{{ $.Values.admissionWebhooks.pods.failurePolicy }}", "core pods C"),
			}},
			{Kind: "Validating", Name: "@-validation", Webhooks: []Webhook{
				hook("vinstrumentationcreateupdate.kb.io", instrumentation, fail, "opentelemetry.io instrumentations CU"),
				hook("vinstrumentationdelete.kb.io", instrumentation, "Ignore", "opentelemetry.io instrumentations D"),
				hook("vopentelemetrycollectorcreateupdatebeta.kb.io", collector, fail, "opentelemetry.io opentelemetrycollectors CU"),
				hook("vopentelemetrycollectordeletebeta.kb.io", collector, "Ignore", "opentelemetry.io opentelemetrycollectors D"),
			}},
		},
		Resources: []Resource{
			{APIVersion: "cert-manager.io/v1", Kind: "Issuer", Name: "@-selfsigned-issuer", Spec: "selfSigned: {}", If: issued},
			{APIVersion: "cert-manager.io/v1", Kind: "Certificate", Name: "@-serving-cert", If: issued,
				Spec: "dnsNames: ['opentelemetry-operator-webhook.{{ $.Release.Namespace }}.svc']\nissuerRef: {kind: Issuer, " +
					"name: opentelemetry-operator-selfsigned-issuer}\nsecretName: opentelemetry-operator-controller-manager-service-cert"},
		},
		Monitors: []Monitor{{Name: "@", If: "manager.serviceMonitor.enabled"}},
		Hooks: []Hook{{Kinds: "Pod", Name: "@-cert-manager", Events: "test", If: issued}, {Kinds: "Pod", Name: "@-metrics-test", Events: "test"},
			{Kinds: "Pod", Name: "@-webhook-test", Events: "test"}},
	}
}
