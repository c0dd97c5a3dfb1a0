// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// recordEvents tells what happened, from the difference between the status that
// was and the one that was just written: nothing new, no event.
func (r *PlatformBundleReconciler) recordEvents(scope *bundleScope) {
	bundle := scope.bundle
	was, is := scope.before.Status, bundle.Status
	if was.CatalogVersion == "" && is.CatalogVersion != "" && bundle.Spec.CatalogVersion == "" {
		r.Recorder.Eventf(bundle, nil, corev1.EventTypeNormal, v1alpha1.ReasonCatalogPinned, "Resolve",
			"catalog %s was chosen and stays until spec.catalogVersion is set", is.CatalogVersion)
	}
	before := map[string]v1alpha1.ComponentStatus{}
	for _, c := range was.Components {
		before[c.Name] = c
	}
	for _, c := range is.Components {
		r.recordComponent(scope, before[c.Name], c)
	}
	admission := meta.FindStatusCondition(is.Conditions, v1alpha1.ConditionAdmissionAvailable)
	known := meta.FindStatusCondition(was.Conditions, v1alpha1.ConditionAdmissionAvailable)
	if admission != nil && admission.Reason == v1alpha1.ReasonWebhookUnavailable && (known == nil || known.Message != admission.Message) {
		r.Recorder.Eventf(bundle, nil, corev1.EventTypeWarning, admission.Reason, "Observe", "%s", truncate(admission.Message))
	}
	ready := meta.FindStatusCondition(is.Conditions, v1alpha1.ConditionReady)
	old := meta.FindStatusCondition(was.Conditions, v1alpha1.ConditionReady)
	if ready != nil && (old == nil || old.Status != ready.Status || old.Reason != ready.Reason) {
		kind := corev1.EventTypeNormal
		if meta.IsStatusConditionTrue(is.Conditions, v1alpha1.ConditionStalled) {
			kind = corev1.EventTypeWarning
		}
		r.Recorder.Eventf(bundle, nil, kind, ready.Reason, "Reconcile", "%s", truncate(ready.Message))
	}
}

// recordComponent tells what people have to look at. The event is related to the
// release: those of one reason about one object are folded into the first of them.
func (r *PlatformBundleReconciler) recordComponent(scope *bundleScope, was, is v1alpha1.ComponentStatus) {
	bundle, related := scope.bundle, runtime.Object(nil)
	if release := scope.releases[is.Name]; release != nil {
		related = release
	}
	if was.Lifecycle != is.Lifecycle && is.Lifecycle != "" {
		r.Recorder.Eventf(bundle, related, corev1.EventTypeWarning, v1alpha1.ReasonRetired, "Resolve", "%s", truncate(is.Name+": "+is.Lifecycle))
	}
	if was.Warning != is.Warning && is.Warning != "" {
		r.Recorder.Eventf(bundle, related, corev1.EventTypeWarning, v1alpha1.ReasonVersionNotice, "Resolve", "%s", truncate(is.Name+": "+is.Warning))
	}
	if was.State == is.State && was.Reason == is.Reason {
		return
	}
	switch is.State {
	case v1alpha1.StateFailed, v1alpha1.StateHeld:
		if is.Reason != v1alpha1.ReasonHeld {
			r.Recorder.Eventf(bundle, related, corev1.EventTypeWarning, is.Reason, "Reconcile", "%s", truncate(is.Name+": "+is.Message))
		}
	default: // what is under way is in the status, and what is ready is an event of its release
	}
}

// truncate keeps an event note within the API's limit of 1 KiB.
func truncate(note string) string { return cut(note, 1000) }
