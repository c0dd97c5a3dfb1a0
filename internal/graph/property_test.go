// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/internal/graph"
)

type edge struct{ from, to string }

var (
	names = rapid.StringMatching(`[a-h]`)
	pairs = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) edge {
		return edge{from: names.Draw(t, "from"), to: names.Draw(t, "to")}
	}), 0, 14)
)

func fromPairs(es []edge) *graph.Graph {
	g := graph.New()
	for _, e := range es {
		g.Add(e.from, e.to)
	}
	return g
}

// TestOrderOrCycle: a graph has either an order that respects every edge and holds every node once, or a cycle whose every
// step is an edge and that begins with its smallest name.
func TestOrderOrCycle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		es := pairs.Draw(t, "edges")
		g := fromPairs(es)
		order, err := g.Order()
		if cycle, ok := errors.AsType[*graph.CycleError](err); ok {
			for i, node := range cycle.Path {
				next := cycle.Path[(i+1)%len(cycle.Path)]
				if !slices.Contains(es, edge{from: node, to: next}) {
					t.Fatalf("%v: %s -> %s is no edge", cycle, node, next)
				}
			}
			if cycle.Path[0] != slices.Min(cycle.Path) {
				t.Fatalf("%v does not start at its smallest name", cycle)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(slices.Values(order)); !slices.Equal(got, g.Nodes()) {
			t.Fatalf("order %v does not hold every node once", order)
		}
		for _, e := range es {
			if slices.Index(order, e.to) >= slices.Index(order, e.from) {
				t.Fatalf("%v breaks %s -> %s", order, e.from, e.to)
			}
		}
	})
}

// TestDeterministic: neither the result nor the cycle depends on the order in which edges were added.
func TestDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		es := pairs.Draw(t, "edges")
		first, errFirst := fromPairs(es).Order()
		second, errSecond := fromPairs(rapid.Permutation(es).Draw(t, "shuffled")).Order()
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatal(diff)
		}
		if (errFirst == nil) != (errSecond == nil) || errFirst != nil && errFirst.Error() != errSecond.Error() {
			t.Fatalf("%v differs from %v", errFirst, errSecond)
		}
	})
}

// TestShortestCycle: no node has a way back to itself that is shorter than the cycle that is reported.
func TestShortestCycle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := fromPairs(pairs.Draw(t, "edges"))
		_, err := g.Order()
		var cycle *graph.CycleError
		if !errors.As(err, &cycle) {
			return
		}
		for _, node := range g.Nodes() {
			frontier := []string{node}
			for range len(cycle.Path) - 1 {
				var next []string
				for _, n := range frontier {
					next = append(next, g.Dependencies(n)...)
				}
				if frontier = next; slices.Contains(frontier, node) {
					t.Fatalf("%s has a cycle shorter than %v", node, cycle)
				}
			}
		}
	})
}

// TestReverseAgrees: the reverse graph swaps ancestors with dependents, and turning twice gives the graph back.
func TestReverseAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := fromPairs(pairs.Draw(t, "edges"))
		r := g.Reverse()
		for _, a := range g.Nodes() {
			if diff := cmp.Diff(g.Ancestors(a), r.Dependents(a)); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(g.Dependencies(a), r.Reverse().Dependencies(a)); diff != "" {
				t.Fatal(diff)
			}
			for _, b := range g.Nodes() {
				if g.HasPath(a, b) != slices.Contains(g.Dependents(b), a) {
					t.Fatalf("path %s to %s disagrees with the dependents of %s", a, b, b)
				}
			}
		}
	})
}
