// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

func networkShapes() []Shape { return []Shape{externalDNS(), ingressNginx()} }

func externalDNS() Shape {
	return Shape{
		Name: "external-dns", Version: "1.21.1", AppVersion: "0.21.0",
		Values: imageValues + `
provider: {name: aws}
policy: upsert-only
registry: txt
sources: [service, ingress]
replicaCount: 1
serviceMonitor: {enabled: false}
`,
		Schema: `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "provider": {"type": ["object", "string"]},
    "policy": {"type": "string", "enum": ["create-only", "sync", "upsert-only"]},
    "registry": {"type": "string", "enum": ["aws-sd", "dynamodb", "noop", "txt"]},
    "sources": {"type": "array", "items": {"type": "string"}}
  }
}
`,
		CRDs: []CRDSet{{In: InCRDs, CRDs: inGroup("externaldns.k8s.io", "",
			crdRow{"DNSEndpoint", "dnsendpoints", ns, "v1alpha1*/status", 3, ""})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "@"},
			{Kind: "ClusterRoleBinding", Names: "@-viewer=@"},
		},
		Services:  []Service{{Name: "@", Ports: "http:7979"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount"}},
		Monitors:  []Monitor{{Name: "@", If: "serviceMonitor.enabled"}},
	}
}

func ingressNginx() Shape {
	const all = install + "," + installed
	const webhooks = "controller.admissionWebhooks.enabled"
	return Shape{
		Name: "ingress-nginx", Version: "4.15.1", AppVersion: "1.15.1", KubeVersion: ">=1.21.0-0",
		Values: `
controller:
  image: {repository: registry.example/standin, tag: '1'}
  replicaCount: 1
  service: {enabled: true, type: LoadBalancer}
  ingressClassResource: {enabled: true, name: nginx}
  admissionWebhooks: {enabled: true, failurePolicy: Fail}
  metrics: {enabled: false, serviceMonitor: {enabled: false}}
`,
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ConfigMap", Names: "@-controller"},
			{Kind: "ClusterRole", Names: "@"},
			{Kind: "ClusterRoleBinding", Names: "@"},
			{Kind: "Role", Names: "@"},
			{Kind: "RoleBinding", Names: "@"},
			{Kind: "IngressClass", Names: "nginx", If: "controller.ingressClassResource.enabled"},
		},
		Services: []Service{
			{Name: "@-controller", Ports: "http:80 https:443", Type: "controller.service.type", If: "controller.service.enabled"},
			{Name: "@-controller-admission", Selects: "@-controller", Ports: "https-webhook:443", If: webhooks},
			{Name: "@-controller-metrics", Selects: "@-controller", Ports: "metrics:10254", If: "controller.metrics.enabled"},
		},
		Workloads: []Workload{{Kind: "Deployment", Name: "@-controller", Replicas: "controller.replicaCount", Image: "controller.image"}},
		Webhooks: []WebhookConfiguration{{Kind: "Validating", Name: "@-admission", If: webhooks, Webhooks: []Webhook{{
			Name: "validate.nginx.ingress.kubernetes.io", Service: "@-controller-admission", Path: "/networking/v1/ingresses",
			FailurePolicy: "{{ $.Values.controller.admissionWebhooks.failurePolicy }}", Rule: "networking.k8s.io ingresses CU",
		}}}},
		Monitors: []Monitor{{Name: "@-controller", If: "controller.metrics.enabled && controller.metrics.serviceMonitor.enabled"}},
		Hooks: []Hook{
			{Kinds: "ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding", Name: "@-admission", Events: all, Delete: onSuccess, If: webhooks},
			{Kinds: "Job", Name: "@-admission-create", Events: install, Delete: onSuccess, If: webhooks},
			{Kinds: "Job", Name: "@-admission-patch", Events: installed, Delete: onSuccess, If: webhooks},
		},
	}
}
