// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

func deliveryShapes() []Shape { return []Shape{argoCD(), certManager()} }

func argoCD() Shape {
	const parts = "@-application-controller @-notifications-controller @-repo-server @-server @-dex-server"
	return Shape{
		Name: "argo-cd", Version: "10.1.1", AppVersion: "v3.4.4", KubeVersion: ">=1.25.0-0", Base: "argocd",
		Values: `
global:
  image: {repository: registry.example/standin, tag: '1'}
  networkPolicy: {create: true}
crds: {install: true, keep: true, annotations: {}}
controller: {replicas: 1, metrics: {enabled: false, serviceMonitor: {enabled: false}}}
server: {replicas: 1, metrics: {enabled: false, serviceMonitor: {enabled: false}}}
repoServer: {replicas: 1, metrics: {enabled: false, serviceMonitor: {enabled: false}}}
applicationSet: {replicas: 1, metrics: {enabled: false, serviceMonitor: {enabled: false}}}
notifications: {enabled: true, replicas: 1, metrics: {enabled: false, serviceMonitor: {enabled: false}}}
dex: {enabled: true, replicas: 1, metrics: {enabled: false, serviceMonitor: {enabled: false}}}
redis: {enabled: true, replicas: 1, metrics: {enabled: false, serviceMonitor: {enabled: false}}}
redisSecretInit: {enabled: true}
`,
		CRDs: []CRDSet{{
			In: InTemplates, If: "crds.install", Keep: "crds.keep", Annotations: "crds.annotations",
			CRDs: inGroup("argoproj.io", "",
				crdRow{"Application", "applications", ns, "v1alpha1*", 187, "app apps"},
				crdRow{"ApplicationSet", "applicationsets", ns, "v1alpha1*/status", 333, "appset appsets"},
				crdRow{"AppProject", "appprojects", ns, "v1alpha1*", 10, "appproj appprojs"}),
		}},
		Plain: []Plain{
			{Kind: "NetworkPolicy", Names: parts + " @-redis", If: "global.networkPolicy.create"},
			{Kind: "ServiceAccount", Names: parts + " @-applicationset-controller"},
			{Kind: "Secret", Names: "argocd-notifications-secret argocd-secret"},
			{Kind: "ConfigMap", Names: "argocd-cm argocd-cmd-params-cm argocd-gpg-keys-cm argocd-notifications-cm argocd-rbac-cm " +
				"argocd-ssh-known-hosts-cm argocd-tls-certs-cm argocd-redis-health-configmap"},
			{Kind: "AdminClusterRole", Names: "@-application-controller"},
			{Kind: "ClusterRole", Names: "@-notifications-controller @-server"},
			{Kind: "ClusterRoleBinding", Names: "@-application-controller @-notifications-controller @-server"},
			{Kind: "Role", Names: parts + " @-applicationset-controller"},
			{Kind: "RoleBinding", Names: parts + " @-applicationset-controller"},
		},
		Services: []Service{
			{Name: "@-applicationset-controller", Ports: "http-webhook:7000"},
			{Name: "@-repo-server", Ports: "tcp-repo-server:8081"},
			{Name: "@-server", Ports: "http:80 https:443"},
			{Name: "@-dex-server", Ports: "http:5556 grpc:5557"},
			{Name: "@-redis", Ports: "redis:6379"},
		},
		Workloads: []Workload{
			{Kind: "StatefulSet", Name: "@-application-controller", Replicas: "controller.replicas", Image: "global.image"},
			{Kind: "Deployment", Name: "@-applicationset-controller", Replicas: "applicationSet.replicas", Image: "global.image"},
			{Kind: "Deployment", Name: "@-notifications-controller", Replicas: "notifications.replicas", Image: "global.image", If: "notifications.enabled"},
			{Kind: "Deployment", Name: "@-repo-server", Replicas: "repoServer.replicas", Image: "global.image"},
			{Kind: "Deployment", Name: "@-server", Replicas: "server.replicas", Image: "global.image"},
			{Kind: "Deployment", Name: "@-dex-server", Replicas: "dex.replicas", Image: "global.image", If: "dex.enabled"},
			{Kind: "Deployment", Name: "@-redis", Replicas: "redis.replicas", Image: "global.image", If: "redis.enabled"},
		},
		// Each needs two values, and the API: without one of the three it is left out without a word.
		Monitors: []Monitor{
			{Name: "@-application-controller", Gated: true, If: "controller.metrics.enabled && controller.metrics.serviceMonitor.enabled"},
			{Name: "@-server", Gated: true, If: "server.metrics.enabled && server.metrics.serviceMonitor.enabled"},
			{Name: "@-repo-server", Gated: true, If: "repoServer.metrics.enabled && repoServer.metrics.serviceMonitor.enabled"},
			{Name: "@-applicationset-controller", Gated: true, If: "applicationSet.metrics.enabled && applicationSet.metrics.serviceMonitor.enabled"},
			{Name: "@-notifications-controller", Gated: true, If: "notifications.metrics.enabled && notifications.metrics.serviceMonitor.enabled"},
			{Name: "@-dex-server", Gated: true, If: "dex.metrics.enabled && dex.metrics.serviceMonitor.enabled"},
			{Name: "@-redis", Gated: true, If: "redis.metrics.enabled && redis.metrics.serviceMonitor.enabled"},
		},
		Hooks: []Hook{{
			Kinds: "ServiceAccount Role RoleBinding Job", Name: "@-redis-secret-init", Events: install, Delete: beforeCreation,
			If: "redisSecretInit.enabled",
		}},
	}
}

func certManager() Shape {
	const controllers = "@-controller-issuers @-controller-clusterissuers @-controller-certificates @-controller-orders " +
		"@-controller-challenges @-controller-ingress-shim @-controller-approve:cert-manager-io " +
		"@-controller-certificatesigningrequests @-webhook:subjectaccessreviews @-cainjector"
	return Shape{
		Name: "cert-manager", Version: "v1.21.1", AppVersion: "v1.21.1", KubeVersion: ">= 1.22.0-0",
		Values: imageValues + `
installCRDs: false
crds: {enabled: false, keep: true}
replicaCount: 1
webhook: {replicaCount: 1, timeoutSeconds: 30}
cainjector: {enabled: true, replicaCount: 1}
startupapicheck: {enabled: true}
prometheus: {enabled: true, servicemonitor: {enabled: false, labels: {}, interval: 60s}}
`,
		Schema: certManagerSchema,
		CRDs: []CRDSet{{
			In: InTemplates, If: "crds.enabled || installCRDs", Keep: "crds.keep",
			CRDs: append(inGroup("acme.cert-manager.io", "cert-manager cert-manager-acme",
				crdRow{"Challenge", "challenges", ns, "v1*/status", 122, ""},
				crdRow{"Order", "orders", ns, "v1*/status", 9, ""},
			), inGroup("cert-manager.io", "cert-manager",
				crdRow{"CertificateRequest", "certificaterequests", ns, "v1*/status", 9, "cr crs"},
				crdRow{"Certificate", "certificates", ns, "v1*/status", 30, "cert certs"},
				crdRow{"ClusterIssuer", "clusterissuers", cl, "v1*/status", 143, "ciss"},
				crdRow{"Issuer", "issuers", ns, "v1*/status", 143, "iss"})...),
		}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@ @-cainjector @-webhook"},
			{Kind: "ClusterRole", Names: controllers + " @-cluster-view @-view @-edit"},
			{Kind: "ClusterRoleBinding", Names: controllers},
			{Kind: "Role", Names: "kube-system/@-cainjector:leaderelection kube-system/@:leaderelection @-webhook:dynamic-serving"},
			{Kind: "RoleBinding", Names: "kube-system/@-cainjector:leaderelection kube-system/@:leaderelection @-webhook:dynamic-serving"},
		},
		Services: []Service{
			{Name: "@", Ports: "http-metrics:9402"},
			{Name: "@-cainjector", Ports: "http-metrics:9402"},
			{Name: "@-webhook", Ports: "https:443 metrics:9402"},
		},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@", Replicas: "replicaCount"},
			{Kind: "Deployment", Name: "@-cainjector", Replicas: "cainjector.replicaCount", If: "cainjector.enabled"},
			{Kind: "Deployment", Name: "@-webhook", Replicas: "webhook.replicaCount"},
		},
		Webhooks: []WebhookConfiguration{
			{Kind: "Mutating", Name: "@-webhook", Webhooks: []Webhook{{
				Name: "webhook.cert-manager.io", Service: "@-webhook", Path: "/mutate", FailurePolicy: "Fail", Timeout: 30,
				Rule: "cert-manager.io certificaterequests C",
			}}},
			{Kind: "Validating", Name: "@-webhook", Webhooks: []Webhook{{
				Name: "webhook.cert-manager.io", Service: "@-webhook", Path: "/validate", FailurePolicy: "Fail", Timeout: 30,
				Rule:              "cert-manager.io,acme.cert-manager.io */* CU",
				NamespaceSelector: "matchExpressions:\n- {key: cert-manager.io/disable-validation, operator: NotIn, values: ['true']}",
			}}},
		},
		Monitors: []Monitor{{Name: "@", If: "prometheus.enabled && prometheus.servicemonitor.enabled"}},
		Hooks: []Hook{
			{Kinds: "ServiceAccount", Name: "@-startupapicheck", Events: "post-install", Delete: onSuccess, Weight: -5, If: "startupapicheck.enabled"},
			{Kinds: "Role RoleBinding", Name: "@-startupapicheck:create-cert", Events: "post-install", Delete: onSuccess, Weight: -5, If: "startupapicheck.enabled"},
			{Kinds: "Job", Name: "@-startupapicheck", Events: "post-install", Delete: onSuccess, Weight: 1, If: "startupapicheck.enabled"},
		},
	}
}

// certManagerSchema refuses what it does not know, at the top and in the monitor's values, as upstream's does.
const certManagerSchema = `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "global": {"type": "object"},
    "image": {"type": "object"},
    "installCRDs": {"type": "boolean"},
    "crds": {
      "type": "object",
      "additionalProperties": false,
      "properties": {"enabled": {"type": "boolean"}, "keep": {"type": "boolean"}}
    },
    "replicaCount": {"type": "integer"},
    "webhook": {"type": "object"},
    "cainjector": {"type": "object"},
    "startupapicheck": {"type": "object"},
    "prometheus": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "enabled": {"type": "boolean"},
        "servicemonitor": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "enabled": {"type": "boolean"},
            "labels": {"type": "object"},
            "interval": {"type": "string"}
          }
        }
      }
    }
  }
}
`
