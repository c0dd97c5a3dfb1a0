// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// Sizes of bundles: the week-1 platform, and far beyond what anybody writes by hand.
var bundleSizes = []int{15, 100}

// platform is an input of n components that depend on up to three others and bring
// six definitions each. Those before begun are Ready as they are wanted, all others
// are new.
func platform(n, begun int) plan.Input {
	in := plan.Input{Bundle: bundleName, CRDs: map[string]plan.CRDState{}}
	for i := range n {
		name := component(i)
		c := fresh(name, earlier(i)...)
		if i < begun {
			c = approved(name, earlier(i)...)
		}
		r := ready(name, earlier(i)...)
		for k := range 6 {
			crd := fmt.Sprintf("kind%d.%s.example.com", k, name)
			c.CRDs = append(c.CRDs, plan.CRD{Name: crd, Digest: "d"})
			r.CRDs = append(r.CRDs, crd)
			if i < begun {
				in.CRDs[crd] = plan.CRDState{Established: true, Digest: "d", Owner: v1alpha1.ReleaseName(bundleName, name)}
			}
		}
		for _, user := range earlier(i) {
			c.Uses = append(c.Uses, "kind0."+user+".example.com", "kind1."+user+".example.com")
		}
		in.Components = append(in.Components, c)
		if i < begun {
			in.Releases = append(in.Releases, r)
		}
	}
	return in
}

func component(i int) string { return fmt.Sprintf("component-%03d", i) }

// earlier are the names that component i depends on.
func earlier(i int) (out []string) {
	for _, back := range []int{1, 5, 14} {
		if i >= back {
			out = append(out, component(i-back))
		}
	}
	return out
}

// BenchmarkBundle plans a new bundle, one that is half installed, one where nothing
// is to be done, and one that is to be removed as a whole.
func BenchmarkBundle(b *testing.B) {
	for _, n := range bundleSizes {
		gone := platform(n, n)
		gone.Components = nil
		for _, bc := range []struct {
			name string
			in   plan.Input
			idle bool
		}{
			{"new", platform(n, 0), false},
			{"half", platform(n, n/2), false},
			{"settled", platform(n, n), true},
			{"removal", gone, false},
		} {
			b.Run(fmt.Sprintf("%s/components=%d", bc.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if p := plan.Bundle(bc.in); p.Empty() != bc.idle || p.HeldBy != "" {
						b.Fatalf("another plan than the one to measure: %+v", p)
					}
				}
			})
		}
	}
}

// BenchmarkRelease decides about a release that is as it must be, with a history of
// ten revisions, and about one that failed.
func BenchmarkRelease(b *testing.B) {
	history := revisions()
	for i := range 9 {
		history = append(history, ours(i+1, plan.RevisionSuperseded, fmt.Sprint("d", i)))
	}
	deployed := append(slices.Clone(history), ours(10, plan.RevisionDeployed, "new"))
	failed := append(slices.Clone(history), ours(10, plan.RevisionFailed, "new"))
	for name, bc := range map[string]struct {
		in   plan.ReleaseInput
		want plan.Action
	}{
		"done":   {plan.ReleaseInput{Digest: "new", Seed: "week1.loki", Revisions: deployed, ObjectsReady: true}, plan.ActionNone},
		"failed": {plan.ReleaseInput{Digest: "new", Seed: "week1.loki", Revisions: failed, Failure: &plan.Failure{Digest: "new", Count: 3}}, plan.ActionWait},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := plan.Release(bc.in); d.Action != bc.want {
					b.Fatalf("decided %+v, want %s", d, bc.want)
				}
			}
		})
	}
}
