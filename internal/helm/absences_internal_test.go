// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

// An absence holds for half a minute from when the look began, in any version of the
// kind, and until the object is made; nothing outlives its time.
func TestAbsences(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	a := newAbsences()
	a.now = func() time.Time { return now }
	kind := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	info := func(name string) *resource.Info {
		return &resource.Info{Namespace: "ns", Name: name, Mapping: &meta.RESTMapping{GroupVersionKind: kind}}
	}
	old := kind
	old.Version = "v1beta1"
	a.note(now, []Object{{GroupVersionKind: old, Namespace: "ns", Name: "a"}, {GroupVersionKind: kind, Namespace: "ns", Name: "b"}})
	if !a.has(info("a")) || !a.has(info("b")) || a.has(info("c")) {
		t.Error("not what was noted")
	}
	a.forget(kube.ResourceList{info("a"), info("c")})
	if a.has(info("a")) || !a.has(info("b")) {
		t.Error("what is made is not absent, and nothing else is forgotten")
	}
	now = now.Add(absentFor)
	if !a.has(info("b")) {
		t.Error("forgotten too early")
	}
	now = now.Add(time.Nanosecond)
	if a.has(info("b")) {
		t.Error("remembered for too long")
	}
	if a.note(now, nil); len(a.at) != 0 {
		t.Errorf("%d entries are left", len(a.at))
	}
}
