// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"time"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// compose merges the values and makes sure that they are the approved ones.
func (r *ComponentReleaseReconciler) compose(_ context.Context, scope *releaseScope) error {
	spec := scope.release.Spec
	if spec.Removal != "" || spec.Suspend {
		r.References.SetRefs(scope.release.Name, nil)
		return nil
	}
	r.References.SetRefs(scope.release.Name, referencesOf(spec.ValuesFrom, spec.Chart.SecretRef))
	defaults, err := values.FromJSON(spec.Defaults)
	if err != nil {
		return fmt.Errorf("spec.defaults: %w", err)
	}
	for _, wired := range spec.Wiring {
		layer, err := values.FromJSON(&wired.Values)
		if err != nil {
			return fmt.Errorf("spec.wiring[%s]: %w", wired.Rule, err)
		}
		defaults = values.Merge(defaults, layer)
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
		Failure:   r.failureOf(scope.release, scope.release.Status.Failure),

		RollbackFailure: r.failureOf(scope.release, scope.release.Status.RollbackFailure),
		Revisions:       r.plannedRevisions(scope.release, scope.revisions),
		Requested:       scope.requested(),
		WasReady:        scope.release.Status.ReadyDigest == wantedDigest(scope.release.Spec),
		Seed:            scope.release.Name,
	}
	in.Rollback, in.Retries = remediates(scope.release.Spec)
	if scope.busy() && acts(plan.Action(scope.running.Action)) {
		in.Running, in.RunningDigest = plan.Action(scope.running.Action), scope.running.Digest
	}
	if scope.known {
		in.ObjectsReady = scope.current
		in.Timeout, in.Rollout = timeoutOf(scope.release.Spec), r.rolloutAge(scope)
	}
	scope.decision = plan.Release(in)
	scope.requeue = 0
	scope.comeBack(scope.decision.After)
	if scope.decision.Interrupt {
		r.Jobs.Interrupt(scope.release.Name)
	}
	return nil
}

// rolloutAge is how long the newest revision has been deployed while this process
// looked on.
func (r *ComponentReleaseReconciler) rolloutAge(scope *releaseScope) time.Duration {
	if scope.deployed == nil {
		return 0
	}
	entry, known := r.inventories.get(scope.release.Name, scope.helm, scope.deployed.Number)
	if !known {
		return 0
	}
	return min(r.Clock.Since(scope.deployed.Changed), r.Clock.Since(entry.since))
}

// remediates says whether a failed upgrade ends with a rollback, and after how
// many retries.
func remediates(spec v1alpha1.ComponentReleaseSpec) (rollback bool, retries int) {
	retries = resolve.DefaultRetries
	if spec.Remediation == nil {
		return true, retries
	}
	if spec.Remediation.Retries != nil {
		retries = int(*spec.Remediation.Retries)
	}
	return spec.Remediation.Strategy != v1alpha1.RemediationNone, retries
}

func (r *ComponentReleaseReconciler) failureOf(release *v1alpha1.ComponentRelease, f *v1alpha1.ReleaseFailure) *plan.Failure {
	if f == nil || (f.Generation != 0 && f.Generation != release.Generation) {
		return nil
	}
	return &plan.Failure{Action: plan.Action(f.Action), Digest: f.Digest, Count: int(f.Count), Rejections: int(f.Rejections), Since: r.Clock.Since(f.LastTime.Time)}
}

func (r *ComponentReleaseReconciler) plannedRevisions(release *v1alpha1.ComponentRelease, revisions []helm.Revision) []plan.Revision {
	out := make([]plan.Revision, 0, len(revisions))
	for _, revision := range revisions {
		status := plan.RevisionStatus(revision.Status)
		if revision.Status.Pending() {
			status = plan.RevisionPending
		}
		out = append(out, plan.Revision{
			Number: revision.Number, Status: status, Digest: revision.Digest,
			Holder: revision.Holder, Foreign: r.foreign(release, revision.Holder), Age: r.Clock.Since(revision.Changed),
			Ready: revision.Ready, FailedDigest: revision.FailedDigest,
		})
	}
	return out
}
