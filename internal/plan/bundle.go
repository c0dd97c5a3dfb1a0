// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/graph"
)

// Bundle decides what to do now. It is one planner for install, upgrade and
// removal:
//
//  1. The gate: while a component whose request changed is unprepared or has
//     terminal trouble, no component is approved, no CRD is applied and nothing
//     is removed. Trouble that time may cure holds its own component alone.
//  2. CRDs that are missing or differ are requested in the order in which the
//     components can start.
//  3. A component is approved when its dependencies are Ready at their desired
//     inputs, the kinds it uses are served, and the admission webhooks that would
//     be asked can answer.
//  4. What would change the cluster waits for the consent that Input.Consent asks for,
//     its definitions with it.
//  5. A release that is not wanted any more is removed when everything that
//     depends on it, by old edges or new ones, is gone, when the policy engines that
//     go with it are gone, and when nothing of value would be lost.
func Bundle(in Input) Plan {
	p := planner{
		in:       in,
		wanted:   index(in.Components, func(c Component) string { return c.Name }),
		releases: index(in.Releases, func(r ReleaseState) string { return r.Name }),
		plan:     Plan{Waits: map[string]Wait{}},
	}
	p.order = p.installOrder()
	p.plan.HeldBy = p.gate()
	if p.plan.HeldBy == "" {
		p.changes()
		p.ensureCRDs()
		p.approve()
		p.remove()
	} else {
		p.hold()
	}
	p.forget()
	return p.plan
}

type planner struct {
	in       Input
	wanted   map[string]Component
	releases map[string]ReleaseState
	order    []string
	// unknown are components whose inputs are still being looked at, sorted.
	unknown []string
	// needed is what allNeeds returns; nil until then.
	needed *graph.Graph
	plan   Plan
}

func index[T any](list []T, key func(T) string) map[string]T {
	out := make(map[string]T, len(list))
	for _, item := range list {
		out[key(item)] = item
	}
	return out
}

// installOrder is by dependencies, ties by name. Cycles have been refused
// before; should there be one, the order by name keeps the plan deterministic
// and the wait on each other keeps it safe.
func (p *planner) installOrder() []string {
	g := graph.New()
	for _, c := range p.in.Components {
		g.Add(c.Name, c.DependsOn...)
	}
	order, err := g.Order()
	if err != nil {
		order = order[:0]
		for name := range p.wanted {
			order = append(order, name)
		}
		slices.Sort(order)
	}
	return slices.DeleteFunc(order, func(name string) bool {
		_, ok := p.wanted[name]
		return !ok
	})
}

// gate names the first component, in install order, that closes it.
func (p *planner) gate() string {
	preparing := ""
	for _, name := range p.order {
		c := p.wanted[name]
		if !c.RequestChanged {
			continue
		}
		if terminal(c) {
			return name
		}
		if c.Preparing && preparing == "" {
			preparing = name
		}
	}
	return preparing
}

// terminal says that only a change of the component's spec helps.
func terminal(c Component) bool {
	return c.Trouble != nil && c.Trouble.Class == failure.ClassTerminal
}

// hold says of everything that would have moved what it is held by.
func (p *planner) hold() {
	reason := v1alpha1.ReasonHeld
	if !terminal(p.wanted[p.plan.HeldBy]) {
		reason = v1alpha1.ReasonPreparing
	}
	for _, name := range p.order {
		c := p.wanted[name]
		switch {
		case c.Suspended:
		case c.Preparing && c.Trouble == nil:
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonPreparing}
		case c.SpecChanged || c.Digest == "":
			p.plan.Waits[name] = Wait{Reason: reason, On: []string{p.plan.HeldBy}}
		}
	}
	for name, r := range p.releases {
		if _, ok := p.wanted[name]; !ok && !r.Removing {
			p.plan.Waits[name] = Wait{Reason: reason, On: []string{p.plan.HeldBy}}
		}
	}
}

// approve lets every component start whose turn has come.
func (p *planner) approve() {
	approved := p.approvedEdges()
	for _, name := range p.order {
		c := p.wanted[name]
		switch {
		case c.Suspended || c.Trouble != nil:
			continue
		case c.Preparing:
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonPreparing}
			continue
		case !c.SpecChanged:
			continue
		}
		if wait, withheld := p.withheld(c); withheld {
			p.plan.Waits[name] = wait
			continue
		}
		if blockers := p.notReady(c.DependsOn); len(blockers) > 0 {
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonWaitingForDependencies, On: blockers}
			continue
		}
		if behind := leadBack(approved, c); len(behind) > 0 {
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonWaitingForDependencies, On: behind}
			continue
		}
		if kinds := union(p.notServed(c.Uses), p.lateCRDs(c)); len(kinds) > 0 {
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonWaitingForKinds, On: kinds}
			continue
		}
		if p.releases[name].Removing {
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonUninstalling, On: []string{name}}
			continue
		}
		if len(c.Obstacles) > 0 {
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonWebhookUnavailable, On: c.Obstacles}
			continue
		}
		p.plan.Approve = append(p.plan.Approve, name)
		approved.Add(name, c.DependsOn...)
	}
	slices.Sort(p.plan.Approve)
}

// approvedEdges are the edges that the releases were approved with.
func (p *planner) approvedEdges() *graph.Graph {
	g := graph.New()
	for name, r := range p.releases {
		g.Add(name, union(r.DependsOn, r.GuardedBy)...)
	}
	return g
}

// leadBack are the dependencies whose approved edges still lead to the component:
// an edge was turned around, and the other side must let go of it first. Approved
// edges therefore never form a cycle, which could not be removed.
func leadBack(approved *graph.Graph, c Component) []string {
	var out []string
	for _, dependency := range c.DependsOn {
		if approved.HasPath(dependency, c.Name) {
			out = append(out, dependency)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// notReady are the dependencies that are not Ready at their desired inputs. Those
// of a suspended component are unknown; it counts when it is Ready as it is.
func (p *planner) notReady(dependencies []string) []string {
	var out []string
	for _, name := range dependencies {
		c, inBundle := p.wanted[name]
		r, exists := p.releases[name]
		if !inBundle {
			continue
		}
		current := c.Suspended || c.Digest == r.Digest
		if !exists || !r.Ready || r.Removing || !current || len(p.in.MissingCRDs(r)) > 0 {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// forget deletes the ComponentReleases whose release is gone.
func (p *planner) forget() {
	for name, r := range p.releases {
		if r.Removing && r.Removed {
			p.plan.Forget = append(p.plan.Forget, name)
		}
	}
	slices.Sort(p.plan.Forget)
}
