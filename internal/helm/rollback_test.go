// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/action"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

func TestRollback(t *testing.T) {
	b := newBench(t)
	b.release(t, "good")
	if err := b.MarkReady(t.Context(), b.request.Release, 1); err != nil {
		t.Fatal(err)
	}
	b.release(t, "bad", extra("added"))
	result, err := b.Rollback(t.Context(), b.rollback(1, "bad"))
	if err != nil {
		t.Fatal(err)
	}
	if result.Revision != 3 || len(result.Inventory) != 1 || len(result.Applied) != 1 || b.has(t, "added") {
		t.Errorf("result %+v, the object of the bad revision is there: %v", result, b.has(t, "added"))
	}
	got := b.revisions(t)
	for i := range got {
		got[i].Changed = time.Time{}
	}
	want := []helm.Revision{
		{Number: 1, Status: helm.StatusSuperseded, Digest: "good", Holder: "me", Ready: true},
		{Number: 2, Status: helm.StatusSuperseded, Digest: "bad", Holder: "me"},
		// What is released now is the good digest, and nobody has seen it ready yet.
		{Number: 3, Status: helm.StatusDeployed, Digest: "good", Holder: "me", FailedDigest: "bad"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// The next upgrade inherits neither mark, and a person's says nothing of ours.
	if err := b.MarkReady(t.Context(), b.request.Release, 3); err != nil {
		t.Fatal(err)
	}
	b.release(t, "better")
	b.helmUpgrade(t)
	got = b.revisions(t)
	if made := got[3]; made.Ready || made.FailedDigest != "" || made.Digest != "better" || !got[2].Ready {
		t.Errorf("after an upgrade: %+v", got)
	}
	if made := got[4]; made.Ready || made.FailedDigest != "" || made.Digest != "" || made.Holder != "" {
		t.Errorf("a person's upgrade passes for ours: %+v", made)
	}
	rollback := action.NewRollback(b.helmClient(t))
	rollback.Version = 3
	if err := rollback.Run(b.request.Name); err != nil {
		t.Fatal(err)
	}
	if made := b.revisions(t); made[len(made)-1].Ready || made[len(made)-1].Holder != "" {
		t.Errorf("a person's rollback passes for ours: %+v", made[len(made)-1])
	}
}

// Helm leaves pending-rollback behind when a hook fails.
func TestRollbackThatFailsInAHook(t *testing.T) {
	b := newBench(t)
	b.release(t, "good", slowHook("pre-rollback"))
	b.release(t, "bad")
	b.explain = func(hook helm.Object) string { return "the pod of " + hook.Kind + " " + hook.Name + " sleeps" }
	request := b.rollback(1, "bad")
	request.Timeout = 300 * time.Millisecond
	result, err := b.Rollback(t.Context(), request)
	if err == nil || result.Revision != 3 {
		t.Fatalf("%+v, %v", result, err)
	}
	if want := "hook Job " + b.request.Namespace + "/slow: timed out waiting for the condition: the pod of Job slow sleeps"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	got := b.revisions(t)
	if diff := cmp.Diff([]string{"superseded", "deployed", "failed"}, b.statuses(t)); diff != "" {
		t.Error(diff)
	}
	if got[2].FailedDigest != "bad" || got[2].Digest != "good" {
		t.Errorf("the mark is lost: %+v", got[2])
	}
}

// An operator that stops while it waits leaves no pending record behind.
func TestRollbackThatIsStopped(t *testing.T) {
	b := newBench(t)
	b.release(t, "good", slowHook("post-rollback"))
	b.release(t, "bad")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		b.begun(t)
		cancel()
	}()
	request := b.rollback(1, "bad")
	request.Timeout = 3 * time.Second // the SDK's own watch goes on so long
	if _, err := b.Rollback(ctx, request); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if diff := cmp.Diff([]string{"superseded", "deployed", "failed"}, b.statuses(t)); diff != "" {
		t.Error(diff)
	}
}

// An update that is refused leaves the deployed revision deployed, and the next
// rollback finds what that one had brought.
func TestRollbackThatIsRefused(t *testing.T) {
	fixed := charts.WithTemplate("fixed.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fixed}\nimmutable: true\ndata: {a: chart}\n")
	b := newBench(t)
	b.release(t, "good", fixed)
	b.release(t, "bad", extra("added"))
	b.put(t, "fixed", func(c *corev1.ConfigMap) { c.Immutable = new(true) })
	if _, err := b.Rollback(t.Context(), b.rollback(1, "bad")); err == nil || !strings.Contains(err.Error(), "immutable") {
		t.Fatalf("rollback: %v", err)
	}
	if diff := cmp.Diff([]string{"superseded", "deployed", "failed"}, b.statuses(t)); diff != "" {
		t.Error(diff)
	}
	if !b.has(t, "added") {
		t.Fatal("the object went too early, or this test shows nothing")
	}
	if err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Delete(t.Context(), "fixed", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	result, err := b.Rollback(t.Context(), b.rollback(1, "bad"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]helm.Object{object("ConfigMap", b.request.Namespace, "added")}, result.Pruned); diff != "" || b.has(t, "added") {
		t.Errorf("pruned: %s", diff)
	}
	if diff := cmp.Diff([]string{"superseded", "superseded", "failed", "deployed"}, b.statuses(t)); diff != "" {
		t.Error(diff)
	}
}

func TestRollbackRefusals(t *testing.T) {
	b := newBench(t)
	b.release(t, "good", extra("shared"))
	b.release(t, "bad")
	if _, err := b.Rollback(t.Context(), b.rollback(7, "bad")); err == nil || !strings.Contains(err.Error(), "no revision 7") {
		t.Errorf("a revision that is not there: %v", err)
	}
	b.put(t, "shared", func(c *corev1.ConfigMap) { belongTo(c, "elsewhere", "other") })
	_, err := b.Rollback(t.Context(), b.rollback(1, "bad"))
	if err == nil || !strings.Contains(err.Error(), "shared belongs to Helm release elsewhere/other") {
		t.Errorf("an object of another release: %v", err)
	}
	b.leave(t, 2, "pending-upgrade")
	if _, err := b.Rollback(t.Context(), b.rollback(1, "bad")); err == nil || !strings.Contains(err.Error(), "in progress") {
		t.Errorf("somebody works on it: %v", err)
	}
	if diff := cmp.Diff([]string{"superseded", "pending-upgrade"}, b.statuses(t)); diff != "" {
		t.Error(diff)
	}
}

// The history limit never takes away the revision to go back to.
func TestTheWayBackOutlivesTheHistoryLimit(t *testing.T) {
	b := newBench(t)
	b.request.HistoryLimit = 1
	b.release(t, "good")
	if err := b.MarkReady(t.Context(), b.request.Release, 1); err != nil {
		t.Fatal(err)
	}
	for _, digest := range []string{"bad", "worse", "worst"} {
		b.release(t, digest)
	}
	got := b.revisions(t)
	if got[0].Number != 1 || !got[0].Ready || len(got) > 3 {
		t.Fatalf("revisions %+v", got)
	}
	if _, err := b.Rollback(t.Context(), b.rollback(1, "worst")); err != nil {
		t.Error(err)
	}
}
