// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Component is one enabled component of the bundle, as wanted and prepared.
type Component struct {
	// Name in the bundle.
	Name string
	// DependsOn are the names of components in the bundle that must be Ready
	// first: the catalog's, the user's, and those that follow from kinds.
	DependsOn []string
	// Digest of the desired inputs; empty while unknown.
	Digest string
	// SpecChanged says that the approved release differs from the desired one in
	// anything, or that there is none.
	SpecChanged bool
	// RequestChanged says that the user's or the catalog's part of the desired
	// release differs from what was approved: "changed in this generation".
	RequestChanged bool
	// Preparing says that the result of looking before the leap is not there yet.
	Preparing bool
	// Trouble is why it cannot be approved, nil for none.
	Trouble *failure.Error
	// Suspended components are neither approved nor removed.
	Suspended bool
	// CRDs it brings, in the order of the chart.
	CRDs []CRD
	// Uses are the names of CRDs that must be established before it starts.
	Uses []string
	// Obstacles are sentences about admission webhooks that would be asked about its
	// objects and cannot answer.
	Obstacles []string
}

// CRD is one custom resource definition that a component brings.
type CRD struct {
	// Name is plural.group.
	Name string
	// Digest of the definition.
	Digest string
	// Late says that it would change how versions of an existing definition are
	// converted: that goes right before its component, whose new webhook answers
	// only then.
	Late bool
}

// ReleaseState is one ComponentRelease as observed.
type ReleaseState struct {
	// Name of the component.
	Name string
	// DependsOn as approved.
	DependsOn []string
	// GuardedBy as approved: whose webhooks stand before what it uses.
	GuardedBy []string
	// KindsOf are whose kinds its follow-up manifests have: these are removed after it.
	// They lead to no cycle with the other edges.
	KindsOf []string
	// Digest as approved.
	Digest string
	// CRDs it brings, by name, as approved.
	CRDs []string
	// Ready at the approved inputs.
	Ready bool
	// Removing says that spec.removal is set.
	Removing bool
	// Removed says that the release and its objects are gone.
	Removed bool
	// Suspended says that the release itself is suspended.
	Suspended bool
	// PolicyEngine says that its webhooks judge the objects of others. It is removed
	// before them, while what stands behind its webhooks still answers.
	PolicyEngine bool
	// AtRisk are kinds with live objects that a removal would lose or leave without
	// their operator and that nobody has given up, sorted.
	AtRisk []string
	// Counting says that AtRisk is not known yet. Both are asked for only of
	// releases in Plan.Removable.
	Counting bool
}

// CRDState is one custom resource definition as observed.
type CRDState struct {
	// Established says that its kinds are served.
	Established bool
	// Digest that was applied last by this operator; empty for others.
	Digest string
	// Owner as <bundle>.<component>; empty when it is nobody's.
	Owner string
	// Terminating says that it is being deleted: it can be made again when it is
	// gone, and not before.
	Terminating bool
	// Failed says that the API server does not accept it; nobody waits for it in
	// the queue.
	Failed bool
}

// Input is everything that Bundle decides from.
type Input struct {
	// Bundle is the name of the bundle.
	Bundle string
	// Components that are enabled, in any order.
	Components []Component
	// Releases that exist for this bundle, in any order.
	Releases []ReleaseState
	// CRDs of the cluster by name.
	CRDs map[string]CRDState
	// Consent that changes need; the zero value asks for none.
	Consent Consent
}

// MissingCRDs are the definitions of a release that are not established, sorted.
// A component is Ready only when there are none.
func (in Input) MissingCRDs(release ReleaseState) []string {
	var out []string
	for _, name := range release.CRDs {
		if !in.CRDs[name].Established {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// CRDRequest asks for one definition to be applied on behalf of a component.
type CRDRequest struct {
	// Component that brings it.
	Component string
	// Name of the definition.
	Name string
}

// Wait is why a component does not go on.
type Wait struct {
	// Reason is an API reason.
	Reason string
	// On are the names waited for: components or CRDs, sorted.
	On []string
}

// Plan is what to do now, in this order, and why the rest waits.
type Plan struct {
	// EnsureCRDs to be applied, first needed first.
	EnsureCRDs []CRDRequest
	// Approve are components whose ComponentRelease is to be written, sorted.
	Approve []string
	// Removable are releases whose turn to be removed has come, sorted: those of
	// Remove, and those that wait because of AtRisk or Counting.
	Removable []string
	// Remove are releases to be marked for removal, sorted.
	Remove []string
	// Forget are removed releases whose ComponentRelease is to be deleted, sorted.
	Forget []string
	// Waits says of every component or release that does not go on what it waits
	// for.
	Waits map[string]Wait
	// Digest names what the changes lead to; empty while that is not known. It is the
	// same until everything has been done, and another one when the inputs change.
	Digest string
	// Changes that have not begun, sorted by name.
	Changes []Change
	// Approved says that nobody has to approve them any more.
	Approved bool
	// HeldBy names the component whose trouble holds the generation; empty when
	// the gate is open.
	HeldBy string
}

// Empty says that there is nothing to do.
func (p Plan) Empty() bool {
	return len(p.EnsureCRDs)+len(p.Approve)+len(p.Remove)+len(p.Forget) == 0
}
