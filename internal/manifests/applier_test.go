// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

func configMap(name, value string) string {
	return fmt.Sprintf(`{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {key: %q}}`, name, value)
}

// names of what was applied, in the order in which it was sent.
func names(applied []manifests.Applied) []string {
	out := []string{}
	for _, a := range applied {
		out = append(out, a.Kind+" "+a.Name)
	}
	return out
}

// TestApply: Namespaces and configuration go first, the label and the field
// manager are ours, other writers' fields are taken over, and a second apply
// changes nothing.
func TestApply(t *testing.T) {
	b := newBench(t)
	b.create(configMaps, configMap("late", "theirs"))
	req := b.request(
		`{apiVersion: v1, kind: Service, metadata: {name: web, namespace: applied, labels: {a: b}}, spec: {ports: [{port: 80}]}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: applied}, stringData: {a: b}}`,
		configMap("late", "ours"),
		`{apiVersion: v1, kind: Namespace, metadata: {name: applied}}`,
	)
	before := req.Objects[0].DeepCopy()
	first := b.mustApply(req)
	if diff := cmp.Diff([]string{"Namespace applied", "Secret token", "ConfigMap late", "Service web"}, names(first.Applied)); diff != "" {
		t.Errorf("order (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(before.Object, req.Objects[0].Object); diff != "" {
		t.Errorf("the request was changed\n%s", diff)
	}
	live := b.live(configMaps, "late")
	want := manifests.Applied{ObjectReference: b.ref("v1", "ConfigMap", "late"), UID: string(live.GetUID()), ResourceVersion: live.GetResourceVersion()}
	if diff := cmp.Diff(want, first.Applied[2]); diff != "" {
		t.Errorf("applied (-want +got)\n%s", diff)
	}
	if value, _, _ := unstructured.NestedString(live.Object, "data", "key"); value != "ours" || live.GetLabels()[v1alpha1.ReleaseLabel] != b.owner {
		t.Errorf("got %v", live.Object)
	}
	if !slices.ContainsFunc(live.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool {
		return f.Manager == v1alpha1.FieldManager && f.Operation == metav1.ManagedFieldsOperationApply
	}) {
		t.Errorf("field managers: %v", live.GetManagedFields())
	}
	if diff := cmp.Diff(first, b.mustApply(req)); diff != "" {
		t.Errorf("a second apply is not the same\n%s", diff)
	}
}

// TestWaiting: a kind that comes later holds nobody up but the pruning.
func TestWaiting(t *testing.T) {
	b := newBench(t)
	group := b.namespace + ".example.com"
	constraint := func(version, name string) string {
		return fmt.Sprintf(`{apiVersion: %s/%s, kind: Constraint, metadata: {name: %s}, spec: {size: 9007199254740993}}`, group, version, name)
	}
	b.mustApply(b.request(configMap("old", "1")))
	req := b.request(constraint("v1", "a"), constraint("v1", "b"), configMap("new", "1"))
	req.Prune = []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "old")}

	check := func(stage string) {
		t.Helper()
		result := b.apply(req)
		if diff := cmp.Diff([]string{"Constraint (" + group + "/v1)"}, result.Waiting); diff != "" {
			t.Errorf("%s (-want +got)\n%s", stage, diff)
		}
		if result.Clean() || len(result.Failed) > 0 || len(result.Applied) != 1 || len(result.Pruned) > 0 || b.live(configMaps, "old") == nil {
			t.Errorf("%s: %+v", stage, result)
		}
	}
	check("nobody knows the kind")
	gvr := schema.GroupVersionResource{Group: group, Version: "v1", Resource: "constraints"}
	b.know(gvr, "Constraint")
	check("the mapper knows it and the API server does not")

	b.define("Constraint")
	result := b.mustApply(req)
	if diff := cmp.Diff([]string{"ConfigMap new", "Constraint a", "Constraint b"}, names(result.Applied)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if result.Applied[1].Generation != 1 || b.live(configMaps, "old") != nil || len(result.Pruned) != 1 {
		t.Errorf("got %+v", result)
	}
	if size, _, err := unstructured.NestedInt64(b.live(gvr, "a").Object, "spec", "size"); err != nil || size != 9007199254740993 {
		t.Errorf("the integer became %d, %v", size, err)
	}
	other := b.apply(b.request(constraint("v1beta1", "c")))
	if diff := cmp.Diff([]string{"Constraint (" + group + "/v1beta1; the cluster serves v1)"}, other.Waiting); diff != "" {
		t.Errorf("another version (-want +got)\n%s", diff)
	}
}

// TestRefusals: each refusal names its object and stops no other; nothing is
// pruned, and nothing of a Secret is repeated.
func TestRefusals(t *testing.T) {
	b := newBench(t)
	b.mustApply(b.request(configMap("old", "1")))
	b.create(configMaps, `{apiVersion: v1, kind: ConfigMap, metadata: {name: charted, annotations: {meta.helm.sh/release-name: argo}}}`)
	req := b.request(
		`{apiVersion: v1, kind: Secret, metadata: {name: quoted, labels: {a: "hunter2 !"}}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: typed}, stringData: {a: {hunter2: hunter2}}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: lost, namespace: nowhere}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: quoted, labels: {a: "hunter2 !"}}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: lost, namespace: nowhere}}`,
		configMap("charted", "mine"),
		configMap("twice", "1"),
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: twice, namespace: `+b.namespace+`}}`,
		configMap("good", "1"),
	)
	req.Prune = []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "old")}
	result := b.apply(req)
	hidden := "; its message is not shown, since it may quote the Secret"
	want := []struct{ reason, text string }{
		{v1alpha1.ReasonManifestsFailed, "apply Secret refusals/quoted: the API server answers Invalid" + hidden},
		{v1alpha1.ReasonManifestsFailed, "apply Secret refusals/typed: the API server "},
		{v1alpha1.ReasonManifestsFailed, `apply Secret nowhere/lost: namespace "nowhere" does not exist: create it, or list it in manifests`},
		{v1alpha1.ReasonManifestsFailed, `apply ConfigMap refusals/quoted: ConfigMap "quoted" is invalid: metadata.labels: Invalid value: "hunter2 !"`},
		{v1alpha1.ReasonManifestsFailed, `apply ConfigMap nowhere/lost: namespace "nowhere" does not exist: create it, or list it in manifests: namespaces "nowhere" not found`},
		{v1alpha1.ReasonObjectsExist, "ConfigMap refusals/charted is part of the Helm release argo: change it by that chart's values"},
		{v1alpha1.ReasonManifestInvalid, "ConfigMap refusals/twice is listed twice, once without metadata.namespace"},
	}
	if len(result.Failed) != len(want) {
		t.Fatalf("got %d failures: %v", len(result.Failed), result.Err())
	}
	for i, err := range result.Failed {
		if !strings.HasPrefix(err.Error(), want[i].text) || failure.ReasonOf(err, "") != want[i].reason {
			t.Errorf("%d: got %s: %v", i, failure.ReasonOf(err, ""), err)
		}
		if strings.Contains(err.Error(), "Secret") && strings.Contains(fmt.Sprintf("%+v", chain(err)), "hunter2") {
			t.Errorf("%d shows the Secret: %v", i, err)
		}
	}
	if diff := cmp.Diff([]string{"ConfigMap twice", "ConfigMap good"}, names(result.Applied)); diff != "" {
		t.Errorf("applied (-want +got)\n%s", diff)
	}
	if b.live(configMaps, "old") == nil || len(result.Pruned) > 0 {
		t.Error("pruned although objects were refused")
	}
}

// chain is every text that somebody who unwraps an error can reach.
func chain(err error) (texts []string) {
	for ; err != nil; err = errors.Unwrap(err) {
		texts = append(texts, fmt.Sprintf("%#v", err), err.Error())
	}
	return texts
}

// TestOnly: one object is healed; the others, and what is to be pruned, are left
// alone.
func TestOnly(t *testing.T) {
	b := newBench(t)
	req := b.request(configMap("a", "1"), configMap("b", "1"), `{apiVersion: unknown.example.com/v1, kind: Unknown, metadata: {name: c}}`)
	b.apply(req)
	b.mustApply(b.request(configMap("old", "1")))
	b.patch(configMaps, "a", `{data: {key: "2"}}`)
	b.patch(configMaps, "b", `{data: {key: "2"}}`)
	b.writes()

	req.Prune = []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "old")}
	req.Only = []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "a")}
	result := b.mustApply(req)
	if diff := cmp.Diff([]string{"ConfigMap a"}, names(result.Applied)); diff != "" || len(b.writes()) != 1 {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if value, _, _ := unstructured.NestedString(b.live(configMaps, "a").Object, "data", "key"); value != "1" {
		t.Errorf("a is %q", value)
	}
	req.Only = []v1alpha1.ObjectReference{}
	if result := b.mustApply(req); len(result.Applied)+len(result.Pruned)+len(b.writes()) > 0 {
		t.Errorf("nothing was asked for: %+v", result)
	}
}

func TestBadCalls(t *testing.T) {
	b := newBench(t)
	req := b.request(configMap("a", "1"))
	req.Owner = ""
	if _, err := b.Apply(t.Context(), req); err == nil {
		t.Error("applied without an owner")
	}
	// An empty owner would otherwise match every object without the label.
	if _, err := b.Remove(t.Context(), "", []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "kube-root-ca.crt")}, nil); err == nil {
		t.Error("removed without an owner")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Apply(ctx, b.request(configMap("a", "1"))); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply: %v", err)
	}
	if _, err := b.Remove(ctx, b.owner, []v1alpha1.ObjectReference{b.ref("v1", "ConfigMap", "a")}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Remove: %v", err)
	}
	if err := b.Probe(ctx, b.namespace, entries(t, configMap("a", "1"))); !errors.Is(err, context.Canceled) {
		t.Errorf("Probe: %v", err)
	}
	if sent := b.writes(); b.live(configMaps, "a") != nil {
		t.Errorf("written: %v", sent)
	}
}
