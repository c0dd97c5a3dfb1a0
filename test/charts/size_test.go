// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/test/charts"
)

func TestSizesOfCRDs(t *testing.T) {
	for _, test := range []struct {
		reason string
		opts   []charts.Option
		scale  float64
	}{
		{"a tenth by default", nil, charts.DefaultScale},
		{"full size", []charts.Option{charts.FullSize()}, 1},
		{"half size", []charts.Option{charts.Scale(0.5)}, 0.5},
	} {
		t.Run(test.reason, func(t *testing.T) {
			for _, shape := range charts.Charts() {
				sizes := map[string]int{}
				objects, err := render(build(t, shape.Name, test.opts...), component(t, shape.Name), component(t, shape.Name).Values)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range objects {
					raw, err := json.Marshal(o)
					if err != nil {
						t.Fatal(err)
					}
					if o["kind"] == "CustomResourceDefinition" {
						sizes[at(o, "metadata", "name").(string)] = len(raw)
					}
				}
				for _, set := range shape.CRDs {
					for _, c := range set.CRDs {
						want := float64(c.KB<<10) * test.scale
						// What every definition has takes some hundred bytes per version, and one field is the least.
						if got := float64(sizes[c.Name()]); got < 0.9*want || got > 1.1*want+2500 {
							t.Errorf("%s: %.0f bytes, want about %.0f", c.Name(), got, want)
						}
					}
				}
			}
		})
	}
}

// At full size every chart still fits into the Secret of a release, and kyverno only just: as upstream's charts.
func TestFullSizeFitsIntoARelease(t *testing.T) {
	const limit = 1 << 20
	for _, c := range components(t) {
		loaded := build(t, c.Chart.Name, charts.FullSize())
		objects, err := render(build(t, c.Chart.Name, charts.FullSize()), c, c.Values)
		if err != nil {
			t.Fatal(err)
		}
		if err := chartutil.ProcessDependenciesWithMerge(loaded, c.Values); err != nil {
			t.Fatal(err)
		}
		inCRDs := map[any]bool{}
		for _, crd := range loaded.CRDObjects() {
			inCRDs[nameOf(t, crd.File.Data)] = true
		}
		var manifest bytes.Buffer
		for _, o := range objects {
			if inCRDs[at(o, "metadata", "name")] {
				continue // not part of the manifest
			}
			raw, err := yaml.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			manifest.WriteString("---\n")
			manifest.Write(raw)
		}
		size := releaseSize(t, &release.Release{Name: c.ReleaseName, Chart: loaded, Config: c.Values, Manifest: manifest.String()})
		t.Logf("%s: %d KB, %.0f%% of the limit", c.Chart.Name, size>>10, 100*float64(size)/limit)
		if size > limit {
			t.Errorf("%s does not fit", c.Chart.Name)
		}
		if c.Chart.Name == "kyverno" && size < limit*3/4 {
			t.Error("kyverno fits by far, which the real one does not")
		}
	}
}

func nameOf(t *testing.T, data []byte) any {
	t.Helper()
	o := object{}
	if err := yaml.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	return at(o, "metadata", "name")
}

// releaseSize is what Helm's storage would keep.
func releaseSize(t *testing.T, r *release.Release) int {
	t.Helper()
	var buffer bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(zipped).Encode(r); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodedLen(buffer.Len())
}
