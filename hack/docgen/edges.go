// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// edge is one row of the order: what the component has to do with another one.
type edge struct{ relation, other, why string }

// order says after what the component starts, and what starts after it.
func (p page) order() string {
	out := &strings.Builder{}
	if rows := p.waits(); len(rows) > 0 {
		out.WriteString("Components that are not in the bundle are not waited for.\n\n| It | Component | Why |\n|---|---|---|\n")
		p.rows(out, rows)
	}
	var rows []edge
	for _, other := range p.all {
		if relation, there := p.before(other); there {
			rows = append(rows, edge{relation, other.Name, other.Why[p.Name]})
		}
	}
	slices.SortStableFunc(rows, func(a, b edge) int { return strings.Compare(a.relation, b.relation) })
	if len(rows) > 0 {
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		out.WriteString("What others say about it:\n\n| It | Component | Why, in the words of that component |\n|---|---|---|\n")
		p.rows(out, rows)
	}
	if out.Len() == 0 {
		return "It waits for nobody, and nobody waits for it."
	}
	return out.String()
}

// waits are the edges that the component itself names.
func (p page) waits() []edge {
	var rows []edge
	add := func(relation string, names ...string) {
		for _, name := range names {
			rows = append(rows, edge{relation, name, p.Why[name]})
		}
	}
	add("needs", p.Requires...)
	add("starts after", p.After...)
	for _, rule := range p.Wiring {
		for _, name := range rule.After {
			if !slices.ContainsFunc(rows, func(e edge) bool { return e.other == name }) {
				add("starts after"+besides(rule.When, name), name)
			}
		}
	}
	add("not together with", p.Conflicts...)
	return rows
}

func (p page) rows(out *strings.Builder, rows []edge) {
	for _, row := range rows {
		fmt.Fprintf(out, "| %s | %s | %s |\n", row.relation, p.link(row.other), cell(prose(row.why)))
	}
}

// before says how another component waits for this one.
func (p page) before(other catalog.Component) (relation string, there bool) {
	switch {
	case slices.Contains(other.Requires, p.Name):
		return "is needed by", true
	case slices.Contains(other.After, p.Name):
		return "starts before", true
	case slices.Contains(other.Conflicts, p.Name) && !slices.Contains(p.Conflicts, other.Name):
		return "not together with", true
	}
	for _, rule := range other.Wiring {
		if slices.Contains(rule.After, p.Name) {
			return "starts before" + besides(rule.When, p.Name), true
		}
	}
	return "", false
}

// besides is a condition of an edge to a component, whose presence goes without
// saying.
func besides(when wiring.Condition, name string) string {
	when.Components = slices.DeleteFunc(slices.Clone(when.Components), func(c string) bool { return c == name })
	if phrase := whenPhrase(when); phrase != always {
		return ", " + phrase
	}
	return ""
}
