// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import "slices"

// meshShapes are those of gateways and service meshes.
func meshShapes() []Shape {
	return []Shape{
		gatewayAPI(), envoyGateway(), traefik(), istioBase(), istiod(), istioGateway(), linkerdCRDs(), linkerdControlPlane(),
	}
}

// gatewayAPI is a chart of nothing but definitions, in templates, and a policy over them.
func gatewayAPI() Shape {
	const on = "crds.gatewayAPI.enabled"
	return Shape{
		Name: "gateway-crds-helm", Version: "v1.9.0", AppVersion: "v1.9.0",
		Values:        "crds: {gatewayAPI: {enabled: false, channel: experimental}, envoyGateway: {enabled: false}}\n",
		OmitNamespace: true, // all of it is cluster-scoped
		CRDs:          []CRDSet{{In: InTemplates, If: on, CRDs: gatewayAPICRDs()}},
		Files:         envoyGatewayFiles(),
		Resources: []Resource{
			{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicy", Name: "safe-upgrades.gateway.networking.k8s.io", If: on,
				Spec: `failurePolicy: Fail
matchConstraints:
  resourceRules:
  - {apiGroups: [apiextensions.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [customresourcedefinitions]}
validations:
- expression: object.spec.group != 'gateway.networking.k8s.io' || has(object.metadata.annotations)
`},
			{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicyBinding", Name: "safe-upgrades.gateway.networking.k8s.io", If: on,
				Spec: "policyName: safe-upgrades.gateway.networking.k8s.io\nvalidationActions: [Deny]\n"},
		},
	}
}

func gatewayAPICRDs() []CRD {
	return inGroup("gateway.networking.k8s.io", "gateway-api",
		crdRow{"BackendTLSPolicy", "backendtlspolicies", ns, "v1*/status v1alpha3-/status", 53, "btlspolicy"},
		crdRow{"GatewayClass", "gatewayclasses", cl, "v1*/status v1beta1/status", 16, "gc"},
		crdRow{"Gateway", "gateways", ns, "v1*/status v1beta1/status", 116, "gtw"},
		crdRow{"GRPCRoute", "grpcroutes", ns, "v1*/status", 69, ""},
		crdRow{"HTTPRoute", "httproutes", ns, "v1*/status v1beta1/status", 237, ""},
		crdRow{"ListenerSet", "listenersets", ns, "v1*/status", 27, "lset"},
		crdRow{"ReferenceGrant", "referencegrants", ns, "v1 v1beta1*", 10, "refgrant"},
		crdRow{"TCPRoute", "tcproutes", ns, "v1*/status v1alpha2-/status", 48, ""},
		crdRow{"TLSRoute", "tlsroutes", ns, "v1*/status v1alpha2-/status v1alpha3-/status", 79, ""},
		crdRow{"UDPRoute", "udproutes", ns, "v1*/status v1alpha2-/status", 48, ""})
}

// envoyGatewayFiles are definitions that the catalog's values alone leave out, so that they are in no table. They have a tenth of their size.
func envoyGatewayFiles() map[string]string {
	files := map[string]string{}
	for _, c := range inGroup("gateway.envoyproxy.io", "envoy-gateway",
		crdRow{"Backend", "backends", ns, "v1alpha1*/status", 19, "be"},
		crdRow{"BackendTrafficPolicy", "backendtrafficpolicies", ns, "v1alpha1*/status", 125, "btp"},
		crdRow{"ClientTrafficPolicy", "clienttrafficpolicies", ns, "v1alpha1*/status", 74, "ctp"},
		crdRow{"EnvoyExtensionPolicy", "envoyextensionpolicies", ns, "v1alpha1*/status", 91, "eep"},
		crdRow{"EnvoyPatchPolicy", "envoypatchpolicies", ns, "v1alpha1*/status", 18, "epp"},
		crdRow{"EnvoyProxy", "envoyproxies", ns, "v1alpha1*/status", 623, "eproxy"},
		crdRow{"HTTPRouteFilter", "httproutefilters", ns, "v1alpha1*", 17, "hrf"},
		crdRow{"SecurityPolicy", "securitypolicies", ns, "v1alpha1*/status", 268, "sp"}) {
		files["envoy-"+c.Plural+".yaml"] = when("crds.envoyGateway.enabled", crdText(c, 0.1, ""))
	}
	return files
}

// envoyGateway leaves out the subchart with the definitions, which the catalog switches off.
func envoyGateway() Shape {
	return Shape{
		Name: "gateway-helm", Version: "v1.9.0", AppVersion: "v1.9.0",
		Values: imageValues + `
crds: {enabled: true}
deployment: {replicas: 1}
podDisruptionBudget: {minAvailable: 0}
topologyInjector: {enabled: true}
global: {imageRegistry: ''}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "envoy-gateway"},
			{Kind: "ConfigMap", Names: "envoy-gateway-config"},
			{Kind: "ClusterRole", Names: "@-envoy-gateway-role"},
			{Kind: "ClusterRoleBinding", Names: "@-envoy-gateway-rolebinding=@-envoy-gateway-role"},
			{Kind: "Role", Names: "@-infra-manager @-leader-election-role"},
			{Kind: "RoleBinding", Names: "@-infra-manager @-leader-election-rolebinding=@-leader-election-role"},
			{Kind: "PodDisruptionBudget", Names: "envoy-gateway", If: "podDisruptionBudget.minAvailable"},
		},
		Services:  []Service{{Name: "envoy-gateway", Ports: "grpc:18000 ratelimit:18001 wasm:18002 metrics:19001 webhook:9443"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "envoy-gateway", Replicas: "deployment.replicas"}},
		// A configuration that is a hook: no release holds it, and no uninstall takes it away.
		Files: map[string]string{"topology-injector.yaml": `{{- if .Values.topologyInjector.enabled }}
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: envoy-gateway-topology-injector.{{ .Release.Namespace }}
  annotations: {helm.sh/hook: 'pre-install, pre-upgrade', helm.sh/hook-weight: '-1'}
webhooks:
- name: topology.webhook.gateway.envoyproxy.io
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Ignore
  clientConfig:
    service: {name: envoy-gateway, namespace: '{{ .Release.Namespace }}', path: /inject-pod-topology, port: 9443}
  rules:
  - {operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [pods/binding]}
  namespaceSelector:
    matchLabels: {kubernetes.io/metadata.name: '{{ .Release.Namespace }}'}
{{- end }}
`},
		Hooks: []Hook{
			{Kinds: "ServiceAccount Role RoleBinding", Name: "@-certgen", Events: "pre-install, pre-upgrade", Weight: -1},
			{Kinds: "ClusterRole ClusterRoleBinding", Name: "@-certgen:envoy-gateway-system", Events: "pre-install, pre-upgrade", Weight: -1,
				If: "topologyInjector.enabled"},
			{Kinds: "Job", Name: "@-certgen", Events: "pre-install, pre-upgrade"},
		},
	}
}

func traefik() Shape {
	const gateway = "providers.kubernetesGateway.enabled"
	return Shape{
		Name: "traefik", Version: "41.3.0", AppVersion: "v3.7.11", KubeVersion: ">=1.25.0-0",
		Values: `
image: {registry: '', repository: registry.example/standin, tag: '1'}
deployment: {replicas: 1}
service: {spec: {type: LoadBalancer}}
ingressClass: {enabled: true, isDefaultClass: true}
ingressRoute: {dashboard: {enabled: false}}
providers: {kubernetesGateway: {enabled: false}}
gateway: {listeners: {web: {namespacePolicy: {from: Same}}}}
podDisruptionBudget: {enabled: false}
metrics: {prometheus: {disableAPICheck: null, service: {enabled: false}, serviceMonitor: {enabled: false}}}
ports: {web: {http: {redirections: {entryPoint: {}}}}}
tracing: {otlp: {enabled: false}}
`,
		// As strict as upstream's at the top: what it does not name is refused.
		Schema: `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "deployment": {"type": "object"}, "gateway": {"type": "object"}, "global": {"type": "object"}, "image": {"type": "object"},
    "ingressClass": {"type": "object", "additionalProperties": false,
      "properties": {"enabled": {"type": "boolean"}, "isDefaultClass": {"type": "boolean"}, "name": {"type": "string"}}},
    "ingressRoute": {"type": "object"}, "metrics": {"type": "object"}, "podDisruptionBudget": {"type": "object"},
    "ports": {"type": "object"}, "providers": {"type": "object"}, "service": {"type": "object"}, "tracing": {"type": "object"}
  }
}
`,
		CRDs: []CRDSet{{In: InCRDs, CRDs: traefikCRDs()}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "@-traefik"},
			{Kind: "ClusterRoleBinding", Names: "@-traefik"},
			{Kind: "PodDisruptionBudget", Names: "@", If: "podDisruptionBudget.enabled"},
		},
		Services: []Service{
			{Name: "@", Ports: "web:80 websecure:443", Type: "service.spec.type"},
			{Name: "@-metrics", Selects: "@", Ports: "metrics:9100", If: "metrics.prometheus.service.enabled"},
		},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "deployment.replicas"}},
		Files: map[string]string{
			"ingressclass.yaml": when("ingressClass.enabled", `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: {{ include "standin.full" $ }}
  annotations: {ingressclass.kubernetes.io/is-default-class: '{{ .Values.ingressClass.isDefaultClass }}'}
spec: {controller: traefik.io/ingress-controller}
`),
			"gateway.yaml": when(gateway, `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: traefik}
spec: {controllerName: traefik.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: traefik-gateway, namespace: '{{ .Release.Namespace }}'}
spec:
  gatewayClassName: traefik
  listeners:
  - name: web
    port: 8000
    protocol: HTTP
    allowedRoutes: {namespaces: {{ toJson .Values.gateway.listeners.web.namespacePolicy }}}
`),
			// Upstream's refuses a monitor that the cluster does not know, unless it is told not to look.
			"monitor.yaml": when("metrics.prometheus.serviceMonitor.enabled", `{{- if not (or .Values.metrics.prometheus.disableAPICheck (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) }}
{{- fail "monitoring.coreos.com/v1 is not served" }}
{{- end }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: '{{ include "standin.full" $ }}', namespace: '{{ .Release.Namespace }}'}
spec:
  endpoints: [{targetPort: metrics}]
  selector: {matchLabels: {app.kubernetes.io/component: metrics}}
`),
		},
	}
}

func traefikCRDs() []CRD {
	hub := inGroup("hub.traefik.io", "",
		crdRow{"AccessControlPolicy", "accesscontrolpolicies", cl, "v1alpha1*", 9, ""},
		crdRow{"AIService", "aiservices", ns, "v1alpha1*", 7, ""},
		crdRow{"APIAuth", "apiauths", ns, "v1alpha1*/status", 11, ""},
		crdRow{"APIBundle", "apibundles", ns, "v1alpha1*/status", 6, ""},
		crdRow{"APICatalogItem", "apicatalogitems", ns, "v1alpha1*/status", 8, ""},
		crdRow{"APIPlan", "apiplans", ns, "v1alpha1*/status", 5, ""},
		crdRow{"APIPortalAuth", "apiportalauths", ns, "v1alpha1*/status", 9, ""},
		crdRow{"APIPortal", "apiportals", ns, "v1alpha1*/status", 6, ""},
		crdRow{"APIRateLimit", "apiratelimits", ns, "v1alpha1*", 5, ""},
		crdRow{"API", "apis", ns, "v1alpha1*/status", 10, ""},
		crdRow{"APIVersion", "apiversions", ns, "v1alpha1*/status", 10, ""},
		crdRow{"ContentItem", "contentitems", ns, "v1alpha1*/status", 5, ""},
		crdRow{"ManagedApplication", "managedapplications", ns, "v1alpha1*/status", 5, ""},
		crdRow{"ManagedSubscription", "managedsubscriptions", ns, "v1alpha1*/status", 12, ""},
		crdRow{"Uplink", "uplinks", ns, "v1alpha1*/status", 7, ""})
	return slices.Concat(hub, inGroup("traefik.io", "",
		crdRow{"IngressRoute", "ingressroutes", ns, "v1alpha1*", 15, ""},
		crdRow{"IngressRouteTCP", "ingressroutetcps", ns, "v1alpha1*", 8, ""},
		crdRow{"IngressRouteUDP", "ingressrouteudps", ns, "v1alpha1*", 3, ""},
		crdRow{"Middleware", "middlewares", ns, "v1alpha1*", 49, ""},
		crdRow{"MiddlewareTCP", "middlewaretcps", ns, "v1alpha1*", 3, ""},
		crdRow{"ServersTransport", "serverstransports", ns, "v1alpha1*", 6, ""},
		crdRow{"ServersTransportTCP", "serverstransporttcps", ns, "v1alpha1*", 5, ""},
		crdRow{"TLSOption", "tlsoptions", ns, "v1alpha1*", 4, ""},
		crdRow{"TLSStore", "tlsstores", ns, "v1alpha1*", 3, ""},
		crdRow{"TraefikService", "traefikservices", ns, "v1alpha1*", 53, ""}))
}
