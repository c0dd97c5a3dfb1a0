// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

// Shape holds the facts of one chart from which its stand-in is built.
//
// Names of objects are written as the chart makes them from the release: "@" stands for the release name where that contains Base, and
// for "<release>-<Base>" otherwise; "@-webhook" adds to it; a name without "@" is fixed. "kube-system/@-x" puts the object into another
// namespace than the release's. Conditions (the fields If) are paths of values, "!path" for the opposite, joined by " && " or by " || ";
// empty is always true. Every path must have a default in Values.
type Shape struct {
	// Name, Version, AppVersion and KubeVersion are the chart's, as in its Chart.yaml. KubeVersion may be empty.
	Name, Version, AppVersion, KubeVersion string
	// Base is what the chart calls its objects. Default: Name.
	Base string
	// Values are the chart's default values, in YAML: those that the stand-in honours.
	Values string
	// Schema is the values.schema.json; empty for none.
	Schema string
	// Helpers are additional named templates.
	Helpers string
	// Files are additional templates by file name.
	Files map[string]string
	// OmitNamespace leaves metadata.namespace out, as some charts do.
	OmitNamespace bool
	// CRDs are the custom resource definitions, by where they lie.
	CRDs []CRDSet
	// Plain are objects whose content does not matter.
	Plain []Plain
	// ConfigMaps are those whose size or labels matter.
	ConfigMaps []ConfigMap
	// Workloads, Services, Webhooks, Monitors, Resources and Hooks are what their types say.
	Workloads []Workload
	Services  []Service
	Webhooks  []WebhookConfiguration
	Monitors  []Monitor
	Resources []Resource
	Hooks     []Hook
}

// Place is a directory of a chart.
type Place string

// Where CRDs lie. Helm installs those in crds/ once and never upgrades them; those in templates/ are part of the release.
const (
	InCRDs      Place = "crds"
	InTemplates Place = "templates"
)

// CRDSet is a group of CRDs in one place.
type CRDSet struct {
	// In is the directory.
	In Place
	// Subchart and SubchartVersion name the subchart that holds them; empty: the chart itself.
	Subchart, SubchartVersion string
	// If is the condition of templates, or (one path) of the subchart.
	If string
	// Keep is a condition on which templates carry the annotation helm.sh/resource-policy: keep.
	Keep string
	// Annotations is the path of a value, in the (sub)chart, whose entries templates carry as annotations.
	Annotations string
	// CRDs are the definitions.
	CRDs []CRD
}

// CRD is one custom resource definition. Its schema accepts everything; descriptions pad it to its size.
type CRD struct {
	Group, Kind, Plural string
	// Scope is Namespaced or Cluster.
	Scope string
	// Versions are separated by spaces. After the name, "*" marks the stored version and "-" one that is not served; "/status" and
	// "/scale" are subresources: "v1*/status v1beta1-".
	Versions string
	// KB is the size of the definition as JSON, in units of 1024 bytes, at full size.
	KB int
	// ShortNames and Categories are separated by spaces.
	ShortNames, Categories string
	// Required names a field of spec (a string) that must be there; empty for none.
	Required string
}

// Name is the name of the definition.
func (c CRD) Name() string { return c.Plural + "." + c.Group }

// Plain are objects of one kind. See bodies for the kinds.
type Plain struct {
	Kind string
	// Names are separated by spaces. A binding "a=b" refers to the role b, "a" to the role of its own name; a RoleBinding
	// "a=cluster:b" to a ClusterRole.
	Names string
	If    string
}

// ConfigMap is a ConfigMap of a size.
type ConfigMap struct {
	Name string
	// KB is the size of its data in units of 1024 bytes, at full size.
	KB int
	// Label is one label, "key: value"; empty for none.
	Label string
	// Keep annotates it with helm.sh/resource-policy: keep.
	Keep bool
	If   string
}

// Workload is a Deployment, StatefulSet or DaemonSet with one container.
type Workload struct {
	Kind, Name string
	// Replicas is the path of the value that says how many; null there means 1. Unused for a DaemonSet.
	Replicas string
	// Image is the path of the value that holds repository and tag. Default: image.
	Image string
	// Container is the name of the container. Default: standin.
	Container string
	// Env is one variable of the container, "NAME: value"; empty for none.
	Env string
	// Claim is a condition on which a StatefulSet has a volumeClaimTemplate.
	Claim string
	// PodAnnotations are annotations of the pods, as template text.
	PodAnnotations string
	If             string
}

// Service is a Service.
type Service struct {
	Name string
	// Selects is the name of the workload. Default: Name.
	Selects string
	// Ports are "name:port", separated by spaces.
	Ports string
	// Type is the path of the value that holds the type; empty: none is written.
	Type     string
	Headless bool
	If       string
}

// WebhookConfiguration is a ValidatingWebhookConfiguration or a MutatingWebhookConfiguration.
type WebhookConfiguration struct {
	// Kind is Validating or Mutating.
	Kind, Name string
	// Secret names a TLS Secret: a CA and a certificate are then made anew by every render, and stand in both.
	Secret string
	// WithNamespace writes metadata.namespace, although the kind has none.
	WithNamespace bool
	// SideEffects of every webhook. Default: None.
	SideEffects string
	Webhooks    []Webhook
	If          string
}

// Webhook is one webhook of a configuration.
type Webhook struct {
	Name, Service, Path string
	// FailurePolicy is Fail or Ignore, or template text that gives one of them.
	FailurePolicy string
	// Rule is "groups resources operations": lists joined by commas, "core" for the empty group, operations by their initials (CUD).
	Rule string
	// Timeout in seconds. Default: 10.
	Timeout int
	// NamespaceSelector is template text, indented from column 0; empty for none.
	NamespaceSelector string
}

// Monitor is a ServiceMonitor.
type Monitor struct {
	Name string
	If   string
	// Gated drops it without a word where monitoring.coreos.com/v1 is not served.
	Gated bool
	// Forced is a condition on which it is there in spite of Gated.
	Forced string
}

// Resource is a custom resource.
type Resource struct {
	APIVersion, Kind, Name string
	// Spec is template text, indented from column 0.
	Spec string
	If   string
}

// Hook is a group of objects of one name with the same hook annotations.
type Hook struct {
	// Kinds are separated by spaces: Job, Pod, ServiceAccount, Role, RoleBinding, ClusterRole, ClusterRoleBinding, ConfigMap.
	Kinds, Name string
	// Events and Delete are the annotations helm.sh/hook and helm.sh/hook-delete-policy; Delete may be empty.
	Events, Delete string
	// Weight is helm.sh/hook-weight; 0 is not written.
	Weight int
	If     string
}
