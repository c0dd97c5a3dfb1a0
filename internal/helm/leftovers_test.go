// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// What only a failed upgrade brought goes with the next one that succeeds, except
// what is kept, what counts as data, and what is not ours any more.
func TestLeftovers(t *testing.T) {
	claim := charts.WithTemplate("claim.yaml", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"+
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n")
	b := newBench(t)
	b.release(t, "d1", extra("stays"))
	b.stock(extra("stays"), extra("left"), extra("kept"), extra("taken"), extra("wanted"), claim, broken())
	b.request.Digest = "d2"
	if _, err := b.Upgrade(t.Context(), b.request); err == nil {
		t.Fatal("the upgrade did not fail")
	}
	b.patch(t, "kept", `{"metadata":{"annotations":{"helm.sh/resource-policy":"keep"}}}`)
	b.patch(t, "taken", `{"metadata":{"annotations":{"meta.helm.sh/release-name":"other"}}}`)
	result := b.release(t, "d3", extra("stays"), extra("wanted"))
	if diff := cmp.Diff([]helm.Object{object("ConfigMap", b.request.Namespace, "left")}, result.Pruned); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{"stays": true, "left": false, "kept": true, "taken": true, "wanted": true} {
		if got := b.has(t, name); got != want {
			t.Errorf("%s is there: %v", name, got)
		}
	}
	data, err := b.Data(t.Context(), []helm.Object{object("PersistentVolumeClaim", b.request.Namespace, "data")})
	if err != nil || len(data) != 1 {
		t.Errorf("the claim is gone: %v, %v", data, err)
	}
	if again := b.release(t, "d4", extra("stays")); len(again.Pruned) != 0 {
		t.Errorf("pruned twice: %+v", again.Pruned)
	}
}

func TestLeftoversOfFailedInstalls(t *testing.T) {
	b := newBench(t, extra("left"), broken())
	b.request.HistoryLimit = 1 // the record that knows goes in the same action
	if _, err := b.Install(t.Context(), b.request); err == nil || !b.has(t, "left") {
		t.Fatalf("the install did not fail as it should: %v", err)
	}
	b.stock()
	result, err := b.Install(t.Context(), b.request)
	if err != nil || len(result.Pruned) != 1 || b.has(t, "left") {
		t.Errorf("%+v, %v", result, err)
	}
}

// An uninstall after a failed upgrade takes along what the deployed revision had
// and the failed one had not.
func TestUninstallAfterAFailedUpgrade(t *testing.T) {
	b := newBench(t)
	b.release(t, "d1", extra("first"))
	b.stock(extra("second"), broken())
	if _, err := b.Upgrade(t.Context(), b.request); err == nil || !b.has(t, "first") || !b.has(t, "second") {
		t.Fatalf("the upgrade did not fail as it should: %v", err)
	}
	if err := b.Uninstall(t.Context(), b.uninstall(b.request.Timeout)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "second", b.request.Name} {
		if b.has(t, name) {
			t.Errorf("%s is left", name)
		}
	}
	if len(b.revisions(t)) != 0 {
		t.Error("records are left")
	}
}
