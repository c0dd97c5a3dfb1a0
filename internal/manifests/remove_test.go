// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

const claim = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`

// TestPrune: only what still is ours goes, data only with an explicit word.
func TestPrune(t *testing.T) {
	b := newBench(t)
	namespace := b.namespace + "-extra"
	b.mustApply(b.request(
		configMap("gone", "1"), configMap("mine", "1"), configMap("wanted", "1"), configMap("moved", "1"), configMap("unlabelled", "1"),
		configMap("charted", "1"), configMap("held", "1"), claim, `{apiVersion: v1, kind: Namespace, metadata: {name: `+namespace+`}}`,
	))
	uid := string(b.live(configMaps, "mine").GetUID())
	if err := b.in(configMaps).Delete(t.Context(), "gone", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	b.patch(configMaps, "moved", `{metadata: {labels: {`+v1alpha1.ReleaseLabel+`: week1.other}}}`)
	b.patch(configMaps, "unlabelled", `{metadata: {labels: null}}`)
	b.patch(configMaps, "charted", `{metadata: {annotations: {meta.helm.sh/release-name: x}}}`)
	b.patch(configMaps, "held", `{metadata: {finalizers: [example.com/b, example.com/a]}}`)
	b.writes()

	req := b.request(configMap("wanted", "1"))
	for _, name := range []string{"gone", "mine", "wanted", "moved", "unlabelled", "charted", "held"} {
		req.Prune = append(req.Prune, b.ref("v1", "ConfigMap", name))
	}
	req.Prune = append(req.Prune, b.ref("v1", "PersistentVolumeClaim", "data"), ref("v1", "Namespace", "", namespace),
		b.ref("never.example.com/v1", "Never", "served"))
	result := b.mustApply(req)
	result.Applied = nil
	held := "ConfigMap prune/held (finalizers: example.com/a, example.com/b)"
	want := manifests.Result{
		Pruned:    []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "held"), b.ref("v1", "ConfigMap", "mine")},
		Kept:      []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "charted"), b.ref("v1", "ConfigMap", "moved"), b.ref("v1", "ConfigMap", "unlabelled")},
		Protected: []v1alpha1.ObjectReference{ref("v1", "Namespace", "", namespace), b.ref("v1", "PersistentVolumeClaim", "data")},
		Left:      []string{held},
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, there := range map[string]bool{"mine": false, "wanted": true, "moved": true, "unlabelled": true, "charted": true} {
		if (b.live(configMaps, name) != nil) != there {
			t.Errorf("%s: there is %v", name, !there)
		}
	}
	// A race with somebody who makes it anew must not cost the new object.
	precondition := fmt.Sprintf(`"preconditions":{"uid":%q}`, uid)
	deleted := 0
	for _, write := range b.writes() {
		if !strings.HasPrefix(write, "DELETE ") {
			continue
		}
		deleted++
		if strings.Contains(write, "/configmaps/mine") && (!strings.Contains(write, precondition) || !strings.Contains(write, `"propagationPolicy":"Background"`)) {
			t.Errorf("got %s", write)
		}
	}
	if deleted != 2 {
		t.Errorf("%d deletions were sent", deleted)
	}

	req.AllowDelete = []string{"PersistentVolumeClaim"}
	result = b.mustApply(req)
	// The API server's own finalizer holds a claim, without a controller for ever.
	left := []string{held, "PersistentVolumeClaim prune/data (finalizers: kubernetes.io/pvc-protection)"}
	if diff := cmp.Diff(left, result.Left); diff != "" || len(result.Pruned) != 1 || len(result.Protected) != 1 {
		t.Errorf("%+v (-want +got)\n%s", result, diff)
	}
	if b.live(claims, "data").GetDeletionTimestamp() == nil || b.live(namespaces, namespace).GetDeletionTimestamp() != nil {
		t.Error("the claim was not deleted, or the namespace was")
	}
}

// TestMoved: a manifest that goes to another component in one change survives,
// whichever of the two is first.
func TestMoved(t *testing.T) {
	b := newBench(t)
	b.mustApply(b.request(configMap("a", "1")))
	uid := b.live(configMaps, "a").GetUID()
	other := b.request(configMap("a", "1"))
	other.Owner = "week1.other"
	b.mustApply(other)
	req := b.request()
	req.Prune = []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "a")}
	if result := b.mustApply(req); len(result.Kept) != 1 || b.live(configMaps, "a").GetUID() != uid {
		t.Errorf("got %+v", result)
	}
}

// TestRemove: custom resources go first, and their configuration stays until
// their finalizers are done with it.
func TestRemove(t *testing.T) {
	b := newBench(t)
	widgets := b.define("Widget")
	group := widgets.Group + "/v1"
	b.mustApply(b.request(
		configMap("settings", "1"), `{apiVersion: v1, kind: Secret, metadata: {name: token}}`, claim,
		`{apiVersion: `+group+`, kind: Widget, metadata: {name: one, finalizers: [example.com/drain]}, spec: {size: 1}}`,
		`{apiVersion: `+group+`, kind: Widget, metadata: {name: two}, spec: {size: 1}}`,
	))
	b.create(configMaps, configMap("foreign", "1"))
	refs := []v1alpha1.ObjectReference{
		b.ref("v1", "ConfigMap", "foreign"), b.ref("v1", "ConfigMap", "settings"), b.ref("v1", "PersistentVolumeClaim", "data"),
		b.ref("v1", "Secret", "token"), b.ref(group, "Widget", "one"), b.ref(group, "Widget", "two"),
	}
	remove := func(wantDeletes []string, wantLeft ...string) {
		t.Helper()
		b.writes()
		left, err := b.Remove(t.Context(), b.owner, refs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantLeft, left); diff != "" {
			t.Errorf("left (-want +got)\n%s", diff)
		}
		var deletes []string
		for _, write := range b.writes() {
			uri := strings.Fields(write)[1]
			deletes = append(deletes, uri[strings.LastIndex(uri, "/")+1:])
		}
		if diff := cmp.Diff(wantDeletes, deletes); diff != "" {
			t.Errorf("deletes (-want +got)\n%s", diff)
		}
	}
	held := "Widget remove/one (finalizers: example.com/drain)"
	remove([]string{"two", "one"}, held)
	remove(nil, held)
	if b.live(configMaps, "settings") == nil || b.live(secrets, "token") == nil {
		t.Error("configuration went before what uses it")
	}
	b.patch(widgets, "one", `{metadata: {finalizers: null}}`)
	remove([]string{"token", "settings"})
	remove(nil)
	if b.live(configMaps, "foreign") == nil || b.live(claims, "data").GetDeletionTimestamp() != nil || b.live(secrets, "token") != nil {
		t.Error("somebody else's object or the claim is gone, or the Secret is not")
	}
}

// TestRemoveOtherVersion: the kind is found in the version that is served today.
func TestRemoveOtherVersion(t *testing.T) {
	b := newBench(t)
	widgets := b.define("Widget")
	b.mustApply(b.request(`{apiVersion: ` + widgets.Group + `/v1, kind: Widget, metadata: {name: one}, spec: {size: 1}}`))
	left, err := b.Remove(t.Context(), b.owner, []v1alpha1.ObjectReference{b.ref(widgets.Group+"/v1beta1", "Widget", "one")}, nil)
	if err != nil || len(left) > 0 || b.live(widgets, "one") != nil {
		t.Errorf("left %v, %v", left, err)
	}
}
