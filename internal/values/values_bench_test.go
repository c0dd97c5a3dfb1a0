// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"fmt"
	"testing"

	"github.com/groundwork-dev/groundwork/internal/values"
)

// tree is as large as the values of a monitoring stack: 12 sections of 12 maps
// with 8 leaves, 1,152 leaves in all, some of them lists.
func tree(offset int) values.Values {
	out := values.Values{}
	for s := range 12 {
		section := values.Values{}
		for m := range 12 {
			leaves := values.Values{}
			for l := range 6 {
				leaves[fmt.Sprintf("setting%d", l)] = fmt.Sprintf("some text of the usual length %d", s+m+l+offset)
			}
			leaves["enabled"] = (s+m)%2 == 0
			leaves["args"] = []any{"--one=1", "--two=2", values.Values{"name": "x", "value": "y"}}
			section[fmt.Sprintf("part%02d", m)] = leaves
		}
		out[fmt.Sprintf("section%02d", s)] = section
	}
	return out
}

// layers are the catalog's values, four rules of wiring and the user's own.
func layers() []values.Layer {
	out := []values.Layer{{Source: "catalog 2026.11", Values: tree(0)}}
	for i := range 4 {
		out = append(out, values.Layer{Source: fmt.Sprintf("wiring rule%d", i), Values: values.Values{
			fmt.Sprintf("section%02d", i): tree(i + 1)["section00"], "added": values.Values{fmt.Sprintf("key%d", i): "x"},
		}})
	}
	return append(out, values.Layer{Source: "values", Values: values.Values{
		"section03": values.Values{"part01": values.Values{"setting0": "mine"}, "part02": "a text in place of a map"},
	}})
}

// BenchmarkMerge lays six layers over each other.
func BenchmarkMerge(b *testing.B) {
	var trees []values.Values
	for _, layer := range layers() {
		trees = append(trees, layer.Values)
	}
	b.ReportAllocs()
	for b.Loop() {
		if merged := values.Merge(trees...); len(merged) != 13 {
			b.Fatal(len(merged))
		}
	}
}

// BenchmarkDigest names merged values.
func BenchmarkDigest(b *testing.B) {
	in := values.Inputs{ChartDigest: "sha256:x", Namespace: "monitoring", ReleaseName: "prometheus", Values: tree(0)}
	b.ReportAllocs()
	for b.Loop() {
		if digest, err := in.Digest(); err != nil || len(digest) != values.DigestLength {
			b.Fatal(digest, err)
		}
	}
}

// BenchmarkProvenance says where every leaf comes from.
func BenchmarkProvenance(b *testing.B) {
	in := layers()
	b.ReportAllocs()
	for b.Loop() {
		if sources := values.Provenance(in...); len(sources) < 1000 {
			b.Fatal(len(sources))
		}
	}
}

// BenchmarkFromJSON reads a values field of the API.
func BenchmarkFromJSON(b *testing.B) {
	field, err := values.ToJSON(tree(0))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(field.Raw)))
	b.ReportAllocs()
	for b.Loop() {
		if v, err := values.FromJSON(field); err != nil || len(v) != 12 {
			b.Fatal(err)
		}
	}
}
