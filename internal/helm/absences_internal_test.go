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
// kind, and until the object is made, also for a look that was under way then; nothing
// that is past its time outlives the next look.
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
	a.note(now, nil, []Object{{GroupVersionKind: old, Namespace: "ns", Name: "a"}, {GroupVersionKind: kind, Namespace: "ns", Name: "b"}})
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
	looked := now
	now = now.Add(time.Second)
	a.forget(kube.ResourceList{info("d")})
	if a.note(looked, nil, []Object{{GroupVersionKind: kind, Namespace: "ns", Name: "d"}}); a.has(info("d")) {
		t.Error("a look that was under way when the object was made says that it is absent")
	}
	now = now.Add(time.Second)
	if a.note(now, nil, []Object{{GroupVersionKind: kind, Namespace: "ns", Name: "d"}}); !a.has(info("d")) {
		t.Error("a later look did not find it any more")
	}
	if a.note(now, []Object{{GroupVersionKind: old, Namespace: "ns", Name: "b"}, {GroupVersionKind: kind, Namespace: "ns", Name: "d"}}, nil); a.has(info("d")) {
		t.Error("what a look finds is not absent")
	}
	now = now.Add(absentFor + time.Second)
	if a.note(now, nil, nil); len(a.at) != 0 || len(a.made) != 0 {
		t.Errorf("%d and %d entries are left", len(a.at), len(a.made))
	}
}

// Of what an absent namespace has not, controllers may make some as soon as it is there;
// the namespace itself the operator makes.
func TestStaysAbsent(t *testing.T) {
	t.Parallel()
	of := func(group, kind string) Object {
		return Object{GroupVersionKind: schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind}, Namespace: "ns", Name: "a"}
	}
	for _, tt := range []struct {
		object          Object
		namespaceAbsent bool
		want            bool
	}{
		{of("apps", "Deployment"), true, true},
		{of("", "ConfigMap"), true, false},
		{of("networking.k8s.io", "NetworkPolicy"), true, false},
		{of("example.com", "NetworkPolicy"), true, true},
		{of("", "ConfigMap"), false, true},
		{of("", "Namespace"), false, false},
	} {
		if got := staysAbsent(tt.object, tt.namespaceAbsent); got != tt.want {
			t.Errorf("%s, namespace absent %t: %t", tt.object, tt.namespaceAbsent, got)
		}
	}
}
