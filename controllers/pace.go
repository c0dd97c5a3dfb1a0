// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// pace bounds how often a status is written that only tells how far things are: each
// write costs the API server some milliseconds, on the machine that the platform is
// coming up on. Whatever is a result, an error, or something to be remembered is
// written at once. The zero value is ready to use; safe for concurrent use.
type pace struct {
	mu      sync.Mutex
	written map[string]time.Time
}

// left is how long to wait before a status may be written again; zero is now.
func (p *pace) left(name string, now time.Time, interval time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.written[name].Add(interval).Sub(now))
}

// wrote notes that a status was written.
func (p *pace) wrote(name string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.written == nil {
		p.written = map[string]time.Time{}
	}
	p.written[name] = now
}

// forget drops what is kept about an object that is gone, or at rest.
func (p *pace) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.written, name)
}

// sameStory says that neither of two lists of conditions is Ready or Stalled, and that
// both are for the same reason: only the sentence differs.
func sameStory(before, after []metav1.Condition) bool {
	was, is := meta.FindStatusCondition(before, v1alpha1.ConditionReady), meta.FindStatusCondition(after, v1alpha1.ConditionReady)
	return was != nil && is != nil && was.Status == metav1.ConditionFalse && is.Status == metav1.ConditionFalse &&
		was.Reason == is.Reason && was.ObservedGeneration == is.ObservedGeneration &&
		!meta.IsStatusConditionTrue(before, v1alpha1.ConditionStalled) && !meta.IsStatusConditionTrue(after, v1alpha1.ConditionStalled)
}

// bundleProgress says that a bundle's status changed, and in nothing but how far
// things are.
func bundleProgress(before, after v1alpha1.PlatformBundleStatus) bool {
	if !sameStory(before.Conditions, after.Conditions) || equality.Semantic.DeepEqual(before, after) {
		return false
	}
	for _, status := range []*v1alpha1.PlatformBundleStatus{&before, &after} {
		status.Conditions, status.Ready = nil, ""
		status.Components = failing(status.Components)
	}
	return equality.Semantic.DeepEqual(before, after)
}

// failing are the components that people have to look at.
func failing(components []v1alpha1.ComponentStatus) []v1alpha1.ComponentStatus {
	var out []v1alpha1.ComponentStatus
	for _, c := range components {
		if c.State == v1alpha1.StateFailed || c.State == v1alpha1.StateHeld {
			out = append(out, c)
		}
	}
	return out
}

// releaseProgress says the same of a release: everything that differs is read from the
// cluster anew in the next pass, or learned once more from the job that ended.
func releaseProgress(before, after v1alpha1.ComponentReleaseStatus) bool {
	if !underWay(before.Conditions) || !underWay(after.Conditions) || equality.Semantic.DeepEqual(before, after) {
		return false
	}
	for _, status := range []*v1alpha1.ComponentReleaseStatus{&before, &after} {
		status.Conditions, status.Revision, status.ReleasedDigest, status.Timeline, status.Data = nil, 0, "", nil, nil
	}
	return equality.Semantic.DeepEqual(before, after)
}

// underWay says that a release is not Ready because it is on its way there.
func underWay(conditions []metav1.Condition) bool {
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Status != metav1.ConditionFalse || meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled) {
		return false
	}
	switch ready.Reason {
	case v1alpha1.ReasonInstalling, v1alpha1.ReasonUpgrading, v1alpha1.ReasonWaitingForObjects, v1alpha1.ReasonManifestsPending, v1alpha1.ReasonProgressing:
		return true
	default:
		return false
	}
}
