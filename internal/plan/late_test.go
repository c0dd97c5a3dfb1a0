// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// A definition that changes how versions are converted goes right before its
// component: not while the component still waits for others, and before it is
// approved.
func TestAChangedConversionGoesRightBeforeItsComponent(t *testing.T) {
	in := func(dependencyReady bool, applied string) plan.Input {
		return plan.Input{
			Bundle: "b",
			Components: []plan.Component{
				{Name: "first", Digest: "f2"},
				{Name: "second", Digest: "s2", SpecChanged: true, RequestChanged: true, DependsOn: []string{"first"},
					CRDs: []plan.CRD{{Name: "late.example.com", Digest: "new", Late: applied != "new"}, {Name: "plain.example.com", Digest: "new"}}},
			},
			Releases: []plan.ReleaseState{
				{Name: "first", Digest: "f2", Ready: dependencyReady},
				{Name: "second", Digest: "s1", Ready: true, DependsOn: []string{"first"}},
			},
			CRDs: map[string]plan.CRDState{
				"late.example.com":  {Established: true, Owner: "b.second", Digest: applied},
				"plain.example.com": {Established: true, Owner: "b.second", Digest: "old"},
			},
		}
	}
	tests := map[string]struct {
		in      plan.Input
		crds    []plan.CRDRequest
		approve []string
		wait    plan.Wait
	}{
		"while it waits for another": {
			in:   in(false, "old"),
			crds: []plan.CRDRequest{{Component: "second", Name: "plain.example.com"}},
			wait: plan.Wait{Reason: v1alpha1.ReasonWaitingForDependencies, On: []string{"first"}},
		},
		"when its turn has come": {
			in: in(true, "old"),
			crds: []plan.CRDRequest{
				{Component: "second", Name: "late.example.com"}, {Component: "second", Name: "plain.example.com"},
			},
			wait: plan.Wait{Reason: v1alpha1.ReasonWaitingForKinds, On: []string{"late.example.com"}},
		},
		"when the definition is in place": {
			in:      in(true, "new"),
			crds:    []plan.CRDRequest{{Component: "second", Name: "plain.example.com"}},
			approve: []string{"second"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := plan.Bundle(tt.in)
			if diff := cmp.Diff(tt.crds, got.EnsureCRDs); diff != "" {
				t.Errorf("CRDs: %s", diff)
			}
			if diff := cmp.Diff(tt.approve, got.Approve); diff != "" {
				t.Errorf("approvals: %s", diff)
			}
			if diff := cmp.Diff(tt.wait, got.Waits["second"]); diff != "" {
				t.Errorf("wait: %s", diff)
			}
		})
	}
}
