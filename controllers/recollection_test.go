// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

func TestRecall(t *testing.T) {
	t.Parallel()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1", UID: "1", Generation: 1}}
	bundle.Spec.Components = []v1alpha1.Component{{Name: "loki"}}
	var r recollections
	first := r.recall(bundle, "", catalogs)
	if len(first.resolved.Components) != 1 || len(first.listed) != 1 || first.trouble != nil {
		t.Fatalf("%v, %v", first.resolved, first.trouble)
	}
	if r.recall(bundle.DeepCopy(), "", catalogs) != first {
		t.Error("the same bundle is resolved again")
	}
	for name, change := range map[string]func(*v1alpha1.PlatformBundle) string{
		"another generation": func(b *v1alpha1.PlatformBundle) string { b.Generation = 2; return "" },
		"another object":     func(b *v1alpha1.PlatformBundle) string { b.UID = "2"; return "" },
		"another catalog":    func(*v1alpha1.PlatformBundle) string { return catalogs.Newest() },
		"its end": func(b *v1alpha1.PlatformBundle) string {
			b.DeletionTimestamp, b.Spec.DeletionPolicy = &metav1.Time{}, v1alpha1.DeletionPolicyDelete
			b.DeletionTimestamp.Time = metav1.Now().Time
			return ""
		},
	} {
		known := r.recall(bundle, "", catalogs)
		other := bundle.DeepCopy()
		sticky := change(other)
		if r.recall(other, sticky, catalogs) == known {
			t.Errorf("%s is taken for the same", name)
		}
	}
	last := r.recall(bundle, "", catalogs)
	r.forget(bundle.Name)
	if r.recall(bundle, "", catalogs) == last {
		t.Error("what was forgotten is recalled")
	}
	unknown := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "new"}}
	once := r.recall(unknown, "", catalogs)
	if r.recall(unknown, "", catalogs) == once {
		t.Error("an object that no API server has given a generation cannot be compared")
	}
}

// contents answers references from a map, as the watches do.
type contents map[refs.Ref]refs.Content

func (contents) SetRefs(string, []refs.Ref) {}

func (c contents) Get(ref refs.Ref) (refs.Content, bool, bool) {
	content, found := c[ref]
	return content, found, true
}

func TestComposedFrom(t *testing.T) {
	t.Parallel()
	secret := refs.Ref{Kind: refs.Secret, Namespace: "a", Name: "b"}
	c := &component{release: &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{UID: "1", Generation: 3}}}
	c.ValuesFrom = []v1alpha1.ValuesReference{{Kind: refs.Secret, Namespace: "a", Name: "b"}}
	known := c.composedFrom(contents{secret: {Data: map[string][]byte{"k": []byte("v")}}})
	if !known.equal(c.composedFrom(contents{secret: {Data: map[string][]byte{"k": []byte("v")}}})) {
		t.Error("the same content in another object counts as a change")
	}
	if known.equal(c.composedFrom(contents{secret: {Data: map[string][]byte{"k": []byte("w")}}})) {
		t.Error("a changed Secret is not noticed")
	}
	if known.equal(c.composedFrom(contents{})) {
		t.Error("a Secret that is gone is not noticed")
	}
	if known.equal(composedFrom{}) || (composedFrom{}).equal(composedFrom{}) {
		t.Error("nothing is taken for something")
	}
	same := contents{secret: {Data: map[string][]byte{"k": []byte("v")}}}
	c.asked = "now"
	if known.equal(c.composedFrom(same)) {
		t.Error("a reconcile request is not noticed")
	}
	c.asked, c.release.Generation = "", 4
	if known.equal(c.composedFrom(same)) {
		t.Error("a rewritten release is not noticed")
	}
}

func TestSettleOnce(t *testing.T) {
	t.Parallel()
	c := &component{known: &composed{}}
	c.Name, c.request = "loki", &v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: "loki"}
	settle := func(answers ...v1alpha1.CapabilityAnswer) *v1alpha1.ComponentReleaseSpec {
		t.Helper()
		if err := c.settle(chart.Resolved{Name: "loki", Version: "1.0.0", Digest: "sha256:1"}, answers, nil); err != nil {
			t.Fatal(err)
		}
		return c.spec
	}
	first := settle()
	if settle() != first {
		t.Error("the same release is built again")
	}
	if second := settle(v1alpha1.CapabilityAnswer{APIVersion: "a/v1", Available: true}); second == first || second.InputsDigest == first.InputsDigest {
		t.Error("another answer makes no difference")
	}
	c.guardedBy = []string{"cert-manager"}
	if settle() == first {
		t.Error("another guard makes no difference")
	}
	release := &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{UID: "1", Generation: 1}, Spec: *c.spec.DeepCopy()}
	if c.known.differs(c.spec, release) {
		t.Error("a release differs from its copy")
	}
	release.Generation, release.Spec.Namespace = 2, "elsewhere"
	if !c.known.differs(c.spec, release) {
		t.Error("a comparison with an older generation is taken for one with the newer")
	}
}
