// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/groundwork-dev/groundwork/test/charts"
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// A release that a person made has a definition in its stored manifest and one
// from crds/. Upgrade, rollback to that first revision and uninstall leave both as
// they are, in their newest content, with the custom resources of their kinds.
func TestDefinitionsSurvive(t *testing.T) {
	inTemplates := charts.CRD{Group: "survivors.example.com", Kind: "Templated", Plural: "templateds", Scope: "Namespaced", Versions: "v1*"}
	inCRDs := charts.CRD{Group: "survivors.example.com", Kind: "Shipped", Plural: "shippeds", Scope: "Namespaced", Versions: "v1*"}
	b := newBench(t, charts.WithCRD(charts.InTemplates, inTemplates), charts.WithCRD(charts.InCRDs, inCRDs))
	b.helmInstall(t)
	client := dynamic.NewForConfigOrDie(config)
	before := map[string]*unstructured.Unstructured{}
	for _, crd := range []charts.CRD{inTemplates, inCRDs} {
		before[crd.Name()] = renew(t, client, b, crd)
	}
	verify := func(after string) {
		t.Helper()
		for name, want := range before {
			got, err := client.Resource(definitions).Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatalf("after %s: %v", after, err)
			}
			if got.GetUID() != want.GetUID() || got.GetGeneration() != want.GetGeneration() || got.GetDeletionTimestamp() != nil {
				t.Errorf("after %s %s is another one, or an older one: generation %d, was %d", after, name, got.GetGeneration(), want.GetGeneration())
			}
			resource := schema.GroupVersionResource{Group: inCRDs.Group, Version: "v1", Resource: name[:len(name)-len(inCRDs.Group)-1]}
			if _, err := client.Resource(resource).Namespace(b.request.Namespace).Get(t.Context(), "one", metav1.GetOptions{}); err != nil {
				t.Errorf("after %s: %v", after, err)
			}
		}
	}
	verify("the preparation")

	b.request.Values, b.request.Digest = map[string]any{"data": map[string]any{"color": "red"}}, "d2"
	if _, err := b.Upgrade(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	verify("an upgrade")
	b.release(t, "d3") // a chart without any definition
	verify("an upgrade to a chart without them")
	if _, err := b.Rollback(t.Context(), b.rollback(1, "d3")); err != nil {
		t.Fatal(err)
	}
	verify("a rollback")
	if got := b.configMap(t).Data["color"]; got != "blue" {
		t.Errorf("color is %s: the rollback did nothing", got)
	}
	if err := b.Uninstall(t.Context(), b.uninstall(b.request.Timeout)); err != nil {
		t.Fatal(err)
	}
	verify("an uninstall")
	if b.has(t, b.request.Name) {
		t.Error("the uninstall did nothing")
	}
}

// renew changes a definition as its newer version would, and makes an object.
func renew(t *testing.T, client dynamic.Interface, b *bench, crd charts.CRD) *unstructured.Unstructured {
	t.Helper()
	established(t, client, crd.Name())
	changed, err := client.Resource(definitions).Patch(t.Context(), crd.Name(), types.MergePatchType,
		[]byte(`{"spec":{"names":{"shortNames":["newest`+crd.Plural[:1]+`"]}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	one := &unstructured.Unstructured{}
	one.SetGroupVersionKind(schema.GroupVersionKind{Group: crd.Group, Version: "v1", Kind: crd.Kind})
	one.SetName("one")
	resource := schema.GroupVersionResource{Group: crd.Group, Version: "v1", Resource: crd.Plural}
	if _, err := client.Resource(resource).Namespace(b.request.Namespace).Create(t.Context(), one, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return changed
}

func established(t *testing.T, client dynamic.Interface, name string) {
	t.Helper()
	watcher, err := client.Resource(definitions).Watch(t.Context(), metav1.ListOptions{
		FieldSelector: "metadata.name=" + name, ResourceVersion: "0",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	for event := range watcher.ResultChan() {
		crd, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			t.Fatalf("watch of %s: %v", name, event)
		}
		conditions, _, err := unstructured.NestedSlice(crd.Object, "status", "conditions")
		if err != nil {
			continue // null until there is the first
		}
		for _, condition := range conditions {
			if c, ok := condition.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
				return
			}
		}
	}
	t.Fatalf("%s is not established", name)
}
