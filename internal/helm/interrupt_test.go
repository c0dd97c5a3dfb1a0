// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// slowHook is a hook that nobody finishes here.
func slowHook(event string) charts.ChartOption {
	return charts.WithTemplate("slow.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: slow\n"+
		"  annotations: {helm.sh/hook: "+event+"}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n"+
		"      containers: [{name: c, image: example.com/c}]\n")
}

// begun returns when the slow hook is there.
func (b *bench) begun(t *testing.T) {
	t.Helper()
	watcher, err := b.client.BatchV1().Jobs(b.request.Namespace).Watch(t.Context(), metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", "slow").String(), ResourceVersion: "0",
	})
	if err != nil {
		t.Error(err)
		return
	}
	defer watcher.Stop()
	<-watcher.ResultChan()
}

// interrupted runs an action as a job, interrupts it when begun says so, and
// returns how it ended.
func interrupted(t *testing.T, begun func(), act func(context.Context) (any, error)) jobs.Outcome {
	t.Helper()
	woken := make(chan string, 1)
	table := jobs.New(1, 0, func(release string) { woken <- release })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- table.Start(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	for !table.Begin("r", "Upgrade", "d", act) {
		runtime.Gosched() // until Start has run
	}
	begun()
	if !table.Interrupt("r") {
		t.Fatal("the job has ended already")
	}
	select {
	case <-woken:
	case <-time.After(5 * time.Second):
		t.Fatal("it goes on waiting")
	}
	outcome, _ := table.Outcome("r")
	return outcome
}

func TestInterruptAHook(t *testing.T) {
	b := newBench(t)
	b.request.Timeout = 3 * time.Second // the SDK's own watch goes on so long
	b.release(t, "d1")
	b.stock(extra("written"), slowHook("post-upgrade"))
	b.request.Digest = "d2"
	outcome := interrupted(t, func() { b.begun(t) }, func(ctx context.Context) (any, error) { return b.Upgrade(ctx, b.request) })
	want := "interrupted: the inputs changed while waiting for Job " + b.request.Namespace + "/slow"
	if !errors.Is(outcome.Err, jobs.ErrInterrupted) || outcome.Err.Error() != want {
		t.Errorf("ended with %v", outcome.Err)
	}
	result, ok := outcome.Value.(helm.Result)
	if !ok || result.Revision != 2 || len(result.Applied) != 2 || !b.has(t, "written") {
		t.Errorf("what it had done is not told: %+v", outcome.Value)
	}
	if got := b.statuses(t); strings.Join(got, " ") != "deployed failed" {
		t.Errorf("statuses %v", got)
	}
	b.release(t, "d3")
}

func TestInterruptTheWaitForWorkloads(t *testing.T) {
	b := newBench(t)
	b.request.Timeout, b.request.HooksNeedWorkloads = time.Minute, true
	waits := make(chan struct{})
	b.wait = func(ctx context.Context, _ string, _ []helm.Applied) error {
		close(waits)
		<-ctx.Done()
		return ctx.Err()
	}
	outcome := interrupted(t, func() { <-waits }, func(ctx context.Context) (any, error) { return b.Install(ctx, b.request) })
	if !errors.Is(outcome.Err, jobs.ErrInterrupted) {
		t.Errorf("ended with %v", outcome.Err)
	}
	if got := b.statuses(t); strings.Join(got, " ") != "failed" {
		t.Errorf("statuses %v", got)
	}
}

func TestInterruptTheWaitForDeletion(t *testing.T) {
	b := newBench(t)
	b.release(t, "d1")
	b.patch(t, b.request.Name, `{"metadata":{"finalizers":["example.com/hold"]}}`)
	outcome := interrupted(t, func() {
		watcher, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Watch(t.Context(), metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector("metadata.name", b.request.Name).String(), ResourceVersion: "0",
		})
		if err != nil {
			t.Fatal(err)
		}
		defer watcher.Stop()
		for event := range watcher.ResultChan() {
			if object, ok := event.Object.(metav1.Object); ok && object.GetDeletionTimestamp() != nil {
				return
			}
		}
	}, func(ctx context.Context) (any, error) { return nil, b.Uninstall(ctx, b.uninstall(time.Minute)) })
	if !errors.Is(outcome.Err, jobs.ErrInterrupted) || !strings.Contains(outcome.Err.Error(), b.request.Name+" to be gone") {
		t.Errorf("ended with %v", outcome.Err)
	}
	if len(b.revisions(t)) == 0 {
		t.Error("the inventory was forgotten")
	}
	_, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Patch(t.Context(), b.request.Name, types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Uninstall(t.Context(), b.uninstall(10*time.Second)); err != nil || len(b.revisions(t)) != 0 {
		t.Errorf("the next attempt: %v", err)
	}
}
