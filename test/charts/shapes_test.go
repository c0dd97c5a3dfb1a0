// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/groundwork-dev/groundwork/test/charts"
)

func TestChartsAreThoseOfTheCatalog(t *testing.T) {
	var want, got []string
	for _, c := range components(t) {
		want = append(want, c.Chart.Name+" "+c.Chart.Version)
	}
	slices.Sort(want)
	for _, shape := range charts.Charts() {
		got = append(got, shape.Name+" "+shape.Version)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("charts of the catalog (-) and of the table (+), sorted:\n%s", diff)
	}
}

// counts are numbers of a rendered chart: all of its objects, and the hooks and CRDs among them.
type counts struct{ Objects, Hooks, CRDs int }

// The numbers of objects are upstream's, rendered with the catalog's values.
func TestRenderWithTheCatalogsValues(t *testing.T) {
	want := map[string]counts{
		"argo-cd":                {59, 4, 3},
		"cert-manager":           {50, 4, 6},
		"external-dns":           {6, 0, 1},
		"gatekeeper":             {34, 4, 17},
		"grafana":                {8, 0, 0},
		"ingress-nginx":          {18, 7, 0},
		"jaeger":                 {3, 0, 0},
		"kube-prometheus-stack":  {105, 7, 10},
		"kyverno":                {80, 11, 22},
		"loki":                   {15, 0, 0},
		"strimzi-kafka-operator": {27, 0, 10},
		"vault-operator":         {6, 0, 1},
		"vault-secrets-webhook":  {8, 0, 0},
		"velero":                 {20, 0, 13},
	}
	for _, more := range []map[string]counts{meshCounts(), telemetryCounts(), secretCounts(), pipelineCounts(), nodeCounts()} {
		maps.Copy(want, more)
	}
	for _, shape := range charts.Charts() {
		t.Run(shape.Name, func(t *testing.T) {
			objects := mustRender(t, shape.Name, "")
			got := counts{Objects: len(objects)}
			seen := map[string]bool{}
			for _, o := range objects {
				if at(o, "metadata", "annotations", "helm.sh/hook") != nil {
					got.Hooks++
				}
				if o["kind"] == "CustomResourceDefinition" {
					got.CRDs++
				}
				id := fmt.Sprint(o["apiVersion"], " ", o["kind"], " ", at(o, "metadata", "namespace"), "/", at(o, "metadata", "name"))
				if strings.Contains(id, "<nil> ") || strings.HasSuffix(id, "<nil>") || seen[id] {
					t.Errorf("%s has no identity of its own", id)
				}
				seen[id] = true
			}
			if diff := cmp.Diff(want[shape.Name], got); diff != "" {
				t.Errorf("counts of upstream (-) and of the stand-in (+):\n%s", diff)
			}
			if diff := cmp.Diff(tableOf(shape), definitionsIn(objects)); diff != "" {
				t.Errorf("CRDs of the table (-) and rendered (+):\n%s", diff)
			}
		})
	}
}

// tableOf lists the CRDs of a shape with scope and versions.
func tableOf(shape charts.Shape) []string {
	var out []string
	for _, set := range shape.CRDs {
		for _, c := range set.CRDs {
			out = append(out, fmt.Sprint(c.Name(), " ", c.Kind, " ", c.Scope, " ", c.Versions))
		}
	}
	slices.Sort(out)
	return out
}

// definitionsIn reads back from rendered CRDs what tableOf lists.
func definitionsIn(objects []object) []string {
	var out []string
	for _, o := range objects {
		if o["kind"] != "CustomResourceDefinition" {
			continue
		}
		var versions []string
		for _, v := range at(o, "spec", "versions").([]any) {
			version := v.(object)
			text := version["name"].(string)
			if version["storage"] == true {
				text += "*"
			}
			if version["served"] != true {
				text += "-"
			}
			for _, subresource := range []string{"status", "scale"} {
				if at(version, "subresources", subresource) != nil {
					text += "/" + subresource
				}
			}
			versions = append(versions, text)
		}
		out = append(out, fmt.Sprint(at(o, "metadata", "name"), " ", at(o, "spec", "names", "kind"), " ", at(o, "spec", "scope"), " ",
			strings.Join(versions, " ")))
	}
	slices.Sort(out)
	return out
}

// Every value that a template reads has a default: charts render without any value, but for loki, as upstream.
func TestRenderWithTheChartsOwnValues(t *testing.T) {
	for _, c := range components(t) {
		t.Run(c.Chart.Name, func(t *testing.T) {
			_, err := render(build(t, c.Chart.Name), c, map[string]any{})
			if c.Chart.Name == "loki" {
				if err == nil || !strings.Contains(err.Error(), "loki.schemaConfig is empty") {
					t.Errorf("got %v, want an error about schemaConfig", err)
				}
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWherePlacesOfCRDsAre(t *testing.T) {
	for _, shape := range charts.Charts() {
		c := build(t, shape.Name)
		if err := chartutil.ProcessDependenciesWithMerge(c, map[string]any{}); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, set := range shape.CRDs {
			if set.In == charts.InCRDs {
				want += len(set.CRDs)
			}
		}
		if got := len(c.CRDObjects()); got != want {
			t.Errorf("%s: %d CRDs in crds/, want %d", shape.Name, got, want)
		}
	}
}

// Two renders without a cluster differ exactly where upstream's do.
func TestDeterminism(t *testing.T) {
	random := []string{"grafana", "linkerd-control-plane", "telepresence-oss", "vault-secrets-webhook"}
	for _, shape := range charts.Charts() {
		first, second := mustRender(t, shape.Name, ""), mustRender(t, shape.Name, "")
		if got, want := cmp.Equal(first, second), !slices.Contains(random, shape.Name); got != want {
			t.Errorf("%s: renders twice the same: %t, want %t", shape.Name, got, want)
		}
	}
}

// A binding is refused by the API server when its subject could not be the name of a service account.
func TestSubjectsOfBindings(t *testing.T) {
	for _, shape := range charts.Charts() {
		for _, o := range mustRender(t, shape.Name, "") {
			subjects, _ := o["subjects"].([]any)
			for _, subject := range subjects {
				if errs := validation.IsDNS1123Subdomain(fmt.Sprint(subject.(object)["name"])); len(errs) > 0 {
					t.Errorf("%s: %v %v: subject %v: %v", shape.Name, o["kind"], at(o, "metadata", "name"), subject, errs)
				}
			}
		}
	}
}
