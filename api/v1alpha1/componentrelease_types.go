// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RemovalPolicy says how a release ends.
// +kubebuilder:validation:Enum=Uninstall
type RemovalPolicy string

// RemovalUninstall uninstalls the Helm release and waits until its objects are
// gone. CRDs are kept.
const RemovalUninstall RemovalPolicy = "Uninstall"

// ComponentReleaseSpec is one component resolved, checked and approved. It is
// written by the PlatformBundle controller alone; edits are overwritten.
type ComponentReleaseSpec struct {
	// bundle is the PlatformBundle this release belongs to.
	// +required
	Bundle string `json:"bundle"`
	// component is the name in the bundle's list.
	// +required
	Component string `json:"component"`
	// catalogVersion the component was resolved with; empty for a chart of the
	// user's own.
	// +optional
	CatalogVersion string `json:"catalogVersion,omitempty"`
	// chart, pinned to one version and content.
	// +required
	Chart PinnedChart `json:"chart"`
	// namespace of the Helm release.
	// +required
	Namespace string `json:"namespace"`
	// releaseName of the Helm release.
	// +required
	ReleaseName string `json:"releaseName"`
	// namespaceLabels are put on the namespace.
	// +optional
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`
	// dependsOn are the resolved dependencies at the time of approval; removal
	// order is decided by them together with the newer ones.
	// +optional
	// +listType=set
	DependsOn []string `json:"dependsOn,omitempty"`
	// guards are API groups behind a fail-closed admission webhook of this release;
	// "*" is every group.
	// +optional
	// +listType=set
	Guards []string `json:"guards,omitempty"`
	// policyEngine says that the component's webhooks judge the objects of others; it
	// is removed before them.
	// +optional
	PolicyEngine bool `json:"policyEngine,omitempty"`
	// guardedBy are components whose fail-closed admission webhooks stand before
	// kinds that this release uses; they count as dependencies too.
	// +optional
	// +listType=set
	GuardedBy []string `json:"guardedBy,omitempty"`
	// defaults are the catalog's values.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Defaults *apiextensionsv1.JSON `json:"defaults,omitempty"`
	// wiring are the values of the catalog's rules that apply in this bundle, merged
	// over defaults in this order. By the rule one can tell where a value comes from.
	// +optional
	// +listType=map
	// +listMapKey=rule
	Wiring []WiredValues `json:"wiring,omitempty"`
	// valuesFrom are references to values, merged over wiring.
	// +optional
	// +listType=atomic
	ValuesFrom []ValuesReference `json:"valuesFrom,omitempty"`
	// values are the user's, merged over everything else.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Values *apiextensionsv1.JSON `json:"values,omitempty"`
	// capabilities are the questions that the chart's templates asked about API
	// versions, with the answers it was checked with. The release is rendered
	// with exactly these.
	// +optional
	// +listType=map
	// +listMapKey=apiVersion
	Capabilities []CapabilityAnswer `json:"capabilities,omitempty"`
	// crds are the custom resource definitions that the chart brings, by name and
	// digest. The operator applies them, not Helm; a restarted operator can tell
	// from here whether all of them are in place without rendering anything.
	// +optional
	// +listType=map
	// +listMapKey=name
	CRDs []CRDReference `json:"crds,omitempty"`
	// inputsDigest names all of the above that decides what is released: chart
	// content, merged values including the referenced ones, capabilities.
	// +required
	InputsDigest string `json:"inputsDigest"`
	// manifestsDigest names the content of manifests; empty without any. With
	// inputsDigest it says what must be true for the release to be Ready.
	// +optional
	ManifestsDigest string `json:"manifestsDigest,omitempty"`
	// readyWhen are rules for kinds whose readiness cannot be told from their
	// conditions.
	// +optional
	// +listType=atomic
	ReadyWhen []ReadyRule `json:"readyWhen,omitempty"`
	// hooksNeedWorkloads makes post-install and post-upgrade hooks wait until the
	// release's workloads run.
	// +optional
	HooksNeedWorkloads bool `json:"hooksNeedWorkloads,omitempty"`
	// timeout of one Helm action and of each of its hooks. Default: 5m.
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`
	// historyLimit is the number of Helm revisions kept. Default: 5.
	// +optional
	HistoryLimit *int32 `json:"historyLimit,omitempty"`
	// manifests are objects that are applied once the release is ready, and pruned
	// when they leave this list.
	// +optional
	// +listType=atomic
	Manifests []apiextensionsv1.JSON `json:"manifests,omitempty"`
	// remediation says what follows when an upgrade fails.
	// +optional
	Remediation *Remediation `json:"remediation,omitempty"`
	// drift says what is done about objects that differ. Default: Correct.
	// +optional
	Drift DriftMode `json:"drift,omitempty"`
	// ignoreDifferences are fields that are not drift: the catalog's, the bundle's
	// and the component's.
	// +optional
	// +listType=atomic
	IgnoreDifferences []IgnoreRule `json:"ignoreDifferences,omitempty"`
	// expectedWebhooks are webhook configurations that the component registers at
	// run time; the release is Ready only when they can answer.
	// +optional
	// +listType=atomic
	ExpectedWebhooks []WebhookReference `json:"expectedWebhooks,omitempty"`
	// probes are objects that the API server must accept in a dry run before the
	// release is Ready.
	// +optional
	// +listType=atomic
	Probes []apiextensionsv1.JSON `json:"probes,omitempty"`
	// adopt lets the release take over existing objects that belong to no release.
	// +optional
	Adopt bool `json:"adopt,omitempty"`
	// allowDataLoss names kinds whose objects may be deleted with the release.
	// +optional
	// +listType=set
	AllowDataLoss []string `json:"allowDataLoss,omitempty"`
	// reconcileRequest is the reconcile request of the bundle (the annotation's
	// value); a new one ends a hold, forgets failures and looks for drift again.
	// +optional
	ReconcileRequest string `json:"reconcileRequest,omitempty"`
	// suspend stops every action on this release.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
	// removal, once set, ends the release in the way it names.
	// +optional
	Removal RemovalPolicy `json:"removal,omitempty"`
}

// PinnedChart is a chart resolved to one version and content.
type PinnedChart struct {
	// repository the chart comes from.
	// +required
	Repository string `json:"repository"`
	// name of the chart.
	// +required
	Name string `json:"name"`
	// constraint is the version or range that was asked for.
	// +optional
	Constraint string `json:"constraint,omitempty"`
	// version that the constraint was resolved to.
	// +required
	Version string `json:"version"`
	// digest of the chart's content (not of the archive's bytes): sha256:....
	// +required
	Digest string `json:"digest"`
	// resolvedFor is the reconcile request (the annotation's value) at which a
	// range was resolved; a newer request resolves it again. Empty for an exact
	// version.
	// +optional
	ResolvedFor string `json:"resolvedFor,omitempty"`
	// secretRef names the Secret with the repository's credentials.
	// +optional
	SecretRef *SecretReference `json:"secretRef,omitempty"`
}

// WebhookReference names a webhook configuration.
type WebhookReference struct {
	// kind is ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
	// +required
	// +kubebuilder:validation:Enum=ValidatingWebhookConfiguration;MutatingWebhookConfiguration
	Kind string `json:"kind"`
	// name of the configuration.
	// +required
	Name string `json:"name"`
}

// ObjectReference names one object of the cluster.
type ObjectReference struct {
	// apiVersion of the object.
	// +required
	APIVersion string `json:"apiVersion"`
	// kind of the object.
	// +required
	Kind string `json:"kind"`
	// namespace of the object; empty for cluster-scoped kinds.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// name of the object.
	// +required
	Name string `json:"name"`
}

// WiredValues are what one rule of the catalog gives.
type WiredValues struct {
	// rule is its name in the catalog's file of the component.
	// +required
	Rule string `json:"rule"`
	// values of the rule.
	// +required
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Values apiextensionsv1.JSON `json:"values"`
}

// CapabilityAnswer is one question of a template to .Capabilities.APIVersions.
type CapabilityAnswer struct {
	// apiVersion asked for: "group/version" or "group/version/Kind".
	// +required
	APIVersion string `json:"apiVersion"`
	// available is the answer.
	// +required
	Available bool `json:"available"`
}

// CRDReference names a custom resource definition of a chart.
type CRDReference struct {
	// name of the definition: <plural>.<group>.
	// +required
	Name string `json:"name"`
	// digest of the definition.
	// +required
	Digest string `json:"digest"`
}

// ReadyRule says when an object of a kind counts as current.
type ReadyRule struct {
	// apiVersion of the kind, for example monitoring.coreos.com/v1.
	// +required
	APIVersion string `json:"apiVersion"`
	// kind the rule is for.
	// +required
	Kind string `json:"kind"`
	// expression is CEL over object; it must return a bool.
	// +required
	Expression string `json:"expression"`
	// message is shown while the expression is false.
	// +optional
	Message string `json:"message,omitempty"`
}

// ReleaseFailure remembers failed attempts at one inputs digest. It is the one
// thing in a status that is not recomputed from the cluster.
type ReleaseFailure struct {
	// digest that was attempted.
	// +required
	Digest string `json:"digest"`
	// action that failed: Install, Upgrade, Rollback or Uninstall; Rollout when the
	// objects did not become ready in time.
	// +required
	Action string `json:"action"`
	// generation of the ComponentRelease that was attempted; a newer one starts
	// counting anew.
	// +optional
	Generation int64 `json:"generation,omitempty"`
	// count of consecutive failures.
	// +required
	Count int32 `json:"count"`
	// rejections are those of them that speak against the inputs. An API server that
	// did not answer, or not in time, does not: it delays the next attempt and never
	// leads to a rollback.
	// +optional
	Rejections int32 `json:"rejections,omitempty"`
	// message is Helm's error.
	// +optional
	Message string `json:"message,omitempty"`
	// lastTime of a failure; the next attempt is delayed from here.
	// +required
	LastTime metav1.Time `json:"lastTime"`
}

// ComponentReleaseStatus is what was found and done about one release.
type ComponentReleaseStatus struct {
	// observedGeneration is the generation that this status speaks about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// conditions: Ready, Released and Drifted, and Reconciling or Stalled while true.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// releasedDigest is the inputs digest of the newest deployed Helm revision.
	// +optional
	ReleasedDigest string `json:"releasedDigest,omitempty"`
	// readyDigest is the inputs digest that was last seen Ready.
	// +optional
	ReadyDigest string `json:"readyDigest,omitempty"`
	// revision is the newest Helm revision.
	// +optional
	Revision int `json:"revision,omitempty"`
	// failure remembers failed attempts at the approved inputs.
	// +optional
	Failure *ReleaseFailure `json:"failure,omitempty"`
	// data are the PersistentVolumeClaims and Namespaces of the released revision;
	// removing the release, or dropping them in an upgrade, has to be allowed.
	// +optional
	// +listType=atomic
	Data []ObjectReference `json:"data,omitempty"`
	// rollbackFailure remembers failed attempts to roll back from these inputs;
	// failure then says why that was to be done.
	// +optional
	RollbackFailure *ReleaseFailure `json:"rollbackFailure,omitempty"`
	// manifests are the objects of spec.manifests that were applied and are pruned
	// when they leave the spec. It is written before they are applied.
	// +optional
	// +listType=atomic
	Manifests []ObjectReference `json:"manifests,omitempty"`
	// adopted says what was found when an existing Helm release was taken over: its
	// chart and the values that changed. It is written before they are changed.
	// +optional
	Adopted string `json:"adopted,omitempty"`
	// probedDigest is the inputs digest whose probes have passed.
	// +optional
	ProbedDigest string `json:"probedDigest,omitempty"`
	// timeline of the newest change.
	// +optional
	Timeline *Timeline `json:"timeline,omitempty"`
	// lastHandledReconcileAt echoes spec.reconcileRequest once it was acted on.
	// +optional
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`
	// removed is true when the release and its objects are gone.
	// +optional
	Removed bool `json:"removed,omitempty"`
}

// ComponentRelease is one component, resolved and approved by its bundle. One
// controller makes one Helm release match it. People read it and never write it:
// deleting it removes nothing but the object.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=crel,categories=groundwork
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Namespace",type=string,JSONPath=`.spec.namespace`
// +kubebuilder:printcolumn:name="Chart",type=string,JSONPath=`.spec.chart.name`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.spec.chart.version`
// +kubebuilder:printcolumn:name="Revision",type=integer,JSONPath=`.status.revision`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ComponentRelease struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the approved release.
	// +required
	Spec ComponentReleaseSpec `json:"spec"`
	// status is what was found and done.
	// +optional
	Status ComponentReleaseStatus `json:"status,omitempty"`
}

// ComponentReleaseList is a list of ComponentReleases.
// +kubebuilder:object:root=true
type ComponentReleaseList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ComponentRelease `json:"items"`
}

// GetConditions returns the conditions of the status, for the shared setters.
func (r *ComponentRelease) GetConditions() []metav1.Condition { return r.Status.Conditions }

// SetConditions replaces the conditions of the status.
func (r *ComponentRelease) SetConditions(c []metav1.Condition) { r.Status.Conditions = c }

// ReleaseName returns the name of the ComponentRelease of a bundle's component.
func ReleaseName(bundle, component string) string { return bundle + "." + component }
