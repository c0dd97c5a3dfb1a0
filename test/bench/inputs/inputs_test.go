// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package inputs

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli/export"
	"github.com/groundwork-dev/groundwork/internal/values"
)

const rendered = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: monitors.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Monitor, plural: monitors}
  versions: [{name: v1, served: true}, {name: v1alpha1, served: false}]
---
# nothing but a comment
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
---
apiVersion: batch/v1
kind: Job
metadata: {name: j, annotations: {helm.sh/hook: pre-install}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: elsewhere}}
`

func parsed(t *testing.T, text string) []Object {
	t.Helper()
	objects, err := parse(strings.NewReader(text), "ns")
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestParse(t *testing.T) {
	objects := parsed(t, rendered)
	var keys []string
	for _, o := range objects {
		keys = append(keys, o.Key())
	}
	want := []string{"CustomResourceDefinition ns/monitors.example.com", "Deployment ns/d", "ConfigMap elsewhere/c"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
	r := Release{Objects: objects}
	if got := r.Workloads(); len(got) != 1 || got[0].Name != "d" {
		t.Errorf("workloads: %v", got)
	}
	if diff := cmp.Diff([]string{"monitors.example.com"}, r.Definitions()); diff != "" {
		t.Error(diff)
	}
	definition, ok := objects[0].Definition()
	if diff := cmp.Diff(Definition{"example.com", "Monitor", "monitors", true, []string{"v1"}}, definition); diff != "" || !ok {
		t.Error(diff, ok)
	}
	if diff := cmp.Diff([]string{"example.com/v1", "example.com/v1/Monitor"}, servedBy([]Release{r})); diff != "" {
		t.Error(diff)
	}
}

// TestForeignDefinitions: a definition has to come first when a release uses it that
// does not wait for its owner, however far away.
func TestForeignDefinitions(t *testing.T) {
	monitor := parsed(t, "{apiVersion: example.com/v1, kind: Monitor, metadata: {name: m}}")
	release := func(name string, objects []Object, manifests []map[string]any, needs ...string) Release {
		return Release{Release: export.Release{Component: name, DependsOn: needs, Manifests: manifests}, Objects: objects}
	}
	owner := release("owner", slices.Concat(parsed(t, rendered), monitor), nil)
	between := release("between", nil, nil, "owner")
	tests := map[string]struct {
		user Release
		want int
	}{
		"uses it":                     {release("user", monitor, nil), 1},
		"uses it in its manifests":    {release("user", nil, []map[string]any{monitor[0].Content}), 1},
		"waits for the owner":         {release("user", monitor, nil, "owner"), 0},
		"waits for who waits for it":  {release("user", monitor, nil, "between"), 0},
		"uses a kind of another name": {release("user", parsed(t, "{apiVersion: example.org/v1, kind: Monitor, metadata: {name: m}}"), nil), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := foreignDefinitions([]Release{owner, between, tt.user}); len(got) != tt.want {
				t.Errorf("%d definitions come first, want %d", len(got), tt.want)
			}
		})
	}
}

func TestWithArchives(t *testing.T) {
	const file = `# head
repositories:
  - {name: r, url: https://example.com}
helmDefaults: {wait: true}
releases:
  - name: a
    namespace: ns
    chart: r/a
    version: 1.0.0
    needs: [ns/b]
    values:
      - key: "{{ braces }}"
`
	got, err := withArchives([]byte(file), map[string]string{"ns/a": "/charts/a-1.0.0.tgz"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"chart: /charts/a-1.0.0.tgz", "needs: [ns/b]", `key: "{{ braces }}"`, "wait: true"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	for _, gone := range []string{"repositories", "version"} {
		if strings.Contains(string(got), gone) {
			t.Errorf("it still has %q:\n%s", gone, got)
		}
	}
	if _, err := withArchives([]byte(file), nil); err == nil || !strings.Contains(err.Error(), "ns/a") {
		t.Errorf("a release without archive: %v", err)
	}
}

// TestUpgraded: everything of the thirteen can be upgraded, and values of the bundle stay.
func TestUpgraded(t *testing.T) {
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "b"}}
	for _, name := range Thirteen() {
		bundle.Spec.Components = append(bundle.Spec.Components, v1alpha1.Component{Name: name})
	}
	grafana := slices.Index(Thirteen(), "grafana")
	own, err := values.ToJSON(values.Values{"image": map[string]any{"repository": "mine"}})
	if err != nil {
		t.Fatal(err)
	}
	bundle.Spec.Components[grafana].Values = own
	upgraded, err := Upgraded(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(upgraded.Spec.Components[grafana].Values.Raw); got != `{"image":{"repository":"mine","tag":"99.0.0"}}` {
		t.Error(got)
	}
	if bundle.Spec.Components[0].Values != nil {
		t.Error("the bundle itself was changed")
	}
	bundle.Spec.Components[0].Name = "unknown"
	if _, err := Upgraded(bundle); err == nil || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("%v", err)
	}
}

func TestChanged(t *testing.T) {
	set := func(text string) *Set { return &Set{Releases: []Release{{Objects: parsed(t, text)}}} }
	before := set("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1}}\n---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: b}, spec: {a: b}}")
	after := set("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 2}}\n---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: b}, spec: {a: b}}")
	if diff := cmp.Diff([]string{"Deployment ns/a"}, Changed(before, after)); diff != "" {
		t.Error(diff)
	}
}

func TestSet(t *testing.T) {
	s := &Set{Releases: []Release{
		{Release: export.Release{Component: "a", Namespace: "y", Name: "one"}},
		{Release: export.Release{Component: "b", Namespace: "x", DependsOn: []string{"a"}}},
		{Release: export.Release{Component: "c", Namespace: "y"}},
	}}
	if diff := cmp.Diff(map[string][]string{"b": {"a"}}, s.Edges()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x", "y"}, s.Namespaces()); diff != "" {
		t.Error(diff)
	}
	if got := s.Releases[0].Key(); got != "y/one" {
		t.Error(got)
	}
}
