// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"slices"
	"strings"
)

// CycleError says that a graph has no order, and why.
type CycleError struct {
	// Path is a shortest cycle: each name depends on the next one, and the last one on the first. The smallest name comes
	// first and is not repeated at the end. Of several shortest cycles it is the first in the order of names.
	Path []string
}

// Error prints the cycle closed, "a -> b -> c -> a", where an arrow reads "depends on".
func (e *CycleError) Error() string {
	if len(e.Path) == 0 {
		return ""
	}
	return strings.Join(append(slices.Clone(e.Path), e.Path[0]), " -> ")
}

// shortestCycle looks for a shortest way back to each node in the order of names. A cycle is found first from its smallest
// node, and only a strictly shorter one replaces it: so the result starts at its smallest name.
func (g *Graph) shortestCycle() []string {
	var best []string
	for _, node := range g.Nodes() {
		if c := g.cycleThrough(node); c != nil && (best == nil || len(c) < len(best)) {
			best = c
		}
	}
	return best
}

// cycleThrough returns a shortest cycle through start, nil if there is none. Breadth first over sorted neighbours visits
// paths of one length in lexical order.
func (g *Graph) cycleThrough(start string) []string {
	from := map[string]string{}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		node := queue[0]
		for _, next := range g.Dependencies(node) {
			if next == start {
				return walkBack(from, start, node)
			}
			if _, seen := from[next]; !seen {
				from[next] = node
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func walkBack(from map[string]string, start, end string) []string {
	path := []string{end}
	for node := end; node != start; {
		node = from[node]
		path = append(path, node)
	}
	slices.Reverse(path)
	return path
}
