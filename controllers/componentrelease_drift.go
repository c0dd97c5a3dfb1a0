// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"cmp"
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/drift"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// drift examines the objects that a watch has shown to be changed, in the
// background, and says what was found. Whatever comes of it, Ready stays what it is.
func (r *ComponentReleaseReconciler) drift(_ context.Context, scope *releaseScope) error {
	mode := cmp.Or(scope.release.Spec.Drift, v1alpha1.DriftCorrect)
	if mode == v1alpha1.DriftOff || scope.decision.Reason == v1alpha1.ReasonSuspended || scope.decision.Reason == v1alpha1.ReasonReleasedExternally {
		setAbnormal(scope.release, v1alpha1.ConditionDrifted, false, verdict{})
		return nil
	}
	if scope.deployed == nil || scope.decision.Action != plan.ActionNone {
		return nil
	}
	name := scope.release.Name
	r.noteRules(scope)
	if !scope.busy() {
		r.examine(scope, mode)
	}
	scope.comeBack(r.Ledger.After(name))
	scope.comeBack(r.Ledger.After(manifestsOf(name)))
	report := r.Ledger.Findings(name)
	status := metav1.ConditionTrue
	if report.Reason() == v1alpha1.ReasonNoDrift {
		status = metav1.ConditionFalse
	} else if report.Reason() == v1alpha1.ReasonDriftUnknown {
		status = metav1.ConditionUnknown
	}
	setCondition(scope.release, v1alpha1.ConditionDrifted, status, report.Reason(), report.Message())
	return nil
}

// noteRules makes everything be examined again when the mode or the ignore rules
// have changed since this process looked last.
func (r *ComponentReleaseReconciler) noteRules(scope *releaseScope) {
	spec := scope.release.Spec
	raw, err := json.Marshal([]any{spec.Drift, spec.IgnoreDifferences})
	entry, known := r.inventories.get(scope.release.Name, scope.helm, scope.deployed.Number)
	if err != nil || !known || entry.driftRules == string(raw) {
		return
	}
	if entry.driftRules != "" {
		r.Ledger.All(scope.release.Name)
	}
	entry.driftRules = string(raw)
	r.inventories.put(scope.release.Name, entry)
}

// examine begins the examination of what is due: objects of the release, or else
// follow-up manifests.
func (r *ComponentReleaseReconciler) examine(scope *releaseScope, mode v1alpha1.DriftMode) {
	name, spec := scope.release.Name, scope.release.Spec
	if objects, all := r.Ledger.Begin(name); all || len(objects) > 0 {
		request := helm.DriftRequest{
			Release: scope.helm, Owner: name, Revision: scope.deployed.Number,
			Ignore: spec.IgnoreDifferences, Correct: mode == v1alpha1.DriftCorrect,
		}
		if !all {
			request.Objects = helmObjects(objects)
		}
		begun := r.start(scope, actionDrift, spec.InputsDigest, func(ctx context.Context) (any, error) {
			found, written, err := r.Engine.Drift(ctx, request)
			return examined{key: name, found: found, written: ReadinessApplied(written)}, err
		})
		if !begun {
			r.Ledger.Failed(name)
		}
		return
	}
	r.examineManifests(scope, mode)
}

// examineManifests applies those again that somebody else has written: a
// server-side apply of what is already so changes nothing.
func (r *ComponentReleaseReconciler) examineManifests(scope *releaseScope, mode v1alpha1.DriftMode) {
	name, spec := scope.release.Name, scope.release.Spec
	if mode != v1alpha1.DriftCorrect || r.followUps.get(name).applied != wantedDigest(spec) {
		return
	}
	objects, err := manifests.Parse(spec.Component, spec.Manifests)
	if err != nil {
		return // said by applyManifests
	}
	key := manifestsOf(name)
	due, all := r.Ledger.Begin(key)
	if !all && len(due) == 0 {
		return
	}
	only := make([]v1alpha1.ObjectReference, 0, len(due))
	for _, o := range due {
		only = append(only, referenceTo(o))
	}
	begun := r.start(scope, actionDrift, spec.InputsDigest, func(ctx context.Context) (any, error) {
		result, err := r.Manifests.Apply(ctx, manifests.Request{Owner: name, Namespace: spec.Namespace, Objects: objects, Only: only})
		return examined{key: key, written: appliedManifests(result.Applied)}, cmp.Or(err, result.Err())
	})
	if !begun {
		r.Ledger.Failed(key)
	}
}

// examined is what came of an examination.
type examined struct {
	key     string
	found   []helm.Difference
	written []readiness.Applied
}

// learnDrift takes it. A failure holds nothing up: it is tried again later.
func (r *ComponentReleaseReconciler) learnDrift(scope *releaseScope, outcome jobs.Outcome) {
	value, ok := outcome.Value.(examined)
	if !ok || outcome.Err != nil {
		r.Ledger.Failed(scope.release.Name) // only what was begun counts
		r.Ledger.Failed(manifestsOf(scope.release.Name))
		log.Log.WithName("drift").Info("Drift could not be examined, will retry", "release", scope.release.Name, "error", outcome.Err)
		return
	}
	var findings []drift.Finding
	for _, difference := range value.found {
		finding := findingOf(difference)
		findings = append(findings, finding)
		if finding.Corrected {
			scope.tell(v1alpha1.ReasonDriftCorrected, "put back "+finding.String())
		}
	}
	r.Ledger.Learn(value.key, findings, value.written...)
	r.Tracker.Expect(value.written...)
}

func findingOf(d helm.Difference) drift.Finding {
	out := drift.Finding{
		Object:  readinessObjects([]helm.Object{d.Object})[0],
		Missing: d.Missing, Fields: d.Fields, Writer: d.Writer, Corrected: d.Corrected, Retry: d.Retry,
	}
	if d.Unknown != nil {
		out.Unknown = failure.Message(d.Unknown)
	}
	return out
}

func helmObjects(objects []readiness.Object) []helm.Object {
	out := make([]helm.Object, 0, len(objects))
	for _, o := range objects {
		out = append(out, helm.Object{GroupVersionKind: o.GroupVersionKind, Namespace: o.Namespace, Name: o.Name})
	}
	return out
}
