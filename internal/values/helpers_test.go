// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/internal/values"
)

// mustParse reads values of a table.
func mustParse(t *testing.T, text string) values.Values {
	t.Helper()
	v, err := values.Parse([]byte(text))
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return v
}

func asJSON(t interface{ Fatalf(string, ...any) }, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	return string(raw)
}

var (
	keys   = rapid.SampledFrom([]string{"a", "b", "c", "dotted.key", "", "<<", "~", "true", "1"})
	leaves = rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64(), func(i int64) any { return json.Number(asNumber(i)) }),
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
	)
)

func asNumber(i int64) string {
	raw, _ := json.Marshal(i) // an int64 always marshals
	return string(raw)
}

// drawValue draws a tree of JSON.
func drawValue(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
	case depth > 0 && kind == 0:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, drawValue(t, depth-1))
		}
		return list
	case depth > 0 && kind <= 2:
		return drawValues(t, depth-1)
	default:
		return leaves.Draw(t, "leaf")
	}
}

func drawValues(t *rapid.T, depth int) values.Values {
	out := values.Values{}
	for range rapid.IntRange(0, 3).Draw(t, "size") {
		out[keys.Draw(t, "key")] = drawValue(t, depth)
	}
	return out
}

// spoil changes everything in a tree in place, to see who shares it.
func spoil(node any) {
	switch n := node.(type) {
	case map[string]any:
		for key := range n {
			spoil(n[key])
			n[key] = "spoilt"
		}
		if n != nil {
			n["spoilt"] = true
		}
	case []any:
		for i := range n {
			spoil(n[i])
			n[i] = "spoilt"
		}
	}
}

// at reads a path of keys (strings) and indexes (ints).
func at(node any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			object, _ := node.(map[string]any)
			node = object[s]
		case int:
			list, _ := node.([]any)
			if s >= len(list) {
				return nil
			}
			node = list[s]
		}
	}
	return node
}

// pathOf writes a path as a reference does.
func pathOf(path []any) string {
	var out strings.Builder
	for i, step := range path {
		switch s := step.(type) {
		case string:
			if i > 0 {
				out.WriteByte('.')
			}
			out.WriteString(strings.ReplaceAll(s, ".", `\.`))
		case int:
			out.WriteString("[" + asNumber(int64(s)) + "]")
		}
	}
	return out.String()
}
