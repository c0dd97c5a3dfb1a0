// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

var statefulSet = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}

func TestDataIn(t *testing.T) {
	got := helm.DataIn([]helm.Object{
		object("PersistentVolumeClaim", "b", "x"), object("ConfigMap", "a", "y"), object("Namespace", "", "n"),
		object("PersistentVolumeClaim", "a", "z"),
		{GroupVersionKind: schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Namespace"}, Name: "not this"},
	})
	want := map[string][]string{"PersistentVolumeClaim": {"a/z", "b/x"}, "Namespace": {"n"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestData(t *testing.T) {
	b := newBench(t)
	claim := func(name string, owners ...metav1.OwnerReference) {
		t.Helper()
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners}}
		claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
		claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
		if _, err := b.client.CoreV1().PersistentVolumeClaims(b.request.Namespace).Create(t.Context(), claim, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	claim("own")
	claim("stays") // the set's, with the policy Retain
	claim("goes-0", metav1.OwnerReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "goes", UID: "u"})
	claim("other-0", metav1.OwnerReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "other", UID: "u"})
	got, err := b.Data(t.Context(), []helm.Object{
		object("PersistentVolumeClaim", b.request.Namespace, "own"), object("PersistentVolumeClaim", b.request.Namespace, "never-made"),
		{GroupVersionKind: statefulSet, Namespace: b.request.Namespace, Name: "goes"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"PersistentVolumeClaim": {b.request.Namespace + "/goes-0", b.request.Namespace + "/own"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A claim goes where its kind is named, and only there.
func TestAllowDelete(t *testing.T) {
	claim := charts.WithTemplate("claim.yaml", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"+
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n")
	b := newBench(t)
	there := func() bool {
		got, err := b.client.CoreV1().PersistentVolumeClaims(b.request.Namespace).Get(t.Context(), "data", metav1.GetOptions{})
		return err == nil && got.DeletionTimestamp == nil
	}
	unprotect := func() {
		t.Helper()
		// The protection finalizer has no controller here to take it off.
		_, err := b.client.CoreV1().PersistentVolumeClaims(b.request.Namespace).Patch(t.Context(), "data",
			"application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.release(t, "d", claim)
	unprotect()
	b.request.AllowDelete = []string{"Namespace"}
	b.release(t, "d")
	if !there() {
		t.Fatal("another kind was named")
	}
	b.request.AllowDelete = []string{"PersistentVolumeClaim"}
	b.release(t, "d", claim)
	b.release(t, "d")
	if there() {
		t.Error("the upgrade keeps it")
	}
	b.release(t, "d", claim)
	request := b.uninstall(300 * time.Millisecond)
	request.AllowDelete = b.request.AllowDelete
	if err := b.Uninstall(t.Context(), request); err == nil || !strings.Contains(err.Error(), "pvc-protection") {
		t.Errorf("it is not waited for: %v", err)
	}
	unprotect()
	if err := b.Uninstall(t.Context(), request); err != nil || there() {
		t.Errorf("the uninstall keeps it: %v", err)
	}
}
