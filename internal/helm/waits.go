// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
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

// because asks why the pods of a workload did not do what was waited for. A failed
// hook is still there: what deletes it comes later.
func (d *decorator) because(infos ...*resource.Info) {
	if d.explain == nil {
		return
	}
	// Also after the action's own time is up: that is when an explanation is due.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), explainTimeout)
	defer cancel()
	for _, info := range infos {
		if info.Mapping == nil || !slices.Contains(explainable, info.Mapping.GroupVersionKind.Kind) {
			continue
		}
		d.why = d.explain(ctx, Object{GroupVersionKind: info.Mapping.GroupVersionKind, Namespace: info.Namespace, Name: info.Name})
		if d.why != "" {
			return
		}
	}
}

// explainable are the kinds that make pods, and pods.
var explainable = []string{"Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"}

// told is the error with what was found out about it.
func (d *decorator) told(err error) error {
	if err == nil || d.why == "" || errors.Is(err, jobs.ErrInterrupted) {
		return err
	}
	return &explained{error: err, why: d.why}
}

// Wait implements kube.Interface by watch: it is used only before hooks that
// need running workloads.
func (d *decorator) Wait(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := d.waiting(timeout)
	defer cancel()
	err := d.wait(ctx, d.owner, appliedOf(resources))
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), jobs.ErrInterrupted):
		return d.cutShort(ctx, "the workloads that hooks need")
	}
	d.because(resources...)
	return err
}

// WaitWithJobs implements kube.Interface.
func (d *decorator) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return d.Wait(resources, timeout)
}

// postHooks are those that run after the objects of the release were written.
var postHooks = []helmrelease.HookEvent{helmrelease.HookPostInstall, helmrelease.HookPostUpgrade}

// beforeHook gives the workloads of the release some time to run before its first
// post hook is made. Nobody has said that the hook needs them, and some workloads
// need the hook: after that time it is run all the same.
func (d *decorator) beforeHook(resources kube.ResourceList) error {
	// A hook of several events may run before anything of the release was written.
	if d.patience <= 0 || len(d.releaseObjects) == 0 || !isPostHook(resources) {
		return nil
	}
	ctx, cancel := d.waiting(d.patience)
	defer cancel()
	d.patience = 0
	if err := d.wait(ctx, d.owner, d.releaseObjects); err != nil {
		if errors.Is(context.Cause(ctx), jobs.ErrInterrupted) {
			return d.cutShort(ctx, "workloads that a hook may need")
		}
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		d.log.Info("A hook is run although workloads of the release do not run yet", "hook", describe(resources[0]), "because", err.Error())
	}
	return nil
}

func isPostHook(resources kube.ResourceList) bool {
	return slices.ContainsFunc(resources, func(info *resource.Info) bool {
		accessor, err := meta.Accessor(info.Object)
		if err != nil {
			return false
		}
		events := strings.Split(accessor.GetAnnotations()[helmrelease.HookAnnotation], ",")
		return slices.ContainsFunc(postHooks, func(event helmrelease.HookEvent) bool {
			return slices.ContainsFunc(events, func(text string) bool { return strings.TrimSpace(text) == event.String() })
		})
	})
}

// WatchUntilReady waits for a hook, and no longer than the action's context: the
// SDK's own wait cannot be interrupted and goes on by itself until its timeout.
func (d *decorator) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	if err := d.ctx.Err(); err != nil || len(resources) == 0 {
		return err
	}
	what := describe(resources[0])
	defer func(began time.Time) { d.hooks += time.Since(began) }(time.Now())
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
			d.because(resources[0])
			return fmt.Errorf("hook %s: %w", what, err)
		}
		return nil
	case <-ctx.Done():
		return d.cutShort(ctx, what)
	}
}
