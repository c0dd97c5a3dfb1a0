// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

// TestKept: what is annotated is deleted only by an explicit word, by either way.
func TestKept(t *testing.T) {
	b := newBench(t)
	b.mustApply(b.request(configMap("kept", "1"), configMap("wanted", "1")))
	b.patch(configMaps, "kept", `{metadata: {annotations: {helm.sh/resource-policy: keep}}}`)
	kept := b.ref("v1", "ConfigMap", "kept")
	req := b.request(configMap("wanted", "1"))
	req.Prune = []v1alpha1.ObjectReference{kept}
	if diff := cmp.Diff([]v1alpha1.ObjectReference{kept}, b.mustApply(req).Protected); diff != "" {
		t.Errorf("protected (-want +got)\n%s", diff)
	}
	if left, err := b.Remove(t.Context(), req.Owner, req.Prune, []string{"Secret"}); err != nil || len(left) > 0 {
		t.Errorf("left %v: %v", left, err)
	}
	if b.live(configMaps, "kept") == nil {
		t.Fatal("it was deleted")
	}
	req.AllowDelete = []string{"ConfigMap"}
	if diff := cmp.Diff([]v1alpha1.ObjectReference{kept}, b.mustApply(req).Pruned); diff != "" {
		t.Errorf("pruned (-want +got)\n%s", diff)
	}
}

func TestData(t *testing.T) {
	entry := func(text string) apiextensionsv1.JSON { return apiextensionsv1.JSON{Raw: []byte(text)} }
	kafka := entry(`{"apiVersion":"k/v1","kind":"Kafka","metadata":{"name":"a","annotations":{"helm.sh/resource-policy":"keep"}}}`)
	free := entry(`{"apiVersion":"k/v1","kind":"Kafka","metadata":{"name":"a","namespace":"n"}}`)
	topic := entry(`{"apiVersion":"k/v1","kind":"Topic","metadata":{"name":"a"}}`)
	want := []v1alpha1.ObjectReference{{APIVersion: "k/v1", Kind: "Kafka", Namespace: "n", Name: "a"}}
	before := []apiextensionsv1.JSON{topic, kafka, entry(`7`)}
	if diff := cmp.Diff(want, manifests.Data(before, "n")); diff != "" {
		t.Errorf("data (-want +got)\n%s", diff)
	}
	for name, tc := range map[string]struct {
		after []apiextensionsv1.JSON
		want  []v1alpha1.ObjectReference
	}{
		"Gone":      {nil, want},
		"Kept":      {[]apiextensionsv1.JSON{kafka}, nil},
		"GivenFree": {[]apiextensionsv1.JSON{free}, nil},
		"Other":     {[]apiextensionsv1.JSON{topic}, want},
	} {
		got := manifests.Without(manifests.Data(before, "n"), manifests.Listed(tc.after, "n"))
		if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
