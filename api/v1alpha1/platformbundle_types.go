// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeletionPolicy says what deleting a PlatformBundle does to its releases.
// +kubebuilder:validation:Enum=Orphan;Delete
type DeletionPolicy string

const (
	// DeletionPolicyOrphan leaves every release in place as an ordinary Helm
	// release. It is the default.
	DeletionPolicyOrphan DeletionPolicy = "Orphan"
	// DeletionPolicyDelete uninstalls every release in reverse dependency order.
	DeletionPolicyDelete DeletionPolicy = "Delete"
)

// DriftMode says what is done about objects of a release that differ from it.
// +kubebuilder:validation:Enum=Correct;Warn;Off
type DriftMode string

const (
	// DriftCorrect puts objects back as the release has them. It is the default.
	DriftCorrect DriftMode = "Correct"
	// DriftWarn names the differences in the condition Drifted and changes nothing.
	DriftWarn DriftMode = "Warn"
	// DriftOff does not look for differences.
	DriftOff DriftMode = "Off"
)

// RemediationStrategy says what follows when an upgrade has failed for good.
// +kubebuilder:validation:Enum=Rollback;None
type RemediationStrategy string

const (
	// RemediationRollback goes back to the newest revision that was Ready and holds
	// there until the inputs change or a reconcile is asked for. It is the default.
	RemediationRollback RemediationStrategy = "Rollback"
	// RemediationNone leaves the release as it is and goes on trying.
	RemediationNone RemediationStrategy = "None"
)

// Remediation says what follows when an upgrade fails. Nothing is ever uninstalled
// in order to repair it.
type Remediation struct {
	// strategy once the retries are used up, or when a rollout has not become ready
	// within the timeout: Rollback to the newest revision that was Ready (the
	// default, where there is one), or None.
	// +optional
	Strategy RemediationStrategy `json:"strategy,omitempty"`

	// retries of a failed upgrade before the strategy is applied. Default: 2.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=20
	Retries *int32 `json:"retries,omitempty"`
}

// IgnoreRule names fields that somebody else rightly writes: not drift.
type IgnoreRule struct {
	// group of the kind; empty matches the kind in every group.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Group string `json:"group,omitempty"`
	// kind of the objects.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`
	// name of one object; empty is every object of the kind.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
	// jsonPointers (RFC 6901) of the fields; the token * stands for every element
	// of a list. Example: /webhooks/*/clientConfig/caBundle.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^/`
	// +kubebuilder:validation:items:MaxLength=512
	JSONPointers []string `json:"jsonPointers"`
}

// PlatformBundleSpec declares the components of a platform.
type PlatformBundleSpec struct {
	// catalogVersion names the tested set of component versions, for example
	// "2026.11". Unset: the newest catalog of the operator when the bundle is
	// first resolved; that choice then stays (status.catalogVersion) until this
	// field is set, so that a new operator image upgrades nothing by itself.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9]{4}\.[0-9]{2}(\.[0-9]+)?$`
	CatalogVersion string `json:"catalogVersion,omitempty"`

	// profiles of the catalog whose components belong to this bundle: minimal,
	// observability, delivery, policy, data or week1. An entry of components with the
	// same name is laid over the profile's: what it sets comes first, values are
	// merged, and enabled: false takes it out.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Profiles []string `json:"profiles,omitempty"`

	// settings are facts about this cluster that every component which cares gets to
	// know.
	// +optional
	Settings *Settings `json:"settings,omitempty"`

	// components lists what the platform is made of, in any order: the order of
	// installation follows from dependencies and readiness. A component that is
	// taken off the list is uninstalled after everything that depends on it.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=100
	Components []Component `json:"components,omitempty"`

	// approval says whether changes begin by themselves: Automatic (the default), or
	// Manual. Then a change of the spec is prepared and planned, the plan stands in
	// status.plan, and nothing begins before the annotation
	// platform.groundwork.dev/approved-plan names its digest. What was approved goes on
	// being retried, and drift is corrected.
	// +optional
	Approval ApprovalMode `json:"approval,omitempty"`

	// maintenance is when upgrades and removals may begin. Installs and the correction
	// of drift do not wait. The annotation platform.groundwork.dev/exempted-plan lets
	// one plan through outside of it. Unset: at any time.
	// +optional
	Maintenance *Maintenance `json:"maintenance,omitempty"`

	// suspend stops every change to the cluster on behalf of this bundle until
	// it is false again. Releases stay as they are. Default: false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// drift says what is done about objects that differ from their release: Correct
	// (the default), Warn or Off. A component's own drift comes before it.
	// +optional
	Drift DriftMode `json:"drift,omitempty"`

	// ignoreDifferences are fields of any component's objects that are not drift, in
	// addition to the catalog's and the component's own.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	IgnoreDifferences []IgnoreRule `json:"ignoreDifferences,omitempty"`

	// deletionPolicy says what deleting this bundle does to its releases.
	// Orphan (the default) leaves all of them in place; Delete uninstalls them in
	// reverse dependency order before the bundle goes away. Custom resource
	// definitions are kept in both cases.
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// Component is one entry of spec.components: a name from the catalog, or any
// other name together with a chart.
// +kubebuilder:validation:XValidation:rule="!has(self.version) || !has(self.chart) || !has(self.chart.version)",message="set version or chart.version, not both"
// +kubebuilder:validation:XValidation:rule="!has(self.dependsOn) || !(self.name in self.dependsOn)",message="a component cannot depend on itself: remove its own name from dependsOn"
type Component struct {
	// name is the component's name in the bundle: a catalog name such as
	// cert-manager, for which chart, version, namespace, order and defaults are
	// known, or a name of your own together with chart. No dots.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=53
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// enabled switches the component off when false, which uninstalls its
	// release: the way an overlay removes what a base lists. Default: true.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`

	// version of the chart: exact ("12.1.0") or a semver range ("12.1.x",
	// "^12.1"). A range is resolved once to the highest match and pinned on the
	// ComponentRelease; it is resolved again when it changes or a reconcile is
	// asked for. Default: the catalog's version.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[-0-9A-Za-z.*+^~<>=!|, ]+$`
	Version string `json:"version,omitempty"`

	// namespace the release is installed into; it is created when missing.
	// Default: the catalog's namespace, or the component's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Namespace string `json:"namespace,omitempty"`

	// releaseName is the name of the Helm release.
	// Default: the catalog's release name, or the component's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=53
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	ReleaseName string `json:"releaseName,omitempty"`

	// namespaceLabels are put on the release's namespace in addition to the
	// catalog's, for example {"pod-security.kubernetes.io/enforce": "privileged"}.
	// +optional
	// +kubebuilder:validation:MaxProperties=20
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`

	// chart says where the chart comes from. Required for a name that is not in
	// the catalog; for a catalog name it overrides the source, field by field.
	// +optional
	Chart *ChartSource `json:"chart,omitempty"`

	// dependsOn adds dependencies to those of the catalog: names of components of
	// this bundle that must be Ready before this one starts, and that are removed
	// only after it. Example: [ingress-nginx, cert-manager].
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=53
	DependsOn []string `json:"dependsOn,omitempty"`

	// valuesFrom reads values from ConfigMaps and Secrets, in this order, over
	// the catalog's defaults and under values. A change of a referenced object
	// upgrades the release.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	ValuesFrom []ValuesReference `json:"valuesFrom,omitempty"`

	// values for the chart, over the catalog's defaults and valuesFrom: maps are
	// merged, lists are replaced, null removes a default of the chart.
	// Example: {controller: {service: {type: NodePort}}}.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Values *apiextensionsv1.JSON `json:"values,omitempty"`

	// timeout bounds one Helm action and each of its hooks, and after that the time
	// in which the rollout must become ready; a Go duration such as "10m".
	// Default: the catalog's, or 5m.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// historyLimit is the number of revisions that Helm keeps. Default: 5.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	HistoryLimit *int32 `json:"historyLimit,omitempty"`

	// manifests are objects that are applied once the release is ready: a
	// ClusterIssuer, a Kafka, a ConstraintTemplate and its Constraint, an Argo CD
	// Application. They are pruned when they leave the list, and the component is
	// Ready only when they are current. Without metadata.namespace, namespaced
	// kinds go to the component's namespace.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Manifests []apiextensionsv1.JSON `json:"manifests,omitempty"`

	// remediation says what follows when an upgrade fails.
	// +optional
	Remediation *Remediation `json:"remediation,omitempty"`

	// drift of this component: Correct, Warn or Off. Default: the bundle's.
	// +optional
	Drift DriftMode `json:"drift,omitempty"`

	// ignoreDifferences are fields of this component's objects that are not drift.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	IgnoreDifferences []IgnoreRule `json:"ignoreDifferences,omitempty"`

	// adopt lets the release take over objects of its own that exist already
	// without belonging to any Helm release. Without it they are listed and the
	// component is held. An existing Helm release of the same name and namespace is
	// taken over in any case. Default: false.
	// +optional
	Adopt bool `json:"adopt,omitempty"`

	// allowDataLoss names kinds whose objects may be lost, or left behind without
	// their operator, when the component is removed or upgraded: custom resources,
	// PersistentVolumeClaim, Namespace. Keep the component listed with enabled:
	// false and set this to confirm a removal that was refused.
	// Example: [Kafka, KafkaTopic, PersistentVolumeClaim].
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=63
	AllowDataLoss []string `json:"allowDataLoss,omitempty"`

	// suspend leaves this component as it is until it is false again: no
	// install, no upgrade, no removal, no correction of drift. Dependents wait if it
	// is not Ready. Default: false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// ChartSource names a chart in a repository.
type ChartSource struct {
	// repository that holds the chart: https://host/path (with an index.yaml),
	// oci://host/path (without the chart's name), or file:///path on the
	// operator's own disk. Default: the catalog's repository.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https?|oci|file)://.+$`
	Repository string `json:"repository,omitempty"`

	// name of the chart. Default: the catalog's, or the component's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// version is the same as the component's version; set one of the two.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[-0-9A-Za-z.*+^~<>=!|, ]+$`
	Version string `json:"version,omitempty"`

	// secretRef names a Secret with the repository's credentials: username and
	// password, or token, or .dockerconfigjson; and optionally ca.crt, the
	// authority (PEM) that signed the repository's certificate.
	// +optional
	SecretRef *SecretReference `json:"secretRef,omitempty"`
}

// SecretReference names a Secret.
type SecretReference struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// namespace of the Secret. Default: groundwork-system.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`
}

// ValuesReference reads values from one key of a ConfigMap or a Secret.
type ValuesReference struct {
	// kind of the object: ConfigMap or Secret.
	// +required
	// +kubebuilder:validation:Enum=ConfigMap;Secret
	Kind string `json:"kind"`

	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// namespace of the object. Default: groundwork-system.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// key in data that holds the values. Default: values.yaml.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key,omitempty"`

	// targetPath puts the key's content as a string at this path of the values
	// instead of merging it as YAML, for example
	// "provider.credentials[0].token"; a dot in a key is written "\\.".
	// +optional
	// +kubebuilder:validation:MaxLength=250
	TargetPath string `json:"targetPath,omitempty"`

	// optional lets the release go on without the object or its key.
	// Default: false, the component is held until it is there.
	// +optional
	Optional bool `json:"optional,omitempty"`

	// optionalKey lets the release go on without the key, but not without the object.
	// +optional
	OptionalKey bool `json:"optionalKey,omitempty"`
}

// ComponentState is one word for what a component of a bundle is doing.
// +kubebuilder:validation:Enum=Preparing;Waiting;Installing;Upgrading;Progressing;Ready;Failed;Held;Suspended;Removing
type ComponentState string

// The states of a component.
const (
	// StatePreparing: its chart is being fetched, rendered and checked.
	StatePreparing ComponentState = "Preparing"
	// StateWaiting: it waits for other components, or for kinds.
	StateWaiting ComponentState = "Waiting"
	// StateInstalling: Helm installs it for the first time.
	StateInstalling ComponentState = "Installing"
	// StateUpgrading: Helm upgrades it.
	StateUpgrading ComponentState = "Upgrading"
	// StateProgressing: Helm is done; its objects are not current yet.
	StateProgressing ComponentState = "Progressing"
	// StateReady: it works, at the desired inputs.
	StateReady ComponentState = "Ready"
	// StateFailed: an action or an object failed; it is retried.
	StateFailed ComponentState = "Failed"
	// StateHeld: its spec, or trouble outside of it, keeps it from starting.
	StateHeld ComponentState = "Held"
	// StateSuspended: suspend is set.
	StateSuspended ComponentState = "Suspended"
	// StateRemoving: it is being uninstalled, or waits for its turn in that.
	StateRemoving ComponentState = "Removing"
)

// ComponentStatus is the story of one component in status.components.
type ComponentStatus struct {
	// name of the component.
	// +required
	Name string `json:"name"`
	// version of the chart that is installed, or about to be.
	// +optional
	Version string `json:"version,omitempty"`
	// state in one word.
	// +required
	State ComponentState `json:"state"`
	// reason is the machine-readable why of the state.
	// +optional
	Reason string `json:"reason,omitempty"`
	// message is the sentence for people: what it waits for, or what went wrong
	// and what to do.
	// +optional
	Message string `json:"message,omitempty"`
	// lifecycle is the catalog's note when the component is no longer active
	// upstream, for example "Retired since 2026-03-24: ...".
	// +optional
	Lifecycle string `json:"lifecycle,omitempty"`
	// warning is something to know that holds nothing up: a version that the
	// catalog was not tested with, an upgrade that goes through another version.
	// +optional
	Warning string `json:"warning,omitempty"`
}

// PlatformBundleStatus tells the whole story of a bundle.
type PlatformBundleStatus struct {
	// observedGeneration is the generation that this status speaks about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, and Reconciling or Stalled while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// catalogVersion that the components were resolved with.
	// +optional
	CatalogVersion string `json:"catalogVersion,omitempty"`

	// newerCatalogVersion is the newest catalog of this operator when it is newer
	// than catalogVersion; set spec.catalogVersion to move to it.
	// +optional
	NewerCatalogVersion string `json:"newerCatalogVersion,omitempty"`

	// ready counts Ready components over enabled ones, for example "9/13".
	// +optional
	Ready string `json:"ready,omitempty"`

	// components tells what each component does, sorted by name; components that
	// are being removed are listed until they are gone.
	// +optional
	// +listType=map
	// +listMapKey=name
	Components []ComponentStatus `json:"components,omitempty"`

	// plan is what is going to be done, while somebody has to approve it or it waits
	// for the maintenance window.
	// +optional
	Plan *PlanStatus `json:"plan,omitempty"`

	// nextWindow is when the maintenance window opens next, while something waits for
	// it.
	// +optional
	NextWindow *metav1.Time `json:"nextWindow,omitempty"`

	// timeline of the newest change that has come to its end: how long it took, and
	// which components it waited for.
	// +optional
	Timeline *BundleTimeline `json:"timeline,omitempty"`

	// lastHandledReconcileAt echoes the reconcile-requested-at annotation.
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`
}

// PlatformBundle declares the essential components of a cluster. The operator
// installs, upgrades and removes them as Helm releases in dependency order.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=pb,categories=groundwork
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Components",type=string,JSONPath=`.status.ready`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Catalog",type=string,priority=1,JSONPath=`.status.catalogVersion`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.contains('.') && size(self.metadata.name) <= 63",message="metadata.name must not contain dots and must have at most 63 characters"
// +kubebuilder:validation:XValidation:rule="!has(self.spec) || !has(self.spec.components) || self.spec.components.all(c, size(self.metadata.name) + size(c.name) < 63)",message="the names of the bundle and of a component must have at most 62 characters together: they become one label value"
// +kubebuilder:validation:XValidation:rule="!has(self.spec) || !has(self.spec.profiles) || size(self.metadata.name) <= 40",message="metadata.name must have at most 40 characters where spec.profiles are used: it becomes one label value with the names of their components"
type PlatformBundle struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the platform shall be made of.
	// +optional
	Spec PlatformBundleSpec `json:"spec,omitempty"`
	// status is what the operator has found and done.
	// +optional
	Status PlatformBundleStatus `json:"status,omitempty"`
}

// PlatformBundleList is a list of PlatformBundles.
// +kubebuilder:object:root=true
type PlatformBundleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []PlatformBundle `json:"items"`
}

// GetConditions returns the conditions of the status, for the shared setters.
func (b *PlatformBundle) GetConditions() []metav1.Condition { return b.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (b *PlatformBundle) SetConditions(c []metav1.Condition) { b.Status.Conditions = c }

// IsEnabled says whether the component is wanted; unset means true.
func (c *Component) IsEnabled() bool { return c.Enabled == nil || *c.Enabled }
