// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// belongTo marks an object as Helm does.
func belongTo(c *corev1.ConfigMap, namespace, release string) {
	c.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"}
	c.Annotations = map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
}

func TestConflicts(t *testing.T) {
	b := newBench(t)
	namespace, name := b.request.Namespace, b.request.Name
	b.put(t, "nobodys", nil)
	b.put(t, "ours", func(c *corev1.ConfigMap) { belongTo(c, namespace, name) })
	b.put(t, "stripped", func(c *corev1.ConfigMap) { belongTo(c, namespace, name); c.Labels = nil })
	b.put(t, "theirs", func(c *corev1.ConfigMap) { belongTo(c, "elsewhere", "other") })
	b.put(t, "manifest", func(c *corev1.ConfigMap) { c.Labels = map[string]string{v1alpha1.ReleaseLabel: "bundle.other"} })
	var objects []helm.Object
	for _, name := range []string{"theirs", "ours", "missing", "nobodys", "stripped", "manifest"} {
		objects = append(objects, object("ConfigMap", namespace, name))
	}
	objects = append(objects, helm.Object{
		GroupVersionKind: schema.GroupVersionKind{Group: "gone.example.com", Version: "v1", Kind: "Gone"}, Name: "x",
	})
	got, err := b.Conflicts(t.Context(), b.request.Release, objects, b.request.Owner)
	if err != nil {
		t.Fatal(err)
	}
	want := []helm.Conflict{
		{Object: object("ConfigMap", namespace, "theirs"), OwnedBy: "Helm release elsewhere/other"},
		{Object: object("ConfigMap", namespace, "nobodys")},
		{Object: object("ConfigMap", namespace, "stripped")},
		{Object: object("ConfigMap", namespace, "manifest"), OwnedBy: "ComponentRelease bundle.other"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What is deployed and lost its marks is updated by Helm without a question.
func TestDeployedObjectsAreNoConflict(t *testing.T) {
	b := newBench(t)
	b.release(t, "d1")
	b.patch(t, b.request.Name, `{"metadata":{"annotations":null,"labels":null}}`)
	ours := []helm.Object{object("ConfigMap", b.request.Namespace, b.request.Name)}
	got, err := b.Conflicts(t.Context(), b.request.Release, ours, b.request.Owner)
	if err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	b.release(t, "d2")
	if b.configMap(t).Labels[v1alpha1.ReleaseLabel] != b.request.Owner {
		t.Error("the marks are not put back")
	}
}

func TestAdopt(t *testing.T) {
	for name, act := range map[string]func(*bench) error{
		"Install": func(b *bench) error { _, err := b.Install(t.Context(), b.request); return err },
		"Upgrade": func(b *bench) error { _, err := b.Upgrade(t.Context(), b.request); return err },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if name == "Upgrade" {
				b.release(t, "d1")
			}
			before := b.put(t, "found", func(c *corev1.ConfigMap) { c.Data["own"] = "kept" })
			b.stock(extra("found"))
			records := len(b.revisions(t))
			if err := act(b); err == nil || !strings.Contains(err.Error(), "found") {
				t.Fatalf("without adopt: %v", err)
			}
			b.request.Adopt = true
			b.stock(extra("found"), extra("theirs"))
			b.put(t, "theirs", func(c *corev1.ConfigMap) { belongTo(c, "elsewhere", "other") })
			err := act(b)
			if err == nil || !strings.Contains(err.Error(), "theirs belongs to Helm release elsewhere/other") {
				t.Fatalf("an object of another release: %v", err)
			}
			t.Log(err)
			if len(b.revisions(t)) != records {
				t.Error("a refusal left a record")
			}
			b.stock(extra("found"))
			if err := act(b); err != nil {
				t.Fatal(err)
			}
			after, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(t.Context(), "found", metav1.GetOptions{})
			if err != nil || after.UID != before.UID || after.Labels[v1alpha1.ReleaseLabel] != b.request.Owner {
				t.Errorf("not taken over: %v, %v", after, err)
			}
			if !maps.Equal(after.Data, map[string]string{"from": "chart", "own": "kept"}) {
				t.Errorf("data %v", after.Data)
			}
		})
	}
}
