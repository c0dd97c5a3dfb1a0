// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

func said(ready metav1.ConditionStatus, reason, message string) []metav1.Condition {
	return []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: ready, Reason: reason, Message: message, ObservedGeneration: 1}}
}

func TestPace(t *testing.T) {
	t.Parallel()
	var p pace
	now := time.Unix(100, 0)
	if left := p.left("a", now, time.Second); left != 0 {
		t.Errorf("%s left for what was never written", left)
	}
	p.wrote("a", now)
	if left := p.left("a", now.Add(400*time.Millisecond), time.Second); left != 600*time.Millisecond {
		t.Errorf("%s left after 400 ms of a second", left)
	}
	if left := p.left("a", now.Add(2*time.Second), time.Second); left != 0 {
		t.Errorf("%s left after two seconds", left)
	}
	if left := p.left("b", now, time.Second); left != 0 {
		t.Errorf("%s left for another object", left)
	}
	p.forget("a")
	if left := p.left("a", now, time.Second); left != 0 {
		t.Errorf("%s left for what was forgotten", left)
	}
}

func TestBundleProgress(t *testing.T) {
	t.Parallel()
	going := v1alpha1.PlatformBundleStatus{
		Ready: "1/3", Conditions: said(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "installing a"),
		Components: []v1alpha1.ComponentStatus{{Name: "a", State: v1alpha1.StateInstalling}},
	}
	for name, c := range map[string]struct {
		change func(*v1alpha1.PlatformBundleStatus)
		want   bool
	}{
		"nothing":            {func(*v1alpha1.PlatformBundleStatus) {}, false},
		"another sentence":   {func(s *v1alpha1.PlatformBundleStatus) { s.Conditions[0].Message = "installing b" }, true},
		"one more is ready":  {func(s *v1alpha1.PlatformBundleStatus) { s.Ready, s.Components[0].State = "2/3", v1alpha1.StateReady }, true},
		"one has failed":     {func(s *v1alpha1.PlatformBundleStatus) { s.Components[0].State = v1alpha1.StateFailed }, false},
		"another reason":     {func(s *v1alpha1.PlatformBundleStatus) { s.Conditions[0].Reason = v1alpha1.ReasonAwaitingApproval }, false},
		"all are ready":      {func(s *v1alpha1.PlatformBundleStatus) { s.Conditions[0].Status = metav1.ConditionTrue }, false},
		"a new generation":   {func(s *v1alpha1.PlatformBundleStatus) { s.Conditions[0].ObservedGeneration = 2 }, false},
		"a plan":             {func(s *v1alpha1.PlatformBundleStatus) { s.Plan = &v1alpha1.PlanStatus{Digest: "1"} }, false},
		"the catalog":        {func(s *v1alpha1.PlatformBundleStatus) { s.CatalogVersion = "2026.11" }, false},
		"a handled request":  {func(s *v1alpha1.PlatformBundleStatus) { s.LastHandledReconcileAt = "now" }, false},
		"it cannot go on":    {func(s *v1alpha1.PlatformBundleStatus) { s.Conditions = append(s.Conditions, stalled()) }, false},
		"another condition":  {func(s *v1alpha1.PlatformBundleStatus) { s.Conditions = append(s.Conditions, maintained()) }, true},
		"ready by the count": {func(s *v1alpha1.PlatformBundleStatus) { s.Ready = "3/3" }, true},
	} {
		after := going.DeepCopy()
		c.change(after)
		if got := bundleProgress(going, *after); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func stalled() metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonInstallFailed}
}

func maintained() metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionMaintained, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonMaintained}
}

func TestReleaseProgress(t *testing.T) {
	t.Parallel()
	going := v1alpha1.ComponentReleaseStatus{
		ObservedGeneration: 1, Conditions: said(metav1.ConditionFalse, v1alpha1.ReasonInstalling, "Helm installs the release"),
	}
	for name, c := range map[string]struct {
		change func(*v1alpha1.ComponentReleaseStatus)
		want   bool
	}{
		"nothing":      {func(*v1alpha1.ComponentReleaseStatus) {}, false},
		"a record":     {func(s *v1alpha1.ComponentReleaseStatus) { s.Revision, s.ReleasedDigest = 1, "1" }, true},
		"waiting":      {func(s *v1alpha1.ComponentReleaseStatus) { s.Conditions[0].Reason = v1alpha1.ReasonWaitingForObjects }, true},
		"ready":        {func(s *v1alpha1.ComponentReleaseStatus) { s.Conditions[0].Status = metav1.ConditionTrue }, false},
		"failed":       {func(s *v1alpha1.ComponentReleaseStatus) { s.Conditions[0].Reason = v1alpha1.ReasonInstallFailed }, false},
		"a failure":    {func(s *v1alpha1.ComponentReleaseStatus) { s.Failure = &v1alpha1.ReleaseFailure{Count: 1} }, false},
		"about to be":  {func(s *v1alpha1.ComponentReleaseStatus) { s.Manifests = []v1alpha1.ObjectReference{{Name: "a"}} }, false},
		"probed":       {func(s *v1alpha1.ComponentReleaseStatus) { s.ProbedDigest = "1" }, false},
		"ready before": {func(s *v1alpha1.ComponentReleaseStatus) { s.ReadyDigest = "1" }, false},
		"removed":      {func(s *v1alpha1.ComponentReleaseStatus) { s.Removed = true }, false},
	} {
		after := going.DeepCopy()
		c.change(after)
		if got := releaseProgress(going, *after); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestMayBeToldLater(t *testing.T) {
	t.Parallel()
	scope := func() *releaseScope {
		release := &v1alpha1.ComponentRelease{}
		release.Status.Conditions = said(metav1.ConditionFalse, v1alpha1.ReasonManifestsPending, "one")
		out := &releaseScope{before: release, release: release.DeepCopy()}
		out.release.Status.Conditions[0].Message = "two"
		return out
	}
	for name, c := range map[string]struct {
		change func(*releaseScope)
		later  bool
		goesOn bool
	}{
		"a sentence":              {func(*releaseScope) {}, true, false},
		"a Helm action has ended": {func(s *releaseScope) { s.outcome = &jobs.Outcome{Action: string(plan.ActionInstall)} }, true, false},
		"one has failed": {func(s *releaseScope) {
			s.outcome = &jobs.Outcome{Action: string(plan.ActionInstall), Err: errors.New("refused")}
		}, false, false},
		"manifests were applied": {func(s *releaseScope) { s.outcome = &jobs.Outcome{Action: actionManifests} }, false, false},
		"drift was compared":     {func(s *releaseScope) { s.outcome = &jobs.Outcome{Action: actionDrift} }, false, false},
		"a job was begun":        {func(s *releaseScope) { s.started = true }, false, false},
		"there is news":          {func(s *releaseScope) { s.tell(v1alpha1.ReasonDriftCorrected, "put back") }, false, false},
		"Helm is at work":        {func(s *releaseScope) { s.running = &jobs.Running{Action: string(plan.ActionUpgrade)} }, true, true},
		"a comparison runs":      {func(s *releaseScope) { s.running = &jobs.Running{Action: actionDrift} }, true, false},
	} {
		s := scope()
		c.change(s)
		if got := s.mayBeToldLater(); got != c.later {
			t.Errorf("%s: may be told later: %t, want %t", name, got, c.later)
		}
		if got := s.nothingNew(); got != c.goesOn {
			t.Errorf("%s: nothing new: %t, want %t", name, got, c.goesOn)
		}
	}
}
