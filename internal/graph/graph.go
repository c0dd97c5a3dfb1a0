// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package graph is a small deterministic directed graph over string names: a topological order whose ties are broken by
// name, its reverse, reachability, and a cycle named by its shortest path. It is pure and imports the standard library
// only.
package graph

import (
	"container/heap"
	"maps"
	"slices"
)

// Graph is a directed graph in which an edge points from a node to what it depends on. The zero value is not usable; call
// New. A Graph is not safe for concurrent writes.
type Graph struct {
	deps       map[string]map[string]struct{} // node -> what it depends on
	dependents map[string]map[string]struct{} // node -> what depends on it
}

// New returns an empty graph.
func New() *Graph {
	return &Graph{deps: map[string]map[string]struct{}{}, dependents: map[string]map[string]struct{}{}}
}

// Add adds node, and an edge to each of deps; a dependency that is not a node yet becomes one. Adding the same node or edge
// again changes nothing. An edge from a node to itself is kept and reported as a cycle by Order.
func (g *Graph) Add(node string, deps ...string) {
	g.ensure(node)
	for _, d := range deps {
		g.ensure(d)
		g.deps[node][d] = struct{}{}
		g.dependents[d][node] = struct{}{}
	}
}

func (g *Graph) ensure(node string) {
	if _, ok := g.deps[node]; !ok {
		g.deps[node] = map[string]struct{}{}
		g.dependents[node] = map[string]struct{}{}
	}
}

// Nodes returns every node, sorted by name.
func (g *Graph) Nodes() []string {
	return slices.Sorted(maps.Keys(g.deps))
}

// Dependencies returns what node depends on directly, sorted by name; nil for a node that is not in the graph or depends on
// nothing.
func (g *Graph) Dependencies(node string) []string {
	return slices.Sorted(maps.Keys(g.deps[node]))
}

// Order returns every node after all of its dependencies. Of the nodes that could come next, the smallest name comes first,
// so that equal graphs give equal orders however they were built. It returns a *CycleError when there is no order.
func (g *Graph) Order() ([]string, error) {
	missing := make(map[string]int, len(g.deps))
	ready := &nameHeap{}
	for node, deps := range g.deps {
		missing[node] = len(deps)
		if len(deps) == 0 {
			heap.Push(ready, node)
		}
	}
	order := make([]string, 0, len(g.deps))
	for ready.Len() > 0 {
		node := heap.Pop(ready).(string)
		order = append(order, node)
		for d := range g.dependents[node] {
			if missing[d]--; missing[d] == 0 {
				heap.Push(ready, d)
			}
		}
	}
	if len(order) < len(g.deps) {
		return nil, &CycleError{Path: g.shortestCycle(missing)}
	}
	return order, nil
}

// Reverse returns a new graph with every edge turned around: its Order is an order of removal.
func (g *Graph) Reverse() *Graph {
	r := New()
	for node, deps := range g.deps {
		r.ensure(node)
		for d := range deps {
			r.Add(d, node)
		}
	}
	return r
}

// Ancestors returns everything that node depends on, directly or through others, sorted by name. It holds node itself only
// when node is part of a cycle.
func (g *Graph) Ancestors(node string) []string { return reach(g.deps, node) }

// Dependents returns everything that depends on node, directly or through others, sorted by name. It holds node itself only
// when node is part of a cycle.
func (g *Graph) Dependents(node string) []string { return reach(g.dependents, node) }

// HasPath reports whether from depends on to, directly or through others. A node has a path to itself only through a cycle.
func (g *Graph) HasPath(from, to string) bool {
	seen := map[string]struct{}{}
	stack := []string{from}
	for len(stack) > 0 {
		node := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for next := range g.deps[node] {
			if next == to {
				return true
			}
			if _, ok := seen[next]; !ok {
				seen[next] = struct{}{}
				stack = append(stack, next)
			}
		}
	}
	return false
}

func reach(edges map[string]map[string]struct{}, start string) []string {
	seen := map[string]struct{}{}
	stack := []string{start}
	for len(stack) > 0 {
		node := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for next := range edges[node] {
			if _, ok := seen[next]; !ok {
				seen[next] = struct{}{}
				stack = append(stack, next)
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// nameHeap is a min-heap of names.
type nameHeap []string

func (h nameHeap) Len() int           { return len(h) }
func (h nameHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h nameHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap alone.
func (h *nameHeap) Push(x any) { *h = append(*h, x.(string)) }

// Pop is for container/heap alone.
func (h *nameHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
