// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// observe reads the records from the watch and the outcome of the last job.
func (r *ComponentReleaseReconciler) observe(ctx context.Context, scope *releaseScope) error {
	revisions, err := r.cachedRevisions(ctx, scope.helm)
	if err != nil {
		return err
	}
	scope.revisions = revisions
	if made, newer := r.inventories.newer(scope.release.Name, scope.helm, revisions); newer {
		if err := r.catchUp(ctx, scope, made); err != nil {
			return err
		}
	}
	// First whether one is running: one that ends in between is learned by the pass
	// that its end wakes.
	if job, running := r.Jobs.Running(scope.release.Name); running {
		scope.running = &job
		return nil
	}
	outcome, ended := r.Jobs.Outcome(scope.release.Name)
	if !ended {
		return nil
	}
	scope.outcome = &outcome
	switch {
	case outcome.Action == actionDrift:
		r.learnDrift(scope, outcome)
	case outcome.Action == actionManifests, outcome.Action == actionProbe:
		r.learnFollowUp(scope, outcome)
	default:
		r.learn(scope, outcome)
	}
	return nil
}

func logOutcome(ctx context.Context, outcome jobs.Outcome, remembered *v1alpha1.ReleaseFailure) {
	logger := log.FromContext(ctx).WithValues("action", outcome.Action, "seconds", outcome.Ended.Sub(outcome.Began).Seconds())
	if panicked, ok := errors.AsType[*jobs.PanicError](outcome.Err); ok {
		logger.Info("Helm action panicked", "stack", string(panicked.Stack))
	}
	if outcome.Err != nil && remembered != nil {
		logger.Info("Helm action failed, will retry", "error", remembered.Message)
		return
	}
	logger.Info("Helm action done")
}

// learn takes what a Helm action left: an inventory, or a failure to remember.
func (r *ComponentReleaseReconciler) learn(scope *releaseScope, outcome jobs.Outcome) {
	result, _ := outcome.Value.(helm.Result)
	written := ReadinessApplied(result.Applied)
	r.Tracker.Expect(written...)
	r.Ledger.Known(scope.release.Name, written...)
	if outcome.Err == nil && result.Revision != 0 {
		r.Ledger.Released(scope.release.Name, written...)
	}
	if outcome.Err != nil {
		r.learnFailure(scope, outcome)
		return
	}
	scope.release.Status.RollbackFailure = nil
	if outcome.Action != string(plan.ActionRollback) {
		scope.release.Status.Failure = nil // a rollback leaves the reason it was made for
	}
	if result.Revision == 0 {
		return
	}
	made := helm.Revision{
		Number: result.Revision, Status: helm.StatusDeployed, Digest: outcome.Digest, Holder: r.Identity, Changed: outcome.Ended,
	}
	if outcome.Action == string(plan.ActionRollback) {
		made = rolledBack(made, scope.revisions)
	}
	r.remember(scope, made, result.Inventory)
	scope.revisions = withRevision(scope.revisions, made)
}

// watchLag is how long a watch may take to show what this process has written.
const watchLag = time.Second

// catchUp adds a revision that this process made and the watch has not shown. After a
// while it is asked whether it is still there.
func (r *ComponentReleaseReconciler) catchUp(ctx context.Context, scope *releaseScope, made inventory) error {
	if made.made.Status != "" && r.Clock.Since(made.since) < watchLag {
		scope.revisions, scope.assumed = withRevision(scope.revisions, made.made), true
		return nil
	}
	revisions, err := r.Engine.Observe(ctx, scope.helm)
	if err == nil {
		scope.revisions = revisions
	}
	return err
}

// rolledBack is the revision that a rollback made, while the watch has not shown
// it: what it holds is known from the one before only when the watch has it.
func rolledBack(made helm.Revision, known []helm.Revision) helm.Revision {
	made.FailedDigest, made.Digest = made.Digest, ""
	for _, revision := range known {
		if revision.Number == made.Number {
			return revision
		}
		if revision.Ready && revision.Digest != made.FailedDigest {
			made.Digest = revision.Digest
		}
	}
	return made
}

// learnFailure counts the attempts at one action with the same inputs under one
// generation. What was interrupted because the inputs changed did not fail.
func (r *ComponentReleaseReconciler) learnFailure(scope *releaseScope, outcome jobs.Outcome) {
	if errors.Is(outcome.Err, jobs.ErrInterrupted) {
		return
	}
	into := &scope.release.Status.Failure
	if outcome.Action == string(plan.ActionRollback) {
		into = &scope.release.Status.RollbackFailure
	}
	next := v1alpha1.ReleaseFailure{
		Digest: outcome.Digest, Action: outcome.Action, Generation: scope.release.Generation, Count: 1,
		Message:  cut(redact(r.References, scope.release.Spec.ValuesFrom, outcome.Err.Error()), maxComponentMessage),
		LastTime: toTime(outcome.Ended),
	}
	if !helm.Transient(outcome.Err) {
		next.Rejections = 1
	}
	if f := *into; f != nil && f.Digest == next.Digest && f.Action == next.Action && f.Generation == next.Generation {
		next.Count, next.Rejections = next.Count+f.Count, next.Rejections+f.Rejections
	}
	*into = &next
}

// withRevision adds a revision that the watch has not shown yet.
func withRevision(revisions []helm.Revision, made helm.Revision) []helm.Revision {
	for i, known := range revisions {
		if known.Number == made.Number {
			out := append([]helm.Revision(nil), revisions...)
			out[i] = made
			return out
		}
	}
	return append(append([]helm.Revision(nil), revisions...), made)
}
