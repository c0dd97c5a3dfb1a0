// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// ensureCRDs walks the components in the order of urgency, so that what is needed
// first is sent first: the kinds that a component uses, then the ones that it
// only brings. While a needed one is not established the others hold back, for
// the API server establishes them no faster than one after the other.
func (p *planner) ensureCRDs() {
	brought, digests := p.bringers()
	done := map[string]bool{}
	request := func(name string) {
		if r, ok := brought[name]; ok && !done[name] && p.wantsCRD(r, digests[name]) && p.inTime(r) {
			p.plan.EnsureCRDs = append(p.plan.EnsureCRDs, r)
		}
		done[name] = true
	}
	order := p.byUrgency()
	needed := false
	for _, name := range order {
		for _, used := range p.wanted[name].Uses {
			request(used)
			_, ours := brought[used]
			needed = needed || (ours && !p.in.CRDs[used].Established && !p.in.CRDs[used].Failed)
		}
	}
	if needed {
		return
	}
	for _, name := range order {
		for _, crd := range p.wanted[name].CRDs {
			request(crd.Name)
		}
	}
}

// byUrgency is the install order with those first that the longest chains of
// dependents wait for; ties keep the install order.
func (p *planner) byUrgency() []string {
	height := map[string]int{}
	for _, name := range slices.Backward(p.order) {
		for _, dependency := range p.wanted[name].DependsOn {
			height[dependency] = max(height[dependency], height[name]+1)
		}
	}
	out := slices.Clone(p.order)
	slices.SortStableFunc(out, func(a, b string) int { return height[b] - height[a] })
	return out
}

// bringers says which component brings a definition, and with which content: the
// one that owns it, or else the first that can. What one component brings twice
// counts as it comes last.
func (p *planner) bringers() (brought map[string]CRDRequest, digests map[string]string) {
	brought, digests = map[string]CRDRequest{}, map[string]string{}
	for _, name := range p.order {
		c := p.wanted[name]
		if _, withheld := p.withheld(c); withheld || c.Trouble != nil || c.Suspended {
			continue
		}
		for _, crd := range c.CRDs {
			first, taken := brought[crd.Name]
			if !taken || first.Component == name || p.in.CRDs[crd.Name].Owner == v1alpha1.ReleaseName(p.in.Bundle, name) {
				brought[crd.Name] = CRDRequest{Component: name, Name: crd.Name}
				digests[crd.Name] = crd.Digest
			}
		}
	}
	return brought, digests
}

// inTime says whether the definition may be sent now: a late one only when its
// component could start.
func (p *planner) inTime(request CRDRequest) bool {
	c := p.wanted[request.Component]
	return !c.late(request.Name) || len(p.notReady(c.DependsOn)) == 0
}

func (c Component) late(name string) bool {
	return slices.ContainsFunc(c.CRDs, func(crd CRD) bool { return crd.Name == name && crd.Late })
}

// lateCRDs are the late definitions of a component that are not in place yet.
func (p *planner) lateCRDs(c Component) []string {
	var out []string
	for _, crd := range c.CRDs {
		if crd.Late && p.wantsCRD(CRDRequest{Component: c.Name, Name: crd.Name}, crd.Digest) {
			out = append(out, crd.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wantsCRD says whether a definition must be sent: it is missing, it is nobody's,
// or it is ours and differs. What another component owns is left alone.
func (p *planner) wantsCRD(request CRDRequest, digest string) bool {
	state, exists := p.in.CRDs[request.Name]
	if !exists {
		return true
	}
	if state.Terminating {
		return false
	}
	if state.Owner == "" {
		return true
	}
	return state.Owner == v1alpha1.ReleaseName(p.in.Bundle, request.Component) && state.Digest != digest
}

// notServed are the definitions that are not established yet.
func (p *planner) notServed(crds []string) []string {
	var out []string
	for _, name := range crds {
		if !p.in.CRDs[name].Established {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
