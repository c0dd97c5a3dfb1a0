// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/groundwork-dev/groundwork/internal/graph"
)

var graphSizes = []int{100, 1000}

func node(i int) string { return fmt.Sprintf("component-%04d", i) }

// layered is a graph of n nodes that depend on up to four earlier ones each.
func layered(n int) *graph.Graph {
	g := graph.New()
	for i := range n {
		g.Add(node(i))
		for _, back := range []int{1, 7, 31, 90} {
			if i >= back && (back == 1 || (i+back)%3 != 0) {
				g.Add(node(i), node(i-back))
			}
		}
	}
	return g
}

// BenchmarkOrder sorts a graph.
func BenchmarkOrder(b *testing.B) {
	for _, n := range graphSizes {
		g := layered(n)
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if order, err := g.Order(); err != nil || len(order) != n {
					b.Fatal(len(order), err)
				}
			}
		})
	}
}

// BenchmarkBuild makes a graph anew, as the planner does in every pass.
func BenchmarkBuild(b *testing.B) {
	for _, n := range graphSizes {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if g := layered(n); len(g.Nodes()) != n {
					b.Fatal("another graph")
				}
			}
		})
	}
}

// BenchmarkCycle finds the shortest way around in a graph whose last node leads
// back to one in the middle.
func BenchmarkCycle(b *testing.B) {
	for _, n := range graphSizes {
		g := layered(n)
		g.Add(node(n/2), node(n-1))
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := g.Order()
				var cycle *graph.CycleError
				if !errors.As(err, &cycle) || len(cycle.Path) < 3 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHasPath asks the planner's question of every edge: does it lead back?
func BenchmarkHasPath(b *testing.B) {
	for _, n := range graphSizes {
		g := layered(n)
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !g.HasPath(node(n-1), node(0)) || g.HasPath(node(0), node(n-1)) {
					b.Fatal("another graph")
				}
			}
		})
	}
}
