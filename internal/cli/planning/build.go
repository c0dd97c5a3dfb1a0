// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/window"
)

// build compares a side with what it is based on.
func build(ctx context.Context, s *side, b *base, now time.Time) (*Report, error) {
	out := &Report{Bundle: s.bundle.Name, Changes: []Change{}}
	in := plan.Input{Bundle: s.bundle.Name, CRDs: map[string]plan.CRDState{}}
	for _, c := range s.components {
		s.mask.learnObjects(c.objects)
	}
	for _, old := range b.components {
		s.mask.learnObjects(old.objects)
	}
	s.mask.settle()
	for _, c := range s.components {
		change, err := s.change(ctx, b, c, in.CRDs)
		if err != nil {
			return nil, err
		}
		in.Components = append(in.Components, s.planned(c, change))
		if change.Kind == "" && change.Trouble == "" {
			out.Unchanged = append(out.Unchanged, c.Name)
			continue
		}
		out.Changes = append(out.Changes, change)
	}
	for _, name := range slices.Sorted(maps.Keys(b.components)) {
		in.Releases = append(in.Releases, b.components[name].state)
		if s.find(name) == nil {
			out.Changes = append(out.Changes, s.removal(b.components[name]))
		}
	}
	when := simulate(in)
	s.arrange(out, when)
	out.Summary = summary(out.Changes)
	if held := s.find(when.held); held != nil && held.Trouble != nil {
		out.Held = fmt.Sprintf("nothing would begin: %s", s.mask.text(failure.Message(held.Trouble)))
	}
	s.consent(out, now)
	return out, nil
}

// change is what would be done to a component; without a kind nothing.
func (s *side) change(ctx context.Context, b *base, c *component, states map[string]plan.CRDState) (Change, error) {
	old, exists := b.components[c.Name]
	out := Change{Component: c.Name, Release: c.Namespace + "/" + c.ReleaseName, From: old.version}
	if exists && old.release != out.Release && c.Trouble == nil {
		c.Trouble = failure.Terminal(v1alpha1.ReasonReleaseMoved, "component %s is Helm release %s and cannot move to %s: "+
			"take it off the list first, which uninstalls it", c.Name, old.release, out.Release)
	}
	if c.Trouble != nil {
		out.Trouble = s.mask.text(failure.Message(c.Trouble))
		return out, nil //nolint:nilerr // it is what the plan shows
	}
	if c.Suspend {
		s.note("%s is suspended: nothing is done about it", c.Name)
		return Change{Component: c.Name}, nil
	}
	var err error
	if out.CRDs, err = definitions(ctx, b, s, c, states); err != nil {
		return Change{}, err
	}
	switch {
	case !exists:
		out.Kind = v1alpha1.ChangeInstall
	case old.state.Digest != c.digest:
		out.Kind = v1alpha1.ChangeUpgrade
	default:
		return Change{Component: c.Name}, nil
	}
	out.To = c.rendered.Chart.Version
	if c.stop != nil {
		out.Through = c.stop.Via
	}
	s.objects(&out, old.objects, c.objects)
	for _, definition := range out.CRDs {
		if definition.Refused != "" {
			c.Trouble = failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "component %s: %s", c.Name, definition.Refused)
			out.Trouble = s.mask.text(failure.Message(c.Trouble))
		}
	}
	return out, nil
}

// objects fills in what happens to objects, images and people.
func (s *side) objects(out *Change, before, after map[string]object) {
	out.Objects = compare(before, after, s.mask)
	old, current := images(before), images(after)
	out.ImagesAdded, out.ImagesRemoved = without(current, old), without(old, current)
	for i, image := range out.ImagesAdded {
		out.ImagesAdded[i] = s.mask.text(image)
	}
	out.Disruption = disruptions(before, after, out.Objects)
}

func (s *side) removal(old installed) Change {
	out := Change{Component: old.state.Name, Kind: v1alpha1.ChangeRemove, Release: old.release, From: old.version}
	s.objects(&out, old.objects, nil)
	return out
}

// planned is a component as the planner sees it.
func (s *side) planned(c *component, change Change) plan.Component {
	moved := change.Kind != "" || change.Trouble != ""
	out := plan.Component{
		Name: c.Name, DependsOn: c.edges(), Digest: c.digest, SpecChanged: moved, RequestChanged: moved,
		Trouble: c.Trouble, Suspended: c.Suspend, Uses: c.uses,
	}
	if !moved {
		return out
	}
	for _, definition := range c.crds {
		out.CRDs = append(out.CRDs, plan.CRD{Name: definition.Name, Digest: definition.Digest})
	}
	return out
}

// arrange puts the changes in the order in which they begin.
func (s *side) arrange(out *Report, when moments) {
	changing := map[string]bool{}
	for _, change := range out.Changes {
		changing[change.Component] = true
	}
	for i := range out.Changes {
		change := &out.Changes[i]
		change.Step = when.step[change.Component]
		if c := s.find(change.Component); c != nil {
			for _, name := range c.edges() {
				if changing[name] {
					change.After = append(change.After, name)
				}
			}
		}
	}
	last := len(out.Changes) + 1 // what would not begin comes last
	slices.SortFunc(out.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(cmp.Or(a.Step, last), cmp.Or(b.Step, last)), cmp.Compare(a.Component, b.Component))
	})
}

// consent notes what the changes would still wait for.
func (s *side) consent(out *Report, now time.Time) {
	spec := s.bundle.Spec
	if len(out.Changes) == 0 {
		return
	}
	if spec.Suspend {
		out.Held = "nothing would begin: the bundle is suspended"
	}
	if spec.Approval == v1alpha1.ApprovalManual {
		s.note("every change waits for an approval: kubectl platform approve %s", s.bundle.Name)
	}
	if spec.Maintenance == nil {
		return
	}
	opening, err := window.Parse(*spec.Maintenance)
	if err != nil {
		out.Held = "nothing would begin: spec.maintenance." + err.Error()
		return
	}
	if open, next := opening.At(now); !open {
		s.note("upgrades and removals wait for the maintenance window, which opens at %s", next.Format(time.RFC3339))
	}
}

// summary counts changes: 1 install, 2 upgrades.
func summary(changes []Change) string {
	var parts []string
	for _, kind := range []v1alpha1.ChangeKind{v1alpha1.ChangeInstall, v1alpha1.ChangeUpgrade, v1alpha1.ChangeRemove, ""} {
		n := 0
		for _, change := range changes {
			if change.Kind == kind {
				n++
			}
		}
		word := strings.ToLower(string(kind))
		switch kind {
		case v1alpha1.ChangeRemove:
			word = "removal"
		case "":
			word = "refusal"
		default: // as it is called
		}
		switch {
		case n == 1:
			parts = append(parts, "1 "+word)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, word))
		}
	}
	if len(parts) == 0 {
		return "no changes"
	}
	return strings.Join(parts, ", ")
}
