// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/metrics"
)

// cache plays the manager's.
type cache struct {
	client.Reader
	bundles  []v1alpha1.PlatformBundle
	releases []v1alpha1.ComponentRelease
	err      error
}

func (c *cache) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *v1alpha1.PlatformBundleList:
		list.Items = c.bundles
	case *v1alpha1.ComponentReleaseList:
		list.Items = c.releases
	}
	return c.err
}

// scrape returns the samples that are not 0, sorted, as name{values of labels} value;
// of a histogram the number of observations and their sum.
func scrape(t *testing.T, registry *prometheus.Registry) []string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, pair := range metric.GetLabel() {
				labels = append(labels, pair.GetValue())
			}
			value := fmt.Sprint(metric.GetGauge().GetValue() + metric.GetCounter().GetValue())
			if histogram := metric.GetHistogram(); histogram != nil {
				value = fmt.Sprintf("%d %g", histogram.GetSampleCount(), histogram.GetSampleSum())
			}
			if value != "0" {
				out = append(out, strings.TrimPrefix(family.GetName(), "groundwork_")+"{"+strings.Join(labels, " ")+"} "+value)
			}
		}
	}
	slices.Sort(out)
	return out
}

func condition(kind string, status metav1.ConditionStatus, reason string) []metav1.Condition {
	return []metav1.Condition{{Type: kind, Status: status, Reason: reason}}
}

// TestShards: the operators of two shards show each bundle once between them.
func TestShards(t *testing.T) {
	t.Parallel()
	bundle := func(name, shard string) v1alpha1.PlatformBundle {
		return v1alpha1.PlatformBundle{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1alpha1.ShardLabel: shard}},
			Status: v1alpha1.PlatformBundleStatus{
				Conditions: condition(v1alpha1.ConditionAdmissionAvailable, metav1.ConditionFalse, v1alpha1.ReasonWebhookUnavailable),
				Components: []v1alpha1.ComponentStatus{{Name: "loki", State: v1alpha1.StateReady}},
			},
		}
	}
	release := func(bundle, shard string) v1alpha1.ComponentRelease {
		return v1alpha1.ComponentRelease{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.ShardLabel: shard}},
			Spec:       v1alpha1.ComponentReleaseSpec{Bundle: bundle, Component: "loki"},
			Status: v1alpha1.ComponentReleaseStatus{
				Conditions: condition(v1alpha1.ConditionDrifted, metav1.ConditionTrue, v1alpha1.ReasonDrifted)},
		}
	}
	c := &cache{
		bundles:  []v1alpha1.PlatformBundle{bundle("one", "a"), bundle("two", "b"), bundle("three", "")},
		releases: []v1alpha1.ComponentRelease{release("one", "a"), release("two", "b"), release("three", "")},
	}
	c.bundles[2].Labels, c.releases[2].Labels = nil, nil
	for shard, name := range map[string]string{"a": "one", "b": "two", "": "three"} {
		registry := prometheus.NewPedanticRegistry()
		if _, err := metrics.New(metrics.Options{Registry: registry, Reader: c, Shard: shard}); err != nil {
			t.Fatal(err)
		}
		want := []string{"component_drifted{" + name + " loki Drifted} 1", "component_state{" + name + " loki Ready} 1"}
		if diff := cmp.Diff(want, scrape(t, registry)); diff != "" {
			t.Errorf("shard %q (-want +got):\n%s", shard, diff)
		}
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	c := &cache{
		bundles: []v1alpha1.PlatformBundle{
			{ObjectMeta: metav1.ObjectMeta{Name: "week1"}, Status: v1alpha1.PlatformBundleStatus{
				Conditions: condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonDataLoss),
				Components: []v1alpha1.ComponentStatus{
					{Name: "grafana", State: v1alpha1.StateWaiting, Reason: v1alpha1.ReasonAwaitingWindow, Version: "2.0.0"},
					{Name: "loki", State: v1alpha1.StateFailed, Reason: v1alpha1.ReasonUpgradeFailed},
				},
				Timeline: &v1alpha1.BundleTimeline{Took: metav1.Duration{Duration: 90 * time.Second}, Idle: metav1.Duration{Duration: 500 * time.Millisecond}},
			}},
			{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Status: v1alpha1.PlatformBundleStatus{
				Conditions: slices.Concat(condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady),
					condition(v1alpha1.ConditionAdmissionAvailable, metav1.ConditionFalse, v1alpha1.ReasonWebhookUnavailable)),
			}},
		},
		releases: []v1alpha1.ComponentRelease{
			{Spec: v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: "loki"}, Status: v1alpha1.ComponentReleaseStatus{
				Conditions: condition(v1alpha1.ConditionDrifted, metav1.ConditionTrue, v1alpha1.ReasonDriftFlapping)}},
			{Spec: v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: "grafana"}, Status: v1alpha1.ComponentReleaseStatus{
				Conditions: condition(v1alpha1.ConditionDrifted, metav1.ConditionFalse, v1alpha1.ReasonNoDrift)}},
		},
	}
	leads := true
	registry := prometheus.NewPedanticRegistry()
	if _, err := metrics.New(metrics.Options{Registry: registry, Reader: c, Leads: func() bool { return leads }}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"admission_available{week1} 1",
		"bundle_ready{shop} 1",
		"bundle_stalled{week1} 1",
		"change_seconds{week1} 90",
		"component_drifted{week1 loki DriftFlapping} 1",
		"component_info{week1 grafana 2.0.0} 1",
		"component_reason{week1 grafana AwaitingWindow} 1",
		"component_reason{week1 loki UpgradeFailed} 1",
		"component_state{week1 grafana Waiting} 1",
		"component_state{week1 loki Failed} 1",
		"idle_seconds{week1} 0.5",
		"plan_pending{week1 AwaitingWindow} 1",
	}
	if diff := cmp.Diff(want, scrape(t, registry)); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}

	// Every state has a series, also when it is 0: an alert asks for it.
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "groundwork_component_state" && len(family.GetMetric()) != 20 {
			t.Errorf("%d series of 2 components in 10 states", len(family.GetMetric()))
		}
	}

	c.bundles, c.releases = c.bundles[1:], nil
	if diff := cmp.Diff([]string{"bundle_ready{shop} 1"}, scrape(t, registry)); diff != "" {
		t.Errorf("what is gone has no series (-want +got):\n%s", diff)
	}
	leads = false
	if got := scrape(t, registry); len(got) > 0 {
		t.Errorf("a process that stands by shows %v", got)
	}
	leads, c.err = true, errors.New("the cache has not begun")
	if got := scrape(t, registry); len(got) > 0 {
		t.Errorf("a cache that cannot answer shows %v", got)
	}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "archives"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"archives/a", "archives/b"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 1000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	registry := prometheus.NewPedanticRegistry()
	r, err := metrics.New(metrics.Options{Registry: registry, Reader: &cache{}, CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	at := func(s int) *metav1.MicroTime { return &metav1.MicroTime{Time: time.Unix(int64(s), 0)} }
	change := v1alpha1.Timeline{Digest: "one", Began: at(1), Released: at(3), Ready: at(8)}

	ended := r.Begun("Install")
	r.Begun("Upgrade")()
	r.Ended("Upgrade", "")
	r.Ended("Upgrade", "Rejected")
	r.Changed("week1.loki", change)
	r.Changed("week1.loki", change) // seen again through an old cache
	change.Digest = "two"
	r.Changed("week1.loki", change)
	r.Corrected("week1", "loki")
	r.Corrected("week1", "velero")
	r.ChartRequested(true, 0)
	r.ChartRequested(false, 700)
	r.ChartRequested(false, 0) // the repository did not answer
	want := []string{
		"actions_in_flight{Install} 1",
		"actions_total{Upgrade} 2",
		"chart_cache_bytes{} 2000",
		"chart_cache_requests_total{hit} 1",
		"chart_cache_requests_total{miss} 2",
		"chart_downloaded_bytes_total{} 700",
		"drift_corrections_total{week1 loki} 1",
		"drift_corrections_total{week1 velero} 1",
		"failures_total{Upgrade Rejected} 1",
		"stage_seconds{apply} 2 4",
		"stage_seconds{rollout} 2 10",
	}
	if diff := cmp.Diff(want, scrape(t, registry)); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}

	ended()
	r.Forget("week1.loki")
	r.Changed("week1.loki", change) // installed anew with what it had
	got := scrape(t, registry)
	for _, gone := range []string{"actions_in_flight{Install} 1", "drift_corrections_total{week1 loki} 1"} {
		if slices.Contains(got, gone) {
			t.Errorf("%s is still there", gone)
		}
	}
	if !slices.Contains(got, "stage_seconds{apply} 3 6") {
		t.Errorf("a release that came back was not observed: %v", got)
	}
}

func TestNilRecorder(t *testing.T) {
	t.Parallel()
	var r *metrics.Recorder
	r.Begun("Install")()
	r.Ended("Install", "")
	r.Changed("week1.loki", v1alpha1.Timeline{})
	r.Corrected("week1", "loki")
	r.Forget("week1.loki")
	r.ChartRequested(true, 0)
}

func TestNewTwice(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	for _, want := range []bool{true, false} {
		if _, err := metrics.New(metrics.Options{Registry: registry, Reader: &cache{}}); (err == nil) != want {
			t.Errorf("registered: %v, want %v", err, want)
		}
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	at := func(s float64) *metav1.MicroTime {
		return &metav1.MicroTime{Time: time.UnixMicro(int64(s * 1e6))}
	}
	hooks := &metav1.Duration{Duration: 4 * time.Second}
	for _, tc := range []struct {
		name     string
		timeline v1alpha1.Timeline
		want     map[string]time.Duration
	}{
		{
			"every stage",
			v1alpha1.Timeline{Queued: at(1), Prepared: at(1.5), Began: at(4), Released: at(10), Hooks: hooks, Ready: at(12)},
			map[string]time.Duration{"prepare": 500 * time.Millisecond, "wait": 2500 * time.Millisecond, "apply": 2 * time.Second, "hooks": 4 * time.Second, "rollout": 2 * time.Second},
		},
		{
			"follow-up manifests alone: Helm had nothing to do",
			v1alpha1.Timeline{Queued: at(1), Prepared: at(1), Began: at(1), Ready: at(3)},
			map[string]time.Duration{"prepare": 0, "wait": 0, "rollout": 2 * time.Second},
		},
		{
			"people let it wait for days",
			v1alpha1.Timeline{Queued: at(1), Prepared: at(2), GatedBy: []string{v1alpha1.ReasonAwaitingApproval}, Began: at(90000), Released: at(90001), Ready: at(90002)},
			map[string]time.Duration{"prepare": time.Second, "apply": time.Second, "rollout": time.Second},
		},
		{
			"begun by another process, which took its memory along",
			v1alpha1.Timeline{Began: at(2), Released: at(3), Hooks: hooks, Ready: at(4)},
			map[string]time.Duration{"apply": 0, "hooks": 4 * time.Second, "rollout": time.Second},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, metrics.Stages(tc.timeline)); diff != "" {
				t.Errorf("stages (-want +got):\n%s", diff)
			}
		})
	}
}
