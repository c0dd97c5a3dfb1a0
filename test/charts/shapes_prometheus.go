// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import "strings"

func kubePrometheusStack() Shape {
	const all = install + "," + installed
	const webhooks = "prometheusOperator.admissionWebhooks.enabled"
	const admission = "{{ $.Values.prometheusOperator.admissionWebhooks.failurePolicy | default \"Ignore\" }}"
	return Shape{
		Name: "kube-prometheus-stack", Version: "88.5.3", AppVersion: "v0.93.1", KubeVersion: ">=1.25.0-0",
		Values: `
crds: {enabled: true}
grafana: {enabled: true, forceDeployDashboards: false}
defaultRules: {create: true}
alertmanager: {enabled: true, alertmanagerSpec: {replicas: 1}}
prometheus:
  enabled: true
  prometheusSpec: {replicas: 1, serviceMonitorSelectorNilUsesHelmValues: true}
prometheusOperator:
  enabled: true
  image: {repository: registry.example/standin, tag: '1'}
  replicas: 1
  admissionWebhooks: {enabled: true, failurePolicy: ''}
kubeStateMetrics: {enabled: true, replicas: 1}
nodeExporter: {enabled: true}
coreDns: {enabled: true}
kubeApiServer: {enabled: true}
kubelet: {enabled: true}
kubeControllerManager: {enabled: true}
kubeEtcd: {enabled: true}
kubeProxy: {enabled: true}
kubeScheduler: {enabled: true}
`,
		CRDs: []CRDSet{{In: InCRDs, Subchart: "crds", SubchartVersion: "0.0.0", If: "crds.enabled", CRDs: prometheusCRDs()}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@-kube-state-metrics @-prometheus-node-exporter @-alertmanager @-operator @-prometheus"},
			{Kind: "Secret", Names: "alertmanager-@-alertmanager"},
			{Kind: "ClusterRole", Names: "@-kube-state-metrics @-operator @-prometheus"},
			{Kind: "ClusterRoleBinding", Names: "@-kube-state-metrics @-operator @-prometheus"},
		},
		ConfigMaps: dashboards(),
		Services: []Service{
			{Name: "@-kube-state-metrics", Ports: "http:8080", If: "kubeStateMetrics.enabled"},
			{Name: "@-prometheus-node-exporter", Ports: "http-metrics:9100", If: "nodeExporter.enabled"},
			{Name: "@-alertmanager", Ports: "http-web:9093 reloader-web:8080", If: "alertmanager.enabled"},
			{Name: "@-operator", Ports: "https:443", If: "prometheusOperator.enabled"},
			{Name: "@-prometheus", Ports: "http-web:9090 reloader-web:8080", If: "prometheus.enabled"},
			{Name: "kube-system/@-coredns", Ports: "http-metrics:9153", Headless: true, If: "coreDns.enabled"},
			{Name: "kube-system/@-kube-controller-manager", Ports: "http-metrics:10257", Headless: true, If: "kubeControllerManager.enabled"},
			{Name: "kube-system/@-kube-etcd", Ports: "http-metrics:2381", Headless: true, If: "kubeEtcd.enabled"},
			{Name: "kube-system/@-kube-proxy", Ports: "http-metrics:10249", Headless: true, If: "kubeProxy.enabled"},
			{Name: "kube-system/@-kube-scheduler", Ports: "http-metrics:10259", Headless: true, If: "kubeScheduler.enabled"},
		},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@-operator", Replicas: "prometheusOperator.replicas", Image: "prometheusOperator.image", If: "prometheusOperator.enabled"},
			{Kind: "Deployment", Name: "@-kube-state-metrics", Replicas: "kubeStateMetrics.replicas", Image: "prometheusOperator.image", If: "kubeStateMetrics.enabled"},
			{Kind: "DaemonSet", Name: "@-prometheus-node-exporter", Image: "prometheusOperator.image", If: "nodeExporter.enabled"},
		},
		Webhooks: []WebhookConfiguration{
			{Kind: "Mutating", Name: "@-admission", If: webhooks, Webhooks: []Webhook{
				{Name: "prometheusrulemutate.monitoring.coreos.com", Service: "@-operator", Path: "/admission-prometheusrules/mutate",
					FailurePolicy: admission, Rule: "monitoring.coreos.com prometheusrules CU"},
			}},
			{Kind: "Validating", Name: "@-admission", If: webhooks, Webhooks: []Webhook{
				{Name: "prometheusrulevalidate.monitoring.coreos.com", Service: "@-operator", Path: "/admission-prometheusrules/validate",
					FailurePolicy: admission, Rule: "monitoring.coreos.com prometheusrules CU"},
				{Name: "alertmanagerconfigsvalidate.monitoring.coreos.com", Service: "@-operator", Path: "/admission-alertmanagerconfigs/validate",
					FailurePolicy: admission, Rule: "monitoring.coreos.com alertmanagerconfigs CU"},
			}},
		},
		Monitors:  prometheusMonitors(),
		Resources: prometheusResources(),
		Hooks: []Hook{
			{Kinds: "ServiceAccount ClusterRole ClusterRoleBinding Role RoleBinding", Name: "@-admission", Events: all, Delete: onSuccess, If: webhooks},
			{Kinds: "Job", Name: "@-admission-create", Events: install, Delete: onSuccess, If: webhooks},
			{Kinds: "Job", Name: "@-admission-patch", Events: installed, Delete: onSuccess, If: webhooks},
		},
	}
}

func prometheusCRDs() []CRD {
	return inGroup("monitoring.coreos.com", "prometheus-operator",
		crdRow{"AlertmanagerConfig", "alertmanagerconfigs", ns, "v1alpha1*/status", 351, "amcfg"},
		crdRow{"Alertmanager", "alertmanagers", ns, "v1*/status/scale", 343, "am"},
		crdRow{"PodMonitor", "podmonitors", ns, "v1*/status", 41, "pmon"},
		crdRow{"Probe", "probes", ns, "v1*/status", 41, "prb"},
		crdRow{"PrometheusAgent", "prometheusagents", ns, "v1alpha1*/status/scale", 403, "promagent"},
		crdRow{"Prometheus", "prometheuses", ns, "v1*/status/scale", 472, "prom"},
		crdRow{"PrometheusRule", "prometheusrules", ns, "v1*/status", 8, "promrule"},
		crdRow{"ScrapeConfig", "scrapeconfigs", ns, "v1alpha1*/status", 367, "scfg"},
		crdRow{"ServiceMonitor", "servicemonitors", ns, "v1*/status", 41, "smon"},
		crdRow{"ThanosRuler", "thanosrulers", ns, "v1*/status", 338, "ruler"})
}

// dashboards are the ConfigMaps that a Grafana picks up by their label.
func dashboards() []ConfigMap {
	sizes := map[int]string{
		6:  "alertmanager-overview k8s-resources-nodes-overview persistentvolumesusage grafana-overview pod-total",
		8:  "node-cluster-rsrc-use node-rsrc-use",
		11: "apiserver k8s-resources-multicluster k8s-resources-node namespace-by-pod nodes-aix nodes-darwin nodes prometheus workload-total",
		18: "cluster-total kubelet namespace-by-workload",
		26: "k8s-coredns k8s-resources-cluster k8s-resources-namespace k8s-resources-pod k8s-resources-workload k8s-resources-workloads-namespace",
	}
	var out []ConfigMap
	for kb, names := range sizes { // their order does not matter: each is a file of its own
		for name := range strings.FieldsSeq(names) {
			out = append(out, ConfigMap{
				Name: "@-" + name, KB: kb, Label: "grafana_dashboard: '1'", If: "grafana.enabled || grafana.forceDeployDashboards",
			})
		}
	}
	return out
}

func prometheusMonitors() []Monitor {
	return []Monitor{
		{Name: "@-kube-state-metrics", If: "kubeStateMetrics.enabled"},
		{Name: "@-prometheus-node-exporter", If: "nodeExporter.enabled"},
		{Name: "@-alertmanager", If: "alertmanager.enabled"},
		{Name: "@-coredns", If: "coreDns.enabled"},
		{Name: "@-apiserver", If: "kubeApiServer.enabled"},
		{Name: "@-kubelet", If: "kubelet.enabled"},
		{Name: "@-operator", If: "prometheusOperator.enabled"},
		{Name: "@-prometheus", If: "prometheus.enabled"},
		{Name: "@-kube-controller-manager", If: "kubeControllerManager.enabled"},
		{Name: "@-kube-etcd", If: "kubeEtcd.enabled"},
		{Name: "@-kube-proxy", If: "kubeProxy.enabled"},
		{Name: "@-kube-scheduler", If: "kubeScheduler.enabled"},
	}
}

func prometheusResources() []Resource {
	const api = "monitoring.coreos.com/v1"
	const rules = "alertmanager.rules config-reloaders general.rules k8s.rules.container-cpu-usage-seconds-tot " +
		"k8s.rules.container-memory-cache k8s.rules.container-memory-rss k8s.rules.container-memory-swap " +
		"k8s.rules.container-memory-working-set-by k8s.rules.container-resource k8s.rules.pod-owner kube-apiserver-availability.rules " +
		"kube-apiserver-burnrate.rules kube-apiserver-histogram.rules kube-apiserver-slos kube-prometheus-general.rules " +
		"kube-prometheus-node-recording.rules kube-state-metrics kubelet.rules kubernetes-apps kubernetes-resources kubernetes-storage " +
		"kubernetes-system-apiserver kubernetes-system-kubelet kubernetes-system node-exporter.rules node-exporter node-network node.rules " +
		"prometheus-operator prometheus"
	out := []Resource{
		{APIVersion: api, Kind: "Alertmanager", Name: "@-alertmanager", If: "alertmanager.enabled",
			Spec: "replicas: {{ $.Values.alertmanager.alertmanagerSpec.replicas }}"},
		{APIVersion: api, Kind: "Prometheus", Name: "@-prometheus", If: "prometheus.enabled", Spec: `replicas: {{ $.Values.prometheus.prometheusSpec.replicas }}
{{- if $.Values.prometheus.prometheusSpec.serviceMonitorSelectorNilUsesHelmValues }}
serviceMonitorSelector: {matchLabels: {release: '{{ $.Release.Name }}'}}
{{- else }}
serviceMonitorSelector: {}
{{- end }}
serviceMonitorNamespaceSelector: {}`},
	}
	for name := range strings.FieldsSeq(rules) {
		out = append(out, Resource{
			APIVersion: api, Kind: "PrometheusRule", Name: "@-" + name, If: "defaultRules.create",
			Spec: "groups:\n- name: " + name + "\n  rules:\n  - {record: 'standin:up:sum', expr: sum(up)}\n",
		})
	}
	return out
}
