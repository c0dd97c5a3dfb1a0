// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import "slices"

func linkerdCRDs() Shape {
	return Shape{
		Name: "linkerd-crds", Version: "2026.8.3", AppVersion: "", KubeVersion: ">=1.31.0-0",
		Values: "installGatewayAPI: false\nenabled: true\n",
		CRDs: []CRDSet{
			// Not kept: an uninstall by Helm alone would delete them.
			{In: InTemplates, CRDs: slices.Concat(
				inGroup("linkerd.io", "", crdRow{"ServiceProfile", "serviceprofiles", ns, "v1alpha1 v1alpha2*", 5, "sp"}),
				inGroup("policy.linkerd.io", "",
					crdRow{"AuthorizationPolicy", "authorizationpolicies", ns, "v1alpha1*", 2, "authzpolicy"},
					crdRow{"EgressNetwork", "egressnetworks", ns, "v1alpha1*/status", 3, ""},
					crdRow{"HTTPLocalRateLimitPolicy", "httplocalratelimitpolicies", ns, "v1alpha1*/status", 5, ""},
					crdRow{"HTTPRoute", "httproutes", ns, "v1alpha1/status v1beta1/status v1beta2/status v1beta3*/status", 189, ""},
					crdRow{"MeshTLSAuthentication", "meshtlsauthentications", ns, "v1alpha1*", 2, "meshtlsauthn"},
					crdRow{"NetworkAuthentication", "networkauthentications", ns, "v1alpha1*", 1, "netauthn networkauthn"},
					crdRow{"Server", "servers", ns, "v1alpha1 v1beta1 v1beta2 v1beta3*", 7, "srv"},
					crdRow{"ServerAuthorization", "serverauthorizations", ns, "v1alpha1 v1beta1*", 6, "saz serverauthz srvauthz"}),
				inGroup("workload.linkerd.io", "external", crdRow{"ExternalWorkload", "externalworkloads", ns, "v1alpha1 v1beta1*/status", 7, ""}))},
		},
	}
}

// linkerdControlPlane differs from upstream's in one thing: without certificates it renders, with empty ones.
func linkerdControlPlane() Shape {
	return Shape{
		Name: "linkerd-control-plane", Version: "2026.8.3", AppVersion: "edge-26.8.3", KubeVersion: ">=1.31.0-0",
		Values: imageValues + `
controllerReplicas: 1
disableHeartBeat: false
enablePodDisruptionBudget: false
webhookFailurePolicy: Ignore
identity: {externalCA: false, issuer: {scheme: linkerd.io/tls}}
proxyInjector: {externalSecret: false}
profileValidator: {externalSecret: false}
policyValidator: {externalSecret: false}
podMonitor: {enabled: false, serviceMirror: {enabled: true}}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "linkerd-destination linkerd-identity linkerd-proxy-injector linkerd-heartbeat"},
			{Kind: "ConfigMap", Names: "linkerd-config"},
			{Kind: "ConfigMap", Names: "linkerd-identity-trust-roots", If: "!identity.externalCA"},
			{Kind: "ClusterRole", Names: "linkerd-linkerd-destination linkerd-linkerd-identity linkerd-linkerd-proxy-injector linkerd-policy linkerd-heartbeat"},
			{Kind: "ClusterRoleBinding", Names: "linkerd-linkerd-destination linkerd-linkerd-identity linkerd-linkerd-proxy-injector " +
				"linkerd-destination-policy=linkerd-policy linkerd-heartbeat"},
			{Kind: "Role", Names: "ext-namespace-metadata-linkerd-config remote-discovery linkerd-heartbeat"},
			{Kind: "RoleBinding", Names: "linkerd-destination-remote-discovery=remote-discovery linkerd-heartbeat"},
			{Kind: "PodDisruptionBudget", Names: "linkerd-dst linkerd-identity linkerd-proxy-injector", If: "enablePodDisruptionBudget"},
		},
		Services: []Service{
			{Name: "linkerd-dst", Selects: "linkerd-destination", Ports: "grpc:8086"},
			{Name: "linkerd-dst-headless", Selects: "linkerd-destination", Ports: "grpc:8086", Headless: true},
			{Name: "linkerd-sp-validator", Selects: "linkerd-destination", Ports: "sp-validator:443"},
			{Name: "linkerd-policy", Selects: "linkerd-destination", Ports: "grpc:8090", Headless: true},
			{Name: "linkerd-policy-validator", Selects: "linkerd-destination", Ports: "policy-https:443"},
			{Name: "linkerd-identity", Ports: "grpc:8080"},
			{Name: "linkerd-identity-headless", Selects: "linkerd-identity", Ports: "grpc:8080", Headless: true},
			{Name: "linkerd-proxy-injector", Ports: "proxy-injector:443"},
		},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "linkerd-destination", Replicas: "controllerReplicas"},
			{Kind: "Deployment", Name: "linkerd-identity", Replicas: "controllerReplicas"},
			{Kind: "Deployment", Name: "linkerd-proxy-injector", Replicas: "controllerReplicas"},
		},
		Webhooks: linkerdWebhooks(),
		Files:    linkerdFiles(),
	}
}

// linkerdWebhooks have certificates that are made anew by every render, or none where somebody else makes them.
func linkerdWebhooks() []WebhookConfiguration {
	const meshed = "matchExpressions:\n- {key: config.linkerd.io/admission-webhooks, operator: NotIn, values: [disabled]}\n"
	row := func(kind, name, values, rule string) []WebhookConfiguration {
		c := WebhookConfiguration{Kind: kind, Name: name + "-webhook-config", If: values + ".externalSecret", Webhooks: []Webhook{{
			Name: name + ".linkerd.io", Service: name, Path: "/", FailurePolicy: "{{ $.Values.webhookFailurePolicy }}", Rule: rule,
			NamespaceSelector: meshed,
		}}}
		made := c
		made.Secret, made.If = name+"-k8s-tls", "!"+c.If
		return []WebhookConfiguration{c, made}
	}
	return slices.Concat(
		row("Mutating", "linkerd-proxy-injector", "proxyInjector", "core pods,services C"),
		row("Validating", "linkerd-sp-validator", "profileValidator", "linkerd.io serviceprofiles CU"),
		row("Validating", "linkerd-policy-validator", "policyValidator",
			"policy.linkerd.io,gateway.networking.k8s.io authorizationpolicies,servers,httproutes,grpcroutes,tlsroutes,tcproutes CU"))
}

func linkerdFiles() map[string]string {
	monitor := func(name string) string {
		return `apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: ` + name + `, namespace: '{{ .Release.Namespace }}'}
spec:
  selector: {}
  podMetricsEndpoints: [{interval: 10s}]
`
	}
	return map[string]string{
		"issuer.yaml": `{{- if eq .Values.identity.issuer.scheme "linkerd.io/tls" }}
apiVersion: v1
kind: Secret
metadata: {name: linkerd-identity-issuer, namespace: '{{ .Release.Namespace }}'}
data: {crt.pem: '', key.pem: ''}
{{- end }}
`,
		"heartbeat.yaml": when("!disableHeartBeat", `apiVersion: batch/v1
kind: CronJob
metadata: {name: linkerd-heartbeat, namespace: '{{ .Release.Namespace }}'}
spec:
  schedule: 0 0 * * *
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: linkerd-heartbeat
          restartPolicy: Never
`+container("          ", "image")),
		"podmonitor-controller.yaml": when("podMonitor.enabled", monitor("linkerd-controller")),
		"podmonitor-proxy.yaml":      when("podMonitor.enabled", monitor("linkerd-proxy")),
		"podmonitor-mirror.yaml":     when("podMonitor.enabled && podMonitor.serviceMirror.enabled", monitor("linkerd-multicluster-controller")),
	}
}
