// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"slices"

	"github.com/groundwork-dev/groundwork/internal/plan"
)

// moments say in which step each change begins, from 1.
type moments struct {
	step map[string]int
	held string
}

// simulate lets the operator's planner decide again and again, as if whatever it
// begins succeeded at once: what it begins at the same time is one step.
func simulate(in plan.Input) moments {
	out := moments{step: map[string]int{}}
	if in.CRDs == nil {
		in.CRDs = map[string]plan.CRDState{}
	}
	step := 1
	// A round applies definitions, begins or ends something.
	for range 3*(len(in.Components)+len(in.Releases)) + 3 {
		p := plan.Bundle(in)
		out.held = p.HeldBy
		if p.Empty() {
			break
		}
		established := false
		for _, request := range p.EnsureCRDs {
			established = establish(in, request) || established
		}
		if established {
			continue // definitions take no step of their own
		}
		begun := false
		for _, name := range p.Approve {
			begun = approve(&in, name, step, out.step) || begun
		}
		for _, name := range p.Remove {
			out.step[name], begun = step, true
			in.Releases[releaseAt(in, name)].Removing = true
		}
		for i := range in.Releases {
			in.Releases[i].Removed = in.Releases[i].Removing
		}
		in.Releases = slices.DeleteFunc(in.Releases, func(r plan.ReleaseState) bool { return slices.Contains(p.Forget, r.Name) })
		if begun {
			step++
		}
	}
	return out
}

// establish applies a definition, and says whether that was anything new.
func establish(in plan.Input, request plan.CRDRequest) bool {
	for _, c := range in.Components {
		if c.Name != request.Component {
			continue
		}
		for _, definition := range c.CRDs {
			if definition.Name == request.Name {
				made := plan.CRDState{Established: true, Digest: definition.Digest, Owner: in.Bundle + "." + c.Name}
				changed := in.CRDs[request.Name] != made
				in.CRDs[request.Name] = made
				return changed
			}
		}
	}
	return false
}

// approve makes the release of a component Ready at what is wanted. What differs in
// nothing but words is no step.
func approve(in *plan.Input, name string, step int, steps map[string]int) bool {
	at := slices.IndexFunc(in.Components, func(c plan.Component) bool { return c.Name == name })
	c := &in.Components[at]
	c.SpecChanged, c.RequestChanged = false, false
	made := plan.ReleaseState{Name: name, DependsOn: c.DependsOn, Digest: c.Digest, Ready: true}
	for _, definition := range c.CRDs {
		made.CRDs = append(made.CRDs, definition.Name)
	}
	moved := true
	if have := releaseAt(*in, name); have >= 0 {
		moved = in.Releases[have].Digest != c.Digest
		in.Releases[have] = made
	} else {
		in.Releases = append(in.Releases, made)
	}
	if moved {
		steps[name] = step
	}
	return moved
}

func releaseAt(in plan.Input, name string) int {
	return slices.IndexFunc(in.Releases, func(r plan.ReleaseState) bool { return r.Name == name })
}
