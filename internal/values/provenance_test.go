// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/internal/values"
)

func TestProvenance(t *testing.T) {
	got := values.Provenance(
		values.Layer{Source: "catalog", Values: values.Values{"a": map[string]any{"b": 1, "c": 2}, "list": []any{1}, "gone": map[string]any{"x": 1}, "e": map[string]any{}}},
		values.Layer{Source: "wiring", Values: values.Values{"a": map[string]any{"c": 3, "d": map[string]any{"k.l": 4}}, "e": map[string]any{"f": 1}}},
		values.Layer{Source: "user", Values: values.Values{"list": []any{2}, "gone": nil, "a": map[string]any{"d": map[string]any{}}}},
	)
	want := map[string]string{
		"a.b": "catalog", "a.c": "wiring", `a.d.k\.l`: "wiring", "e.f": "wiring", "list": "user", "gone": "user",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every leaf of what is merged has one source, and nothing else has.
func TestProvenanceCoversAllLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) values.Values { return drawTree(t, 3) }), 1, 4).Draw(t, "layers")
		var named []values.Layer
		for i, layer := range layers {
			named = append(named, values.Layer{Source: string(rune('a' + i)), Values: layer})
		}
		got := slices.Sorted(maps.Keys(values.Provenance(named...)))
		want := leafPaths(values.Merge(layers...), "")
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func drawTree(t *rapid.T, depth int) values.Values {
	out := values.Values{}
	for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c.d"}), rapid.ID[string]).Draw(t, "keys") {
		switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
		case kind > 1 && depth > 0:
			out[key] = drawTree(t, depth-1)
		case kind == 1:
			out[key] = []any{"x"}
		default:
			out[key] = rapid.SampledFrom([]any{"x", true, nil}).Draw(t, "leaf")
		}
	}
	return out
}

func leafPaths(tree values.Values, path string) []string {
	var out []string
	for key, value := range tree {
		at := strings.ReplaceAll(key, ".", `\.`)
		if path != "" {
			at = path + "." + at
		}
		if below, isMap := value.(map[string]any); isMap && len(below) > 0 {
			out = append(out, leafPaths(below, at)...)
			continue
		}
		out = append(out, at)
	}
	return out
}
