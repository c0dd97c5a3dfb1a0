// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Labels and annotations that the operator writes. They are API: people select
// by them, and the operator finds what it owns by them after a restart.
const (
	// BundleLabel names the PlatformBundle a ComponentRelease belongs to. A
	// label and not an ownerReference, because garbage collection knows no order
	// and a bundle restored from a backup has a new UID.
	BundleLabel = "platform.groundwork.dev/bundle"

	// ShardLabel on a PlatformBundle names the operator, by its flag --shard, that the
	// bundle belongs to; without it, it belongs to the operator without the flag. People
	// write it there. On a ComponentRelease the operator that acts on it has written it,
	// and nobody else acts: one that gives a release up writes the next one's name.
	ShardLabel = "platform.groundwork.dev/shard"

	// ReleaseLabel stands on every object of a Helm release that the operator
	// installs, hooks included, and names the ComponentRelease. Watches are
	// selected by its presence.
	ReleaseLabel = "platform.groundwork.dev/release"

	// InputsDigestLabel stands on a Helm release record (never on the objects)
	// and holds the inputs digest that the revision was made from, so that a
	// restarted operator knows what is released without any memory of its own.
	InputsDigestLabel = "platform.groundwork.dev/inputs-digest"

	// RevisionLabel stands on a Helm release record and holds its revision. Helm
	// copies labels to the revisions that a person makes later; a record whose own
	// version differs from this label is therefore not ours.
	RevisionLabel = "platform.groundwork.dev/revision"

	// HolderLabel stands on a Helm release record and names the operator process (a
	// random identity per process, after the name of its shard and a dot) that made it,
	// or works on it while it is pending.
	HolderLabel = "platform.groundwork.dev/holder"

	// ReadyLabel stands on a Helm release record whose objects were Ready once, and
	// holds its revision, like RevisionLabel. A failed upgrade goes back to the
	// newest of these.
	ReadyLabel = "platform.groundwork.dev/ready"

	// FailedDigestLabel stands on the record of a rollback and holds the inputs
	// digest whose failure it answers: the release is held there until the inputs
	// are others.
	FailedDigestLabel = "platform.groundwork.dev/failed-digest"

	// CRDOwnerLabel stands on a CustomResourceDefinition that the operator
	// applied and names the one component (as <bundle>.<component>) whose
	// definition wins.
	CRDOwnerLabel = "platform.groundwork.dev/crd-owner"

	// CRDDigestAnnotation holds the digest of the definition that was applied,
	// so that an unchanged CRD is never sent twice.
	CRDDigestAnnotation = "platform.groundwork.dev/crd-digest"

	// ReconcileRequestAnnotation asks for one reconciliation now: any new value
	// re-resolves version ranges and repository indexes, forgets backoff, and is
	// echoed in status.lastHandledReconcileAt.
	ReconcileRequestAnnotation = "platform.groundwork.dev/reconcile-requested-at"

	// ApprovedPlanAnnotation on a bundle with approval Manual lets the plan begin whose
	// digest it names.
	ApprovedPlanAnnotation = "platform.groundwork.dev/approved-plan"

	// ExemptedPlanAnnotation on a bundle with a maintenance window lets the plan begin
	// outside of it whose digest it names.
	ExemptedPlanAnnotation = "platform.groundwork.dev/exempted-plan"

	// TimelineAnnotation on a ComponentRelease holds the stages, as JSON, that its bundle
	// has seen before it approved the release; the release shows them in its status.
	TimelineAnnotation = "platform.groundwork.dev/timeline"

	// HandedOverAnnotation on a ComponentRelease names the shard that has given it up, or
	// whose operator was gone: what that one left pending is nobody's any more.
	HandedOverAnnotation = "platform.groundwork.dev/handed-over-by"

	// BundleFinalizer holds a PlatformBundle until its deletionPolicy has been
	// carried out.
	BundleFinalizer = "platform.groundwork.dev/bundle"

	// FieldManager is the one name under which the operator applies objects.
	FieldManager = "groundwork"

	// DefaultNamespace is the namespace of the operator itself, and of the
	// Secrets and ConfigMaps that a reference without a namespace means.
	DefaultNamespace = "groundwork-system"
)
