// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import "slices"

func istioBase() Shape {
	const validator = `istiod-default-validator`
	return Shape{
		Name: "base", Version: "1.30.3", AppVersion: "1.30.3",
		Values: "defaultRevision: default\nbase: {enableCRDTemplates: true}\n",
		CRDs:   []CRDSet{{In: InTemplates, If: "base.enableCRDTemplates", Keep: "base.enableCRDTemplates", CRDs: istioCRDs()}},
		Plain:  []Plain{{Kind: "ServiceAccount", Names: "istio-reader-service-account"}},
		// It is asked about kinds whose judge, istiod, is another release and comes later.
		Webhooks: []WebhookConfiguration{{Kind: "Validating", Name: validator, If: "defaultRevision", Webhooks: []Webhook{{
			Name: "validation.istio.io", Service: "istiod", Path: "/validate", FailurePolicy: "Ignore",
			Rule: "security.istio.io,networking.istio.io,telemetry.istio.io,extensions.istio.io * CU",
		}}}},
	}
}

func istioCRDs() []CRD {
	const three = "v1*/status v1alpha3/status v1beta1/status"
	const two = "v1*/status v1beta1/status"
	return slices.Concat(
		inGroup("extensions.istio.io", "istio-io extensions-istio-io",
			crdRow{"TrafficExtension", "trafficextensions", ns, "v1alpha1*/status", 9, ""},
			crdRow{"WasmPlugin", "wasmplugins", ns, "v1alpha1*/status", 9, ""}),
		inGroup("networking.istio.io", "istio-io networking-istio-io",
			crdRow{"DestinationRule", "destinationrules", ns, three, 146, "dr"},
			crdRow{"EnvoyFilter", "envoyfilters", ns, "v1alpha3*/status", 11, ""},
			crdRow{"Gateway", "gateways", ns, three, 21, "gw"},
			crdRow{"ProxyConfig", "proxyconfigs", ns, "v1beta1*/status", 4, ""},
			crdRow{"ServiceEntry", "serviceentries", ns, three, 26, "se"},
			crdRow{"Sidecar", "sidecars", ns, three, 47, ""},
			crdRow{"VirtualService", "virtualservices", ns, three, 72, "vs"},
			crdRow{"WorkloadEntry", "workloadentries", ns, three, 14, "we"},
			crdRow{"WorkloadGroup", "workloadgroups", ns, three, 24, "wg"}),
		inGroup("security.istio.io", "istio-io security-istio-io",
			crdRow{"AuthorizationPolicy", "authorizationpolicies", ns, two, 17, "ap"},
			crdRow{"PeerAuthentication", "peerauthentications", ns, two, 9, "pa"},
			crdRow{"RequestAuthentication", "requestauthentications", ns, two, 16, "ra"}),
		inGroup("telemetry.istio.io", "istio-io telemetry-istio-io",
			crdRow{"Telemetry", "telemetries", ns, "v1/status v1alpha1*/status", 23, "telemetry"}))
}

// autoscaler is a HorizontalPodAutoscaler for a Deployment of the same name, whose least number of pods is a value.
func autoscaler(name, least string) string {
	return `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: ` + name + `, namespace: '{{ $.Release.Namespace }}'}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: '` + name + `'}
  minReplicas: {{ ` + value(least) + ` }}
  maxReplicas: 5
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}
`
}

func istiod() Shape {
	injector := func(name, selector string) Webhook {
		return Webhook{Name: name + ".sidecar-injector.istio.io", Service: "istiod", Path: "/inject", FailurePolicy: "Fail", Rule: "core pods C",
			NamespaceSelector: selector}
	}
	return Shape{
		Name: "istiod", Version: "1.30.3", AppVersion: "1.30.3",
		Values: imageValues + `
autoscaleEnabled: true
autoscaleMin: 1
replicaCount: 1
meshConfig: {enablePrometheusMerge: true}
global: {hub: registry.example/standin, defaultPodDisruptionBudget: {enabled: true}}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "istiod"},
			{Kind: "ClusterRole", Names: "istiod-clusterrole-istio-system istiod-gateway-controller-istio-system istio-reader-clusterrole-istio-system"},
			{Kind: "ClusterRoleBinding", Names: "istiod-clusterrole-istio-system istiod-gateway-controller-istio-system istio-reader-clusterrole-istio-system"},
			{Kind: "Role", Names: "istiod"},
			{Kind: "RoleBinding", Names: "istiod"},
			{Kind: "PodDisruptionBudget", Names: "istiod", If: "global.defaultPodDisruptionBudget.enabled"},
		},
		ConfigMaps: []ConfigMap{{Name: "istio"}, {Name: "istio-sidecar-injector", KB: 102}, {Name: "values", KB: 5}},
		Services:   []Service{{Name: "istiod", Ports: "grpc-xds:15010 https-dns:15012 https-webhook:443 http-monitoring:15014"}},
		Workloads:  []Workload{{Kind: "Deployment", Name: "istiod", Replicas: "replicaCount", Container: "discovery"}},
		Files:      map[string]string{"autoscale.yaml": when("autoscaleEnabled", autoscaler("istiod", "autoscaleMin"))},
		Webhooks: []WebhookConfiguration{
			// For pods of namespaces that have asked for it.
			{Kind: "Mutating", Name: "istio-sidecar-injector", Webhooks: []Webhook{
				injector("rev.namespace", "matchLabels: {istio.io/rev: default}\n"),
				injector("rev.object", "matchLabels: {istio.io/rev: default, istio-injection: object}\n"),
				injector("namespace", "matchLabels: {istio-injection: enabled}\n"),
				injector("object", "matchLabels: {istio-injection: object}\n"),
			}},
			{Kind: "Validating", Name: "istio-validator-istio-system", Webhooks: []Webhook{{
				Name: "rev.validation.istio.io", Service: "istiod", Path: "/validate", FailurePolicy: "Ignore",
				Rule: "security.istio.io,networking.istio.io,telemetry.istio.io,extensions.istio.io * CU",
			}}},
		},
	}
}

func istioGateway() Shape {
	const name = "@"
	return Shape{
		Name: "gateway", Version: "1.30.3", AppVersion: "1.30.3",
		Values: `
image: {repository: registry.example/standin, tag: auto}
replicaCount: null
service: {type: LoadBalancer}
autoscaling: {enabled: true, minReplicas: 1}
podDisruptionBudget: {minAvailable: 0}
`,
		// As strict as upstream's: what it does not name is refused.
		Schema: `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "autoscaling": {"type": "object"}, "global": {"type": "object"}, "image": {"type": "object"}, "podDisruptionBudget": {"type": "object"},
    "replicaCount": {"type": ["integer", "null"]}, "service": {"type": "object"}
  }
}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: name},
			{Kind: "Role", Names: name},
			{Kind: "RoleBinding", Names: name},
			{Kind: "PodDisruptionBudget", Names: name, If: "podDisruptionBudget.minAvailable"},
		},
		Services:  []Service{{Name: name, Ports: "status-port:15021 http2:80 https:443", Type: "service.type"}},
		Workloads: []Workload{{Kind: "Deployment", Name: name, Replicas: "replicaCount", Container: "istio-proxy"}},
		Files:     map[string]string{"hpa.yaml": when("autoscaling.enabled", autoscaler(objectName(name), "autoscaling.minReplicas"))},
	}
}
