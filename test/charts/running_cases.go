// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

// runningHooks are those of which the hooks matter.
func runningHooks() []running {
	return []running{
		{
			name: "hooked", versions: []string{"1.0.0", "1.1.0"}, values: "startAfter: 2s\nhookRetries: 0\n",
			write: func(r *runningBuilder) {
				r.deployment(pod{mode: "serve", args: []string{startAfter}})
				r.service("http:8080")
				r.job("@-check", installed, "{{ $.Values.hookRetries }}", pod{mode: "get", args: []string{
					"http://" + objectName("@") + ".{{ $.Release.Namespace }}.svc:8080/readyz", "--expect=ok", "--patience=4s",
				}})
			},
		},
		{
			name: "flaky", versions: []string{"1.0.0"}, values: "failures: 2\n# The URL of a counter of test/realnode/chartserver.\ncounter: \"\"\n",
			write: func(r *runningBuilder) {
				r.job("@-prepare", "pre-install", "0", pod{mode: "fail-first", args: []string{
					"{{ $.Values.failures }}", `{{ required "counter must be the URL of a counter" $.Values.counter }}`,
				}})
				r.deployment(pod{mode: "serve"})
				r.service("http:8080")
			},
		},
	}
}

// ownService is the argument that names the Service before a webhook, whose ports are webhookPorts.
const (
	ownService   = `--service={{ include "standin.full" $ }}.{{ $.Release.Namespace }}.svc`
	webhookPorts = "http:8080 https:8443"
)

// runningWebhooks are those whose pods serve fail-closed admission webhooks.
func runningWebhooks() []running {
	return []running{
		{name: "guard", versions: []string{"1.0.0", "1.1.0"}, write: writeGuard},
		{name: "kyverno", versions: []string{"3.9.0"}, values: runningKyvernoValues, write: writeRunningKyverno},
	}
}

func writeGuard(r *runningBuilder) {
	r.account(`- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingwebhookconfigurations]
  resourceNames: [` + quoted(objectName("@")) + `]
  verbs: [get, patch]
`)
	r.deployment(pod{mode: "webhook", account: true, ports: webhookPorts, args: []string{
		ownService, "--inject=validating/" + objectName("@"),
	}})
	r.service(webhookPorts)
	r.add("ValidatingWebhookConfiguration", "@", "",
		r.head("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "@", false, "")+`webhooks:
- name: configmaps.standin.groundwork.dev
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 5
  clientConfig:
    service: {name: `+quoted(objectName("@"))+`, namespace: '{{ $.Release.Namespace }}', path: /validate, port: 8443}
  rules:
  - {apiGroups: [''], apiVersions: [v1], resources: [configmaps], operations: [CREATE, UPDATE]}
  objectSelector:
    matchLabels: {standin.groundwork.dev/guarded: 'true'}
`)
}

// runningKyvernoValues take what the catalog's component of that name says: the annotations of its CRDs, and the namespaces and
// requests that its webhooks leave alone.
const runningKyvernoValues = `crds: {annotations: {}}
config:
  webhooks:
    namespaceSelector:
      matchExpressions:
      - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}
  matchConditions: []
engine:
  # Whether it registers the webhook that judges the objects of everybody, as Kyverno does once there are policies.
  catchAll: true
  # For which resources, separated by commas.
  resources: "*/*"
`

// writeRunningKyverno makes a policy engine with the names of Kyverno's webhook configurations, and the one kind that the catalog's probe
// is of.
func writeRunningKyverno(r *runningBuilder) {
	r.account(`- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingwebhookconfigurations, mutatingwebhookconfigurations]
  verbs: [get, create, patch]
`)
	r.deployment(pod{mode: "engine", account: true, ports: webhookPorts, args: []string{
		ownService,
		"--guard=validating/kyverno-policy-validating-webhook-cfg=policies.kyverno.io",
		"--guard=mutating/kyverno-policy-mutating-webhook-cfg=policies.kyverno.io",
		"--guard=mutating/kyverno-verify-mutating-webhook-cfg=policies.kyverno.io",
		`--register={{ if $.Values.engine.catchAll }}kyverno-resource-validating-webhook-cfg{{ end }}`,
		"--resources={{ $.Values.engine.resources }}",
		"--namespace-selector={{ toJson $.Values.config.webhooks.namespaceSelector }}",
		"--match-conditions={{ toJson $.Values.config.matchConditions | replace \"'\" \"''\" }}",
	}})
	r.service(webhookPorts)
	annotations := "    {{- with $.Values.crds.annotations }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}\n"
	r.definition(InTemplates, CRD{
		Group: "policies.kyverno.io", Kind: "ValidatingPolicy", Plural: "validatingpolicies", Scope: cl,
		Versions: "v1/status v1alpha1/status v1beta1*/status",
	}, annotations, "")
}

// runningKinds are those that bring kinds of their own.
func runningKinds() []running {
	return []running{
		{name: "convert", versions: []string{"1.0.0", "1.1.0"}, write: writeConvert},
		{name: "widgets", versions: []string{"1.0.0"}, values: "cleanupAfter: 0s\n", write: writeWidgets},
	}
}

func writeConvert(r *runningBuilder) {
	versions := "v1beta1* v1"
	if r.version == "1.1.0" {
		versions = "v1beta1 v1*"
	}
	gadgets := CRD{Group: "standin.groundwork.dev", Kind: "Gadget", Plural: "gadgets", Scope: ns, Versions: versions}
	r.account(`- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: [` + gadgets.Name() + `]
  verbs: [get, patch]
`)
	r.deployment(pod{mode: "webhook", account: true, ports: webhookPorts, args: []string{ownService, "--inject-crd=" + gadgets.Name()}})
	r.service(webhookPorts)
	r.definition(InTemplates, gadgets, "", `  conversion:
    strategy: Webhook
    webhook:
      conversionReviewVersions: [v1]
      clientConfig:
        service: {name: `+quoted(objectName("@"))+`, namespace: '{{ $.Release.Namespace }}', path: /convert, port: 8443}
`)
}

func writeWidgets(r *runningBuilder) {
	widgets := CRD{Group: "standin.groundwork.dev", Kind: "Widget", Plural: "widgets", Scope: ns, Versions: "v1*/status"}
	r.account(`- apiGroups: [standin.groundwork.dev]
  resources: [widgets, widgets/status]
  verbs: [get, list, watch, patch, update]
`)
	r.deployment(pod{mode: "controller", account: true, args: []string{
		"--resource=" + widgets.Name(), "--cleanup-after={{ $.Values.cleanupAfter }}",
	}})
	r.definition(InCRDs, widgets, "", "")
}

// definition adds a CRD: annotations and what follows its spec are template text.
func (r *runningBuilder) definition(in Place, c CRD, annotations, more string) {
	r.files[string(in)+"/crd-"+c.Plural+".yaml"] = crdText(c, r.scale, annotations) + more
}
