// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// verdict is the most telling of: suspended, removed, held, blocked inputs, the
// objects of the release and what follows them, failed attempts, what is being
// waited for.
func (scope *releaseScope) verdict() verdict {
	decision := scope.decision
	switch {
	case decision.Reason == v1alpha1.ReasonSuspended:
		return scope.suspendedVerdict()
	case decision.Action == plan.ActionRemoved:
		if len(scope.revisions) > 0 {
			return verdict{reason: v1alpha1.ReasonRemoved, message: "the release was never taken over from whoever installed it, and stays"}
		}
		return verdict{reason: v1alpha1.ReasonRemoved, message: "the release is gone; its CRDs are kept"}
	case decision.Action == plan.ActionNone && decision.Reason != v1alpha1.ReasonReleased && decision.Reason != v1alpha1.ReasonRolloutTimedOut:
		return scope.heldVerdict()
	case decision.Action == plan.ActionNone && scope.objects != nil:
		return scope.releasedVerdict()
	case scope.blocked != nil:
		return *scope.blocked
	}
	if f := scope.release.Status.RollbackFailure; scope.failed(f) {
		return scope.failureVerdict(f)
	}
	if f := scope.release.Status.Failure; scope.failed(f) {
		return scope.failureVerdict(f)
	}
	return verdict{reason: decision.Reason, message: scope.progressMessage()}
}

// failed says that the failure is about what is wanted now.
func (scope *releaseScope) failed(f *v1alpha1.ReleaseFailure) bool {
	return f != nil && f.Digest == scope.release.Spec.InputsDigest && (f.Generation == 0 || f.Generation == scope.release.Generation)
}

// releasedVerdict is about the objects of the approved inputs, and what follows.
func (scope *releaseScope) releasedVerdict() verdict {
	switch {
	case scope.objects.ready && scope.followUp != nil:
		return *scope.followUp
	case !scope.objects.ready && scope.decision.Reason == v1alpha1.ReasonRolloutTimedOut:
		return verdict{
			reason:  v1alpha1.ReasonRolloutTimedOut,
			message: fmt.Sprintf("revision %d is not ready after %s: %s", scope.decision.Revision, timeoutOf(scope.release.Spec), scope.objects.message),
		}
	default:
		return *scope.objects
	}
}

// heldVerdict is about a release that is left at other inputs than the approved
// ones, until these change or a reconcile is asked for.
func (scope *releaseScope) heldVerdict() verdict {
	spec, revision := scope.release.Spec, scope.decision.Revision
	until := fmt.Sprintf("until its inputs change or a reconcile is asked for: kubectl annotate --overwrite platformbundle %s %s=<a new value>",
		spec.Bundle, v1alpha1.ReconcileRequestAnnotation)
	if scope.decision.Reason == v1alpha1.ReasonReleasedExternally {
		return verdict{stalled: true, reason: scope.decision.Reason, message: fmt.Sprintf(
			"revision %d of Helm release %s was made by another Helm client and is left as it is %s", revision, scope.helm, until)}
	}
	why := "the upgrade failed"
	if f := scope.release.Status.Failure; f != nil && f.Digest == spec.InputsDigest {
		why = fmt.Sprintf("%s failed %s: %s", attempt(plan.Action(f.Action)), times(max(1, f.Rejections)), f.Message)
	}
	return verdict{stalled: true, reason: scope.decision.Reason, message: fmt.Sprintf(
		"rolled back, revision %d is what was ready before: %s; it is held there %s", revision, why, until)}
}

// suspendedVerdict keeps Ready true for a release that was: suspending changes
// nothing about what runs.
func (scope *releaseScope) suspendedVerdict() verdict {
	return verdict{
		ready:   isReady(scope.before),
		reason:  v1alpha1.ReasonSuspended,
		message: "suspend is set: the release is left as it is, and drift is not looked for",
	}
}

// failureVerdict is one readable sentence: what failed, how often, what is next,
// and why. It names no time, which would change the message at every pass.
func (scope *releaseScope) failureVerdict(f *v1alpha1.ReleaseFailure) verdict {
	reason := map[plan.Action]string{
		plan.ActionUpgrade: v1alpha1.ReasonUpgradeFailed, plan.ActionUninstall: v1alpha1.ReasonUninstallFailed,
		plan.ActionRollback: v1alpha1.ReasonRollbackFailed, plan.ActionRollout: v1alpha1.ReasonRolloutTimedOut,
	}[plan.Action(f.Action)]
	if reason == "" {
		reason = v1alpha1.ReasonInstallFailed
	}
	next := fmt.Sprintf("tried again about %s later", plan.Delay(int(f.Count)))
	switch {
	case scope.decision.Reason == v1alpha1.ReasonRollingBack && f.Action != string(plan.ActionRollback):
		reason, next = v1alpha1.ReasonRollingBack, "being rolled back to what was ready before"
	case scope.decision.Action == plan.ActionWait && scope.decision.After == 0:
		next = "being tried again"
	}
	return verdict{
		reason:  reason,
		message: fmt.Sprintf("%s failed %s, %s: %s", attempt(plan.Action(f.Action)), times(f.Count), next, f.Message),
	}
}

// attempt is what was tried, as the subject of a sentence.
func attempt(action plan.Action) string {
	switch action {
	case plan.ActionUpgrade:
		return "upgrade"
	case plan.ActionRollback:
		return "rollback"
	case plan.ActionRollout:
		return "rollout"
	case plan.ActionUninstall:
		return "uninstall"
	default:
		return "install"
	}
}

func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (scope *releaseScope) progressMessage() string {
	switch scope.decision.Reason {
	case v1alpha1.ReasonInstalling:
		return "Helm installs the release"
	case v1alpha1.ReasonUpgrading:
		if adopting(scope) {
			return "Helm upgrades the release: it " + scope.release.Status.Adopted
		}
		return "Helm upgrades the release"
	case v1alpha1.ReasonAdopting:
		return scope.release.Status.Adopted
	case v1alpha1.ReasonRollingBack:
		return "Helm puts the release back to the revision that was ready before"
	case v1alpha1.ReasonUninstalling:
		return "Helm uninstalls the release and waits until its objects are gone"
	case v1alpha1.ReasonReleasePending:
		return fmt.Sprintf("revision %d was left pending by another Helm client; it is taken over %s after its last change",
			scope.decision.Revision, plan.StrangerTimeout)
	default:
		return "in progress"
	}
}
