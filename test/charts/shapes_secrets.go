// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

// secretShapes are those of secrets, trust and logins.
func secretShapes() []Shape {
	return []Shape{dex(), externalSecrets(), oauth2Proxy(), reloader(), trustManager()}
}

func trustManager() Shape {
	return Shape{
		Name: "trust-manager", Version: "v0.24.0", AppVersion: "v0.24.0", KubeVersion: ">= 1.25.0-0",
		Values: imageValues + `
replicaCount: 1
crds: {enabled: true, keep: true}
podDisruptionBudget: {enabled: false}
app:
  trust: {namespace: cert-manager}
  metrics: {service: {enabled: true, servicemonitor: {enabled: false}}}
imageRegistry: registry.example
enabled: true
`,
		// As strict as upstream's: what it does not name is refused.
		Schema: `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "app": {"type": "object"}, "crds": {"type": "object"}, "enabled": {"type": "boolean"}, "global": {"type": "object"},
    "image": {"type": "object"}, "imageRegistry": {"type": "string"}, "podDisruptionBudget": {"type": "object"},
    "replicaCount": {"type": "integer"}
  }
}
`,
		CRDs: []CRDSet{{In: InTemplates, If: "crds.enabled", Keep: "crds.keep", CRDs: inGroup("trust.cert-manager.io", "",
			crdRow{"Bundle", "bundles", cl, "v1alpha1*/status", 17, ""})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "@-cluster-view @"},
			{Kind: "ClusterRoleBinding", Names: "@"},
			{Kind: "Role", Names: "@ @:leaderelection"},
			{Kind: "RoleBinding", Names: "@ @:leaderelection"},
			{Kind: "PodDisruptionBudget", Names: "@", If: "podDisruptionBudget.enabled"},
		},
		Services: []Service{
			{Name: "@-metrics", Selects: "@", Ports: "metrics:9402", If: "app.metrics.service.enabled"},
			{Name: "@", Ports: "webhook:443"},
		},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount"}},
		Webhooks: []WebhookConfiguration{{Kind: "Validating", Name: "@", Webhooks: []Webhook{{
			Name: "trust.cert-manager.io", Service: "@", Path: "/validate-trust-cert-manager-io-v1alpha1-bundle",
			FailurePolicy: "Fail", Timeout: 5, Rule: "trust.cert-manager.io bundles CU",
		}}}},
		Monitors: []Monitor{{Name: "@", If: "app.metrics.service.enabled && app.metrics.service.servicemonitor.enabled"}},
		Resources: []Resource{
			{APIVersion: "cert-manager.io/v1", Kind: "Issuer", Name: "@", Spec: "selfSigned: {}\n"},
			{APIVersion: "cert-manager.io/v1", Kind: "Certificate", Name: "@", Spec: `commonName: '{{ include "standin.full" $ }}.{{ $.Release.Namespace }}.svc'
dnsNames: ['{{ include "standin.full" $ }}.{{ $.Release.Namespace }}.svc']
secretName: '{{ include "standin.full" $ }}-tls'
issuerRef: {name: '{{ include "standin.full" $ }}', kind: Issuer, group: cert-manager.io}
`},
		},
	}
}

func externalSecrets() Shape {
	const service, rule = "@-webhook", "external-secrets.io "
	webhook := func(name, resources string) Webhook {
		return Webhook{
			Name: "validate." + name + ".external-secrets.io", Service: service, Path: "/validate-external-secrets-io-v1-" + name,
			FailurePolicy: "{{ $.Values.webhook.failurePolicy }}", Timeout: 5, Rule: rule + resources + " CUD",
		}
	}
	return Shape{
		Name: "external-secrets", Version: "2.9.0", AppVersion: "v2.9.0", KubeVersion: ">= 1.19.0-0",
		Values: imageValues + `
replicaCount: 1
installCRDs: true
crds: {annotations: {}}
leaderElect: false
podDisruptionBudget: {enabled: false}
webhook: {replicaCount: 1, failurePolicy: Fail, podDisruptionBudget: {enabled: false}}
certController: {replicaCount: 1, podDisruptionBudget: {enabled: false}}
serviceMonitor: {enabled: false, renderMode: skipIfMissing}
grafanaDashboard: {enabled: false}
`,
		CRDs: []CRDSet{{In: InTemplates, If: "installCRDs", Annotations: "crds.annotations", CRDs: externalSecretsCRDs()}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@-cert-controller @ @-webhook"},
			{Kind: "Secret", Names: "@-webhook"},
			{Kind: "ClusterRole", Names: "@-cert-controller @-controller @-view @-edit @-servicebindings"},
			{Kind: "ClusterRoleBinding", Names: "@-cert-controller @-controller"},
			{Kind: "Role", Names: "@-leaderelection"},
			{Kind: "RoleBinding", Names: "@-leaderelection"},
			{Kind: "PodDisruptionBudget", Names: "@-pdb", If: "podDisruptionBudget.enabled"},
			{Kind: "PodDisruptionBudget", Names: "@-webhook-pdb", If: "webhook.podDisruptionBudget.enabled"},
			{Kind: "PodDisruptionBudget", Names: "@-cert-controller-pdb", If: "certController.podDisruptionBudget.enabled"},
		},
		ConfigMaps: []ConfigMap{{Name: "@-dashboard", KB: 58, Label: "grafana_dashboard: '1'", If: "grafanaDashboard.enabled"}},
		Services: []Service{
			{Name: service, Ports: "webhook:443"},
			{Name: "@-metrics", Selects: "@", Ports: "metrics:8080", If: "serviceMonitor.enabled"},
			{Name: "@-cert-controller-metrics", Selects: "@-cert-controller", Ports: "metrics:8080", If: "serviceMonitor.enabled"},
		},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@-cert-controller", Replicas: "certController.replicaCount"},
			{Kind: "Deployment", Name: "@", Replicas: "replicaCount"},
			{Kind: "Deployment", Name: "@-webhook", Replicas: "webhook.replicaCount"},
		},
		Webhooks: []WebhookConfiguration{
			{Kind: "Validating", Name: "secretstore-validate", Webhooks: []Webhook{
				webhook("secretstore", "secretstores"), webhook("clustersecretstore", "clustersecretstores"),
			}},
			{Kind: "Validating", Name: "externalsecret-validate", Webhooks: []Webhook{webhook("externalsecret", "externalsecrets")}},
		},
		// The catalog has renderMode: alwaysRender; the other modes are not played.
		Monitors: []Monitor{
			{Name: "@-metrics", If: "serviceMonitor.enabled"},
			{Name: "@-webhook-metrics", If: "serviceMonitor.enabled"},
			{Name: "@-cert-controller-metrics", If: "serviceMonitor.enabled"},
		},
	}
}

func externalSecretsCRDs() []CRD {
	const two, one = "v1*/status v1beta1-/status", "v1alpha1*/status"
	return append(inGroup("external-secrets.io", "external-secrets",
		crdRow{"ClusterExternalSecret", "clusterexternalsecrets", cl, two, 46, "ces"},
		crdRow{"ClusterPushSecret", "clusterpushsecrets", cl, one, 20, ""},
		crdRow{"ClusterSecretStore", "clustersecretstores", cl, two, 341, "css"},
		crdRow{"ExternalSecret", "externalsecrets", ns, two, 38, "es"},
		crdRow{"PushSecret", "pushsecrets", ns, one, 19, "ps"},
		crdRow{"SecretStore", "secretstores", ns, two, 341, "ss"},
	), inGroup("generators.external-secrets.io", "external-secrets external-secrets-generators",
		crdRow{"ACRAccessToken", "acraccesstokens", ns, one, 7, ""},
		crdRow{"BeyondtrustWorkloadCredentialsDynamicSecret", "beyondtrustworkloadcredentialsdynamicsecrets", ns, one, 8, ""},
		crdRow{"CloudsmithAccessToken", "cloudsmithaccesstokens", ns, one, 3, ""},
		crdRow{"ClusterGenerator", "clustergenerators", cl, one, 79, ""},
		crdRow{"ECRAuthorizationToken", "ecrauthorizationtokens", ns, one, 6, ""},
		crdRow{"Fake", "fakes", ns, one, 2, ""},
		crdRow{"GCRAccessToken", "gcraccesstokens", ns, one, 9, ""},
		crdRow{"GeneratorState", "generatorstates", ns, "v1alpha1*", 3, "gs"},
		crdRow{"GithubAccessToken", "githubaccesstokens", ns, one, 3, ""},
		crdRow{"GitlabDeployToken", "gitlabdeploytokens", ns, one, 5, ""},
		crdRow{"Grafana", "grafanas", ns, one, 4, ""},
		crdRow{"MFA", "mfas", ns, one, 3, ""},
		crdRow{"Password", "passwords", ns, one, 3, ""},
		crdRow{"QuayAccessToken", "quayaccesstokens", ns, one, 3, ""},
		crdRow{"SSHKey", "sshkeys", ns, one, 2, ""},
		crdRow{"STSSessionToken", "stssessiontokens", ns, one, 7, ""},
		crdRow{"UUID", "uuids", ns, one, 2, ""},
		crdRow{"VaultDynamicSecret", "vaultdynamicsecrets", ns, one, 32, ""},
		crdRow{"Webhook", "webhooks", ns, one, 6, ""})...)
}

func reloader() Shape {
	return Shape{
		Name: "reloader", Version: "2.2.16", AppVersion: "v1.4.21",
		Values: imageValues + `
reloader:
  autoReloadAll: false
  isArgoRollouts: false
  reloadStrategy: default
  enableHA: false
  deployment: {replicas: 1}
  podMonitor: {enabled: false}
  podDisruptionBudget: {enabled: false}
`,
		// Upstream puts its own name after that of the release, whatever that is.
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@-reloader"},
			{Kind: "ClusterRole", Names: "@-reloader-role"},
			{Kind: "ClusterRoleBinding", Names: "@-reloader-role-binding=@-reloader-role"},
			{Kind: "Role", Names: "@-reloader-metadata-role"},
			{Kind: "RoleBinding", Names: "@-reloader-metadata-role-binding=@-reloader-metadata-role"},
			{Kind: "PodDisruptionBudget", Names: "@-reloader", If: "reloader.podDisruptionBudget.enabled"},
		},
		Workloads: []Workload{{Kind: "Deployment", Name: "@-reloader", Replicas: "reloader.deployment.replicas"}},
		Resources: []Resource{{
			APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Name: "@-reloader", If: "reloader.podMonitor.enabled",
			Spec: "podMetricsEndpoints: [{port: http, path: /metrics}]\nselector:\n  matchLabels: {app.kubernetes.io/component: reloader}\n",
		}},
	}
}

func dex() Shape {
	return Shape{
		Name: "dex", Version: "0.24.0", AppVersion: "2.44.0", KubeVersion: ">=1.14.0-0",
		Values: imageValues + `
replicaCount: 1
config: {}
podDisruptionBudget: {enabled: false}
serviceMonitor: {enabled: false}
`,
		Files: map[string]string{"secret.yaml": `apiVersion: v1
kind: Secret
metadata:
  name: {{ include "standin.full" $ }}
  namespace: {{ $.Release.Namespace }}
  labels:
    {{- include "standin.labels" $ | nindent 4 }}
type: Opaque
data:
  config.yaml: {{ toYaml $.Values.config | b64enc }}
`},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "@"},
			{Kind: "ClusterRoleBinding", Names: "@-cluster=@"},
			{Kind: "Role", Names: "@"},
			{Kind: "RoleBinding", Names: "@"},
			{Kind: "PodDisruptionBudget", Names: "@", If: "podDisruptionBudget.enabled"},
		},
		Services:  []Service{{Name: "@", Ports: "http:5556 telemetry:5558"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount"}},
		Monitors:  []Monitor{{Name: "@", If: "serviceMonitor.enabled"}},
	}
}

func oauth2Proxy() Shape {
	return Shape{
		Name: "oauth2-proxy", Version: "10.7.0", AppVersion: "7.15.3", KubeVersion: ">=1.16.0-0",
		Values: imageValues + `
replicaCount: 1
config: {existingSecret: '', upstreams: ['file:///dev/null']}
extraArgs: {}
metrics: {enabled: true, serviceMonitor: {enabled: false}}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			// The placeholders that upstream installs where nobody names a Secret.
			{Kind: "Secret", Names: "@", If: "!config.existingSecret"},
			{Kind: "ConfigMap", Names: "@"},
		},
		Services:  []Service{{Name: "@", Ports: "http:80 metrics:44180"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount"}},
		Monitors:  []Monitor{{Name: "@", If: "metrics.enabled && metrics.serviceMonitor.enabled"}},
	}
}
