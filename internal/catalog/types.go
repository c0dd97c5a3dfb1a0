// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import "github.com/groundwork-dev/groundwork/internal/wiring"

// Component is one entry of a catalog: everything that is known of it before anybody has said more than its name.
type Component struct {
	// Name is what a bundle calls the component: a DNS label, unique in its catalog and equal to the name of its file.
	Name string
	// Title is the name as people write it, such as "Argo CD".
	Title string
	// Category groups components for people, such as "ingress" or "policy".
	Category string
	// Description is one sentence on what the component does and how the defaults set it up.
	Description string
	// Homepage is the project's address (https).
	Homepage string
	// Lifecycle says whether the project is still maintained.
	Lifecycle Lifecycle
	// Chart is the Helm chart, pinned.
	Chart Chart
	// Namespace is where the release goes. Default: Name.
	Namespace string
	// ReleaseName is the name of the Helm release, at most 53 characters. Default: Name.
	ReleaseName string
	// NamespaceLabels are labels for the namespace when the operator creates it, such as pod security levels.
	NamespaceLabels map[string]string
	// Requires names components that must be in the bundle and Ready before this one starts.
	Requires []string
	// After names components that must be Ready before this one starts if they are in the bundle.
	After []string
	// Conflicts names components that must not be in the same bundle.
	Conflicts []string
	// Why gives a sentence for an edge to another component: of Requires, After,
	// Conflicts, or the After of a wiring rule.
	Why map[string]string
	// Traps are sentences on what people stumble over, and what to do about it.
	Traps []string
	// Values are the default values for the chart, in JSON types: map[string]any, []any, string, float64, bool and nil.
	Values map[string]any
	// Wiring are rules that give values and manifests when other components are in the bundle, or settings are given.
	Wiring []wiring.Rule
	// ReadyWhen holds rules for kinds whose readiness kstatus cannot judge.
	ReadyWhen []ReadyRule
	// ExpectedWebhooks are webhook configurations that the component registers at run time: they are in no manifest.
	ExpectedWebhooks []Webhook
	// Probes are objects that the API server must accept in a server-side dry run before the component counts as Ready: each
	// goes through the component's own admission webhooks. They have apiVersion, kind and metadata.name, no status, and JSON
	// types as Values have. Without metadata.namespace, namespaced kinds go to the component's namespace.
	Probes []map[string]any
	// HooksNeedWorkloads says that post-install and post-upgrade hooks only succeed once the release's workloads run.
	HooksNeedWorkloads bool
	// IgnoreDifferences are fields that somebody else rightly writes: not drift.
	IgnoreDifferences []IgnoreRule
	// Upgrades are versions that an upgrade must not skip.
	Upgrades []UpgradeBridge
	// Required are values that only the user has.
	Required []RequiredInput
	// Timeout bounds one Helm action and each of its hooks, as a Go duration such as "10m". Empty: the operator's default.
	Timeout string
}

// Phase is a stage in the life of an upstream project.
type Phase string

// Every phase. A retired component still installs, and says so.
const (
	// PhaseActive means that the project makes releases and fixes vulnerabilities.
	PhaseActive Phase = "Active"
	// PhaseMaintenance means that the project fixes vulnerabilities and little else.
	PhaseMaintenance Phase = "Maintenance"
	// PhaseRetired means that the project makes no releases any more, not even for vulnerabilities.
	PhaseRetired Phase = "Retired"
)

// Lifecycle is what upstream says of a project's future.
type Lifecycle struct {
	// Phase is Active, Maintenance or Retired.
	Phase Phase
	// Since is the day on which the phase began, as YYYY-MM-DD. Required unless Active.
	Since string
	// Note is a sentence for the user. Required unless Active.
	Note string
	// Successors are what to move to, best first: catalog names or projects outside of the catalog.
	Successors []string
}

// Chart is a Helm chart and the one version that the catalog was tested with.
type Chart struct {
	// Repository is an HTTP chart repository (https://) or the registry folder that holds the chart (oci://), without the
	// chart's name.
	Repository string
	// Name is the chart's name in the repository.
	Name string
	// Version is an exact semantic version, with a leading v where the chart's own version has one.
	Version string
}

// ReadyRule judges every object of one kind in the release.
type ReadyRule struct {
	// APIVersion and Kind select the objects.
	APIVersion string
	Kind       string
	// Expression is CEL over the variable `object` and must give a bool. Its syntax is checked by the readiness room.
	Expression string
	// Message is shown while the expression is false.
	Message string
}

// Webhook is a webhook configuration by kind and name.
type Webhook struct {
	// Kind is ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
	Kind string
	// Name is the object's name.
	Name string
}

// IgnoreRule names fields that drift detection leaves alone.
type IgnoreRule struct {
	// Group is the API group of the kind; empty matches the kind in every group.
	Group string
	// Kind selects the objects.
	Kind string
	// Name selects one object; empty means every object of the kind.
	Name string
	// JSONPointers are the fields (RFC 6901); the token * stands for every element of a list.
	JSONPointers []string
}

// UpgradeBridge says that an upgrade from some versions must pass through another one.
type UpgradeBridge struct {
	// From is a semver range: the versions that cannot go straight to the pinned one.
	From string
	// Via is a semver range or a version: where to stop on the way.
	Via string
	// Manual says that a person has work to do at Via, so that the jump is refused with the note instead of walked.
	Manual bool
	// Note says why, and what to do there.
	Note string
}

// RequiredInput is a value that has no default because only the user can know it.
type RequiredInput struct {
	// Path is the value's path with dots between names. It is looked up in the catalog's and the user's values together,
	// never in the chart's own defaults; absent, null, "", {} and [] mean that it is missing.
	Path string
	// When is the path of a value that must be present and not false, null or empty for the rule to apply; empty: always.
	When string
	// Message names the field and says what to write there.
	Message string
}
