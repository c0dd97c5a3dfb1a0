// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/internal/cluster"
)

func custom(group, version, kind int) cluster.CustomKind {
	return cluster.CustomKind{
		GVK:    schema.GroupVersionKind{Group: fmt.Sprintf("g%d.example.com", group), Version: fmt.Sprintf("v%d", version), Kind: fmt.Sprintf("Kind%d", kind)},
		Plural: fmt.Sprintf("kind%ds", kind), Namespaced: kind%2 == 0,
	}
}

// TestOneByOne brings kinds and takes them away in any order: what is answered then is
// what a process answers that sees the last of it only.
func TestOneByOne(t *testing.T) {
	t.Parallel()
	seen := resources("g0.example.com/v0", namespaced("kind0s", "Kind0"))
	rapid.Check(t, func(r *rapid.T) {
		grown, _, _ := newKinds(t, core, seen)
		var now []cluster.CustomKind
		step := rapid.Custom(func(r *rapid.T) cluster.CustomKind {
			return custom(rapid.IntRange(0, 2).Draw(r, "group"), rapid.IntRange(0, 1).Draw(r, "version"), rapid.IntRange(0, 2).Draw(r, "kind"))
		})
		grown.SetCustom([]cluster.CustomKind{custom(0, 0, 0)})
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			now = rapid.SliceOfNDistinct(step, 0, 6, func(k cluster.CustomKind) cluster.CustomKind { return k }).Draw(r, "kinds")
			grown.SetCustom(now)
		}
		anew, _, _ := newKinds(t, core, seen)
		anew.SetCustom([]cluster.CustomKind{custom(0, 0, 0)})
		anew.SetCustom(now)
		if diff := cmp.Diff(anew.APIVersions(), grown.APIVersions()); diff != "" {
			r.Fatalf("other versions (-fresh +grown):\n%s", diff)
		}
		for _, kind := range now {
			mapping, err := grown.RESTMapping(kind.GVK.GroupKind(), kind.GVK.Version)
			if err != nil || mapping.Resource.Resource != kind.Plural {
				r.Fatalf("%v: %v, %v", kind, mapping, err)
			}
			if !grown.Has(kind.GVK.GroupVersion().String() + "/" + kind.GVK.Kind) {
				r.Fatalf("%v is not had", kind)
			}
		}
	})
}

// BenchmarkSetCustom is one more definition in a cluster that has two thousand.
func BenchmarkSetCustom(b *testing.B) {
	var all []cluster.CustomKind
	for i := range 2000 {
		all = append(all, custom(i/10, 0, i%10))
	}
	kinds := fresh(b)
	kinds.SetCustom(all)
	for i := 0; b.Loop(); i++ {
		kinds.SetCustom(all[:len(all)-i%2])
	}
}
