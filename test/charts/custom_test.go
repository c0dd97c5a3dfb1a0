// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// renderCustom renders a custom chart as the release "demo" in the namespace "apps".
func renderCustom(t *testing.T, given string, opts ...charts.ChartOption) ([]object, error) {
	t.Helper()
	c, err := charts.ConfigMapChart("settings", "1.2.3+build.4", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return render(reload(t, c), catalog.Component{ReleaseName: "demo", Namespace: "apps"}, values(t, given))
}

func TestConfigMapChart(t *testing.T) {
	objects, err := renderCustom(t, "data: {size: large, count: 3}\nlabels: {team: a}\nannotations: {note: b}")
	if err != nil {
		t.Fatal(err)
	}
	o := find(t, objects, "ConfigMap", "demo")
	want := object{"version": "1.2.3+build.4", "color": "blue", "size": "large", "count": "3"}
	if diff := cmp.Diff(want, o["data"]); diff != "" || len(objects) != 1 {
		t.Errorf("%d objects; data (-want +got):\n%s", len(objects), diff)
	}
	if at(o, "metadata", "labels", "team") != "a" || at(o, "metadata", "annotations", "note") != "b" {
		t.Errorf("metadata %v", o["metadata"])
	}
}

func TestCustomCharts(t *testing.T) {
	crd := charts.CRD{Group: "example.com", Kind: "Widget", Plural: "widgets", Scope: "Namespaced", Versions: "v1*/status", KB: 2}
	tests := []struct {
		reason string
		opt    charts.ChartOption
		want   []string
	}{
		{"CRD in crds/", charts.WithCRD(charts.InCRDs, crd), []string{"ConfigMap demo", "CustomResourceDefinition widgets.example.com"}},
		{"CRD in templates/", charts.WithCRD(charts.InTemplates, crd), []string{"ConfigMap demo", "CustomResourceDefinition widgets.example.com"}},
		{"hook", charts.WithHook(charts.Hook{Kinds: "ConfigMap", Name: "@-hook", Events: "pre-install"}), []string{"ConfigMap demo", "ConfigMap demo-settings-hook"}},
		{"resource", charts.WithResource(charts.Resource{APIVersion: "example.com/v1", Kind: "Widget", Name: "@", Spec: "size: 3"}),
			[]string{"ConfigMap demo", "Widget demo-settings"}},
		{"workload", charts.WithWorkload(charts.Workload{Kind: "Deployment", Name: "@"}), []string{"ConfigMap demo", "Deployment demo-settings"}},
		{"template", charts.WithTemplate("more.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: more}\n"), []string{"ConfigMap demo", "Secret more"}},
		{"schema that is kept to", charts.WithSchema(`{"type": "object"}`), []string{"ConfigMap demo"}},
		{"Kubernetes that fits", charts.WithKubeVersion(">=1.30.0-0"), []string{"ConfigMap demo"}},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			objects, err := renderCustom(t, "", test.opt)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, names(objects, "")); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCustomChartsThatFail(t *testing.T) {
	tests := []struct {
		reason, want string
		opt          charts.ChartOption
	}{
		{"template", "no such luck", charts.FailingTemplate("no such luck")},
		{"schema", "size", charts.WithSchema(`{"type": "object", "required": ["data", "size"]}`)},
		{"Kubernetes", "incompatible", charts.WithKubeVersion(">=99.0.0-0")},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			if _, err := renderCustom(t, "", test.opt); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestNotAChart(t *testing.T) {
	dir := t.TempDir()
	data, err := charts.NotAChart()
	if err != nil {
		t.Fatal(err)
	}
	if err := charts.SaveArchive(dir, "broken", "1.0.0", data); err != nil {
		t.Fatal(err)
	}
	_, _, err = newFetcher(t, chart.Options{}).Fetch(t.Context(), chart.Source{Repository: serveHTTP(t, dir).URL, Name: "broken", Version: "1.0.0"})
	if err == nil || !strings.Contains(err.Error(), "is not a chart") {
		t.Errorf("got %v, want that it is not a chart", err)
	}
}
