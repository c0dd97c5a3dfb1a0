// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	objects := parsed(
		t,
		`{apiVersion: example.com/v1, kind: Widget, metadata: {name: b}}`,
		`{apiVersion: example.com/v9, kind: Widget, metadata: {name: later}}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: ns, namespace: nonsense}}`,
		`{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: NeedLabels, metadata: {name: c}}`,
		`{apiVersion: example.com/v1, kind: Widget, metadata: {name: a, namespace: z}}`,
		`{apiVersion: example.com/v1, kind: Widget, metadata: {name: b, namespace: home}}`,
		`{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: NeedLabels, metadata: {name: d}}`,
	)
	known, unknown := manifests.References(objects, mapperOf(), "home")
	want := []v1alpha1.ObjectReference{
		ref("v1", "Namespace", "", "ns"), ref("example.com/v1", "Widget", "home", "b"), ref("example.com/v1", "Widget", "z", "a"),
	}
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("known (-want +got)\n%s", diff)
	}
	names := []string{}
	for _, object := range unknown {
		names = append(names, object.GetName())
	}
	if diff := cmp.Diff([]string{"later", "c", "d"}, names); diff != "" {
		t.Errorf("unknown (-want +got)\n%s", diff)
	}
	kinds := []schema.GroupVersionKind{
		{Group: "constraints.gatekeeper.sh", Version: "v1beta1", Kind: "NeedLabels"}, {Group: "example.com", Version: "v9", Kind: "Widget"},
	}
	if diff := cmp.Diff(kinds, manifests.NeededKinds(objects, mapperOf())); diff != "" {
		t.Errorf("needed (-want +got)\n%s", diff)
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ before, now, want []v1alpha1.ObjectReference }{
		"nothing": {},
		"same":    {before: []v1alpha1.ObjectReference{ref("a/v1", "A", "n", "x")}, now: []v1alpha1.ObjectReference{ref("a/v1", "A", "n", "x")}},
		"version": {before: []v1alpha1.ObjectReference{ref("a/v1beta1", "A", "n", "x")}, now: []v1alpha1.ObjectReference{ref("a/v1", "A", "n", "x")}},
		"group":   {before: []v1alpha1.ObjectReference{ref("v1", "A", "n", "x")}, now: []v1alpha1.ObjectReference{ref("a/v1", "A", "n", "x")}, want: []v1alpha1.ObjectReference{ref("v1", "A", "n", "x")}},
		"renamed": {before: []v1alpha1.ObjectReference{ref("v1", "A", "n", "y"), ref("v1", "A", "n", "x")}, now: []v1alpha1.ObjectReference{ref("v1", "A", "n", "y")}, want: []v1alpha1.ObjectReference{ref("v1", "A", "n", "x")}},
		"moved":   {before: []v1alpha1.ObjectReference{ref("v1", "A", "n", "x")}, now: []v1alpha1.ObjectReference{ref("v1", "A", "m", "x")}, want: []v1alpha1.ObjectReference{ref("v1", "A", "n", "x")}},
		"all": {
			before: []v1alpha1.ObjectReference{ref("v1", "B", "n", "x"), ref("v1", "A", "n", "x"), ref("v1", "A", "m", "x")},
			want:   []v1alpha1.ObjectReference{ref("v1", "A", "m", "x"), ref("v1", "A", "n", "x"), ref("v1", "B", "n", "x")},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, manifests.Gone(tc.before, tc.now)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func someReferences() *rapid.Generator[[]v1alpha1.ObjectReference] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) v1alpha1.ObjectReference {
		return ref(
			rapid.SampledFrom([]string{"v1", "a/v1", "a/v2"}).Draw(t, "apiVersion"), rapid.SampledFrom([]string{"A", "B"}).Draw(t, "kind"),
			rapid.SampledFrom([]string{"", "n"}).Draw(t, "namespace"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name"),
		)
	}), 0, 8)
}

// identity is written down apart from the code under test.
func identity(r v1alpha1.ObjectReference) [4]string {
	gv, _ := schema.ParseGroupVersion(r.APIVersion)
	return [4]string{gv.Group, r.Kind, r.Namespace, r.Name}
}

func identities(refs []v1alpha1.ObjectReference) map[[4]string]bool {
	out := map[[4]string]bool{}
	for _, r := range refs {
		out[identity(r)] = true
	}
	return out
}

// TestGoneAndUnion: an object of before is in now or gone, never both; the union
// has every object once, in the version of now; neither list is changed.
func TestGoneAndUnion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, now := someReferences().Draw(t, "before"), someReferences().Draw(t, "now")
		beforeCopy, nowCopy := slices.Clone(before), slices.Clone(now)
		gone, union := manifests.Gone(before, now), manifests.Union(before, now)
		if !slices.Equal(before, beforeCopy) || !slices.Equal(now, nowCopy) {
			t.Fatal("an argument was changed")
		}
		wanted, left := identities(now), identities(gone)
		if len(left) != len(gone) {
			t.Fatalf("an object is gone twice: %v", gone)
		}
		for _, r := range before {
			if wanted[identity(r)] == left[identity(r)] {
				t.Fatalf("%v: in now %v, gone %v", r, wanted[identity(r)], left[identity(r)])
			}
		}
		if want := identities(slices.Concat(before, now)); len(want) != len(union) || !cmp.Equal(want, identities(union)) {
			t.Fatalf("union %v", union)
		}
		for _, r := range union {
			if wanted[identity(r)] && !slices.Contains(now, r) {
				t.Fatalf("%v has not the version of now", r)
			}
		}
	})
}

// TestDigestIgnoresOrder: any order of entries has one digest, and any other
// content another one.
func TestDigestIgnoresOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.MapOfN(rapid.String(), rapid.Int64(), 0, 4), 1, 5).Draw(t, "entries")
		raw := make([]apiextensionsv1.JSON, len(values))
		for i, value := range values {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			raw[i].Raw = text
		}
		seed := rapid.Uint64().Draw(t, "seed")
		shuffled := slices.Clone(raw)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		one, err := manifests.Digest(raw)
		if err != nil {
			t.Fatal(err)
		}
		two, err := manifests.Digest(shuffled)
		if err != nil || one != two {
			t.Fatalf("%s and %s, %v", one, two, err)
		}
		shuffled[0] = apiextensionsv1.JSON{Raw: []byte(`{"another": true}`)}
		if three, err := manifests.Digest(shuffled); err != nil || three == one {
			t.Fatalf("another content has the digest %s, %v", three, err)
		}
	})
}
