// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/graph"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

const bundleName = "week1"

// want is one component of the spec as it was prepared.
type want struct {
	deps, uses, crds     []string
	version              int
	preparing, suspended bool
	trouble              *failure.Error
}

// release is one ComponentRelease with its Helm release.
type release struct {
	deps, crds                          []string
	digest                              string
	ready, removing, removed, suspended bool
}

// definition is one custom resource definition in the cluster.
type definition struct {
	digest, owner string
	established   bool
}

// world is a model of a cluster: what is wanted of it, and what it holds. It
// moves by plans and by events, and refuses a plan that breaks a promise.
type world struct {
	// engines are the policy engines among the releases.
	engines  map[string]bool
	wanted   map[string]*want
	releases map[string]*release
	crds     map[string]*definition
}

func newWorld() *world {
	return &world{wanted: map[string]*want{}, releases: map[string]*release{}, crds: map[string]*definition{}}
}

// fatalizer is a *testing.T or a *rapid.T.
type fatalizer interface {
	Fatalf(format string, args ...any)
}

func digestOf(name string, w *want) string { return fmt.Sprintf("%s@%d", name, w.version) }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// component is one component as the controller would hand it to the planner.
func (w *world) component(name string) plan.Component {
	c, r := w.wanted[name], w.releases[name]
	out := plan.Component{
		Name: name, DependsOn: c.deps, Uses: c.uses,
		Preparing: c.preparing, Trouble: c.trouble, Suspended: c.suspended,
		RequestChanged: r == nil || r.digest != digestOf(name, c) || !slices.Equal(r.deps, c.deps),
	}
	known := !c.preparing && !c.suspended && c.trouble == nil
	out.SpecChanged = !known || out.RequestChanged || r.removing || r.suspended || !slices.Equal(r.crds, c.crds)
	if !known {
		return out
	}
	out.Digest = digestOf(name, c)
	for _, crd := range c.crds {
		out.CRDs = append(out.CRDs, plan.CRD{Name: crd, Digest: fmt.Sprintf("%s by %s", crd, out.Digest)})
	}
	return out
}

// input is what the planner sees; shuffle decides about the order of lists.
func (w *world) input(shuffle func(n int, swap func(i, j int))) plan.Input {
	in := plan.Input{Bundle: bundleName, CRDs: map[string]plan.CRDState{}}
	for _, name := range sorted(w.wanted) {
		in.Components = append(in.Components, w.component(name))
	}
	for _, name := range sorted(w.releases) {
		r := w.releases[name]
		in.Releases = append(in.Releases, plan.ReleaseState{
			Name: name, DependsOn: r.deps, Digest: r.digest, CRDs: r.crds, Ready: r.ready,
			Removing: r.removing, Removed: r.removed, Suspended: r.suspended, PolicyEngine: w.engines[name],
		})
	}
	for name, d := range w.crds {
		in.CRDs[name] = plan.CRDState{Established: d.established, Digest: d.digest, Owner: d.owner}
	}
	shuffle(len(in.Components), func(i, j int) {
		in.Components[i], in.Components[j] = in.Components[j], in.Components[i]
	})
	shuffle(len(in.Releases), func(i, j int) { in.Releases[i], in.Releases[j] = in.Releases[j], in.Releases[i] })
	return in
}

func asListed(int, func(i, j int)) {}

// apply carries out a plan, after it has been checked against the model.
func (w *world) apply(t fatalizer, in plan.Input, p plan.Plan) {
	w.check(t, p)
	digests := map[plan.CRDRequest]string{}
	for _, c := range in.Components {
		for _, crd := range c.CRDs {
			digests[plan.CRDRequest{Component: c.Name, Name: crd.Name}] = crd.Digest
		}
	}
	for _, request := range p.EnsureCRDs {
		d := w.crds[request.Name]
		if d == nil {
			d = &definition{}
			w.crds[request.Name] = d
		}
		d.digest, d.owner = digests[request], v1alpha1.ReleaseName(bundleName, request.Component)
	}
	for _, name := range p.Approve {
		next, old := w.wanted[name], w.releases[name]
		same := old != nil && old.digest == digestOf(name, next)
		w.releases[name] = &release{deps: next.deps, crds: next.crds, digest: digestOf(name, next), ready: same && old.ready}
	}
	for _, name := range p.Remove {
		w.releases[name].removing = true
	}
	for _, name := range p.Forget {
		delete(w.releases, name)
	}
	w.checkEdges(t)
}

// check is the planner's contract, in terms of the model alone.
func (w *world) check(t fatalizer, p plan.Plan) {
	for _, name := range p.Approve {
		c := w.wanted[name]
		if c == nil || c.suspended || c.preparing || c.trouble != nil {
			t.Fatalf("%s is approved, but must not be: %+v", name, c)
		}
		for _, dep := range c.deps {
			r, suspended := w.releases[dep], w.wanted[dep].suspended
			if r == nil || !r.ready || r.removing || !suspended && r.digest != digestOf(dep, w.wanted[dep]) {
				t.Fatalf("%s starts before %s is Ready at its desired inputs: %+v", name, dep, r)
			}
			w.checkServed(t, name, r.crds)
		}
		w.checkServed(t, name, c.uses)
		if r := w.releases[name]; r != nil && r.removing {
			t.Fatalf("%s is approved while it is being removed", name)
		}
	}
	for _, name := range p.Remove {
		r := w.releases[name]
		if w.wanted[name] != nil || r.removing || r.suspended {
			t.Fatalf("%s must not be removed: %+v", name, r)
		}
		for other, o := range w.releases {
			if other != name && !o.removed && slices.Contains(o.deps, name) {
				t.Fatalf("%s is removed before its dependent %s is gone", name, other)
			}
		}
	}
	for _, name := range p.Forget {
		if r := w.releases[name]; !r.removing || !r.removed {
			t.Fatalf("%s is forgotten while it is there: %+v", name, r)
		}
	}
	for _, request := range p.EnsureCRDs {
		if d := w.crds[request.Name]; d != nil && d.owner != "" && d.owner != v1alpha1.ReleaseName(bundleName, request.Component) {
			t.Fatalf("%s takes the definition %s from %s", request.Component, request.Name, d.owner)
		}
	}
}

func (w *world) checkServed(t fatalizer, name string, crds []string) {
	for _, crd := range crds {
		if d := w.crds[crd]; d == nil || !d.established {
			t.Fatalf("%s starts before %s is established", name, crd)
		}
	}
}

// checkEdges: what is approved can always be removed in some order.
func (w *world) checkEdges(t fatalizer) {
	g := graph.New()
	for name, r := range w.releases {
		g.Add(name, r.deps...)
	}
	if _, err := g.Order(); err != nil {
		t.Fatalf("the approved edges form a cycle: %v", err)
	}
}

// events are the things that can happen next without anybody's doing, sorted.
func (w *world) events() []string {
	var out []string
	for name, d := range w.crds {
		if !d.established {
			out = append(out, "established "+name)
		}
	}
	for name, r := range w.releases {
		switch {
		case r.suspended:
		case r.removing && !r.removed:
			out = append(out, "gone "+name)
		case !r.removing && !r.ready:
			out = append(out, "ready "+name)
		}
	}
	for name, c := range w.wanted {
		switch {
		case c.preparing:
			out = append(out, "prepared "+name)
		case c.trouble != nil:
			out = append(out, "cured "+name)
		case c.suspended:
			out = append(out, "resumed "+name)
		}
	}
	slices.Sort(out)
	return out
}

// happen lets one event happen: "<what> <name>".
func (w *world) happen(t fatalizer, event string) {
	what, name, _ := strings.Cut(event, " ")
	switch what {
	case "established":
		w.crds[name].established = true
	case "ready":
		w.releases[name].ready = true
	case "unready":
		w.releases[name].ready = false
	case "gone":
		w.releases[name].removed, w.releases[name].ready = true, false
	case "prepared":
		w.wanted[name].preparing = false
	case "cured":
		w.wanted[name].trouble = nil
	case "resumed":
		w.wanted[name].suspended = false
	default:
		t.Fatalf("unknown event %q", event)
	}
}

// suspend does to releases what must be done before planning: approving resumes
// what is wanted, so that only what is on its way out must be resumed here.
func (w *world) suspend() {
	for name, r := range w.releases {
		c := w.wanted[name]
		switch {
		case c != nil && c.suspended:
			r.suspended = true
		case c == nil || r.removing:
			r.suspended = false
		}
	}
}
