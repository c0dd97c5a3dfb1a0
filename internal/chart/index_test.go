// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// The layouts of one index: as Helm writes it, as other writers do, and as only a full parser reads it.
var indexLayouts = map[string]string{
	"helm": `apiVersion: v1
entries:
  # a comment
  alpha:
  - apiVersion: v2
    annotations:
      images: |
        - name: x
      version: 9.9.9
    description: |
      version: 8.8.8

      beta:
    digest: aaaa
    maintainers:
    - name: x
      url: y
    name: alpha
    urls:
    - alpha-1.0.0.tgz
    - https://elsewhere.example.com/alpha-1.0.0.tgz
    version: 1.0.0
  - name: alpha
    urls: [alpha-2.0.tgz]
    version: "2.0"
  beta:
  - digest: bbbb
    urls:
    - beta-1.10.tgz
    version: 1.10
generated: "2026-11-01T12:00:00Z"
`,
	"indented lists, quoted keys, dash alone": `entries:
    "alpha":
        -
            version: 1.0.0
            digest: aaaa
            urls:
                - alpha-1.0.0.tgz
                - "https://elsewhere.example.com/alpha-1.0.0.tgz"
        - version: '2.0' # a comment
          urls:
                - alpha-2.0.tgz
    'beta':
        - urls: [beta-1.10.tgz]
          version: "1.10"
          digest: bbbb
apiVersion: v1
`,
	"flow": `apiVersion: v1
entries: {alpha: [{version: 1.0.0, digest: aaaa, urls: [alpha-1.0.0.tgz, 'https://elsewhere.example.com/alpha-1.0.0.tgz']},
  {version: "2.0", urls: [alpha-2.0.tgz]}], beta: [{version: "1.10", digest: bbbb, urls: [beta-1.10.tgz]}]}
`,
	"aliases": `apiVersion: v1
entries:
  alpha:
  - urls: &u
    - alpha-1.0.0.tgz
    - https://elsewhere.example.com/alpha-1.0.0.tgz
    version: 1.0.0
    digest: aaaa
  - version: &two "2.0"
    urls: [alpha-2.0.tgz]
  beta:
  - version: "1.10"
    other: *two
    digest: bbbb
    urls: [beta-1.10.tgz]
`,
	"json": `{"apiVersion":"v1","other":{"entries":1},"entries":{
  "alpha":[{"version":"1.0.0","digest":"aaaa","urls":["alpha-1.0.0.tgz","https://elsewhere.example.com/alpha-1.0.0.tgz"]},
           {"version":"2.0","urls":["alpha-2.0.tgz"]}],
  "beta":[{"version":"1.10","digest":"bbbb","urls":["beta-1.10.tgz"]}]}}`,
}

func TestSearchIndexLayouts(t *testing.T) {
	t.Parallel()
	want := map[string][]indexVersion{
		"alpha": {
			{Version: "1.0.0", Digest: "aaaa", URLs: []string{"alpha-1.0.0.tgz", "https://elsewhere.example.com/alpha-1.0.0.tgz"}},
			{Version: "2.0", URLs: []string{"alpha-2.0.tgz"}},
		},
		"beta":  {{Version: "1.10", Digest: "bbbb", URLs: []string{"beta-1.10.tgz"}}},
		"gamma": nil,
	}
	for layout, index := range indexLayouts {
		for _, end := range []string{"\n", "\r\n"} {
			for name, versions := range want {
				got, err := searchIndex(strings.NewReader(strings.ReplaceAll(index, "\n", end)), name)
				if err != nil {
					t.Errorf("%s: %s: %v", layout, name, err)
				}
				if diff := cmp.Diff(versions, got.versions); diff != "" || got.found != (versions != nil) {
					t.Errorf("%s: %s (-want +got):\n%s", layout, name, diff)
				}
				slices.Sort(got.names)
				if !got.found && !slices.Equal(got.names, []string{"alpha", "beta"}) {
					t.Errorf("%s: names = %v", layout, got.names)
				}
			}
		}
	}
}

func TestSearchIndexNone(t *testing.T) {
	t.Parallel()
	for name, index := range map[string]string{
		"empty":        "",
		"login page":   "<!DOCTYPE html>\n<html><body>entries: none</body></html>\n",
		"other YAML":   "kind: ConfigMap\ndata: {}\n",
		"other JSON":   `{"errors":[{"code":"UNAUTHORIZED"}]}`,
		"broken JSON":  `{"entries":{"alpha":[`,
		"JSON list":    `{"entries":[]}`,
		"binary":       "\x1f\x8b\x08\x00\x00",
		"list entries": "entries:\n- a\n",
	} {
		if got, err := searchIndex(strings.NewReader(index), "alpha"); err == nil {
			t.Errorf("%s: no error, %+v", name, got)
		}
	}
}

func TestSearchIndexWithoutCharts(t *testing.T) {
	t.Parallel()
	for _, index := range []string{
		"apiVersion: v1\nentries: {}\n", "apiVersion: v1\nentries:\ngenerated: now\n", "apiVersion: v1\n", `{"entries":null}`, `{"entries":{}}`,
		"apiVersion: v1\nentries:\n  alpha: []\n",
	} {
		got, err := searchIndex(strings.NewReader(index), "alpha")
		if err != nil || len(got.versions) > 0 {
			t.Errorf("%q: %+v, %v", index, got, err)
		}
	}
}

// TestSearchIndexAgreesWithParser holds the line scanner to a full parser, over an index with long lines and many charts.
func TestSearchIndexAgreesWithParser(t *testing.T) {
	t.Parallel()
	index := bigIndex(30, 20)
	var whole struct {
		Entries map[string][]indexVersion `yaml:"entries"`
	}
	if err := yaml.Unmarshal(index, &whole); err != nil {
		t.Fatal(err)
	}
	for name, versions := range whole.Entries {
		got, err := searchIndex(bytes.NewReader(index), name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(versions, got.versions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// bigIndex is an index as Helm writes it, with descriptions that look like structure and lines longer than a buffer.
func bigIndex(charts, versions int) []byte {
	var b bytes.Buffer
	b.WriteString("apiVersion: v1\nentries:\n")
	for c := range charts {
		fmt.Fprintf(&b, "  chart-%03d:\n", c)
		for v := range versions {
			fmt.Fprintf(&b, "  - annotations:\n      images: |-\n        - name: a\n          image: b:%d\n", v)
			fmt.Fprintf(&b, "      long: %q\n", strings.Repeat("x", 300*(1+v%3)))
			if v == 0 {
				fmt.Fprintf(&b, "      longer: %q\n", strings.Repeat("version: y ", 10_000))
			}
			fmt.Fprintf(&b, "    apiVersion: v2\n    appVersion: 1.%d\n    description: >\n      version: 0\n\n      urls: none\n", v)
			fmt.Fprintf(&b, "    digest: %064x\n    keywords:\n    - version\n    name: chart-%03d\n", c*versions+v, c)
			fmt.Fprintf(&b, "    urls:\n    - https://example.com/chart-%03d-1.%d.0.tgz\n    version: 1.%d.0\n", c, v, v)
		}
	}
	b.WriteString("generated: \"2026-11-01T12:00:00Z\"\n")
	return b.Bytes()
}

// BenchmarkSearchIndex40MB finds the last chart of an index of 40 MB on disk.
func BenchmarkSearchIndex40MB(b *testing.B) {
	name := b.TempDir() + "/index.yaml"
	index := bigIndex(200, 155)
	writeFile(b, name, index)
	b.SetBytes(int64(len(index)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		result, err := searchIndex(f, "chart-199")
		if err != nil || len(result.versions) != 155 {
			b.Fatal(len(result.versions), err)
		}
		_ = f.Close()
	}
}
