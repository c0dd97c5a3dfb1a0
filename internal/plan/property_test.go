// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

var componentNames = []string{"a", "b", "c", "d", "e", "f", "g"}

// drawSpec draws a spec without cycles: edges point backwards in a random order,
// so that two specs in a row may turn an edge around.
func drawSpec(t *rapid.T) map[string]*want {
	order := rapid.Permutation(componentNames).Draw(t, "order")
	order = order[:rapid.IntRange(0, len(order)).Draw(t, "size")]
	spec := map[string]*want{}
	var brought []string
	for i, name := range order {
		c := &want{version: rapid.IntRange(1, 2).Draw(t, "version")}
		for _, dep := range order[:i] {
			if rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
				c.deps = append(c.deps, dep)
			}
		}
		slices.Sort(c.deps)
		if rapid.Bool().Draw(t, "brings") {
			// Some definitions come with two components.
			c.crds = []string{rapid.SampledFrom([]string{"x." + name, "x.shared"}).Draw(t, "crd")}
			brought = append(brought, c.crds...)
		}
		switch rapid.IntRange(0, 9).Draw(t, "state") {
		case 0:
			c.suspended = true
		case 1:
			c.trouble = failure.Retryable(v1alpha1.ReasonRepositoryUnreachable, "no answer")
		case 2:
			c.trouble = failure.Terminal(v1alpha1.ReasonValuesInvalid, "no good")
		case 3, 4:
			c.preparing = true
		}
		spec[name] = c
	}
	for _, name := range order {
		if len(brought) > 0 && rapid.Bool().Draw(t, "uses") {
			spec[name].uses = []string{rapid.SampledFrom(brought).Draw(t, "used")}
		}
	}
	return spec
}

// step plans once and carries the plan out.
func step(t fatalizer, w *world) plan.Plan {
	w.suspend()
	in := w.input(asListed)
	p := plan.Bundle(in)
	w.apply(t, in, p)
	return p
}

// wander lets a world move for a while: plans, events in random order, and
// releases that stop being Ready.
func wander(t *rapid.T, w *world, steps int) {
	for range steps {
		step(t, w)
		if events := w.events(); len(events) > 0 {
			w.happen(t, rapid.SampledFrom(events).Draw(t, "event"))
		}
		if names := sorted(w.releases); len(names) > 0 && rapid.IntRange(0, 5).Draw(t, "fails") == 0 {
			w.releases[rapid.SampledFrom(names).Draw(t, "unready")].ready = false
		}
	}
}

// settle runs a world until nothing moves; nothing fails any more from here on.
func settle(t *rapid.T, w *world) plan.Plan {
	for range 1000 {
		p := step(t, w)
		events := w.events()
		if len(events) == 0 && p.Empty() {
			return p
		}
		if len(events) > 0 {
			w.happen(t, rapid.SampledFrom(events).Draw(t, "event"))
		}
	}
	t.Fatalf("the plan does not terminate: %+v", w)
	return plan.Plan{}
}

// drawWorld is a world somewhere on its way through one to three generations.
func drawWorld(t *rapid.T) *world {
	w := newWorld()
	for range rapid.IntRange(1, 3).Draw(t, "generations") {
		w.wanted = drawSpec(t)
		wander(t, w, rapid.IntRange(0, 30).Draw(t, "steps"))
	}
	return w
}

// TestEverythingBecomesReady: from wherever a world is, it comes to rest with
// everything that is wanted Ready at its desired inputs and nothing else there,
// and on the way the model has refused no step: nothing started before its
// dependencies were Ready or before its kinds were served, and nothing was
// removed before its dependents were gone. At rest the plan is empty.
func TestEverythingBecomesReady(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		p := settle(t, w)
		for name, c := range w.wanted {
			if r := w.releases[name]; r == nil || !r.ready || r.digest != digestOf(name, c) || !slices.Equal(r.deps, c.deps) {
				t.Fatalf("%s did not become Ready as wanted: %+v, waits %v", name, r, p.Waits)
			}
		}
		if got, want := sorted(w.releases), sorted(w.wanted); !slices.Equal(got, want) {
			t.Fatalf("releases %v are there, want %v; waits %v", got, want, p.Waits)
		}
		if len(p.Waits) > 0 || p.HeldBy != "" {
			t.Fatalf("at rest, but waits %v, held by %q", p.Waits, p.HeldBy)
		}
	})
}

// TestEverythingIsRemoved: an empty spec takes everything down, dependents first,
// whichever of them are policy engines.
func TestEverythingIsRemoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.wanted, w.engines = map[string]*want{}, map[string]bool{}
		for _, name := range sorted(w.releases) {
			w.engines[name] = rapid.Bool().Draw(t, name+" is a policy engine")
		}
		settle(t, w)
		if len(w.releases) > 0 {
			t.Fatalf("left behind: %v", sorted(w.releases))
		}
	})
}

// TestDeterministic: the plan is the same whatever the order of lists, and
// planning changes nothing of its input.
func TestDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		in := w.input(asListed)
		first := plan.Bundle(in)
		if diff := cmp.Diff(w.input(asListed), in); diff != "" {
			t.Fatalf("the input was changed:\n%s", diff)
		}
		second := plan.Bundle(w.input(func(n int, swap func(i, j int)) {
			for i := n - 1; i > 0; i-- {
				swap(i, rapid.IntRange(0, i).Draw(t, "swap"))
			}
		}))
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestABadSpecChangesNothing: whatever the world is doing, one component with
// terminal trouble in what was asked for stops every action but tidying up.
func TestABadSpecChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.wanted = drawSpec(t)
		bad := rapid.SampledFrom(componentNames).Draw(t, "bad")
		w.wanted[bad] = &want{version: 9, trouble: failure.Terminal(v1alpha1.ReasonUnknownComponent, "no such thing")}
		p := plan.Bundle(w.input(asListed))
		if len(p.EnsureCRDs)+len(p.Approve)+len(p.Remove) > 0 {
			t.Fatalf("a bad spec acts: %+v", p)
		}
		if by := w.wanted[p.HeldBy]; by == nil || by.trouble == nil || by.trouble.Class != failure.ClassTerminal {
			t.Fatalf("held by %q, which has no terminal trouble", p.HeldBy)
		}
	})
}

// TestEveryWaitIsExplained: a component that is neither as wanted nor moving has
// a wait, and what it waits for exists and is not itself.
func TestEveryWaitIsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		p := plan.Bundle(w.input(asListed))
		for name, c := range w.wanted {
			if r := w.releases[name]; r != nil && r.digest == digestOf(name, c) || c.suspended || c.trouble != nil {
				continue
			}
			if _, waits := p.Waits[name]; !waits && !slices.Contains(p.Approve, name) {
				t.Fatalf("nobody says why %s does not start: %+v", name, p)
			}
		}
		for name, wait := range p.Waits {
			if !slices.IsSorted(wait.On) || wait.Reason == v1alpha1.ReasonWaitingForDependencies && slices.Contains(wait.On, name) {
				t.Fatalf("%s waits oddly: %+v", name, wait)
			}
		}
	})
}
