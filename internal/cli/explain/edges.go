// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// edges fills in what comes before and after the component, with who wants it.
func (e *Explanation) edges(resolved *resolve.Bundle, chosen *catalog.Catalog, listed []v1alpha1.Component) {
	for _, c := range resolved.Components {
		for _, name := range c.DependsOn {
			edge := edgeOf(c.Name, name, chosen, listed)
			switch e.Component {
			case c.Name:
				e.After = append(e.After, edge)
			case name:
				edge.Component = c.Name
				e.Before = append(e.Before, edge)
			}
		}
	}
}

// edgeOf says who wants from to come after to.
func edgeOf(from, to string, chosen *catalog.Catalog, listed []v1alpha1.Component) Edge {
	known, _ := chosen.Component(from)
	out := Edge{Component: to, Why: known.Why[to]}
	asked := slices.ContainsFunc(listed, func(c v1alpha1.Component) bool { return c.Name == from && slices.Contains(c.DependsOn, to) })
	switch {
	case slices.Contains(known.Requires, to):
		out.By = "catalog, requires"
	case slices.Contains(known.After, to):
		out.By = "catalog, after"
	case asked:
		out.By = "dependsOn"
	default:
		out.By = "wiring"
	}
	return out
}
