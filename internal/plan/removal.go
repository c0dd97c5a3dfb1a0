// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/graph"
)

// remove marks releases that are not wanted any more, dependents first. What
// would lose data waits until somebody has given it up.
func (p *planner) remove() {
	leaving := p.leaving()
	for name, r := range p.releases {
		if !leaving[name] || r.Removing {
			continue
		}
		if r.Suspended {
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonSuspended}
			continue
		}
		if before := union(p.dependents(name), p.engines(name, leaving)); len(before) > 0 {
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonWaitingForDependents, On: before}
			continue
		}
		p.plan.Removable = append(p.plan.Removable, name)
		switch {
		case r.Counting:
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonPreparing}
		case len(r.AtRisk) > 0:
			p.plan.Waits[name] = Wait{Reason: v1alpha1.ReasonDataLoss, On: r.AtRisk}
		default:
			if wait, withheld := p.consent(v1alpha1.ChangeRemove); withheld {
				p.plan.Waits[name] = wait
				continue
			}
			p.plan.Remove = append(p.plan.Remove, name)
		}
	}
	slices.Sort(p.plan.Remove)
	slices.Sort(p.plan.Removable)
}

// leaving are the releases that are not wanted any more and not gone yet.
func (p *planner) leaving() map[string]bool {
	out := map[string]bool{}
	for name, r := range p.releases {
		if _, wanted := p.wanted[name]; !wanted && !r.Removed {
			out[name] = true
		}
	}
	return out
}

// dependents are the releases that are still there and depend on name by their
// approved edges, and what is wanted and depends on it by its new ones.
func (p *planner) dependents(name string) []string {
	var out []string
	for other, r := range p.releases {
		if other != name && !r.Removed && p.needsOne(r, name) {
			out = append(out, other)
		}
	}
	for other, c := range p.wanted {
		if slices.Contains(c.DependsOn, name) {
			out = append(out, other)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// needs are the approved edges that decide the order of removal. Being guarded by
// a policy engine is none of them: the engine goes first.
func (p *planner) needs(r ReleaseState) []string {
	out := slices.Concat(r.DependsOn, r.KindsOf)
	for _, guard := range r.GuardedBy {
		if !p.releases[guard].PolicyEngine {
			out = append(out, guard)
		}
	}
	return out
}

// needsOne says whether name is among needs: it is asked for every pair.
func (p *planner) needsOne(r ReleaseState, name string) bool {
	return slices.Contains(r.DependsOn, name) || slices.Contains(r.KindsOf, name) ||
		(slices.Contains(r.GuardedBy, name) && !p.releases[name].PolicyEngine)
}

// engines are the policy engines that leave together with name and go first. What
// needs an engine waits for none of them: that engine waits for it.
func (p *planner) engines(name string, leaving map[string]bool) []string {
	if p.releases[name].PolicyEngine {
		return nil
	}
	var out []string
	for other, r := range p.releases {
		if r.PolicyEngine && leaving[other] {
			out = append(out, other)
		}
	}
	for _, other := range out {
		if p.allNeeds().HasPath(name, other) {
			return nil
		}
	}
	slices.Sort(out)
	return out
}

// allNeeds are the edges, old and new, by which removal goes; made when first asked for.
func (p *planner) allNeeds() *graph.Graph {
	if p.needed != nil {
		return p.needed
	}
	p.needed = graph.New()
	for other, r := range p.releases {
		p.needed.Add(other, p.needs(r)...)
	}
	for other, c := range p.wanted {
		p.needed.Add(other, c.DependsOn...)
	}
	return p.needed
}
