// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/groundwork-dev/groundwork/internal/jobs"
)

// explainTimeout bounds a question that only makes a sentence better.
const explainTimeout = 5 * time.Second

// waiting is the context of a wait: it ends with the action, after the timeout, and
// when the job is interrupted because newer inputs are there.
func (d *decorator) waiting(timeout time.Duration) (context.Context, context.CancelFunc) {
	waiting, stop := jobs.Waiting(d.ctx)
	ctx, cancel := context.WithTimeout(waiting, timeout)
	return ctx, func() { cancel(); stop() }
}

// cutShort says what a wait that ended with its context was for. An interrupt is
// remembered, for Helm makes a new error of the text of this one.
func (d *decorator) cutShort(ctx context.Context, what string) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, jobs.ErrInterrupted) {
		d.interrupted = fmt.Errorf("%w while waiting for %s", cause, what)
		return d.interrupted
	}
	return fmt.Errorf("interrupted while waiting for %s: %w", what, cause)
}

// because says what the pods of a failed hook say, as the end of a sentence. The
// hook is still there: what deletes failed ones comes later.
func (d *decorator) because(hook *resource.Info) string {
	if d.explain == nil || hook.Mapping == nil {
		return ""
	}
	// Also after the action's own time is up: that is when an explanation is due.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), explainTimeout)
	defer cancel()
	why := d.explain(ctx, Object{GroupVersionKind: hook.Mapping.GroupVersionKind, Namespace: hook.Namespace, Name: hook.Name})
	if why == "" {
		return ""
	}
	return ": " + why
}

// Wait implements kube.Interface by watch: it is used only before hooks that
// need running workloads.
func (d *decorator) Wait(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := d.waiting(timeout)
	defer cancel()
	err := d.wait(ctx, d.owner, appliedOf(resources))
	if err != nil && errors.Is(context.Cause(ctx), jobs.ErrInterrupted) {
		return d.cutShort(ctx, "the workloads that hooks need")
	}
	return err
}

// WaitWithJobs implements kube.Interface.
func (d *decorator) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return d.Wait(resources, timeout)
}

// WatchUntilReady waits for a hook, and no longer than the action's context: the
// SDK's own wait cannot be interrupted and goes on by itself until its timeout.
func (d *decorator) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	if err := d.ctx.Err(); err != nil || len(resources) == 0 {
		return err
	}
	what := describe(resources[0])
	ended := make(chan error, 1)
	go func() {
		var err error
		defer func() { ended <- err }()
		defer recovered(&err)
		err = d.Client.WatchUntilReady(resources, timeout)
	}()
	ctx, stop := jobs.Waiting(d.ctx)
	defer stop()
	select {
	case err := <-ended:
		if err != nil {
			text := strings.TrimSpace(err.Error()) // Helm's ends with a line feed
			return &sentence{text: fmt.Sprintf("hook %s: %s%s", what, text, d.because(resources[0])), err: err}
		}
		return nil
	case <-ctx.Done():
		return d.cutShort(ctx, what)
	}
}
