// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/catalog"
)

// head is the shortest complete component: ten lines, so that what a test appends begins in line 11.
const head = `name: NAME
title: A title
category: test
description: A sentence.
homepage: https://example.com
lifecycle: {phase: Active}
chart:
  repository: https://charts.example.com
  name: NAME
  version: 1.2.3
`

func component(name string, more ...string) string {
	return strings.ReplaceAll(head, "NAME", name) + strings.Join(more, "\n") + "\n"
}

// files makes a catalog file system; a path without a folder goes into catalog 2026.11.
func files(contents map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range contents {
		if !strings.Contains(name, "/") {
			name = "catalog/2026.11/" + name
		}
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

const dir = "catalog/2026.11/"

func TestLoadRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"UnknownField": {
			files: map[string]string{"a.yaml": component("a", "valuse: {}")},
			want:  []string{dir + `a.yaml:11: unknown field "valuse" in component; did you mean "values"?`},
		},
		"UnknownNestedField": {
			files: map[string]string{"a.yaml": strings.Replace(component("a"), "  version:", "  tag: x\n  version:", 1)},
			want:  []string{dir + `a.yaml:10: unknown field "tag" in chart`},
		},
		"MissingFields": {
			files: map[string]string{"a.yaml": "name: a\nchart: {repository: https://example.com}\n"},
			want: []string{
				dir + `a.yaml:1: component has no field "title"`, dir + `a.yaml:1: component has no field "category"`,
				dir + `a.yaml:1: component has no field "description"`, dir + `a.yaml:1: component has no field "homepage"`,
				dir + `a.yaml:1: component has no field "lifecycle"`,
				dir + `a.yaml:2: chart has no field "name"`, dir + `a.yaml:2: chart has no field "version"`,
			},
		},
		"RepeatedField": {
			files: map[string]string{"a.yaml": component("a", "values:", "  x: 1", "  x: 2")},
			want:  []string{dir + `a.yaml:13: field "x" is there twice`},
		},
		"UnknownDependency": {
			files: map[string]string{"cert-manager.yaml": component("cert-manager"), "a.yaml": component("a", "requires: [cert-manger]")},
			want:  []string{dir + `a.yaml:11: requires: no component "cert-manger" in this catalog; did you mean "cert-manager"?`},
		},
		"UnknownSoftDependencyAndConflict": {
			files: map[string]string{"a.yaml": component("a", "after:", "- ghost", "conflicts: [phantom]")},
			want: []string{
				dir + `a.yaml:12: after: no component "ghost" in this catalog`,
				dir + `a.yaml:13: conflicts: no component "phantom" in this catalog`,
			},
		},
		"SelfDependency": {
			files: map[string]string{"a.yaml": component("a", "requires: [a]")},
			want:  []string{dir + `a.yaml:11: requires: "a" cannot name itself`},
		},
		"RepeatedDependency": {
			files: map[string]string{"a.yaml": component("a", "requires: [b, b]", "after: [b]"), "b.yaml": component("b")},
			want: []string{
				dir + `a.yaml:11: requires holds "b" twice`,
				dir + `a.yaml:12: after: "b" is in requires, too`,
			},
		},
		"HardCycle": {
			files: map[string]string{
				"a.yaml": component("a", "", "requires: [b]"), "b.yaml": component("b", "requires: [c]"), "c.yaml": component("c", "requires: [a]"),
			},
			want: []string{dir + `a.yaml:12: requires make a cycle: a -> b -> c -> a`},
		},
		"SoftCycle": {
			files: map[string]string{"a.yaml": component("a", "after: [b]"), "b.yaml": component("b", "requires: [a]")},
			want:  []string{dir + `a.yaml:11: requires and after make a cycle: a -> b -> a`},
		},
		"BadVersion": {
			files: map[string]string{"a.yaml": strings.Replace(component("a"), "1.2.3", "1.2.x", 1)},
			want:  []string{dir + `a.yaml:10: chart.version must be one exact semantic version such as 1.2.3, not "1.2.x"`},
		},
		"BadRange": {
			files: map[string]string{"a.yaml": component("a", "upgrades:", "- from: <0.51.0 or so", "  via: 0.51.x", "  note: Why.")},
			want:  []string{dir + `a.yaml:12: from is no semver range: "<0.51.0 or so"`},
		},
		"BadDate": {
			files: map[string]string{"a.yaml": strings.Replace(component("a"), "{phase: Active}", "{phase: Retired, since: 2026-13-01, note: Gone.}", 1)},
			want:  []string{dir + `a.yaml:6: since must be a day as YYYY-MM-DD, not "2026-13-01"`},
		},
		"RetiredWithoutNote": {
			files: map[string]string{"a.yaml": strings.Replace(component("a"), "{phase: Active}", "{phase: Retired}", 1)},
			want:  []string{dir + `a.yaml:6: a lifecycle that is Retired needs since and note`},
		},
		"BadPhase": {
			files: map[string]string{"a.yaml": strings.Replace(component("a"), "Active", "active", 1)},
			want:  []string{dir + `a.yaml:6: phase must be Active, Maintenance or Retired, not "active"`},
		},
		"BadAddresses": {
			files: map[string]string{"a.yaml": strings.NewReplacer("https://charts.", "http://charts.", "https://example", "example").Replace(component("a"))},
			want: []string{
				dir + `a.yaml:5: homepage must be an https:// address, not "example.com"`,
				dir + `a.yaml:8: chart.repository must be an https:// or oci:// address, not "http://charts.example.com"`,
			},
		},
		"BadTimeout": {
			files: map[string]string{"a.yaml": component("a", "timeout: ten minutes")},
			want:  []string{dir + `a.yaml:11: timeout must be a positive duration such as 10m, not "ten minutes"`},
		},
		"FileNameDiffers": {
			files: map[string]string{"b.yaml": component("a")},
			want:  []string{dir + `b.yaml:1: name "a" must be the name of the file, "b"`},
		},
		"DuplicateName": {
			files: map[string]string{"a.yaml": component("a"), "b.yaml": component("a")},
			want: []string{
				dir + `b.yaml:1: name "a" must be the name of the file, "b"`,
				dir + `b.yaml:1: component "a" is in catalog/2026.11/a.yaml, too`,
			},
		},
		"DottedName": {
			files: map[string]string{"a.b.yaml": component("a.b")},
			want:  []string{dir + `a.b.yaml:1: name "a.b" must be lower case letters, digits and dashes, at most 63 of them`},
		},
		"LongReleaseName": {
			files: map[string]string{"a.yaml": component("a", "releaseName: "+strings.Repeat("r", 54))},
			want: []string{
				dir + `a.yaml:11: releaseName "` + strings.Repeat("r", 54) + `" must be lower case letters, digits and dashes, at most 53 of them`,
			},
		},
		"SameRelease": {
			files: map[string]string{"a.yaml": component("a", "namespace: space", "releaseName: rel"), "b.yaml": component("b", "namespace: space", "releaseName: rel")},
			want:  []string{dir + `b.yaml:12: release space/rel is the release of "a", too`},
		},
		"OldBooleans": {
			files: map[string]string{"a.yaml": component("a", "values:", "  enabled: on", "  answer: 'no'", "  y: 1", "after: [n]")},
			want: []string{
				dir + `a.yaml:12: on is a boolean in YAML 1.1 and text in YAML 1.2: write true or false, or quote it`,
				dir + `a.yaml:14: y is a boolean in YAML 1.1 and text in YAML 1.2: write true or false, or quote it`,
				dir + `a.yaml:15: n is a boolean in YAML 1.1 and text in YAML 1.2: write true or false, or quote it`,
			},
		},
		"NoJSON": {
			files: map[string]string{"a.yaml": component("a", "values:", "  x: .inf", "  1: z", "  b: !!binary aGVsbG8=", "  c: &c {}", "  d: *c")},
			want: []string{
				dir + `a.yaml:12: .inf is no number that JSON knows`,
				dir + `a.yaml:13: a key must be text: quote it`,
				dir + `a.yaml:14: a value of YAML type !!binary has no JSON type`,
				dir + `a.yaml:16: anchors and aliases are not used in a catalog: write the value out`,
			},
		},
		"WrongTypes": {
			files: map[string]string{"a.yaml": component("a", "hooksNeedWorkloads: 1", "values: []", "requires: b", "readyWhen: [x]", "namespaceLabels: {a: true}", "namespace: ''")},
			want: []string{
				dir + `a.yaml:11: hooksNeedWorkloads must be true or false`,
				dir + `a.yaml:12: values must be a mapping`,
				dir + `a.yaml:13: requires must be a list`,
				dir + `a.yaml:14: readyWhen rule must be a mapping`,
				dir + `a.yaml:15: namespaceLabels.a must be text: quote it if it is a number, true, false or null`,
				dir + `a.yaml:16: namespace must not be empty`,
			},
		},
		"BadRules": {
			files: map[string]string{"a.yaml": component("a", "readyWhen:", "- {apiVersion: v1, kind: Pod, expression: ' ', message: Why.}",
				"ignoreDifferences:", "- {kind: Pod, jsonPointers: [spec]}", "expectedWebhooks:", "- {kind: Webhook, name: w}", "required:", "- {path: a.b}")},
			want: []string{
				dir + `a.yaml:12: expression must not be empty`,
				dir + `a.yaml:14: JSON pointer "spec" must begin with a slash`,
				dir + `a.yaml:16: kind must be ValidatingWebhookConfiguration or MutatingWebhookConfiguration, not "Webhook"`,
				dir + `a.yaml:18: required input has no field "message"`,
			},
		},
		"BadProbes": {
			files: map[string]string{"a.yaml": component("a", "probes:", "- Issuer", "- {apiVersion: v1, metadata: {name: 1}}",
				"- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: ''}, status: {}}")},
			want: []string{
				dir + `a.yaml:12: each of probes must be a mapping`,
				dir + `a.yaml:13: a probe needs kind as text`,
				dir + `a.yaml:13: a probe needs metadata.name as text`,
				dir + `a.yaml:14: a probe's metadata.namespace must be text: leave it out for the component's namespace`,
				dir + `a.yaml:14: a probe has no status: nothing would ever write it`,
			},
		},
		"BadManual": {
			files: map[string]string{"a.yaml": component("a", "upgrades:", "- {from: <1.0.0, via: 1.0.x, manual: perhaps, note: Why.}")},
			want:  []string{dir + `a.yaml:12: manual must be true or false`},
		},
		"Syntax": {
			files: map[string]string{"a.yaml": "name: a\n  title: b\n"},
			want:  []string{dir + `a.yaml:2: not YAML: mapping values are not allowed in this context`},
		},
		"Empty":        {files: map[string]string{"a.yaml": "# nothing\n"}, want: []string{dir + `a.yaml: the file is empty`}},
		"NoMapping":    {files: map[string]string{"a.yaml": "- a\n"}, want: []string{dir + `a.yaml:1: component must be a mapping`}},
		"TwoDocuments": {files: map[string]string{"a.yaml": component("a", "---", "x: y2")}, want: []string{dir + `a.yaml:12: one file holds one YAML document`}},
		"StrayFile": {
			files: map[string]string{"a.yaml": component("a"), "b.yml": component("b"), "catalog/README": "x", "catalog/next/a.yaml": component("a")},
			want: []string{
				dir + `b.yml: only files named <component>.yaml belong here`,
				`catalog/README: only folders named by a version such as 2026.11 belong here`,
				`catalog/next: only folders named by a version such as 2026.11 belong here`,
			},
		},
		"SeveralFiles": {
			files: map[string]string{"b.yaml": component("b", "bogus: 1"), "a.yaml": component("a", "", "bogus: 1", "requires: [c]")},
			want: []string{
				dir + `a.yaml:12: unknown field "bogus" in component`,
				dir + `a.yaml:13: requires: no component "c" in this catalog`,
				dir + `b.yaml:11: unknown field "bogus" in component`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := catalog.Load(files(tc.files))
			if err == nil || set != nil {
				t.Fatalf("loaded %v with error %v, want no set and an error", set, err)
			}
			if diff := cmp.Diff(tc.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if _, ok := errors.AsType[*catalog.FileError](err); !ok {
				t.Errorf("%v holds no FileError", err)
			}
		})
	}
}

func TestLoadWithoutCatalog(t *testing.T) {
	if _, err := catalog.Load(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "cannot read the catalogs") {
		t.Errorf("got %v, want an error that says what could not be read", err)
	}
}

func TestLoadEverything(t *testing.T) {
	set, err := catalog.Load(files(map[string]string{
		"b.yaml": component("b"), "c.yaml": component("c"), "d.yaml": component("d"),
		"a.yaml": `name: a
title: A
category: test
description: A sentence.
homepage: https://example.com
lifecycle: {phase: Maintenance, since: 2025-12-31, note: Slow., successors: [b]}
chart: {repository: "oci://registry.example.com/charts", name: a-chart, version: v1.0.0-rc.1}
namespace: a-system
releaseName: a-release
namespaceLabels: {"example.com/on": "true"}
requires: [b]
after: [c]
conflicts: [d]
values: {text: "1", word: 'on', count: 1, half: 0.5, yes-no: [true, false, null], day: 2026-11-01, deep: {list: [{}]}}
readyWhen: [{apiVersion: v1, kind: Thing, expression: "true", message: Wait.}]
expectedWebhooks: [{kind: MutatingWebhookConfiguration, name: hook}]
probes: [{apiVersion: v1, kind: Thing, metadata: {name: probe, namespace: elsewhere}, spec: {count: 1}}]
hooksNeedWorkloads: true
ignoreDifferences: [{group: apps, kind: Deployment, name: x, jsonPointers: [/spec/replicas]}]
upgrades: [{from: "<1.0.0", via: 1.0.x, note: Why.}, {from: "<2.0.0", via: 2.0.x, manual: true, note: Convert.}]
required: [{path: a.b, when: a.c, message: Set it.}]
timeout: 90s
`}))
	if err != nil {
		t.Fatal(err)
	}
	c, err := set.Get("2026.11")
	if err != nil {
		t.Fatal(err)
	}
	got, ok := c.Component("a")
	if !ok {
		t.Fatal("component a is not there")
	}
	want := catalog.Component{
		Name: "a", Title: "A", Category: "test", Description: "A sentence.", Homepage: "https://example.com",
		Lifecycle: catalog.Lifecycle{Phase: catalog.PhaseMaintenance, Since: "2025-12-31", Note: "Slow.", Successors: []string{"b"}},
		Chart:     catalog.Chart{Repository: "oci://registry.example.com/charts", Name: "a-chart", Version: "v1.0.0-rc.1"},
		Namespace: "a-system", ReleaseName: "a-release", NamespaceLabels: map[string]string{"example.com/on": "true"},
		Requires: []string{"b"}, After: []string{"c"}, Conflicts: []string{"d"},
		Values: map[string]any{
			"text": "1", "word": "on", "count": 1.0, "half": 0.5, "yes-no": []any{true, false, nil}, "day": "2026-11-01",
			"deep": map[string]any{"list": []any{map[string]any{}}},
		},
		ReadyWhen:        []catalog.ReadyRule{{APIVersion: "v1", Kind: "Thing", Expression: "true", Message: "Wait."}},
		ExpectedWebhooks: []catalog.Webhook{{Kind: "MutatingWebhookConfiguration", Name: "hook"}},
		Probes: []map[string]any{{
			"apiVersion": "v1", "kind": "Thing", "metadata": map[string]any{"name": "probe", "namespace": "elsewhere"},
			"spec": map[string]any{"count": 1.0},
		}},
		HooksNeedWorkloads: true,
		IgnoreDifferences:  []catalog.IgnoreRule{{Group: "apps", Kind: "Deployment", Name: "x", JSONPointers: []string{"/spec/replicas"}}},
		Upgrades:           []catalog.UpgradeBridge{{From: "<1.0.0", Via: "1.0.x", Note: "Why."}, {From: "<2.0.0", Via: "2.0.x", Manual: true, Note: "Convert."}},
		Required:           []catalog.RequiredInput{{Path: "a.b", When: "a.c", Message: "Set it."}},
		Timeout:            "90s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	short, _ := c.Component("b")
	if short.Namespace != "b" || short.ReleaseName != "b" {
		t.Errorf("namespace %q and release %q, want the component's name for both", short.Namespace, short.ReleaseName)
	}
}
