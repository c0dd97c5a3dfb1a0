// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// beginTimeline starts the timeline of a change with what its bundle has seen of it.
func beginTimeline(release *v1alpha1.ComponentRelease) {
	wanted := wantedDigest(release.Spec)
	if have := release.Status.Timeline; have != nil && have.Digest == wanted {
		return
	}
	next := v1alpha1.Timeline{}
	// The annotation is ours; one that somebody else has written says nothing.
	if json.Unmarshal([]byte(release.Annotations[v1alpha1.TimelineAnnotation]), &next) != nil || next.Digest != wanted {
		return
	}
	release.Status.Timeline = &next
}

// timeAction notes when Helm began and ended with the change.
func (scope *releaseScope) timeAction() {
	timeline, outcome := scope.release.Status.Timeline, scope.outcome
	if timeline == nil || outcome == nil || outcome.Began.IsZero() || outcome.Digest != scope.release.Spec.InputsDigest {
		return
	}
	if outcome.Action != string(plan.ActionInstall) && outcome.Action != string(plan.ActionUpgrade) {
		return
	}
	if timeline.Began == nil {
		timeline.Began = microTime(outcome.Began)
	}
	if result, ok := outcome.Value.(helm.Result); ok && outcome.Err == nil && timeline.Released == nil {
		timeline.Released, timeline.Hooks = microTime(outcome.Ended), &metav1.Duration{Duration: result.Hooks.Round(time.Millisecond)}
	}
}

// timeReady notes when the change was Ready. One that makes no revision, of follow-up
// manifests alone, began when it was approved.
func (scope *releaseScope) timeReady(now time.Time) {
	timeline := scope.release.Status.Timeline
	if timeline == nil || timeline.Ready != nil || timeline.Digest != wantedDigest(scope.release.Spec) {
		return
	}
	if timeline.Began == nil {
		timeline.Began = timeline.Approved
	}
	timeline.Ready = microTime(now)
}

// microTime is a time as the API keeps it.
func microTime(t time.Time) *metav1.MicroTime {
	return &metav1.MicroTime{Time: t.Truncate(time.Microsecond)}
}
