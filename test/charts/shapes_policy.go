// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

func policyShapes() []Shape { return []Shape{gatekeeper(), kyverno()} }

func gatekeeper() Shape {
	const service = "gatekeeper-webhook-service"
	const exempt = `matchExpressions:
- {key: admission.gatekeeper.sh/ignore, operator: DoesNotExist}
- {key: kubernetes.io/metadata.name, operator: NotIn, values: ['{{ $.Release.Namespace }}']}
`
	labels := func(path string) string {
		return "{{- range $key, $values := $.Values." + path + " }}\n- {key: '{{ $key }}', operator: NotIn, values: {{ toJson $values }}}\n{{- end }}\n"
	}
	return Shape{
		Name: "gatekeeper", Version: "3.23.0", AppVersion: "v3.23.0",
		Values: imageValues + `
replicas: 3
audit: {replicas: 1}
upgradeCRDs: {enabled: true}
postInstall: {labelNamespace: {enabled: true}}
disableMutation: false
disableValidatingWebhook: false
mutatingWebhookExemptNamespacesLabels: {}
validatingWebhookExemptNamespacesLabels: {}
validatingWebhookCheckIgnoreFailurePolicy: Fail
`,
		CRDs: []CRDSet{{In: InCRDs, CRDs: gatekeeperCRDs()}},
		Plain: []Plain{
			{Kind: "ResourceQuota", Names: "gatekeeper-critical-pods"},
			{Kind: "PodDisruptionBudget", Names: "gatekeeper-controller-manager"},
			{Kind: "ServiceAccount", Names: "gatekeeper-admin"},
			{Kind: "Secret", Names: "gatekeeper-webhook-server-cert"},
			{Kind: "ClusterRole", Names: "gatekeeper-manager-role"},
			{Kind: "ClusterRoleBinding", Names: "gatekeeper-manager-rolebinding=gatekeeper-manager-role"},
			{Kind: "Role", Names: "gatekeeper-manager-role"},
			{Kind: "RoleBinding", Names: "gatekeeper-manager-rolebinding=gatekeeper-manager-role"},
		},
		Services: []Service{{Name: service, Selects: "gatekeeper-controller-manager", Ports: "https-webhook-server:443"}},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "gatekeeper-audit", Replicas: "audit.replicas"},
			{Kind: "Deployment", Name: "gatekeeper-controller-manager", Replicas: "replicas"},
		},
		Webhooks: []WebhookConfiguration{
			{Kind: "Mutating", Name: "gatekeeper-mutating-webhook-configuration", If: "!disableMutation", Webhooks: []Webhook{{
				Name: "mutation.gatekeeper.sh", Service: service, Path: "/v1/mutate", FailurePolicy: "Ignore", Timeout: 1,
				Rule: "* *,pods/ephemeralcontainers,pods/exec,deployments/scale CU", NamespaceSelector: exempt + labels("mutatingWebhookExemptNamespacesLabels"),
			}}},
			{Kind: "Validating", Name: "gatekeeper-validating-webhook-configuration", If: "!disableValidatingWebhook", Webhooks: []Webhook{{
				Name: "validation.gatekeeper.sh", Service: service, Path: "/v1/admit", FailurePolicy: "Ignore", Timeout: 3,
				Rule: "* *,pods/ephemeralcontainers,pods/exec,deployments/scale CU", NamespaceSelector: exempt + labels("validatingWebhookExemptNamespacesLabels"),
			}, {
				Name: "check-ignore-label.gatekeeper.sh", Service: service, Path: "/v1/admitlabel", Timeout: 3,
				FailurePolicy: "{{ $.Values.validatingWebhookCheckIgnoreFailurePolicy }}", Rule: "core namespaces CU",
				NamespaceSelector: "matchExpressions:\n- {key: kubernetes.io/metadata.name, operator: NotIn, values: ['{{ $.Release.Namespace }}']}\n",
			}}},
		},
		Hooks: []Hook{
			{Kinds: "ServiceAccount ClusterRole ClusterRoleBinding Job", Name: "gatekeeper-update-crds-hook", Events: install,
				Delete: onSuccess, Weight: 1, If: "upgradeCRDs.enabled"},
			{Kinds: "ServiceAccount ClusterRole ClusterRoleBinding Job", Name: "gatekeeper-update-namespace-label", Events: "post-install",
				Delete: onSuccess, Weight: -5, If: "postInstall.labelNamespace.enabled"},
		},
	}
}

func gatekeeperCRDs() []CRD {
	const three = "v1*/status v1alpha1/status v1beta1/status"
	out := inGroup("mutations.gatekeeper.sh", "",
		crdRow{"Assign", "assign", cl, three, 37, ""},
		crdRow{"AssignImage", "assignimage", cl, "v1alpha1*/status", 12, ""},
		crdRow{"AssignMetadata", "assignmetadata", cl, three, 30, ""},
		crdRow{"ModifySet", "modifyset", cl, three, 35, ""})
	out = append(out, inGroup("status.gatekeeper.sh", "",
		crdRow{"ConfigPodStatus", "configpodstatuses", ns, "v1beta1*", 2, ""},
		crdRow{"ConnectionPodStatus", "connectionpodstatuses", ns, "v1alpha1*", 2, ""},
		crdRow{"ConstraintPodStatus", "constraintpodstatuses", ns, "v1beta1*", 2, ""},
		crdRow{"ConstraintTemplatePodStatus", "constrainttemplatepodstatuses", ns, "v1beta1*", 3, ""},
		crdRow{"ExpansionTemplatePodStatus", "expansiontemplatepodstatuses", ns, "v1beta1*", 2, ""},
		crdRow{"MutatorPodStatus", "mutatorpodstatuses", ns, "v1beta1*", 2, ""},
		crdRow{"ProviderPodStatus", "providerpodstatuses", ns, "v1beta1*", 2, ""})...)
	out = append(out, inGroup("config.gatekeeper.sh", "", crdRow{"Config", "configs", ns, "v1alpha1*/status", 4, ""})...)
	out = append(out, inGroup("connection.gatekeeper.sh", "", crdRow{"Connection", "connections", ns, "v1alpha1*/status", 3, ""})...)
	out = append(out, inGroup("templates.gatekeeper.sh", "", crdRow{"ConstraintTemplate", "constrainttemplates", cl, three, 11, ""})...)
	out = append(out, inGroup("expansion.gatekeeper.sh", "",
		crdRow{"ExpansionTemplate", "expansiontemplate", cl, "v1alpha1*/status v1beta1/status", 7, ""})...)
	out = append(out, inGroup("externaldata.gatekeeper.sh", "",
		crdRow{"Provider", "providers", cl, "v1alpha1/status v1beta1*/status", 6, ""})...)
	return append(out, inGroup("syncset.gatekeeper.sh", "", crdRow{"SyncSet", "syncsets", cl, "v1alpha1*", 2, ""})...)
}

func kyverno() Shape {
	const image = "admissionController.container.image"
	const controllers = "@:admission-controller @:background-controller @:cleanup-controller @:reports-controller"
	return Shape{
		Name: "kyverno", Version: "3.9.0", AppVersion: "v1.19.0", KubeVersion: ">=1.25.0-0",
		Values: `
crds: {install: true, migration: {enabled: true}}
admissionController:
  replicas:
  serviceMonitor: {enabled: false}
  container:
    image: {repository: registry.example/standin, tag: '1'}
backgroundController: {enabled: true, replicas:, serviceMonitor: {enabled: false}}
cleanupController: {enabled: true, replicas:, serviceMonitor: {enabled: false}}
reportsController: {enabled: true, replicas:, serviceMonitor: {enabled: false}}
webhooksCleanup: {enabled: true}
`,
		CRDs: []CRDSet{
			{In: InTemplates, Subchart: "crds", SubchartVersion: "3.9.0", If: "crds.install", Annotations: "annotations", CRDs: kyvernoCRDs()},
			{In: InTemplates, Subchart: "kyverno-api", SubchartVersion: "0.0.1-alpha.4", If: "crds.install", Annotations: "annotations", CRDs: kyvernoPolicyCRDs()},
		},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@-admission-controller @-background-controller @-cleanup-controller @-reports-controller"},
			{Kind: "AggregatedClusterRole", Names: controllers},
			{Kind: "ClusterRole", Names: "@:admission-controller:core @:background-controller:core @:cleanup-controller:core " +
				"@:reports-controller:core @:rbac:admin:policies @:rbac:view:policies @:rbac:admin:policyreports @:rbac:view:policyreports " +
				"@:rbac:admin:reports @:rbac:view:reports @:rbac:admin:updaterequests @:rbac:view:updaterequests"},
			{Kind: "ClusterRoleBinding", Names: controllers + " @:admission-controller:view=view @:background-controller:view=view " +
				"@:reports-controller:view=view"},
			{Kind: "Role", Names: controllers},
			{Kind: "RoleBinding", Names: controllers},
		},
		ConfigMaps: []ConfigMap{{Name: "@", KB: 5, Keep: true}, {Name: "@-metrics", KB: 2}},
		Services: []Service{
			{Name: "@-svc", Selects: "@-admission-controller", Ports: "https:443"},
			{Name: "@-svc-metrics", Selects: "@-admission-controller", Ports: "metrics-port:8000"},
			{Name: "@-background-controller-metrics", Selects: "@-background-controller", Ports: "metrics-port:8000", If: "backgroundController.enabled"},
			{Name: "@-cleanup-controller", Ports: "https:443", If: "cleanupController.enabled"},
			{Name: "@-cleanup-controller-metrics", Selects: "@-cleanup-controller", Ports: "metrics-port:8000", If: "cleanupController.enabled"},
			{Name: "@-reports-controller-metrics", Selects: "@-reports-controller", Ports: "metrics-port:8000", If: "reportsController.enabled"},
		},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@-admission-controller", Replicas: "admissionController.replicas", Image: image, Container: "kyverno", Env: "KYVERNO_SVC: @-svc"},
			{Kind: "Deployment", Name: "@-background-controller", Replicas: "backgroundController.replicas", Image: image, If: "backgroundController.enabled"},
			{Kind: "Deployment", Name: "@-cleanup-controller", Replicas: "cleanupController.replicas", Image: image, If: "cleanupController.enabled"},
			{Kind: "Deployment", Name: "@-reports-controller", Replicas: "reportsController.replicas", Image: image, If: "reportsController.enabled"},
		},
		Monitors: []Monitor{
			{Name: "@-admission-controller", If: "admissionController.serviceMonitor.enabled"},
			{Name: "@-background-controller", If: "backgroundController.serviceMonitor.enabled"},
			{Name: "@-cleanup-controller", If: "cleanupController.serviceMonitor.enabled"},
			{Name: "@-reports-controller", If: "reportsController.serviceMonitor.enabled"},
		},
		Hooks: []Hook{
			{Kinds: "ServiceAccount", Name: "@-migrate-resources", Events: "post-upgrade", Delete: onSuccess, Weight: 100, If: "crds.migration.enabled"},
			{Kinds: "ClusterRole ClusterRoleBinding", Name: "@:migrate-resources", Events: "post-upgrade", Delete: onEnd, Weight: 100, If: "crds.migration.enabled"},
			{Kinds: "Job", Name: "@-migrate-resources", Events: "post-upgrade", Weight: 200, If: "crds.migration.enabled"},
			{Kinds: "Job", Name: "@-scale-to-zero", Events: "pre-delete", Delete: onEnd, Weight: 90, If: "webhooksCleanup.enabled"},
			{Kinds: "Job", Name: "@-rm-webhooks", Events: "pre-delete", Delete: onEnd, Weight: 100, If: "webhooksCleanup.enabled"},
			{Kinds: "Pod", Name: "@-admission-controller-metrics", Events: "test"},
			{Kinds: "Pod", Name: "@-cleanup-controller-liveness", Events: "test"},
			{Kinds: "Pod", Name: "@-cleanup-controller-metrics", Events: "test"},
			{Kinds: "Pod", Name: "@-cleanup-controller-readiness", Events: "test"},
			{Kinds: "Pod", Name: "@-reports-controller-metrics", Events: "test"},
		},
	}
}

func kyvernoCRDs() []CRD {
	out := inGroup("kyverno.io", "kyverno",
		crdRow{"CleanupPolicy", "cleanuppolicies", ns, "v2*/status v2beta1/status", 81, "cleanpol"},
		crdRow{"ClusterCleanupPolicy", "clustercleanuppolicies", cl, "v2*/status v2beta1/status", 81, "ccleanpol"},
		crdRow{"ClusterPolicy", "clusterpolicies", cl, "v1*/status v2beta1/status", 637, "cpol"},
		crdRow{"GlobalContextEntry", "globalcontextentries", cl, "v2/status v2alpha1/status v2beta1*/status", 23, "gctxentry"},
		crdRow{"Policy", "policies", ns, "v1*/status v2beta1/status", 637, "pol"},
		crdRow{"PolicyException", "policyexceptions", ns, "v2* v2beta1", 41, "polex"},
		crdRow{"UpdateRequest", "updaterequests", ns, "v1beta1-/status v2*/status", 25, "ur"})
	out = append(out, inGroup("reports.kyverno.io", "kyverno",
		crdRow{"ClusterEphemeralReport", "clusterephemeralreports", cl, "v1*", 10, "cephr"},
		crdRow{"EphemeralReport", "ephemeralreports", ns, "v1*", 10, "ephr"})...)
	return append(out, inGroup("wgpolicyk8s.io", "",
		crdRow{"ClusterPolicyReport", "clusterpolicyreports", cl, "v1alpha2*", 11, "cpolr"},
		crdRow{"PolicyReport", "policyreports", ns, "v1alpha2*", 11, "polr"})...)
}

func kyvernoPolicyCRDs() []CRD {
	const three, two = "v1/status v1alpha1/status v1beta1*/status", "v1/status v1beta1*/status"
	return append(inGroup("policies.kyverno.io", "kyverno",
		crdRow{"DeletingPolicy", "deletingpolicies", cl, three, 58, "dpol"},
		crdRow{"GeneratingPolicy", "generatingpolicies", cl, three, 76, "gpol"},
		crdRow{"ImageValidatingPolicy", "imagevalidatingpolicies", cl, three, 238, "ivpol"},
		crdRow{"MutatingPolicy", "mutatingpolicies", cl, three, 268, "mpol"},
		crdRow{"NamespacedDeletingPolicy", "namespaceddeletingpolicies", ns, two, 39, "ndpol"},
		crdRow{"NamespacedGeneratingPolicy", "namespacedgeneratingpolicies", ns, two, 51, "ngpol"},
		crdRow{"NamespacedImageValidatingPolicy", "namespacedimagevalidatingpolicies", ns, two, 159, "nivpol"},
		crdRow{"NamespacedMutatingPolicy", "namespacedmutatingpolicies", ns, two, 179, "nmpol"},
		crdRow{"NamespacedValidatingPolicy", "namespacedvalidatingpolicies", ns, two, 117, "nvpol"},
		crdRow{"ValidatingPolicy", "validatingpolicies", cl, three, 175, "vpol"},
	), inGroup("policies.kyverno.io", "", crdRow{"PolicyException", "policyexceptions", ns, "v1 v1alpha1 v1beta1*", 15, ""})...)
}
