// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// TestProblems: every check of the gate finds what it is for.
func TestProblems(t *testing.T) {
	app := fmt.Sprintf(deployment, container)
	for name, tc := range map[string]struct {
		chart small
		want  []string // parts of the problems, in order
	}{
		"nothing wrong":     {chart: small{templates: []string{app}}},
		"own kind":          {chart: small{templates: []string{widgets, widget}}},
		"own kind in crds":  {chart: small{templates: []string{widget}, files: map[string]string{"crds/widgets.yaml": widgets}}},
		"random content":    {chart: small{templates: []string{app, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: {{ randAlphaNum 20 }}}\n"}}},
		"a patch of a pod":  {chart: small{templates: []string{widgets, widget + "---\n" + strings.Replace(widget, "spec: {", "spec: {containers: [{name: main}], ", 1)}}},
		"foreign kind":      {small{templates: []string{app, widget}}, []string{"nobody provides example.com/v1/Widget"}},
		"later version":     {small{templates: []string{widgets, strings.Replace(widget, "/v1", "/v2", 1)}}, []string{"nobody provides example.com/v2/Widget"}},
		"later Kubernetes":  {small{templates: []string{app}, chart: "kubeVersion: \">=1.33.0-0\"\n"}, []string{"Kubernetes 1.31: chart", "Kubernetes 1.32: chart"}},
		"refuses one":       {small{templates: []string{app + `{{ if eq .Capabilities.KubeVersion.Minor "34" }}{{ fail "not that one" }}{{ end }}`}}, []string{"Kubernetes 1.34: the chart refuses these values"}},
		"no image":          {small{templates: []string{fmt.Sprintf(deployment, "{name: main, image: \"\"}")}}, []string{"Deployment.apps small/app: container main has no image"}},
		"no image of hook":  {small{templates: []string{app, hookJob("post-install")}}, []string{"Job.batch small/hook: container run has no image"}},
		"no image of test":  {chart: small{templates: []string{app, hookJob("test")}}},
		"no containers":     {small{templates: []string{fmt.Sprintf(deployment, "")}}, []string{"Deployment.apps small/app has no containers"}},
		"random name":       {small{templates: []string{app, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"c-{{ randAlpha 9 | lower }}\"}\n"}}, []string{"the objects are not the same each time: ConfigMap small/c-"}},
		"nothing":           {small{templates: []string{"{{ if false }}x{{ end }}"}}, []string{"nothing is rendered"}},
		"too large":         {small{templates: []string{app, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: {{ randAlphaNum 1000000 }}}\n"}}, []string{"over 90 % of the 1024 KB"}},
		"changing question": {chart: small{templates: []string{app, `{{ if .Capabilities.APIVersions.Has "example.com/v1" }}{{ fail "its own kind is not there yet" }}{{ end }}`}}},
	} {
		t.Run(name, func(t *testing.T) {
			l, c := laboratory(t, map[string]small{"small": tc.chart})
			_, got, err := gate(t, l, c, "small")
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tc.want) {
				t.Fatalf("problems: %q, want %q", got, tc.want)
			}
			for i, want := range tc.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("problem %q, want %q", got[i], want)
				}
			}
		})
	}
}

// TestNotRendered: what makes a component impossible to render fails, and says what to
// do.
func TestNotRendered(t *testing.T) {
	schemaFile := map[string]string{"values.schema.json": `{"properties": {"size": {"type": "integer"}}}`}
	for name, tc := range map[string]struct {
		chart small
		want  string
	}{
		"not in the mirror": {small{}, "has no small-1.0.0.tgz: put it there, or change the catalog's version"},
		"refused":           {small{templates: []string{`{{ required "a name is needed" .Values.name }}`}}, "a name is needed"},
		"schema": {
			small{templates: []string{fmt.Sprintf(deployment, container)}, files: schemaFile, component: "values: {size: large}\n"}, "size",
		},
		"Kubernetes": {small{templates: []string{"a: b"}, chart: "kubeVersion: \"<1.36.0-0\"\n"}, "requires Kubernetes <1.36.0-0"},
		"input": {
			small{templates: []string{"a: b"}, component: "required: [{path: token, message: only you have it}]\n"}, "only you have it; testdata/inputs/small.yaml gives it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, c := laboratory(t, map[string]small{"small": tc.chart})
			_, _, err := gate(t, l, c, "small")
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "small") {
				t.Errorf("got %v, want %q and the component's name", err, tc.want)
			}
		})
	}
}

// TestSummary shows a whole one.
func TestSummary(t *testing.T) {
	test := strings.Replace(hookJob("test"), "name: run", "name: run, image: not-listed", 1)
	webhook := `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
- {name: open.example.com, failurePolicy: Ignore}
- {name: closed.example.com, rules: [{apiGroups: [example.com]}]}
`
	l, c := laboratory(t, map[string]small{
		"base": {templates: []string{widgets}},
		"small": {
			templates: []string{
				fmt.Sprintf(deployment, container), widget, test, webhook, strings.Replace(hookJob("post-install,post-upgrade"), "name: run", "name: run, image: job:3", 1),
				"{{ if .Capabilities.APIVersions.Has \"example.com/v1\" }}\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: elsewhere}\nstringData: {a: {{ randAlpha 9 }}}\n{{ end }}",
			},
			chart: "kubeVersion: \">=1.20.0-0\"\n", component: "requires: [base]\n" +
				"why: {base: Its widgets are of a kind that base brings.}\n" +
				"wiring: [{name: always, manifests: [{apiVersion: example.com/v1, kind: Widget, metadata: {name: later}}]}]\n",
		},
	})
	got, problems, err := gate(t, l, c, "small")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	want := `chart        small 1.0.0 from https://charts.example.com
kubernetes   >=1.20.0-0; rendered for 1.31 to 1.36
with         -
release      small/small, a record of 0 KB
random       Secret elsewhere/s
asks         example.com/v1=true
guards       example.com

images (3)
  example.com/app:1.0.0
  example.com/widget:2
  job:3

objects (4)
  Deployment.apps small/app
  Secret elsewhere/s
  ValidatingWebhookConfiguration.admissionregistration.k8s.io guard
  Widget.example.com mine

hooks (2)
  Job.batch small/hook: post-install, post-upgrade
  Job.batch small/hook: test

webhooks (2)
  ValidatingWebhookConfiguration.admissionregistration.k8s.io guard: closed.example.com, Fail
  ValidatingWebhookConfiguration.admissionregistration.k8s.io guard: open.example.com, Ignore

follow-ups (1)
  Widget.example.com later

kinds of others (1)
  example.com/v1/Widget: base
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// TestBundleLacksKind: what the catalog knows is not enough for a profile.
func TestBundleLacksKind(t *testing.T) {
	l, c := laboratory(t, map[string]small{"base": {templates: []string{widgets}}, "small": {templates: []string{widget}}})
	kinds, _ := servedKinds(t, newestMinor)
	for list, want := range map[string][]string{
		"small":      {"nobody in the bundle provides example.com/v1/Widget"},
		"base,small": nil,
	} {
		var spec v1alpha1.PlatformBundleSpec
		for name := range strings.SplitSeq(list, ",") {
			spec.Components = append(spec.Components, v1alpha1.Component{Name: name})
		}
		bundle, err := l.bundle(t, spec)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, missing(bundle, bundle[len(bundle)-1], kinds.Has)); diff != "" {
			t.Errorf("%s: %s", list, diff)
		}
	}
	if names := c.Names(); !slices.Equal(names, []string{"base", "small"}) {
		t.Error(names)
	}
}

func TestOwnedTwice(t *testing.T) {
	kind := func(name string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: name}
	}
	got := ownedTwice(providers{kind("B"): {"x", "y"}, kind("A"): {"x", "z"}, kind("C"): {"x"}})
	want := []string{
		"example.com/v1/A is brought by x and z: one component must own it", "example.com/v1/B is brought by x and y: one component must own it",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestUncheckedObjects: what is installed is what was checked.
func TestUncheckedObjects(t *testing.T) {
	l, c := laboratory(t, map[string]small{"small": {templates: []string{fmt.Sprintf(deployment, container)}}})
	spec, err := smallest(c, "small", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := l.bundle(t, spec)
	if err != nil {
		t.Fatal(err)
	}
	bundle[0].Objects = nil
	want := []string{"Deployment.apps app is checked 0 times and installed 1 times"}
	if diff := cmp.Diff(want, bundle[0].unchecked()); diff != "" {
		t.Error(diff)
	}
}

func TestSmallest(t *testing.T) {
	_, c := laboratory(t, map[string]small{
		"a": {component: "requires: [b]\nwhy: {b: Because.}\n"}, "b": {component: "requires: [c]\nwhy: {c: Because.}\n"}, "c": {},
	})
	inputs := t.TempDir()
	for name, text := range map[string]string{
		"b": "settings: {domain: example.com}\ncomponents: [{name: c}, {name: b}]\n", "c": "components: [{name: b}]\n",
	} {
		if err := os.WriteFile(filepath.Join(inputs, name+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"a": "[a b c]", "b": "[c b]", "c": "it has no component c", "d": "no component d"} {
		spec, err := smallest(c, name, inputs)
		var names []string
		for _, component := range spec.Components {
			names = append(names, component.Name)
		}
		if got := fmt.Sprint(names); got != want && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %s and %v, want %s", name, got, err, want)
		}
	}
}

func TestRounded(t *testing.T) {
	for _, tc := range []struct {
		size   int
		before string
		want   int
	}{
		{0, "", 0},
		{5<<10 - 1, "", 0},
		{5 << 10, "", 10},
		{14 << 10, "", 10},
		{16 << 10, "", 20},
		{16 << 10, "release x, a record of 10 KB\n", 10}, // near: chance must not decide
		{18 << 10, "release x, a record of 10 KB\n", 20},
		{13 << 10, "release x, a record of 20 KB\n", 20},
		{12 << 10, "release x, a record of 20 KB\n", 10},
		{16 << 10, "release x, a record of 13 KB\n", 20},
		{16 << 10, "release x, a record of many KB\n", 20},
	} {
		if got := rounded(tc.size, tc.before); got != tc.want<<10 {
			t.Errorf("%d after %q: %d KB, want %d KB", tc.size, tc.before, got>>10, tc.want)
		}
	}
}

func TestGolden(t *testing.T) {
	file := filepath.Join(t.TempDir(), "profiles", "x.txt")
	if err := compareGolden(file, "a\nb\n", false); err == nil || !strings.Contains(err.Error(), "UPDATE_GOLDEN=1 writes it") {
		t.Errorf("a missing file: %v", err)
	}
	if err := compareGolden(file, "a\nb\n", true); err != nil {
		t.Fatal(err)
	}
	if err := compareGolden(file, "a\nb\n", false); err != nil {
		t.Errorf("the same: %v", err)
	}
	if err := compareGolden(file, "a\nc\n", false); err == nil || !strings.Contains(err.Error(), `"b"`) || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("another line: %v", err)
	}
	left, err := strays(filepath.Join(filepath.Dir(file), "*.txt"), []string{"y"})
	if diff := cmp.Diff([]string{file}, left); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if left, err := strays(filepath.Join(filepath.Dir(file), "*.txt"), []string{"x"}); err != nil || len(left) > 0 {
		t.Error(err, left)
	}
}
