// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// compose merges the values and makes sure that they are the approved ones.
func (r *ComponentReleaseReconciler) compose(_ context.Context, scope *releaseScope) error {
	spec := scope.release.Spec
	if spec.Removal != "" || spec.Suspend {
		r.References.SetRefs(scope.release.Name, nil)
		return nil
	}
	var wanted []refs.Ref
	for _, from := range spec.ValuesFrom {
		wanted = append(wanted, refs.Ref{Kind: from.Kind, Namespace: from.Namespace, Name: from.Name})
	}
	if spec.Chart.SecretRef != nil {
		wanted = append(wanted, refs.Ref{Kind: refs.Secret, Namespace: spec.Chart.SecretRef.Namespace, Name: spec.Chart.SecretRef.Name})
	}
	r.References.SetRefs(scope.release.Name, wanted)
	defaults, err := values.FromJSON(spec.Defaults)
	if err != nil {
		return fmt.Errorf("spec.defaults: %w", err)
	}
	user, err := values.FromJSON(spec.Values)
	if err != nil {
		return fmt.Errorf("spec.values: %w", err)
	}
	merged, synced, err := composeValues(r.References, defaults, spec.ValuesFrom, user)
	switch {
	case !synced:
		scope.blocked = &verdict{reason: v1alpha1.ReasonProgressing, message: "reading referenced values"}
		return nil
	case err != nil:
		scope.blocked = &verdict{reason: failure.ReasonOf(err, v1alpha1.ReasonReconcileError), message: failure.Message(err)}
		return nil
	}
	digest, err := values.Inputs{
		ChartDigest: spec.Chart.Digest, Namespace: spec.Namespace, ReleaseName: spec.ReleaseName,
		NamespaceLabels: spec.NamespaceLabels, Values: merged, Capabilities: spec.Capabilities,
	}.Digest()
	if err != nil {
		return err
	}
	if digest != spec.InputsDigest {
		scope.blocked = &verdict{
			reason:  v1alpha1.ReasonInputsChanged,
			message: "a referenced Secret or ConfigMap changed; waiting until the bundle has checked and approved the new values",
		}
	}
	scope.merged = merged
	return nil
}

// decide is pure: it asks the plan what to do with what was observed.
func (r *ComponentReleaseReconciler) decide(_ context.Context, scope *releaseScope) error {
	in := plan.ReleaseInput{
		Digest:    scope.release.Spec.InputsDigest,
		Removal:   scope.release.Spec.Removal != "",
		Suspended: scope.release.Spec.Suspend,
		Failure:   r.failureOf(scope.release),
		Revisions: r.plannedRevisions(scope.revisions),
	}
	if job, running := r.Jobs.Running(scope.release.Name); running {
		in.Running = plan.Action(job.Action)
	}
	scope.decision = plan.Release(in)
	scope.requeue = scope.decision.After
	return nil
}

func (r *ComponentReleaseReconciler) failureOf(release *v1alpha1.ComponentRelease) *plan.Failure {
	f := release.Status.Failure
	if f == nil {
		return nil
	}
	return &plan.Failure{Action: plan.Action(f.Action), Digest: f.Digest, Count: int(f.Count), Since: r.Clock.Since(f.LastTime.Time)}
}

func (r *ComponentReleaseReconciler) plannedRevisions(revisions []helm.Revision) []plan.Revision {
	out := make([]plan.Revision, 0, len(revisions))
	for _, revision := range revisions {
		status := plan.RevisionStatus(revision.Status)
		if revision.Status.Pending() {
			status = plan.RevisionPending
		}
		out = append(out, plan.Revision{
			Number: revision.Number, Status: status, Digest: revision.Digest,
			Holder: revision.Holder, Age: r.Clock.Since(revision.Changed),
		})
	}
	return out
}

// act begins what was decided, after a live read has confirmed it: the watch may
// lag behind our own last action. "Removed" is confirmed too, for nobody looks at
// the release again after that.
func (r *ComponentReleaseReconciler) act(ctx context.Context, scope *releaseScope) error {
	if !acts(scope.decision.Action) && scope.decision.Action != plan.ActionRemoved || scope.blocked != nil {
		return nil
	}
	revisions, err := r.Engine.Observe(ctx, scope.helm)
	if err != nil {
		return err
	}
	scope.revisions = revisions
	if err := r.decide(ctx, scope); err != nil || !acts(scope.decision.Action) {
		return err
	}
	if scope.decision.Action == plan.ActionTakeOver {
		scope.requeue = time.Millisecond
		return r.Engine.TakeOver(ctx, scope.helm, scope.decision.Revision)
	}
	spec := *scope.release.Spec.DeepCopy()
	name, action, request := scope.release.Name, scope.decision.Action, r.request(scope)
	if r.Jobs.Begin(name, string(action), spec.InputsDigest, func(ctx context.Context) (any, error) {
		return r.run(ctx, name, action, spec, request)
	}) {
		scope.decision = plan.Decision{Action: plan.ActionWait, Reason: scope.decision.Reason}
	}
	return nil
}

func acts(action plan.Action) bool {
	switch action {
	case plan.ActionInstall, plan.ActionUpgrade, plan.ActionUninstall, plan.ActionTakeOver:
		return true
	default:
		return false
	}
}

// observe reads the records from the watch and the outcome of the last job.
func (r *ComponentReleaseReconciler) observe(ctx context.Context, scope *releaseScope) error {
	revisions, err := r.cachedRevisions(ctx, scope.helm)
	if err != nil {
		return err
	}
	scope.revisions = revisions
	if outcome, ended := r.Jobs.Outcome(scope.release.Name); ended {
		scope.outcome = &outcome
		r.learn(scope, outcome)
		logOutcome(ctx, outcome, scope.release.Status.Failure)
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

// learn takes what a job left: an inventory, or a failure to remember.
func (r *ComponentReleaseReconciler) learn(scope *releaseScope, outcome jobs.Outcome) {
	status := &scope.release.Status
	if outcome.Err == nil {
		status.Failure = nil
		if result, ok := outcome.Value.(helm.Result); ok {
			r.Tracker.Expect(ReadinessApplied(result.Applied)...)
			r.remember(scope, result.Revision, result.Inventory)
			scope.revisions = withRevision(scope.revisions, helm.Revision{
				Number: result.Revision, Status: helm.StatusDeployed, Digest: outcome.Digest,
				Holder: r.Identity, Changed: outcome.Ended,
			})
		}
		return
	}
	count := int32(1)
	if f := status.Failure; f != nil && f.Digest == outcome.Digest && f.Action == outcome.Action {
		count = f.Count + 1
	}
	status.Failure = &v1alpha1.ReleaseFailure{
		Digest: outcome.Digest, Action: outcome.Action, Count: count,
		Message: redact(r.References, scope.release.Spec.ValuesFrom, outcome.Err.Error()), LastTime: toTime(outcome.Ended),
	}
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
