// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/graph"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// unknown says that a name is not in the catalog, and what was probably meant.
func (r resolver) unknown(name string) *failure.Error {
	hint := "the catalog has " + strings.Join(r.catalog.Names(), ", ")
	if nearest, ok := r.catalog.Nearest(name); ok {
		hint = fmt.Sprintf("did you mean %q?", nearest)
	}
	return failure.Terminal(v1alpha1.ReasonUnknownComponent,
		"spec.components[%s]: catalog %s has no component %q: %s To install a chart of your own, set chart.repository and chart.version",
		name, r.catalog.Version, name, sentence(hint))
}

func sentence(s string) string {
	if strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// checkSource checks what a component of the user's own needs, and the range.
func (c Component) checkSource(inCatalog bool) *failure.Error {
	switch {
	case c.Repository == "":
		return failure.Terminal(v1alpha1.ReasonChartMissing,
			"spec.components[%s].chart.repository is missing: %q is not in the catalog, so say where its chart is", c.Name, c.Name)
	case c.Constraint == "" && !inCatalog:
		return failure.Terminal(v1alpha1.ReasonVersionMissing,
			"spec.components[%s].version is missing: set a version or a range, for example 1.4.x", c.Name)
	}
	if _, err := semver.NewConstraint(c.Constraint); err != nil {
		return failure.Terminal(v1alpha1.ReasonVersionInvalid,
			"spec.components[%s].version: %q is neither a version nor a semver range such as 1.4.2, 1.4.x or >=1.4 <2", c.Name, c.Constraint)
	}
	return nil
}

// dependencies resolves the catalog's and the user's edges to enabled components.
func (r resolver) dependencies(out *Component, c v1alpha1.Component, known catalog.Component) *failure.Error {
	var trouble *failure.Error
	for _, name := range known.Requires {
		if _, ok := r.enabled[name]; !ok && trouble == nil {
			trouble = failure.Terminal(v1alpha1.ReasonMissingRequirement,
				"spec.components[%s] needs %s in the same bundle: %s, or take %s off the list", c.Name, name, r.howToAdd(name), c.Name)
		}
	}
	for _, name := range c.DependsOn {
		if _, ok := r.enabled[name]; !ok && trouble == nil {
			trouble = failure.Terminal(v1alpha1.ReasonUnknownDependency,
				"spec.components[%s].dependsOn names %q, which is not in the bundle: %s, or remove it from dependsOn", c.Name, name, r.howToAdd(name))
		}
	}
	for _, name := range known.Conflicts {
		if _, ok := r.enabled[name]; ok && trouble == nil {
			trouble = failure.Terminal(v1alpha1.ReasonConflictingComponents,
				"spec.components[%s] and %s exclude each other: disable one of them", c.Name, name)
		}
	}
	for _, list := range [][]string{known.Requires, known.After, c.DependsOn} {
		for _, name := range list {
			if _, ok := r.enabled[name]; ok {
				out.DependsOn = append(out.DependsOn, name)
			}
		}
	}
	slices.Sort(out.DependsOn)
	out.DependsOn = slices.Compact(out.DependsOn)
	return trouble
}

func (r resolver) howToAdd(name string) string {
	if r.listed[name] {
		return fmt.Sprintf("it is listed with enabled: false; enable %s", name)
	}
	return fmt.Sprintf("add \"- name: %s\"", name)
}

// MissingInput finds a value that only the user has and that is not among the merged
// ones, references included.
func (c Component) MissingInput(merged values.Values) *failure.Error {
	for _, input := range c.Required {
		if input.When != "" && !values.IsSet(values.At(merged, input.When)) {
			continue
		}
		if !values.IsPresent(values.At(merged, input.Path)) {
			return failure.Terminal(v1alpha1.ReasonInputMissing, "spec.components[%s].values.%s is missing: %s", c.Name, input.Path, input.Message)
		}
	}
	return nil
}

// claims marks components of one bundle that want the same Helm release.
func claims(components []Component) {
	first := map[string]string{}
	for i := range components {
		c := &components[i]
		key := c.Namespace + "/" + c.ReleaseName
		other, taken := first[key]
		if !taken {
			first[key] = c.Name
			continue
		}
		if c.Trouble == nil {
			c.Trouble = failure.Terminal(v1alpha1.ReasonReleaseClaimedTwice,
				"spec.components[%s] and %s both want the Helm release %s: set releaseName or namespace of one of them", c.Name, other, key)
		}
	}
}

// acyclic refuses a dependency cycle and shows its path.
func acyclic(components []Component) error {
	g := graph.New()
	for _, c := range components {
		g.Add(c.Name, c.DependsOn...)
	}
	_, err := g.Order()
	if _, cyclic := errors.AsType[*graph.CycleError](err); cyclic {
		return failure.Terminal(v1alpha1.ReasonDependencyCycle,
			"the dependencies form a cycle: %w; remove one of these from dependsOn", err)
	}
	return err
}

// lifecycleNote is what people should know about a component that is not active.
func lifecycleNote(l catalog.Lifecycle) string {
	if l.Phase == catalog.PhaseActive || l.Phase == "" {
		return ""
	}
	note := fmt.Sprintf("%s since %s: %s", l.Phase, l.Since, strings.TrimSpace(l.Note))
	if len(l.Successors) > 0 {
		note = strings.TrimSuffix(note, ".") + ". Successors: " + strings.Join(l.Successors, ", ")
	}
	return note
}

// numbers writes the catalog's numbers as the API server stores them, so that a
// release reads back what was written to it: 10000000, not 1e+07.
func numbers(v map[string]any) values.Values {
	out := values.Merge(v)
	convert(out)
	return out
}

func convert(node any) {
	switch n := node.(type) {
	case map[string]any:
		for key := range n {
			n[key] = number(n[key])
			convert(n[key])
		}
	case []any:
		for i := range n {
			n[i] = number(n[i])
			convert(n[i])
		}
	}
}

func number(value any) any {
	if f, ok := value.(float64); ok {
		if raw, err := json.Marshal(f); err == nil {
			return json.Number(raw)
		}
	}
	return value
}
