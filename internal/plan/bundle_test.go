// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// fresh is a component of a new request; approved is one that runs as it is wanted.
func fresh(name string, deps ...string) plan.Component {
	return plan.Component{Name: name, DependsOn: deps, Digest: name + "@2", SpecChanged: true, RequestChanged: true}
}

func approved(name string, deps ...string) plan.Component {
	return plan.Component{Name: name, DependsOn: deps, Digest: name + "@1"}
}

func ready(name string, deps ...string) plan.ReleaseState {
	return plan.ReleaseState{Name: name, DependsOn: deps, Digest: name + "@1", Ready: true}
}

func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func terminal(c *plan.Component) {
	c.Digest, c.Trouble = "", failure.Terminal(v1alpha1.ReasonValuesInvalid, "no good")
}

func retryable(c *plan.Component) {
	c.Digest, c.Trouble = "", failure.Retryable(v1alpha1.ReasonRepositoryUnreachable, "no answer")
}
func preparing(c *plan.Component)                         { c.Digest, c.Preparing = "", true }
func suspended(c *plan.Component)                         { c.Digest, c.SpecChanged, c.Suspended = "", true, true }
func reusing(c *plan.Component)                           { c.RequestChanged = false }
func unready(r *plan.ReleaseState)                        { r.Ready = false }
func removing(r *plan.ReleaseState)                       { r.Removing, r.Ready = true, false }
func removed(r *plan.ReleaseState)                        { r.Removing, r.Removed, r.Ready = true, true, false }
func stopped(r *plan.ReleaseState)                        { r.Suspended = true }
func components(c ...plan.Component) []plan.Component     { return c }
func releases(r ...plan.ReleaseState) []plan.ReleaseState { return r }

type waits = map[string]plan.Wait

func on(reason string, names ...string) plan.Wait { return plan.Wait{Reason: reason, On: names} }

type bundleCase struct {
	reason     string
	components []plan.Component
	releases   []plan.ReleaseState
	crds       map[string]plan.CRDState
	want       plan.Plan
}

func runBundle(t *testing.T, cases map[string]bundleCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.want.Removable == nil { // what may be removed is, unless the case says otherwise
				tc.want.Removable = tc.want.Remove
			}
			got := plan.Bundle(plan.Input{Bundle: bundleName, Components: tc.components, Releases: tc.releases, CRDs: tc.crds})
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(plan.Plan{}, "Digest", "Changes", "Approved")); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func TestGate(t *testing.T) {
	runBundle(t, map[string]bundleCase{
		"TerminalHoldsAll": {
			reason:     "a bad spec changes nothing: no approval, no CRD, no removal",
			components: components(with(fresh("a"), terminal), with(fresh("b"), func(c *plan.Component) { c.CRDs = []plan.CRD{{Name: "x"}} }), approved("c")),
			releases:   releases(ready("c"), ready("old")),
			want: plan.Plan{HeldBy: "a", Waits: waits{
				"a": on(v1alpha1.ReasonHeld, "a"), "b": on(v1alpha1.ReasonHeld, "a"), "old": on(v1alpha1.ReasonHeld, "a"),
			}},
		},
		"TerminalBeforePreparing": {
			reason:     "what only the spec can cure is named before what is still being looked at",
			components: components(with(fresh("a"), preparing), with(fresh("b"), terminal)),
			want: plan.Plan{HeldBy: "b", Waits: waits{
				"a": on(v1alpha1.ReasonPreparing), "b": on(v1alpha1.ReasonHeld, "b"),
			}},
		},
		"TerminalWhilePreparing": {
			reason:     "a component with terminal trouble holds, also while something of it is still being looked at",
			components: components(with(with(fresh("a"), preparing), terminal), fresh("b")),
			want: plan.Plan{HeldBy: "a", Waits: waits{
				"a": on(v1alpha1.ReasonHeld, "a"), "b": on(v1alpha1.ReasonHeld, "a"),
			}},
		},
		"FirstInOrder": {
			reason:     "of two bad ones the first in install order is named, not the first by name",
			components: components(with(fresh("a", "z"), terminal), with(fresh("z"), terminal)),
			want: plan.Plan{HeldBy: "z", Waits: waits{
				"a": on(v1alpha1.ReasonHeld, "z"), "z": on(v1alpha1.ReasonHeld, "z"),
			}},
		},
		"PreparingHoldsAll": {
			reason:     "nothing is written before everything of a generation has been looked at; nobody waits for itself",
			components: components(with(fresh("b"), preparing), fresh("a"), approved("c")),
			releases:   releases(ready("c"), ready("old")),
			want: plan.Plan{HeldBy: "b", Waits: waits{
				"a": on(v1alpha1.ReasonPreparing, "b"), "b": on(v1alpha1.ReasonPreparing), "old": on(v1alpha1.ReasonPreparing, "b"),
			}},
		},
		"RetryableHoldsItsOwn": {
			reason:     "a repository that is down holds its component and those that depend on it",
			components: components(with(fresh("a"), retryable), fresh("b"), fresh("c", "a")),
			want:       plan.Plan{Approve: []string{"b"}, Waits: waits{"c": on(v1alpha1.ReasonWaitingForDependencies, "a")}},
		},
		"RetryableHoldsItsKinds": {
			reason: "and those that use a kind which only it provides",
			components: components(
				with(with(fresh("a"), func(c *plan.Component) { c.CRDs = []plan.CRD{{Name: "x"}} }), retryable),
				with(fresh("b"), func(c *plan.Component) { c.Uses = []string{"x"} }), fresh("c")),
			want: plan.Plan{Approve: []string{"c"}, Waits: waits{"b": on(v1alpha1.ReasonWaitingForKinds, "x")}},
		},
		"OldTrouble": {
			reason:     "trouble of a component whose request did not change holds itself alone",
			components: components(with(with(approved("a"), terminal), func(c *plan.Component) { c.SpecChanged = true }), fresh("b")),
			releases:   releases(ready("a")),
			want:       plan.Plan{Approve: []string{"b"}},
		},
		"OldPreparing": {
			reason:     "looking again at an unchanged request closes no gate",
			components: components(with(approved("a"), func(c *plan.Component) { preparing(c); c.SpecChanged = true }), fresh("b")),
			releases:   releases(ready("a")),
			want:       plan.Plan{Approve: []string{"b"}, Waits: waits{"a": on(v1alpha1.ReasonPreparing)}},
		},
		"TidyingGoesOn": {
			reason:     "a held generation neither stops a removal that has begun nor forgetting what is gone",
			components: components(with(fresh("a"), terminal)),
			releases:   releases(with(ready("b"), removing), with(ready("c"), removed)),
			want:       plan.Plan{HeldBy: "a", Forget: []string{"c"}, Waits: waits{"a": on(v1alpha1.ReasonHeld, "a")}},
		},
		"Suspended": {
			reason:     "a suspended component is not said to wait for anybody",
			components: components(with(fresh("a"), suspended), with(fresh("b"), preparing)),
			want:       plan.Plan{HeldBy: "b", Waits: waits{"b": on(v1alpha1.ReasonPreparing)}},
		},
	})
}

func TestApprove(t *testing.T) {
	runBundle(t, map[string]bundleCase{
		"Nothing": {reason: "an empty bundle has an empty plan"},
		"Quiet": {
			reason:     "nothing changed: nothing to do, nothing waits",
			components: components(approved("a"), approved("b", "a")),
			releases:   releases(ready("a"), ready("b", "a")),
		},
		"Roots": {
			reason:     "what depends on nothing starts at once, sorted; the others name what they wait for, sorted",
			components: components(fresh("c", "b", "a"), fresh("b"), fresh("a")),
			want:       plan.Plan{Approve: []string{"a", "b"}, Waits: waits{"c": on(v1alpha1.ReasonWaitingForDependencies, "a", "b")}},
		},
		"NotReady": {
			reason:     "a dependency that is there but not Ready is waited for",
			components: components(approved("a"), fresh("b", "a")),
			releases:   releases(with(ready("a"), unready)),
			want:       plan.Plan{Waits: waits{"b": on(v1alpha1.ReasonWaitingForDependencies, "a")}},
		},
		"ReadyAtOldInputs": {
			reason:     "a dependency that is Ready at other inputs than the desired ones is not Ready",
			components: components(fresh("a"), fresh("b", "a")),
			releases:   releases(ready("a"), ready("b", "a")),
			want:       plan.Plan{Approve: []string{"a"}, Waits: waits{"b": on(v1alpha1.ReasonWaitingForDependencies, "a")}},
		},
		"BecameUnready": {
			reason:     "a dependency that becomes un-Ready does not touch what runs as wanted",
			components: components(approved("a"), approved("b", "a")),
			releases:   releases(with(ready("a"), unready), ready("b", "a")),
		},
		"DependencyLacksItsKinds": {
			reason:     "a dependency whose own definitions are not established is not Ready",
			components: components(approved("a"), fresh("b", "a")),
			releases:   releases(with(ready("a"), func(r *plan.ReleaseState) { r.CRDs = []string{"x"} })),
			crds:       map[string]plan.CRDState{"x": {}},
			want:       plan.Plan{Waits: waits{"b": on(v1alpha1.ReasonWaitingForDependencies, "a")}},
		},
		"Kinds": {
			reason: "a component waits for exactly the kinds that it uses",
			components: components(
				with(fresh("a"), func(c *plan.Component) { c.Uses = []string{"z", "y", "x"} }),
				with(fresh("b"), func(c *plan.Component) { c.Uses = []string{"x"} })),
			crds: map[string]plan.CRDState{"x": {Established: true}, "y": {}},
			want: plan.Plan{Approve: []string{"b"}, Waits: waits{"a": on(v1alpha1.ReasonWaitingForKinds, "y", "z")}},
		},
		"SuspendedIsLeftAlone": {
			reason:     "a suspended component is neither approved nor removed, and its definitions are not sent",
			components: components(with(with(fresh("a"), suspended), func(c *plan.Component) { c.CRDs = []plan.CRD{{Name: "x", Digest: "1"}} })),
			releases:   releases(with(ready("a"), stopped)),
		},
		"SuspendedButReady": {
			reason:     "dependents wait for a suspended component only if it is not Ready",
			components: components(with(approved("a"), suspended), with(approved("z"), suspended), fresh("b", "a"), fresh("c", "z")),
			releases:   releases(with(ready("a"), stopped), with(with(ready("z"), stopped), unready)),
			want:       plan.Plan{Approve: []string{"b"}, Waits: waits{"c": on(v1alpha1.ReasonWaitingForDependencies, "z")}},
		},
		"WantedAgain": {
			reason:     "a component that is being removed is installed again after it is gone, and nobody builds on it before",
			components: components(with(approved("a"), func(c *plan.Component) { c.SpecChanged = true }), fresh("b", "a")),
			releases:   releases(with(ready("a"), removing)),
			want: plan.Plan{Waits: waits{
				"a": on(v1alpha1.ReasonUninstalling, "a"), "b": on(v1alpha1.ReasonWaitingForDependencies, "a"),
			}},
		},
		"WantedAgainAndGone": {
			reason:     "its record is forgotten first, and written anew after that",
			components: components(with(approved("a"), func(c *plan.Component) { c.SpecChanged = true })),
			releases:   releases(with(ready("a"), removed)),
			want:       plan.Plan{Forget: []string{"a"}, Waits: waits{"a": on(v1alpha1.ReasonUninstalling, "a")}},
		},
		"EdgeTurnedAround": {
			reason: "b now depends on a, which still has its old edge to b and waits for c: the old edge goes first, or neither could be removed",
			components: components(with(approved("a", "c"), func(c *plan.Component) { c.SpecChanged, c.RequestChanged = true, true }),
				with(approved("b", "a"), func(c *plan.Component) { c.SpecChanged, c.RequestChanged = true, true }), approved("c")),
			releases: releases(ready("a", "b"), ready("b"), with(ready("c"), unready)),
			want: plan.Plan{Waits: waits{
				"a": on(v1alpha1.ReasonWaitingForDependencies, "c"), "b": on(v1alpha1.ReasonWaitingForDependencies, "a"),
			}},
		},
		"Cycle": {
			reason:     "a cycle that nobody refused starts nothing",
			components: components(fresh("b", "a"), fresh("a", "b")),
			want: plan.Plan{Waits: waits{
				"a": on(v1alpha1.ReasonWaitingForDependencies, "b"), "b": on(v1alpha1.ReasonWaitingForDependencies, "a"),
			}},
		},
	})
}
