// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// Metrics counts what is done to releases.
type Metrics interface {
	// Begun notes that an action has got its turn; ended is called when it is over.
	Begun(action string) (ended func())
	// Ended counts an action that is over; the reason is empty when it did not fail.
	Ended(action, reason string)
	// Changed observes a change that has become Ready; the same one counts once.
	Changed(release string, timeline v1alpha1.Timeline)
	// Corrected counts an object that was put back.
	Corrected(bundle, component string)
	// Forget drops what is kept of a release that is gone.
	Forget(release string)
}

// Reasons of failures whose error has none of its own.
const (
	failedByPanic     = "Panicked"  // the chart, or Helm, made the action panic
	failedByAPIServer = "Transient" // the API server did not answer, or not now
	failedByInputs    = "Rejected"  // it speaks against the inputs
)

// counted is a job that counts while it runs.
func (r *ComponentReleaseReconciler) counted(action string, run func(context.Context) (any, error)) func(context.Context) (any, error) {
	if r.Metrics == nil {
		return run
	}
	return func(ctx context.Context) (any, error) {
		defer r.Metrics.Begun(action)()
		return run(ctx)
	}
}

// count tells what a pass has learned, after its status was written: one that could
// not write it learns the same once more.
func (r *ComponentReleaseReconciler) count(scope *releaseScope) {
	if r.Metrics == nil {
		return
	}
	release, before := scope.release, scope.before.Status
	if outcome := scope.outcome; outcome != nil && !errors.Is(outcome.Err, jobs.ErrInterrupted) {
		r.Metrics.Ended(outcome.Action, failureReason(*outcome))
	}
	if rolloutFailed(before.Failure, release.Status.Failure) {
		r.Metrics.Ended(string(plan.ActionRollout), v1alpha1.ReasonRolloutTimedOut)
	}
	for _, n := range scope.news {
		if n.reason == v1alpha1.ReasonDriftCorrected {
			r.Metrics.Corrected(release.Spec.Bundle, release.Spec.Component)
		}
	}
	if becameReady(before.Timeline, release.Status.Timeline) {
		r.Metrics.Changed(release.Name, *release.Status.Timeline)
	}
}

// rolloutFailed says whether a rollout has run out of time in between.
func rolloutFailed(was, is *v1alpha1.ReleaseFailure) bool {
	if is == nil || is.Action != string(plan.ActionRollout) {
		return false
	}
	return was == nil || was.Action != is.Action || was.Digest != is.Digest
}

// becameReady says whether a change has come to its end in between.
func becameReady(was, is *v1alpha1.Timeline) bool {
	if is == nil || is.Ready == nil {
		return false
	}
	return was == nil || was.Digest != is.Digest || was.Ready == nil
}

// failureReason is a word of few for why a job failed; empty when it did not.
func failureReason(outcome jobs.Outcome) string {
	err := outcome.Err
	if value, ok := outcome.Value.(sent); ok && err == nil {
		err = value.result.Err()
	}
	if err == nil {
		return ""
	}
	if _, panicked := errors.AsType[*jobs.PanicError](err); panicked {
		return failedByPanic
	}
	if helm.Transient(err) {
		return failedByAPIServer
	}
	return failure.ReasonOf(err, failedByInputs)
}
