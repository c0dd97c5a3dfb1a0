// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLayout(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		reason    string
		dependsOn map[string][]string
		want      Graph
	}{
		{"nothing", map[string][]string{}, Graph{}},
		{"alone", map[string][]string{"b": nil, "a": nil}, Graph{Alone: []string{"a", "b"}}},
		{
			"a chain, its shortcut left out", map[string][]string{"a": nil, "b": {"a"}, "c": {"a", "b"}},
			Graph{
				Layers: 3, Height: 1, Nodes: []Node{{"a", 0, 0.5}, {"b", 1, 0.5}, {"c", 2, 0.5}},
				Edges: []Edge{{From: "a", To: "b"}, {From: "b", To: "c"}},
			},
		},
		{
			"two wait for one, and what is not there is nobody", map[string][]string{"a": {"gone"}, "b": {"a", "gone"}, "c": {"a", "a"}},
			Graph{
				Layers: 2, Height: 2, Nodes: []Node{{"a", 0, 1}, {"b", 1, 0.5}, {"c", 1, 1.5}},
				Edges: []Edge{{From: "a", To: "b"}, {From: "a", To: "c"}},
			},
		},
		{
			"an edge passes a layer in a lane of its own", map[string][]string{"a": nil, "x": nil, "b": {"a"}, "c": {"b", "x"}},
			Graph{
				Layers: 3, Height: 2, Nodes: []Node{{"a", 0, 0.5}, {"b", 1, 0.68}, {"c", 2, 1}, {"x", 0, 1.5}},
				Edges: []Edge{{From: "a", To: "b"}, {From: "b", To: "c"}, {From: "x", To: "c", Via: []float64{1.33}}},
			},
		},
		{
			"a cycle is cut", map[string][]string{"a": {"b"}, "b": {"a"}},
			Graph{Layers: 2, Height: 1, Nodes: []Node{{"a", 1, 0.5}, {"b", 0, 0.5}}, Edges: []Edge{{From: "b", To: "a"}}},
		},
	} {
		if diff := cmp.Diff(tc.want, Layout(tc.dependsOn)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}

// For every graph without cycles: everything is placed once, nothing overlaps, edges
// lead to the right and say exactly who waits for whom, directly or not.
func TestLayoutProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dependsOn := map[string][]string{}
		count := rapid.IntRange(0, 40).Draw(t, "count")
		for i := range count {
			name := fmt.Sprintf("n%02d", i)
			dependsOn[name] = nil
			for range rapid.IntRange(0, min(i, 4)).Draw(t, "edges") {
				on := fmt.Sprintf("n%02d", rapid.IntRange(0, i-1).Draw(t, "on"))
				dependsOn[name] = append(dependsOn[name], on)
			}
		}
		got := Layout(dependsOn)
		if again := Layout(dependsOn); !cmp.Equal(got, again) {
			t.Fatal("twice the same gives two graphs")
		}
		places := map[string]Node{}
		columns := map[int][]float64{}
		for _, n := range got.Nodes {
			places[n.Name] = n
			columns[n.Layer] = append(columns[n.Layer], n.Y)
			if n.Y < 0.49 || n.Y > got.Height-0.49 || n.Layer < 0 || n.Layer >= got.Layers {
				t.Fatalf("%s is outside: %v in %d layers of %v", n.Name, n, got.Layers, got.Height)
			}
		}
		if len(got.Nodes)+len(got.Alone) != count {
			t.Fatalf("%d and %d alone are placed, want %d", len(got.Nodes), len(got.Alone), count)
		}
		for layer, heights := range columns {
			slices.Sort(heights)
			for i := 1; i < len(heights); i++ {
				if heights[i]-heights[i-1] < 0.97 {
					t.Fatalf("layer %d overlaps: %v", layer, heights)
				}
			}
			if len(heights) > mostInLayer {
				t.Fatalf("layer %d holds %d", layer, len(heights))
			}
		}
		drawn := map[string][]string{}
		for _, e := range got.Edges {
			from, to := places[e.From], places[e.To]
			if from.Layer >= to.Layer || len(e.Via) != to.Layer-from.Layer-1 {
				t.Fatalf("edge %v leads from layer %d to %d", e, from.Layer, to.Layer)
			}
			drawn[e.To] = append(drawn[e.To], e.From)
		}
		wanted, found := map[string]map[string]bool{}, map[string]map[string]bool{}
		for name := range dependsOn {
			a, b := ancestors(name, dependsOn, wanted), ancestors(name, drawn, found)
			if !maps.Equal(a, b) {
				t.Fatalf("%s waits for %v, drawn is %v", name, a, b)
			}
		}
	})
}
