// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// upgraded wants other inputs than those of release ready(name).
func upgraded(name string, deps ...string) plan.Component { return fresh(name, deps...) }

func TestConsent(t *testing.T) {
	quiet := with(approved("same"), func(c *plan.Component) { c.SpecChanged = true }) // a timeout, for example
	input := plan.Input{
		Bundle:     bundleName,
		Components: components(fresh("new"), upgraded("old"), approved("calm"), quiet),
		Releases:   releases(ready("old"), ready("calm"), ready("same"), ready("gone")),
	}
	changes := []plan.Change{
		{Name: "gone", Kind: v1alpha1.ChangeRemove}, {Name: "new", Kind: v1alpha1.ChangeInstall}, {Name: "old", Kind: v1alpha1.ChangeUpgrade},
	}
	digest := plan.Bundle(input).Digest
	if digest == "" {
		t.Fatal("the plan has no digest")
	}
	all := plan.Plan{Approve: []string{"new", "old", "same"}, Removable: []string{"gone"}, Remove: []string{"gone"}, Approved: true}
	nothing := plan.Plan{Approve: []string{"same"}, Removable: []string{"gone"}, Waits: waits{
		"new": on(v1alpha1.ReasonAwaitingApproval, digest), "old": on(v1alpha1.ReasonAwaitingApproval, digest), "gone": on(v1alpha1.ReasonAwaitingApproval, digest),
	}}
	installs := plan.Plan{Approve: []string{"new", "same"}, Removable: []string{"gone"}, Approved: true, Waits: waits{
		"old": on(v1alpha1.ReasonAwaitingWindow), "gone": on(v1alpha1.ReasonAwaitingWindow),
	}}
	for name, tc := range map[string]struct {
		consent plan.Consent
		want    plan.Plan
	}{
		"NobodyAsks":             {plan.Consent{}, all},
		"NotApproved":            {plan.Consent{Manual: true}, nothing},
		"AnotherPlanIsApproved":  {plan.Consent{Manual: true, Approved: "0123456789abcdef"}, nothing},
		"Approved":               {plan.Consent{Manual: true, Approved: digest}, all},
		"WindowClosed":           {plan.Consent{Closed: true}, installs},
		"AnotherPlanIsExempted":  {plan.Consent{Closed: true, Exempted: "0123456789abcdef"}, installs},
		"Exempted":               {plan.Consent{Closed: true, Exempted: digest}, all},
		"ExemptedAndNotApproved": {plan.Consent{Manual: true, Closed: true, Exempted: digest}, nothing},
		"ApprovedAndClosed":      {plan.Consent{Manual: true, Closed: true, Approved: digest}, installs},
		"NeitherIsInTheWay":      {plan.Consent{Manual: true, Closed: true, Approved: digest, Exempted: digest}, all},
	} {
		t.Run(name, func(t *testing.T) {
			input := input
			input.Consent = tc.consent
			tc.want.Digest, tc.want.Changes = digest, changes
			if diff := cmp.Diff(tc.want, plan.Bundle(input), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestPlanIsNotNamedBeforeItIsKnown: half of a plan must not be approved.
func TestPlanIsNotNamedBeforeItIsKnown(t *testing.T) {
	looking := with(approved("b"), func(c *plan.Component) { preparing(c); c.SpecChanged = true })
	got := plan.Bundle(plan.Input{
		Bundle: bundleName, Components: components(upgraded("a"), looking), Releases: releases(ready("a"), ready("b")), Consent: plan.Consent{Manual: true},
	})
	want := plan.Plan{
		Changes: []plan.Change{{Name: "a", Kind: v1alpha1.ChangeUpgrade}},
		Waits:   waits{"a": on(v1alpha1.ReasonPreparing, "b"), "b": on(v1alpha1.ReasonPreparing)},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestDefinitionsWaitWithTheirComponent: a CRD is a change of the cluster, too.
func TestDefinitionsWaitWithTheirComponent(t *testing.T) {
	brings := func(c *plan.Component) { c.CRDs = []plan.CRD{{Name: "x." + c.Name, Digest: "new"}} }
	input := plan.Input{
		Bundle: bundleName, Components: components(with(upgraded("a"), brings), with(fresh("b"), brings)), Releases: releases(ready("a")),
		Consent: plan.Consent{Closed: true},
	}
	want := []plan.CRDRequest{{Component: "b", Name: "x.b"}}
	if diff := cmp.Diff(want, plan.Bundle(input).EnsureCRDs); diff != "" {
		t.Errorf("closed (-want +got)\n%s", diff)
	}
	input.Consent = plan.Consent{Manual: true}
	if got := plan.Bundle(input).EnsureCRDs; len(got) > 0 {
		t.Errorf("without approval %v is applied", got)
	}
}

// TestWithoutApprovalNothingMoves: whatever happens in a world, its releases stay at
// their inputs, none comes and none begins to go.
func TestWithoutApprovalNothingMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		before := digests(w)
		for range 20 {
			in := w.input(asListed)
			in.Consent = plan.Consent{Manual: true, Approved: "nothing"}
			p := plan.Bundle(in)
			if len(p.Remove) > 0 {
				t.Fatalf("%v are removed without approval", p.Remove)
			}
			w.apply(t, in, p)
			if events := w.events(); len(events) > 0 {
				w.happen(t, rapid.SampledFrom(events).Draw(t, "event"))
			}
			for name, digest := range digests(w) {
				if before[name] != digest {
					t.Fatalf("%s went from %q to %q without approval", name, before[name], digest)
				}
			}
		}
	})
}

func digests(w *world) map[string]string {
	out := map[string]string{}
	for name, r := range w.releases {
		if !r.removing {
			out[name] = r.digest
		}
	}
	return out
}

// TestApprovedPlansComeToTheirEnd: the digest of a plan is the same from its approval
// to its end, so that one approval is enough, and the world comes to rest as without.
func TestApprovedPlansComeToTheirEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for _, c := range w.wanted { // what is unknown makes another plan when it is known
			c.preparing, c.suspended, c.trouble = false, false, nil
		}
		in := w.input(asListed)
		in.Consent = plan.Consent{Manual: true}
		digest := plan.Bundle(in).Digest
		for range 1000 {
			w.suspend()
			in := w.input(asListed)
			in.Consent = plan.Consent{Manual: true, Approved: digest}
			p := plan.Bundle(in)
			if p.Digest != digest {
				t.Fatalf("the plan %s became %s on its way", digest, p.Digest)
			}
			w.apply(t, in, p)
			events := w.events()
			if len(events) == 0 && p.Empty() {
				if len(p.Changes) > 0 {
					t.Fatalf("%v never begin: %v", p.Changes, p.Waits)
				}
				return
			}
			if len(events) > 0 {
				w.happen(t, rapid.SampledFrom(events).Draw(t, "event"))
			}
		}
		t.Fatalf("the plan does not terminate: %+v", w)
	})
}
