// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// components are those of the newest catalog.
func components(t *testing.T) []catalog.Component {
	t.Helper()
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	var out []catalog.Component
	for _, name := range newest.Names() {
		c, _ := newest.Component(name)
		out = append(out, c)
	}
	return out
}

func component(t *testing.T, chart string) catalog.Component {
	t.Helper()
	all := components(t)
	i := slices.IndexFunc(all, func(c catalog.Component) bool { return c.Chart.Name == chart })
	if i < 0 {
		t.Fatalf("no component with the chart %s", chart)
	}
	return all[i]
}

// build makes a stand-in and sends it through its archive, as everybody gets it.
func build(t *testing.T, name string, opts ...charts.Option) *helmchart.Chart {
	t.Helper()
	shape, ok := charts.Find(name)
	if !ok {
		t.Fatalf("no shape of the chart %s", name)
	}
	c, err := charts.Build(shape, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return reload(t, c)
}

func reload(t *testing.T, c *helmchart.Chart) *helmchart.Chart {
	t.Helper()
	data, err := charts.Archive(c)
	if err != nil {
		t.Fatal(err)
	}
	c, err = loader.LoadArchive(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// values parses YAML.
func values(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// object is a rendered object.
type object = map[string]any

// render renders with Helm's engine: templates, hooks included, and what lies in crds/.
func render(c *helmchart.Chart, release catalog.Component, given map[string]any, apis ...string) ([]object, error) {
	if err := chartutil.ProcessDependenciesWithMerge(c, given); err != nil {
		return nil, err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.36.0", Major: "1", Minor: "36"}
	capabilities.APIVersions = append(capabilities.APIVersions, apis...)
	if c.Metadata.KubeVersion != "" && !chartutil.IsCompatibleRange(c.Metadata.KubeVersion, capabilities.KubeVersion.Version) {
		return nil, fmt.Errorf("incompatible with %s", capabilities.KubeVersion.Version)
	}
	options := chartutil.ReleaseOptions{Name: release.ReleaseName, Namespace: release.Namespace, Revision: 1, IsInstall: true}
	top, err := chartutil.ToRenderValues(c, given, options, capabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, top)
	if err != nil {
		return nil, err
	}
	for _, crd := range c.CRDObjects() {
		files[crd.Filename] = string(crd.File.Data)
	}
	return parse(files)
}

func parse(files map[string]string) ([]object, error) {
	var out []object
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, "NOTES.txt") {
			continue
		}
		for document := range strings.SplitSeq("\n"+files[name], "\n---\n") {
			o := object{}
			if err := yaml.UnmarshalStrict([]byte(document), &o); err != nil {
				return nil, fmt.Errorf("%s: %w\n%s", name, err, document)
			}
			if len(o) > 0 {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

// mustRender renders with the catalog's values under those given.
func mustRender(t *testing.T, chart, given string, apis ...string) []object {
	t.Helper()
	release := component(t, chart)
	out, err := render(build(t, chart), release, chartutil.CoalesceTables(values(t, given), release.Values), apis...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// at reads a field by its path; nil when it is not there.
func at(o object, path ...string) any {
	var v any = o
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// names lists "<kind> <name>" of the objects of a kind, sorted; every kind when it is empty.
func names(objects []object, kind string) []string {
	var out []string
	for _, o := range objects {
		if kind == "" || o["kind"] == kind {
			out = append(out, fmt.Sprint(o["kind"], " ", at(o, "metadata", "name")))
		}
	}
	slices.Sort(out)
	return out
}

func find(t *testing.T, objects []object, kind, name string) object {
	t.Helper()
	for _, o := range objects {
		if o["kind"] == kind && at(o, "metadata", "name") == name {
			return o
		}
	}
	t.Fatalf("no %s %s in %q", kind, name, names(objects, kind))
	return nil
}
