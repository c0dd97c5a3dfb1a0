// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// summarizeRelease computes the whole status from the scope. It is pure apart
// from writing into the scope's release. Failed is the error that ended the pass.
func summarizeRelease(scope *releaseScope, failed error) {
	release := scope.release
	status := &release.Status
	status.ObservedGeneration = release.Generation
	scope.summarizeRevisions()
	if failed != nil {
		setVerdict(release, verdict{reason: v1alpha1.ReasonReconcileError, message: failed.Error()})
		return
	}
	v := scope.verdict()
	setVerdict(release, v)
	status.Removed = scope.decision.Action == plan.ActionRemoved
	if v.ready {
		status.ReadyDigest = release.Spec.InputsDigest
	}
}

// summarizeRevisions says what Helm's records say.
func (scope *releaseScope) summarizeRevisions() {
	status := &scope.release.Status
	status.Revision, status.ReleasedDigest = 0, ""
	for _, revision := range scope.revisions {
		status.Revision = revision.Number
		if revision.Status == helm.StatusDeployed {
			status.ReleasedDigest = revision.Digest
		}
	}
	if status.ReleasedDigest != "" && status.ReleasedDigest == scope.release.Spec.InputsDigest {
		setCondition(scope.release, v1alpha1.ConditionReleased, metav1.ConditionTrue, v1alpha1.ReasonReleased,
			fmt.Sprintf("Helm revision %d holds the approved inputs", status.Revision))
		return
	}
	setCondition(scope.release, v1alpha1.ConditionReleased, metav1.ConditionFalse, v1alpha1.ReasonNotReleased,
		"no Helm revision holds the approved inputs")
}

// verdict is the most telling of: suspended, removed, blocked inputs, the objects
// of the release, failed attempts, what is being waited for.
func (scope *releaseScope) verdict() verdict {
	decision := scope.decision
	switch {
	case decision.Reason == v1alpha1.ReasonSuspended:
		return scope.suspendedVerdict()
	case decision.Action == plan.ActionRemoved:
		return verdict{reason: v1alpha1.ReasonRemoved, message: "the release is gone; its CRDs are kept"}
	case scope.objects != nil:
		return *scope.objects
	case scope.blocked != nil:
		return *scope.blocked
	}
	if f := scope.release.Status.Failure; f != nil && f.Digest == scope.release.Spec.InputsDigest {
		return scope.failureVerdict(f)
	}
	return verdict{reason: decision.Reason, message: progressMessage(decision)}
}

// suspendedVerdict keeps Ready true for a release that was: suspending changes
// nothing about what runs.
func (scope *releaseScope) suspendedVerdict() verdict {
	return verdict{
		ready:   isReady(scope.before),
		reason:  v1alpha1.ReasonSuspended,
		message: "suspend is set: the release is left as it is",
	}
}

// failureVerdict is one readable sentence: what failed, how often, why. It names
// no time, which would change the message at every pass.
func (scope *releaseScope) failureVerdict(f *v1alpha1.ReleaseFailure) verdict {
	reason, verb := v1alpha1.ReasonInstallFailed, "install"
	switch plan.Action(f.Action) {
	case plan.ActionUpgrade:
		reason, verb = v1alpha1.ReasonUpgradeFailed, "upgrade"
	case plan.ActionUninstall:
		reason, verb = v1alpha1.ReasonUninstallFailed, "uninstall"
	default: // an install, or one that an older operator named
	}
	next := fmt.Sprintf("tried again %s later", plan.Delay(int(f.Count)))
	if scope.decision.Action == plan.ActionWait && scope.decision.After == 0 {
		next = "being tried again"
	}
	return verdict{
		reason:  reason,
		message: fmt.Sprintf("%s failed %s, %s: %s", verb, times(f.Count), next, f.Message),
	}
}

func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func progressMessage(decision plan.Decision) string {
	switch decision.Reason {
	case v1alpha1.ReasonInstalling:
		return "Helm installs the release"
	case v1alpha1.ReasonUpgrading:
		return "Helm upgrades the release"
	case v1alpha1.ReasonUninstalling:
		return "Helm uninstalls the release and waits until its objects are gone"
	case v1alpha1.ReasonReleasePending:
		return fmt.Sprintf("revision %d was left pending by another Helm client; it is taken over %s after its last change",
			decision.Revision, plan.StrangerTimeout)
	default:
		return "in progress"
	}
}

// recordEvents tells what happened, after the status was written.
func (r *ComponentReleaseReconciler) recordEvents(scope *releaseScope) {
	was := meta.FindStatusCondition(scope.before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(scope.release.Status.Conditions, v1alpha1.ConditionReady)
	if is == nil || (was != nil && was.Reason == is.Reason && was.Status == is.Status) {
		return
	}
	kind := corev1.EventTypeNormal
	switch is.Reason {
	case v1alpha1.ReasonInstallFailed, v1alpha1.ReasonUpgradeFailed, v1alpha1.ReasonUninstallFailed,
		v1alpha1.ReasonObjectsFailed, v1alpha1.ReasonReconcileError:
		kind = corev1.EventTypeWarning
	}
	r.Recorder.Eventf(scope.release, nil, kind, is.Reason, "Reconcile", "%s", truncate(is.Message))
}
