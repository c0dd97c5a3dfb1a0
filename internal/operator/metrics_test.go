// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// cached is a cache that holds one bundle and one release of it.
type cached struct{ client.Reader }

func (cached) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *v1alpha1.PlatformBundleList:
		list.Items = []v1alpha1.PlatformBundle{{
			ObjectMeta: metav1.ObjectMeta{Name: "week1"},
			Status: v1alpha1.PlatformBundleStatus{
				Components: []v1alpha1.ComponentStatus{{Name: "loki", State: v1alpha1.StateReady, Reason: v1alpha1.ReasonReady, Version: "1.0.0"}},
				Timeline:   &v1alpha1.BundleTimeline{},
			},
		}}
	case *v1alpha1.ComponentReleaseList:
		list.Items = []v1alpha1.ComponentRelease{{
			Spec: v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: "loki"},
			Status: v1alpha1.ComponentReleaseStatus{Conditions: []metav1.Condition{
				{Type: v1alpha1.ConditionDrifted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDrifted},
			}},
		}}
	}
	return nil
}

// exported is what an operator to which everything has happened exports: the type and
// the labels of each metric.
func exported(t *testing.T) map[string]string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	r := rooms{}
	if err := r.measure(Options{Registry: registry, ChartCache: t.TempDir()}, cached{}, func() bool { return true }); err != nil {
		t.Fatal(err)
	}
	at := &metav1.MicroTime{Time: time.Unix(1, 0)}
	r.metrics.Begun("Install")()
	r.metrics.Ended("Install", "Rejected")
	r.metrics.Changed("week1.loki", v1alpha1.Timeline{Digest: "1", Queued: at, Prepared: at, Began: at, Released: at, Ready: at})
	r.metrics.Corrected("week1", "loki")
	r.metrics.ChartRequested(true, 0)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "groundwork_") {
			t.Errorf("%s is registered with the operator's own metrics and has another prefix", family.GetName())
		}
		if help := family.GetHelp(); !strings.HasSuffix(help, ".") {
			t.Errorf("%s: the help %q is no sentence", family.GetName(), help)
		}
		var labels []string
		for _, pair := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		slices.Sort(labels)
		out[family.GetName()] = strings.ToLower(family.GetType().String()) + " " + strings.Join(labels, ",")
	}
	return out
}

// documented is what docs/metrics.md says of them.
func documented(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `(groundwork_[a-z_]+)` \\| ([a-z]+) \\|([^|]*)\\| [^|]+ \\|$")
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		labels := strings.FieldsFunc(match[3], func(r rune) bool { return strings.ContainsRune("`, ", r) })
		slices.Sort(labels)
		out[match[1]] = match[2] + " " + strings.Join(labels, ",")
	}
	return out
}

func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	got, want := exported(t), documented(t)
	if len(got) < 15 {
		t.Fatalf("only %d metrics were exported: %v", len(got), slices.Sorted(maps.Keys(got)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/metrics.md lists each metric with its type and labels (-documented +exported):\n%s", diff)
	}
}
