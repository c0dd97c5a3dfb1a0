// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/graph"
)

// edges is a graph as a table writes it: a node and what it depends on.
type edges map[string][]string

func build(e edges) *graph.Graph {
	g := graph.New()
	for node, deps := range e {
		g.Add(node, deps...)
	}
	return g
}

func TestOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		edges  edges
		want   []string
		cycle  string
	}{
		"Empty":       {reason: "an empty graph has an empty order", want: []string{}},
		"TiesByName":  {reason: "independent nodes come by name", edges: edges{"c": nil, "a": nil, "b": nil}, want: []string{"a", "b", "c"}},
		"Chain":       {reason: "dependencies come first, against the names", edges: edges{"a": {"b"}, "b": {"c"}}, want: []string{"c", "b", "a"}},
		"Diamond":     {reason: "a shared dependency comes once", edges: edges{"d": {"b", "c"}, "b": {"a"}, "c": {"a"}}, want: []string{"a", "b", "c", "d"}},
		"FreedFirst":  {reason: "a node that has just become free competes by name", edges: edges{"b": {"z"}, "z": nil, "c": {"z"}, "x": nil}, want: []string{"x", "z", "b", "c"}},
		"Self":        {reason: "an edge to itself is a cycle of one", edges: edges{"a": {"a"}, "b": nil}, cycle: "a -> a"},
		"Rotated":     {reason: "a cycle starts at its smallest name", edges: edges{"c": {"a"}, "a": {"b"}, "b": {"c"}}, cycle: "a -> b -> c -> a"},
		"Shortest":    {reason: "of two cycles the shorter one is named", edges: edges{"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"c"}}, cycle: "c -> d -> c"},
		"FirstByName": {reason: "of two equally short cycles the first by name", edges: edges{"x": {"y"}, "y": {"x"}, "m": {"n"}, "n": {"m"}}, cycle: "m -> n -> m"},
		"Behind":      {reason: "what only waits for a cycle is not part of its path", edges: edges{"a": {"p"}, "p": {"q"}, "q": {"p"}}, cycle: "p -> q -> p"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := build(tc.edges).Order()
			if tc.cycle != "" {
				var cycle *graph.CycleError
				if !errors.As(err, &cycle) {
					t.Fatalf("%s: got error %v, want a CycleError", tc.reason, err)
				}
				if diff := cmp.Diff(tc.cycle, cycle.Error()); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", tc.reason, diff)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReach(t *testing.T) {
	g := build(edges{"app": {"db", "dns"}, "db": {"disk"}, "dns": nil, "loop": {"pool"}, "pool": {"loop"}})
	for name, tc := range map[string]struct {
		got, want any
	}{
		"Ancestors":      {got: g.Ancestors("app"), want: []string{"db", "disk", "dns"}},
		"NoAncestors":    {got: len(g.Ancestors("dns")), want: 0},
		"Dependents":     {got: g.Dependents("disk"), want: []string{"app", "db"}},
		"Unknown":        {got: len(g.Dependents("ghost")), want: 0},
		"Dependencies":   {got: g.Dependencies("app"), want: []string{"db", "dns"}},
		"PathThrough":    {got: g.HasPath("app", "disk"), want: true},
		"NoPathBack":     {got: g.HasPath("disk", "app"), want: false},
		"NoPathToItself": {got: g.HasPath("app", "app"), want: false},
		"CycleToItself":  {got: g.HasPath("loop", "loop"), want: true},
		"ReversePath":    {got: g.Reverse().HasPath("disk", "app"), want: true},
		"Nodes":          {got: g.Nodes(), want: []string{"app", "db", "disk", "dns", "loop", "pool"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
