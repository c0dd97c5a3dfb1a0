// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

func TestRemove(t *testing.T) {
	runBundle(t, map[string]bundleCase{
		"LeavesFirst": {
			reason:   "by the old edges, which nobody wants any more, dependents go first",
			releases: releases(ready("a"), ready("b", "a"), ready("c", "a", "b"), ready("d")),
			want: plan.Plan{Remove: []string{"c", "d"}, Waits: waits{
				"a": on(v1alpha1.ReasonWaitingForDependents, "b", "c"), "b": on(v1alpha1.ReasonWaitingForDependents, "c"),
			}},
		},
		"StillGoing": {
			reason:   "a dependent that is being removed is still there",
			releases: releases(ready("a"), with(ready("b", "a"), removing)),
			want:     plan.Plan{Waits: waits{"a": on(v1alpha1.ReasonWaitingForDependents, "b")}},
		},
		"Gone": {
			reason:   "a dependent that is gone is forgotten and waited for no longer",
			releases: releases(ready("a"), with(ready("b", "a"), removed)),
			want:     plan.Plan{Remove: []string{"a"}, Forget: []string{"b"}},
		},
		"OldEdgeOfAWantedOne": {
			reason:     "what is wanted keeps its old edge until the new spec is approved",
			components: components(fresh("b"), approved("c")),
			releases:   releases(ready("a"), ready("b", "a"), ready("c")),
			want:       plan.Plan{Approve: []string{"b"}, Waits: waits{"a": on(v1alpha1.ReasonWaitingForDependents, "b")}},
		},
		"NewEdgeOfAWantedOne": {
			reason:     "a new edge to what is not wanted holds its removal, too",
			components: components(with(approved("b", "a"), reusing)),
			releases:   releases(ready("a"), ready("b")),
			want:       plan.Plan{Waits: waits{"a": on(v1alpha1.ReasonWaitingForDependents, "b")}},
		},
		"RemovalAndInstall": {
			reason:     "one plan removes and installs what has nothing to do with each other",
			components: components(fresh("b")),
			releases:   releases(ready("a")),
			want:       plan.Plan{Approve: []string{"b"}, Remove: []string{"a"}},
		},
		"Suspended": {
			reason:   "a suspended release is not removed, and says so",
			releases: releases(with(ready("a"), stopped)),
			want:     plan.Plan{Waits: waits{"a": on(v1alpha1.ReasonSuspended)}},
		},
		"NotReadyIsNoExcuse": {
			reason:   "what never became Ready is removed like everything else",
			releases: releases(with(ready("a"), unready)),
			want:     plan.Plan{Remove: []string{"a"}},
		},
		"Begun": {
			reason:   "a removal is ordered once",
			releases: releases(with(ready("a"), removing)),
		},
	})
}

func engine(r *plan.ReleaseState)   { r.PolicyEngine = true }
func counting(r *plan.ReleaseState) { r.Counting = true }

func guarded(by ...string) func(*plan.ReleaseState) {
	return func(r *plan.ReleaseState) { r.GuardedBy = by }
}

func risking(kinds ...string) func(*plan.ReleaseState) {
	return func(r *plan.ReleaseState) { r.AtRisk = kinds }
}

func TestRemovePolicyEnginesFirst(t *testing.T) {
	runBundle(t, map[string]bundleCase{
		"EngineFirst": {
			reason:   "an engine that leaves with others goes before them",
			releases: releases(ready("a"), with(ready("kyverno"), engine), with(ready("b"), guarded("kyverno"))),
			want: plan.Plan{Remove: []string{"kyverno"}, Waits: waits{
				"a": on(v1alpha1.ReasonWaitingForDependents, "kyverno"), "b": on(v1alpha1.ReasonWaitingForDependents, "kyverno"),
			}},
		},
		"EngineGone": {
			reason:   "and when it is gone, they go",
			releases: releases(ready("a"), with(with(ready("kyverno"), engine), removed)),
			want:     plan.Plan{Remove: []string{"a"}, Forget: []string{"kyverno"}},
		},
		"EngineStays": {
			reason:     "an engine that stays holds nobody",
			components: components(approved("kyverno")),
			releases:   releases(ready("a"), with(ready("kyverno"), engine)),
			want:       plan.Plan{Remove: []string{"a"}},
		},
		"NeedsAnEngine": {
			reason:   "what needs an engine goes before it, and waits for no other engine",
			releases: releases(ready("policies", "kyverno"), ready("constraints", "gatekeeper"), with(ready("kyverno"), engine), with(ready("gatekeeper"), engine)),
			want: plan.Plan{Remove: []string{"constraints", "policies"}, Waits: waits{
				"kyverno": on(v1alpha1.ReasonWaitingForDependents, "policies"), "gatekeeper": on(v1alpha1.ReasonWaitingForDependents, "constraints"),
			}},
		},
		"NeededByTheEngine": {
			reason:   "what the engine needs goes after it anyhow",
			releases: releases(ready("cert-manager"), with(ready("kyverno", "cert-manager"), engine)),
			want:     plan.Plan{Remove: []string{"kyverno"}, Waits: waits{"cert-manager": on(v1alpha1.ReasonWaitingForDependents, "kyverno")}},
		},
	})
}

func TestRemoveWithoutRegret(t *testing.T) {
	runBundle(t, map[string]bundleCase{
		"Counting": {
			reason:   "nothing is removed before it is known what would be lost",
			releases: releases(with(ready("a"), counting)),
			want:     plan.Plan{Removable: []string{"a"}, Waits: waits{"a": on(v1alpha1.ReasonPreparing)}},
		},
		"AtRisk": {
			reason:   "what would lose data stays and says which",
			releases: releases(with(ready("a"), risking("2 Kafka"))),
			want:     plan.Plan{Removable: []string{"a"}, Waits: waits{"a": on(v1alpha1.ReasonDataLoss, "2 Kafka")}},
		},
		"HoldsItsDependencies": {
			reason:   "and with it what it depends on, and nobody else",
			releases: releases(ready("a"), with(ready("b", "a"), risking("2 Kafka")), ready("c")),
			want: plan.Plan{Remove: []string{"c"}, Removable: []string{"b", "c"}, Waits: waits{
				"a": on(v1alpha1.ReasonWaitingForDependents, "b"), "b": on(v1alpha1.ReasonDataLoss, "2 Kafka"),
			}},
		},
		"KindsOfOthers": {
			reason:   "an operator goes after those whose manifests it looks after",
			releases: releases(ready("strimzi"), with(ready("billing"), func(r *plan.ReleaseState) { r.KindsOf = []string{"strimzi"} })),
			want:     plan.Plan{Remove: []string{"billing"}, Waits: waits{"strimzi": on(v1alpha1.ReasonWaitingForDependents, "billing")}},
		},
		"OwnTurn": {
			reason:   "it is looked at only when its turn has come",
			releases: releases(with(ready("a"), counting), ready("b", "a")),
			want:     plan.Plan{Remove: []string{"b"}, Waits: waits{"a": on(v1alpha1.ReasonWaitingForDependents, "b")}},
		},
		"Begun": {
			reason:   "what was begun is finished",
			releases: releases(with(with(ready("a"), risking("2 Kafka")), removing)),
		},
	})
}

// bringing adds definitions as "name@digest"; using adds kinds that are used.
func bringing(c plan.Component, crds ...plan.CRD) plan.Component {
	c.CRDs = crds
	return c
}

func using(c plan.Component, names ...string) plan.Component {
	c.Uses = names
	return c
}

func request(component, name string) plan.CRDRequest {
	return plan.CRDRequest{Component: component, Name: name}
}

func TestCRDs(t *testing.T) {
	established := func(digest, owner string) plan.CRDState {
		return plan.CRDState{Established: true, Digest: digest, Owner: owner}
	}
	runBundle(t, map[string]bundleCase{
		"NeededFirst": {
			reason: "needed kinds go first, also those that a later component brings; the others hold back until these are established",
			components: components(
				using(bringing(fresh("a"), plan.CRD{Name: "a1", Digest: "1"}, plan.CRD{Name: "a2", Digest: "1"}), "z1"),
				bringing(fresh("z"), plan.CRD{Name: "z2", Digest: "1"}, plan.CRD{Name: "z1", Digest: "1"})),
			want: plan.Plan{
				EnsureCRDs: []plan.CRDRequest{request("z", "z1")}, Approve: []string{"z"},
				Waits: waits{"a": on(v1alpha1.ReasonWaitingForKinds, "z1")},
			},
		},
		"TheRestInOrder": {
			reason: "then come those that are only brought, in install order and in the order of their charts",
			components: components(
				using(bringing(fresh("a"), plan.CRD{Name: "a2", Digest: "1"}, plan.CRD{Name: "a1", Digest: "1"}), "z1"),
				bringing(fresh("z"), plan.CRD{Name: "z2", Digest: "1"}, plan.CRD{Name: "z1", Digest: "1"})),
			crds: map[string]plan.CRDState{"z1": established("1", "week1.z")},
			want: plan.Plan{
				EnsureCRDs: []plan.CRDRequest{request("a", "a2"), request("a", "a1"), request("z", "z2")}, Approve: []string{"a", "z"},
			},
		},
		"UrgentFirst": {
			reason: "what a long chain of dependents waits for comes before what nobody waits for",
			components: components(bringing(fresh("a"), plan.CRD{Name: "a1"}), bringing(fresh("z"), plan.CRD{Name: "z1"}), fresh("y", "z"),
				bringing(fresh("b"), plan.CRD{Name: "b1"}), fresh("x", "y")),
			want: plan.Plan{
				EnsureCRDs: []plan.CRDRequest{request("z", "z1"), request("a", "a1"), request("b", "b1")}, Approve: []string{"a", "b", "z"},
				Waits: waits{"x": on(v1alpha1.ReasonWaitingForDependencies, "y"), "y": on(v1alpha1.ReasonWaitingForDependencies, "z")},
			},
		},
		"Differs": {
			reason: "ours and nobody's are sent when they differ; equal ones and those of others are left alone",
			components: components(bringing(approved("a"), plan.CRD{Name: "equal", Digest: "1"}, plan.CRD{Name: "ours", Digest: "2"},
				plan.CRD{Name: "nobodys", Digest: "2"}, plan.CRD{Name: "theirs", Digest: "2"})),
			releases: releases(ready("a")),
			crds: map[string]plan.CRDState{
				"equal": established("1", "week1.a"), "ours": established("1", "week1.a"),
				"nobodys": established("", ""), "theirs": established("1", "week2.a"),
			},
			want: plan.Plan{EnsureCRDs: []plan.CRDRequest{request("a", "ours"), request("a", "nobodys")}},
		},
		"TheOwnerUpdates": {
			reason:     "of two that bring a definition the owner goes on updating it, wherever it stands in the order",
			components: components(bringing(approved("a"), plan.CRD{Name: "x", Digest: "a"}), bringing(approved("b"), plan.CRD{Name: "x", Digest: "b"})),
			releases:   releases(ready("a"), ready("b")),
			crds:       map[string]plan.CRDState{"x": established("old", "week1.b")},
			want:       plan.Plan{EnsureCRDs: []plan.CRDRequest{request("b", "x")}},
		},
		"TheOtherKeepsQuiet": {
			reason:     "and the other one does not fight for it",
			components: components(bringing(approved("a"), plan.CRD{Name: "x", Digest: "a"}), bringing(approved("b"), plan.CRD{Name: "x", Digest: "b"})),
			releases:   releases(ready("a"), ready("b")),
			crds:       map[string]plan.CRDState{"x": established("b", "week1.b")},
		},
		"TheFirstThatCan": {
			reason: "a component in trouble does not keep another one from bringing the same definition",
			components: components(with(bringing(fresh("a"), plan.CRD{Name: "x", Digest: "a"}), retryable),
				bringing(fresh("b"), plan.CRD{Name: "x", Digest: "b"})),
			want: plan.Plan{EnsureCRDs: []plan.CRDRequest{request("b", "x")}, Approve: []string{"b"}},
		},
		"TwiceInOneChart": {
			reason:     "a definition that one chart brings twice is compared with the one that was sent, the last one",
			components: components(bringing(approved("a"), plan.CRD{Name: "x", Digest: "1"}, plan.CRD{Name: "x", Digest: "2"})),
			releases:   releases(ready("a")),
			crds:       map[string]plan.CRDState{"x": established("2", "week1.a")},
		},
	})
}

func TestEmpty(t *testing.T) {
	for name, p := range map[string]plan.Plan{
		"EnsureCRDs": {EnsureCRDs: []plan.CRDRequest{request("a", "x")}},
		"Approve":    {Approve: []string{"a"}},
		"Remove":     {Remove: []string{"a"}},
		"Forget":     {Forget: []string{"a"}},
	} {
		if p.Empty() {
			t.Errorf("a plan with %s is not empty", name)
		}
	}
	if p := (plan.Plan{HeldBy: "a", Waits: waits{"a": on(v1alpha1.ReasonHeld)}}); !p.Empty() {
		t.Error("waiting is nothing to do")
	}
}
