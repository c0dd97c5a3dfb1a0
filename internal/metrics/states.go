// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// patience is how long a scrape waits for a cache that has just begun.
const patience = time.Second

// componentStates are all that a component can be in: each has a series, 0 or 1, so
// that "not Ready" is a question that an alert can ask.
var componentStates = [...]v1alpha1.ComponentState{
	v1alpha1.StatePreparing, v1alpha1.StateWaiting, v1alpha1.StateInstalling, v1alpha1.StateUpgrading, v1alpha1.StateProgressing,
	v1alpha1.StateReady, v1alpha1.StateFailed, v1alpha1.StateHeld, v1alpha1.StateSuspended, v1alpha1.StateRemoving,
}

// states shows what bundles and releases say of themselves, when it is asked.
type states struct {
	reader client.Reader
	leads  func() bool
	shard  string

	bundleReady, bundleStalled, admission *prometheus.Desc
	state, reason, info, drifted          *prometheus.Desc
	pending, took, idle                   *prometheus.Desc
}

func newStates(reader client.Reader, leads func() bool, shard string) *states {
	return &states{
		reader: reader, leads: leads, shard: shard,
		bundleReady:   describe("bundle_ready", "1 while every component of the bundle is Ready as it is wanted, else 0.", labelBundle),
		bundleStalled: describe("bundle_stalled", "1 while only a change of the bundle's spec helps, else 0.", labelBundle),
		admission: describe("admission_available",
			"0 while a fail-closed admission webhook of the cluster, whoever made it, calls a Service that is gone, else 1.", labelBundle),
		state:  describe("component_state", "1 for the state that the component is in, 0 for every other.", labelBundle, labelComponent, labelState),
		reason: describe("component_reason", "1 for the reason of the component's state.", labelBundle, labelComponent, labelReason),
		info:   describe("component_info", "1 for the version of the component's chart that is installed, or about to be.", labelBundle, labelComponent, labelVersion),
		drifted: describe("component_drifted",
			"1 for why the condition Drifted of the component's release is not False: drift that was found and not put back.", labelBundle, labelComponent, labelReason),
		pending: describe("plan_pending", "Changes of the bundle that wait for an approval, or for the maintenance window.", labelBundle, labelReason),
		took:    describe("change_seconds", "Time that the newest finished change of the bundle took, in seconds.", labelBundle),
		idle: describe("idle_seconds",
			"How much of it passed on the critical path although the next component could have begun, in seconds.", labelBundle),
	}
}

// Describe implements prometheus.Collector.
func (s *states) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		s.bundleReady, s.bundleStalled, s.admission, s.state, s.reason, s.info, s.drifted, s.pending, s.took, s.idle,
	} {
		to <- desc
	}
}

// Collect implements prometheus.Collector. A cache that cannot answer yet shows
// nothing, and the other metrics are read all the same.
func (s *states) Collect(to chan<- prometheus.Metric) {
	if !s.leads() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var bundles v1alpha1.PlatformBundleList
	if s.reader.List(ctx, &bundles, client.UnsafeDisableDeepCopy) == nil {
		for i := range bundles.Items {
			if bundles.Items[i].Labels[v1alpha1.ShardLabel] == s.shard {
				s.bundle(to, &bundles.Items[i])
			}
		}
	}
	var releases v1alpha1.ComponentReleaseList
	if s.reader.List(ctx, &releases, client.UnsafeDisableDeepCopy) == nil {
		for i := range releases.Items {
			if releases.Items[i].Labels[v1alpha1.ShardLabel] == s.shard {
				s.release(to, &releases.Items[i])
			}
		}
	}
}

func (s *states) bundle(to chan<- prometheus.Metric, bundle *v1alpha1.PlatformBundle) {
	name, status := bundle.Name, bundle.Status
	gauge(to, s.bundleReady, truth(meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady)), name)
	gauge(to, s.bundleStalled, truth(meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionStalled)), name)
	gauge(to, s.admission, truth(!meta.IsStatusConditionFalse(status.Conditions, v1alpha1.ConditionAdmissionAvailable)), name)
	waiting := map[string]float64{v1alpha1.ReasonAwaitingApproval: 0, v1alpha1.ReasonAwaitingWindow: 0}
	for _, c := range status.Components {
		for _, state := range componentStates {
			gauge(to, s.state, truth(c.State == state), name, c.Name, string(state))
		}
		if c.Reason != "" {
			gauge(to, s.reason, 1, name, c.Name, c.Reason)
		}
		if c.Version != "" {
			gauge(to, s.info, 1, name, c.Name, c.Version)
		}
		if _, waits := waiting[c.Reason]; waits {
			waiting[c.Reason]++
		}
	}
	for reason, count := range waiting {
		gauge(to, s.pending, count, name, reason)
	}
	if timeline := status.Timeline; timeline != nil {
		gauge(to, s.took, timeline.Took.Seconds(), name)
		gauge(to, s.idle, timeline.Idle.Seconds(), name)
	}
}

func (s *states) release(to chan<- prometheus.Metric, release *v1alpha1.ComponentRelease) {
	drifted := meta.FindStatusCondition(release.Status.Conditions, v1alpha1.ConditionDrifted)
	if drifted != nil && drifted.Status != metav1.ConditionFalse {
		gauge(to, s.drifted, 1, release.Spec.Bundle, release.Spec.Component, drifted.Reason)
	}
}
