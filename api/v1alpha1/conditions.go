// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Condition types. Ready, Reconciling and Stalled follow the kstatus rules:
// Reconciling and Stalled are "abnormal true" and absent when they are not true.
const (
	// ConditionReady is True on a bundle when every enabled component is Ready
	// at its desired inputs, and on a release when its objects, webhooks and
	// readiness rules are current at the approved inputs.
	ConditionReady = "Ready"

	// ConditionReconciling is True while the operator is making progress
	// towards the spec. Waiting for a dependency is progress, not an error.
	ConditionReconciling = "Reconciling"

	// ConditionStalled is True when only a change of the spec helps.
	ConditionStalled = "Stalled"

	// ConditionMaintained is False on a bundle that has components without
	// further releases upstream, and names their successors. It changes nothing
	// else: Ready does not depend on it.
	ConditionMaintained = "Maintained"

	// ConditionAdmissionAvailable is False on a bundle when a fail-closed admission
	// webhook of the cluster, whoever made it, calls a Service that is gone: what it
	// asks about is refused. Ready does not depend on it.
	ConditionAdmissionAvailable = "AdmissionAvailable"

	// ConditionReleased is True on a release when the newest Helm revision was
	// made from the approved inputs and Helm recorded it as deployed.
	ConditionReleased = "Released"

	// ConditionReleasedExternally is True on a release whose newest Helm revision a
	// person made, while it is held there; absent otherwise.
	ConditionReleasedExternally = "ReleasedExternally"

	// ConditionDrifted is True on a release when objects differ from what was
	// released and were not put back: drift is Warn, or somebody else keeps writing
	// them. It is absent while drift is Off. Ready does not depend on it.
	ConditionDrifted = "Drifted"
)

// Reasons of conditions, component states and events. Each is used with the
// sentence that names the object and the cure; the reason alone is stable and
// is what alerts and scripts should match.
const (
	// ReasonReady: everything wanted is true.
	ReasonReady = "Ready"
	// ReasonSuspended: spec.suspend is set; nothing is changed until it is not.
	ReasonSuspended = "Suspended"
	// ReasonProgressing: installs, upgrades or removals are under way.
	ReasonProgressing = "Progressing"
	// ReasonPreparing: charts are being fetched, rendered and checked; nothing
	// has been written yet.
	ReasonPreparing = "Preparing"
	// ReasonWaitingForDependencies: the component waits for others to be Ready.
	ReasonWaitingForDependencies = "WaitingForDependencies"
	// ReasonWaitingForKinds: the component waits until the CRDs of the kinds it
	// uses are established.
	ReasonWaitingForKinds = "WaitingForKinds"
	// ReasonHandingOver: the bundle has come from another shard, whose operator has not
	// given up all of its releases yet.
	ReasonHandingOver = "HandingOver"
	// ReasonAwaitingApproval: the change waits until somebody approves the plan.
	ReasonAwaitingApproval = "AwaitingApproval"
	// ReasonAwaitingWindow: an upgrade or a removal waits for the maintenance window.
	ReasonAwaitingWindow = "AwaitingWindow"
	// ReasonWaitingForDependents: a removal waits until those that depend on the
	// component are gone.
	ReasonWaitingForDependents = "WaitingForDependents"
	// ReasonHeld: the whole generation is held because another component of the
	// bundle has an error that only a change of the spec can cure.
	ReasonHeld = "Held"
	// ReasonInstalling: Helm installs the release.
	ReasonInstalling = "Installing"
	// ReasonUpgrading: Helm upgrades the release.
	ReasonUpgrading = "Upgrading"
	// ReasonUninstalling: Helm removes the release, or its objects are still
	// going away.
	ReasonUninstalling = "Uninstalling"
	// ReasonRemoved: the release and its objects are gone; CRDs are kept.
	ReasonRemoved = "Removed"
	// ReasonWaitingForObjects: Helm is done; objects of the release are not
	// current yet.
	ReasonWaitingForObjects = "WaitingForObjects"
	// ReasonObjectsFailed: an object of the release reports failure (kstatus).
	ReasonObjectsFailed = "ObjectsFailed"
	// ReasonInstallFailed: Helm's install returned an error; it is retried.
	ReasonInstallFailed = "InstallFailed"
	// ReasonUpgradeFailed: Helm's upgrade returned an error; it is retried.
	ReasonUpgradeFailed = "UpgradeFailed"
	// ReasonUninstallFailed: Helm's uninstall returned an error; it is retried.
	ReasonUninstallFailed = "UninstallFailed"
	// ReasonReleasePending: the Helm record says that somebody else's operation
	// is in progress, and there is no proof that it is dead.
	ReasonReleasePending = "ReleasePending"
	// ReasonInputsChanged: a referenced Secret or ConfigMap changed since the
	// bundle approved the inputs; the bundle prepares and approves anew.
	ReasonInputsChanged = "InputsChanged"
	// ReasonRolledBack: an upgrade failed and the release was put back to the newest
	// revision that was Ready; it stays there until the inputs change or a reconcile
	// is asked for.
	ReasonRolledBack = "RolledBack"
	// ReasonRollingBack: Helm puts the release back to an earlier revision.
	ReasonRollingBack = "RollingBack"
	// ReasonRollbackFailed: Helm's rollback returned an error; it is retried.
	ReasonRollbackFailed = "RollbackFailed"
	// ReasonRolloutTimedOut: Helm is done, and the objects did not become ready
	// within the timeout.
	ReasonRolloutTimedOut = "RolloutTimedOut"
	// ReasonReleasedExternally: a person upgraded or rolled back the Helm release;
	// it is left so until the inputs change or a reconcile is asked for.
	ReasonReleasedExternally = "ReleasedExternally"
	// ReasonAdopting: an existing Helm release is taken over; used in events too.
	ReasonAdopting = "Adopting"
	// ReasonObjectsExist: objects of the release exist already and belong to no
	// Helm release, or to another one.
	ReasonObjectsExist = "ObjectsExist"
	// ReasonDataLoss: a removal or an upgrade would lose objects that count as data,
	// or leave custom resources without their operator.
	ReasonDataLoss = "DataLoss"
	// ReasonWebhookUnavailable: a fail-closed admission webhook that would be asked
	// cannot answer.
	ReasonWebhookUnavailable = "WebhookUnavailable"
	// ReasonWebhooksAnswer: no fail-closed admission webhook has lost its Service.
	ReasonWebhooksAnswer = "WebhooksAnswer"
	// ReasonNamespaceTerminating: the namespace of the release is being deleted.
	ReasonNamespaceTerminating = "NamespaceTerminating"
	// ReasonManifestsPending: the follow-up manifests are not applied or not
	// current yet.
	ReasonManifestsPending = "ManifestsPending"
	// ReasonManifestsFailed: the API server refuses a follow-up manifest; retried.
	ReasonManifestsFailed = "ManifestsFailed"
	// ReasonProbeFailed: a probe of the catalog is refused; retried.
	ReasonProbeFailed = "ProbeFailed"
	// ReasonNoDrift: every object is as it was released.
	ReasonNoDrift = "NoDrift"
	// ReasonDrifted: objects differ from what was released; drift is Warn.
	ReasonDrifted = "Drifted"
	// ReasonDriftCorrected: objects that differed were put back; used in events.
	ReasonDriftCorrected = "DriftCorrected"
	// ReasonDriftFlapping: somebody else keeps changing an object; it is put back
	// less and less often.
	ReasonDriftFlapping = "DriftFlapping"
	// ReasonDriftUnknown: an object could not be compared.
	ReasonDriftUnknown = "DriftUnknown"
	// ReasonVersionNotice: the version is not the one that the catalog was tested
	// with, or the upgrade goes through another one; used in events.
	ReasonVersionNotice = "VersionNotice"
	// ReasonUpgradePath: the versions cannot be upgraded in one step.
	ReasonUpgradePath = "UpgradePath"
	// ReasonReleased: the newest Helm revision holds the approved inputs.
	ReasonReleased = "Released"
	// ReasonNotReleased: no Helm revision holds the approved inputs yet.
	ReasonNotReleased = "NotReleased"
	// ReasonReconcileError: an unexpected error, retried with backoff.
	ReasonReconcileError = "ReconcileError"
	// ReasonMaintained: every component is active upstream.
	ReasonMaintained = "Maintained"
	// ReasonRetired: a component is retired or in maintenance upstream.
	ReasonRetired = "Retired"
	// ReasonApproved: the bundle wrote a ComponentRelease; used in events.
	ReasonApproved = "Approved"
	// ReasonCatalogPinned: spec.catalogVersion is unset and the newest catalog
	// was chosen and will stay chosen; used in events.
	ReasonCatalogPinned = "CatalogPinned"
)

// Reasons of specs that cannot be right. A generation with one of these in a
// component whose inputs changed touches nothing in the cluster.
const (
	// ReasonUnknownCatalog: spec.catalogVersion is not in this operator.
	ReasonUnknownCatalog = "UnknownCatalogVersion"
	// ReasonMaintenanceInvalid: spec.maintenance has a schedule or a time zone that is
	// none.
	ReasonMaintenanceInvalid = "MaintenanceInvalid"
	// ReasonUnknownProfile: spec.profiles names one that the catalog has not.
	ReasonUnknownProfile = "UnknownProfile"
	// ReasonUnknownComponent: the name is not in the catalog and has no chart.
	ReasonUnknownComponent = "UnknownComponent"
	// ReasonChartMissing: a component outside the catalog without chart.repository.
	ReasonChartMissing = "ChartMissing"
	// ReasonVersionMissing: a component outside the catalog without a version.
	ReasonVersionMissing = "VersionMissing"
	// ReasonVersionInvalid: neither a version nor a semver range.
	ReasonVersionInvalid = "ChartVersionInvalid"
	// ReasonUnknownDependency: dependsOn names what is not in the bundle.
	ReasonUnknownDependency = "UnknownDependency"
	// ReasonSettingsInvalid: spec.settings contradict the components, or themselves.
	ReasonSettingsInvalid = "SettingsInvalid"
	// ReasonMissingRequirement: the catalog requires another component that the
	// bundle lacks or has disabled.
	ReasonMissingRequirement = "MissingRequirement"
	// ReasonConflictingComponents: the catalog says two components exclude each other.
	ReasonConflictingComponents = "ConflictingComponents"
	// ReasonDependencyCycle: the dependencies form a cycle.
	ReasonDependencyCycle = "DependencyCycle"
	// ReasonReleaseClaimedTwice: two components, of one bundle or of two, want
	// the same Helm release.
	ReasonReleaseClaimedTwice = "ReleaseClaimedTwice"
	// ReasonReleaseMoved: namespace or releaseName of an installed component
	// changed, which would leave the old release behind.
	ReasonReleaseMoved = "ReleaseMoved"
	// ReasonInputMissing: a fact that only the user has is missing in values.
	ReasonInputMissing = "InputMissing"
	// ReasonValuesInvalid: values are not an object, a reference does not parse,
	// or the chart's schema or templates refuse them.
	ReasonValuesInvalid = "ValuesInvalid"
	// ReasonRenderFailed: a template of the chart fails.
	ReasonRenderFailed = "RenderFailed"
	// ReasonReleaseTooLarge: Helm's record of the release would not fit into a
	// Secret, which Kubernetes limits to 1 MiB.
	ReasonReleaseTooLarge = "ReleaseTooLarge"
	// ReasonKubernetesUnsupported: the chart's kubeVersion excludes this cluster.
	ReasonKubernetesUnsupported = "KubernetesVersionUnsupported"
	// ReasonKindNotServed: the release uses a kind that neither the cluster nor
	// any component of the bundle provides.
	ReasonKindNotServed = "KindNotServed"
	// ReasonManifestInvalid: an entry of manifests is not an object that can be
	// applied.
	ReasonManifestInvalid = "ManifestInvalid"
	// ReasonCRDChangeUnsafe: the change of an existing CRD would break live objects.
	ReasonCRDChangeUnsafe = "CRDChangeUnsafe"
	// ReasonChartSourceInvalid: the chart's source cannot be used as written.
	ReasonChartSourceInvalid = "ChartSourceInvalid"
	// ReasonChartNotFound: the repository has no chart of that name.
	ReasonChartNotFound = "ChartNotFound"
	// ReasonChartVersionNotFound: no version of the chart satisfies the range.
	ReasonChartVersionNotFound = "ChartVersionNotFound"
	// ReasonChartArchiveInvalid: the archive is not a Helm chart.
	ReasonChartArchiveInvalid = "ChartArchiveInvalid"
	// ReasonChartDigestMismatch: the chart's content is not what was pinned.
	ReasonChartDigestMismatch = "ChartDigestMismatch"
	// ReasonChartTooLarge: the archive or its content is over the limit.
	ReasonChartTooLarge = "ChartTooLarge"
)

// Reasons of trouble that time may cure. They hold the component, those that
// depend on it and those that use a kind only it provides, and nobody else.
const (
	// ReasonRepositoryUnreachable: the chart's repository did not answer.
	ReasonRepositoryUnreachable = "RepositoryUnreachable"
	// ReasonRepositoryInvalid: what the repository answered is not an index.
	ReasonRepositoryInvalid = "RepositoryInvalid"
	// ReasonAuthenticationFailed: the repository refused the credentials.
	ReasonAuthenticationFailed = "AuthenticationFailed"
	// ReasonChartSecretInvalid: the Secret with a repository's credentials lacks a
	// key, or holds one that cannot be read.
	ReasonChartSecretInvalid = "ChartSecretInvalid"
	// ReasonChartCacheFailed: the operator's chart cache cannot be read or written.
	ReasonChartCacheFailed = "ChartCacheFailed"
	// ReasonReferenceNotFound: a referenced Secret or ConfigMap, or its key, is
	// not there (yet).
	ReasonReferenceNotFound = "ReferenceNotFound"
	// ReasonPrepareFailed: an unexpected error while preparing; retried.
	ReasonPrepareFailed = "PrepareFailed"
	// ReasonCRDApplyFailed: the API server refused a CRD; retried.
	ReasonCRDApplyFailed = "CRDApplyFailed"
)
