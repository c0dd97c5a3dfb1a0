// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import "strings"

// pipelineShapes are those of what delivers, rolls out and builds.
func pipelineShapes() []Shape { return []Shape{argoRollouts(), flux(), tekton()} }

func argoRollouts() Shape {
	return Shape{
		Name: "argo-rollouts", Version: "2.41.0", AppVersion: "v1.9.0",
		Values: `
installCRDs: true
keepCRDs: true
controller:
  replicas: 2
  image: {registry: registry.example, repository: standin, tag: '1'}
  metrics: {enabled: false, serviceMonitor: {enabled: false}}
  pdb: {enabled: false}
`,
		CRDs: []CRDSet{{In: InTemplates, If: "installCRDs", Keep: "keepCRDs", CRDs: inGroup("argoproj.io", "",
			crdRow{"AnalysisRun", "analysisruns", ns, "v1alpha1*", 58, "ar"},
			crdRow{"AnalysisTemplate", "analysistemplates", ns, "v1alpha1*", 56, "at"},
			crdRow{"ClusterAnalysisTemplate", "clusteranalysistemplates", cl, "v1alpha1*", 56, "cat"},
			crdRow{"Experiment", "experiments", ns, "v1alpha1*", 51, "exp"},
			crdRow{"Rollout", "rollouts", ns, "v1alpha1*/status/scale", 68, "ro"})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ConfigMap", Names: "@-config @-notification-configmap"},
			{Kind: "ClusterRole", Names: "@-aggregate-to-view @-aggregate-to-edit @-aggregate-to-admin @"},
			{Kind: "ClusterRoleBinding", Names: "@"},
			{Kind: "PodDisruptionBudget", Names: "@", If: "controller.pdb.enabled"},
		},
		Services:  []Service{{Name: "@-metrics", Selects: "@", Ports: "metrics:8090", If: "controller.metrics.enabled"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "controller.replicas", Image: "controller.image"}},
		Monitors:  []Monitor{{Name: "@", If: "controller.metrics.enabled && controller.metrics.serviceMonitor.enabled"}},
	}
}

func flux() Shape {
	const controllers = "helm-controller image-automation-controller image-reflector-controller kustomize-controller " +
		"notification-controller source-controller"
	var workloads []Workload
	for name := range strings.FieldsSeq(controllers) {
		workloads = append(workloads, Workload{Kind: "Deployment", Name: name, Replicas: "replicas"})
	}
	return Shape{
		// Nothing but the hook is named after the release.
		Name: "flux2", Version: "2.18.3", AppVersion: "2.8.5", Base: "flux", OmitNamespace: true,
		Values: imageValues + `
installCRDs: true
crds: {annotations: {}}
policies: {create: true}
prometheus: {podMonitor: {create: false}}
# Written into the templates upstream: no value changes it.
replicas: 1
`,
		CRDs: []CRDSet{{In: InTemplates, If: "installCRDs", Annotations: "crds.annotations", CRDs: fluxCRDs()}},
		Plain: []Plain{
			{Kind: "NetworkPolicy", Names: "allow-egress allow-scraping allow-webhooks", If: "policies.create"},
			{Kind: "ServiceAccount", Names: controllers},
			{Kind: "ClusterRole", Names: "flux-edit flux-view crd-controller"},
			{Kind: "ClusterRoleBinding", Names: "cluster-reconciler=cluster-admin crd-controller"},
		},
		Services: []Service{
			{Name: "notification-controller", Ports: "http:80"},
			{Name: "webhook-receiver", Selects: "notification-controller", Ports: "http:80"},
			{Name: "source-controller", Ports: "http:80"},
		},
		Workloads: workloads,
		Resources: []Resource{{
			APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Name: "@", If: "prometheus.podMonitor.create",
			Spec: "podMetricsEndpoints: [{port: http-prom}]\nselector:\n  matchLabels: {app.kubernetes.io/instance: '{{ $.Release.Name }}'}\n",
		}},
		Hooks: []Hook{
			{Kinds: "ServiceAccount", Name: "@-flux-check", Events: "pre-install", Delete: onSuccess, Weight: -10},
			{Kinds: "Job", Name: "@-flux-check", Events: "pre-install", Delete: onSuccess, Weight: -5},
		},
	}
}

func fluxCRDs() []CRD {
	const two, beta = "v1*/status v1beta2/status", "v1beta2/status v1beta3*"
	out := inGroup("source.toolkit.fluxcd.io", "",
		crdRow{"Bucket", "buckets", ns, "v1*/status", 12, ""},
		crdRow{"ExternalArtifact", "externalartifacts", ns, "v1*/status", 6, ""},
		crdRow{"GitRepository", "gitrepositories", ns, "v1*/status", 14, "gitrepo"},
		crdRow{"HelmChart", "helmcharts", ns, "v1*/status", 11, "hc"},
		crdRow{"HelmRepository", "helmrepositories", ns, "v1*/status", 10, "helmrepo"},
		crdRow{"OCIRepository", "ocirepositories", ns, "v1*/status", 12, "ocirepo"})
	out = append(out, inGroup("image.toolkit.fluxcd.io", "",
		crdRow{"ImagePolicy", "imagepolicies", ns, two, 17, "imgpol imagepol"},
		crdRow{"ImageRepository", "imagerepositories", ns, two, 18, "imgrepo imagerepo"},
		crdRow{"ImageUpdateAutomation", "imageupdateautomations", ns, two, 24, "iua imgupd imgauto"})...)
	out = append(out, inGroup("notification.toolkit.fluxcd.io", "",
		crdRow{"Alert", "alerts", ns, beta, 11, ""},
		crdRow{"Provider", "providers", ns, beta, 12, ""},
		crdRow{"Receiver", "receivers", ns, two, 14, ""})...)
	out = append(out, inGroup("helm.toolkit.fluxcd.io", "", crdRow{"HelmRelease", "helmreleases", ns, "v2*/status", 45, "hr"})...)
	return append(out, inGroup("kustomize.toolkit.fluxcd.io", "", crdRow{"Kustomization", "kustomizations", ns, "v1*/status", 23, "ks"})...)
}

func tekton() Shape {
	const one = "v1alpha1*/status"
	return Shape{
		Name: "tekton-operator", Version: "0.81.1", AppVersion: "v0.81.1", OmitNamespace: true,
		Values: imageValues + `
installCRDs: false
operator: {replicas: 1, autoInstallComponents: true}
webhook: {replicas: 1}
service: {createServiceMonitor: false}
`,
		// No value annotates them, so that Helm alone would delete them.
		CRDs: []CRDSet{{In: InTemplates, If: "installCRDs", CRDs: inGroup("operator.tekton.dev", "",
			crdRow{"ManualApprovalGate", "manualapprovalgates", cl, one, 22, "mag"},
			crdRow{"OpenShiftPipelinesAsCode", "openshiftpipelinesascodes", cl, one, 25, "opac pac"},
			crdRow{"SyncerService", "syncerservices", cl, one, 24, ""},
			crdRow{"TektonChain", "tektonchains", cl, one, 32, ""},
			crdRow{"TektonConfig", "tektonconfigs", cl, one, 63, ""},
			crdRow{"TektonDashboard", "tektondashboards", cl, one, 7, ""},
			crdRow{"TektonInstallerSet", "tektoninstallersets", cl, one, 4, ""},
			crdRow{"TektonMulticlusterProxyAAE", "tektonmulticlusterproxyaaes", cl, one, 22, ""},
			crdRow{"TektonPipeline", "tektonpipelines", cl, one, 29, ""},
			crdRow{"TektonPruner", "tektonpruners", cl, one, 28, ""},
			crdRow{"TektonResult", "tektonresults", cl, one, 29, ""},
			crdRow{"TektonScheduler", "tektonschedulers", cl, one, 23, ""},
			crdRow{"TektonTrigger", "tektontriggers", cl, one, 24, ""})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "Secret", Names: "@-webhook-certs"},
			{Kind: "ConfigMap", Names: "@-config-logging @-observability"},
			{Kind: "ClusterRole", Names: "tekton-config-read-role @"},
			{Kind: "ClusterRoleBinding", Names: "tekton-config-read-rolebinding=tekton-config-read-role @"},
			{Kind: "Role", Names: "@-info"},
			{Kind: "RoleBinding", Names: "@-info"},
		},
		Services: []Service{{Name: "@", Ports: "http-metrics:9090"}, {Name: "@-webhook", Ports: "https-webhook:443"}},
		Workloads: []Workload{
			{Kind: "Deployment", Name: "@", Replicas: "operator.replicas"},
			{Kind: "Deployment", Name: "@-webhook", Replicas: "webhook.replicas"},
		},
		Monitors: []Monitor{{Name: "@", If: "service.createServiceMonitor"}},
	}
}
