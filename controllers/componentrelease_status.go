// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"
	"time"

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
	if v.unread && isReady(scope.before) {
		scope.comeBack(unreadPatience)
		return // a restarted operator does not show a running platform as unready
	}
	setVerdict(release, v)
	setAbnormal(release, v1alpha1.ConditionReleasedExternally, v.reason == v1alpha1.ReasonReleasedExternally, v)
	if scope.decision.Action == plan.ActionNone {
		status.RollbackFailure = nil
	}
	if scope.decision.Reason == v1alpha1.ReasonReleased && status.Failure != nil && status.Failure.Digest == release.Spec.InputsDigest {
		status.Failure = nil // what was learned may have been computed from an older status
	}
	status.Removed = scope.decision.Action == plan.ActionRemoved
	if v.ready {
		status.ReadyDigest = wantedDigest(release.Spec)
		scope.timeReady(time.Now())
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

// recordChange tells what happened to the Ready condition, after the status was
// written.
func (r *ComponentReleaseReconciler) recordChange(scope *releaseScope) {
	was := meta.FindStatusCondition(scope.before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(scope.release.Status.Conditions, v1alpha1.ConditionReady)
	if is == nil || (was != nil && was.Reason == is.Reason && was.Status == is.Status) {
		return
	}
	kind := corev1.EventTypeNormal
	switch is.Reason {
	case v1alpha1.ReasonInstallFailed, v1alpha1.ReasonUpgradeFailed, v1alpha1.ReasonUninstallFailed, v1alpha1.ReasonRollbackFailed,
		v1alpha1.ReasonRolledBack, v1alpha1.ReasonRolloutTimedOut, v1alpha1.ReasonReleasedExternally, v1alpha1.ReasonObjectsFailed,
		v1alpha1.ReasonManifestsFailed, v1alpha1.ReasonProbeFailed, v1alpha1.ReasonNamespaceTerminating, v1alpha1.ReasonReconcileError,
		v1alpha1.ReasonWebhookUnavailable:
		kind = corev1.EventTypeWarning
	case v1alpha1.ReasonWaitingForObjects, v1alpha1.ReasonManifestsPending, v1alpha1.ReasonProgressing:
		return // what is under way is in the status; an event would only repeat it
	}
	r.Recorder.Eventf(scope.release, nil, kind, is.Reason, "Reconcile", "%s", truncate(is.Message))
}

// recordNews tells what steps found worth telling.
func (r *ComponentReleaseReconciler) recordNews(scope *releaseScope) {
	for _, n := range scope.news {
		r.Recorder.Eventf(scope.release, nil, corev1.EventTypeNormal, n.reason, "Reconcile", "%s", truncate(n.note))
	}
}
