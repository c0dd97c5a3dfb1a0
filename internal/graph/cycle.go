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
// node, and only a strictly shorter one replaces it: so the result starts at its smallest name. Nodes for which missing is
// zero have been ordered, and are part of no cycle.
func (g *Graph) shortestCycle(missing map[string]int) []string {
	search := search{number: map[string]int{}}
	for _, node := range g.Nodes() {
		if missing[node] > 0 {
			search.number[node] = len(search.names)
			search.names = append(search.names, node)
		}
	}
	for _, node := range search.names {
		var next []int
		for _, dependency := range g.Dependencies(node) {
			if i, ok := search.number[dependency]; ok {
				next = append(next, i)
			}
		}
		search.next = append(search.next, next)
	}
	search.from = make([]int, len(search.names))
	var best []int
	for start := range search.names {
		if c := search.cycleThrough(start, len(best)); c != nil {
			best = c
		}
	}
	path := make([]string, len(best))
	for i, n := range best {
		path[i] = search.names[n]
	}
	return path
}

// search is a graph by numbers, which have the order of the names.
type search struct {
	names  []string
	number map[string]int
	next   [][]int // sorted
	from   []int   // by which node it was reached, -1 for not yet
}

// cycleThrough returns a shortest cycle through start that is shorter than limit, nil if there is none; a limit of 0 is
// none. Breadth first over sorted neighbours visits paths of one length in lexical order.
func (s *search) cycleThrough(start, limit int) []int {
	for i := range s.from {
		s.from[i] = -1
	}
	level := []int{start}
	for length := 1; len(level) > 0 && (limit == 0 || length < limit); length++ {
		var following []int
		for _, node := range level {
			for _, next := range s.next[node] {
				if next == start {
					return s.walkBack(start, node)
				}
				if s.from[next] < 0 {
					s.from[next] = node
					following = append(following, next)
				}
			}
		}
		level = following
	}
	return nil
}

func (s *search) walkBack(start, end int) []int {
	path := []int{end}
	for node := end; node != start; {
		node = s.from[node]
		path = append(path, node)
	}
	slices.Reverse(path)
	return path
}
