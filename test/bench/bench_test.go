// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/groundwork-dev/groundwork/internal/cli/export"
	"github.com/groundwork-dev/groundwork/test/bench/inputs"
	"github.com/groundwork-dev/groundwork/test/bench/report"
	"github.com/groundwork-dev/groundwork/test/bench/watch"
)

func TestAlternate(t *testing.T) {
	names := []string{"a", "b", "c"}
	if diff := cmp.Diff([]string{"a", "b", "c"}, alternate(names, 1)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"c", "b", "a"}, alternate(names, 2)); diff != "" {
		t.Error(diff)
	}
	if names[0] != "a" {
		t.Error("the names themselves were turned around")
	}
}

func TestDescribe(t *testing.T) {
	tests := map[string]struct {
		failure error
		missing []string
		want    string
	}{
		"a deadline is said in words": {fmt.Errorf("wait: %w", context.DeadlineExceeded), []string{"a"}, "out of time; missing: a"},
		"long outputs are cut":        {errors.New("helm: exit status 1\nmuch\nError: no"), nil, "helm: exit status 1 ... Error: no"},
		"and long lists":              {errors.New("no"), []string{"a", "b", "c", "d", "e"}, "no; missing: a, b, c, and 2 more"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := describe(tt.failure, tt.missing); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// platform is two releases; the first brings a definition and uses it.
func platform(image string) *inputs.Set {
	object := func(apiVersion, kind, namespace, name string, spec map[string]any) inputs.Object {
		return inputs.Object{APIVersion: apiVersion, Kind: kind, Namespace: namespace, Name: name, Content: map[string]any{
			"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec,
		}}
	}
	definition := object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "ns", "monitors.example.com", map[string]any{
		"group": "example.com", "scope": "Cluster", "names": map[string]any{"kind": "Monitor", "plural": "monitors"},
		"versions": []any{map[string]any{"name": "v1", "served": true}},
	})
	deployment := func(name string) inputs.Object {
		return object("apps/v1", "Deployment", "ns", name, map[string]any{"image": image})
	}
	monitor := map[string]any{"apiVersion": "example.com/v1", "kind": "Monitor", "metadata": map[string]any{"name": "m"}}
	return &inputs.Set{Releases: []inputs.Release{
		{Release: export.Release{Component: "a", Namespace: "ns", Name: "a", Manifests: []map[string]any{monitor}}, Objects: []inputs.Object{definition, deployment("a")}},
		{Release: export.Release{Component: "b", Namespace: "ns", Name: "b"}, Objects: []inputs.Object{deployment("b")}},
	}}
}

func TestExpected(t *testing.T) {
	want := watch.Expected{Releases: []string{"ns/a", "ns/b"}, Workloads: []string{"Deployment ns/a", "Deployment ns/b"}}
	if diff := cmp.Diff(want, expected(platform("1"), true)); diff != "" {
		t.Error(diff)
	}
	if got := expected(platform("1"), false); got.Releases != nil {
		t.Errorf("the floor makes no releases: %v", got.Releases)
	}
}

func TestUnchangedAndRemaining(t *testing.T) {
	both := sets{platform("1"), platform("2")}
	state := func(a, b int64) watch.State {
		return watch.State{
			Records:   map[string]watch.Record{"ns/a": {Status: "deployed"}},
			Workloads: map[string]watch.Workload{"Deployment ns/a": {Generation: a}, "Deployment ns/b": {Generation: b}},
		}
	}
	if diff := cmp.Diff([]string{"Deployment ns/b (as before)"}, unchanged(state(1, 1), state(2, 1), both)); diff != "" {
		t.Error(diff)
	}
	want := []string{"Deployment ns/a (still there)", "Deployment ns/b (still there)", "release ns/a (deployed)"}
	if diff := cmp.Diff(want, remaining(state(1, 1), both.upgraded)); diff != "" {
		t.Error(diff)
	}
	if got := remaining(watch.State{}, both.upgraded); got != nil {
		t.Errorf("nothing is there, and %v remains", got)
	}
}

func TestUnestablished(t *testing.T) {
	definition := func(name string, status apiextensionsv1.ConditionStatus) apiextensionsv1.CustomResourceDefinition {
		return apiextensionsv1.CustomResourceDefinition{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Status: apiextensionsv1.CustomResourceDefinitionStatus{Conditions: []apiextensionsv1.CustomResourceDefinitionCondition{
				{Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue}, {Type: apiextensionsv1.Established, Status: status},
			}},
		}
	}
	got := unestablished([]string{"a", "b", "c"}, []apiextensionsv1.CustomResourceDefinition{
		definition("a", apiextensionsv1.ConditionTrue), definition("b", apiextensionsv1.ConditionFalse), definition("d", apiextensionsv1.ConditionTrue),
	})
	if diff := cmp.Diff([]string{"b", "c"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"monitors.example.com"}, definitions(platform("1"))); diff != "" {
		t.Error(diff)
	}
}

func TestWriteFloor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor.json")
	if err := writeFloor(path, platform("1")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got plan
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	monitors := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "monitors"}
	at := slices.IndexFunc(got.Objects, func(o target) bool { return o.Resource == monitors })
	if at < 0 || got.Objects[at].Namespace != "" {
		t.Errorf("the follow-up manifest is not among %v, or in a namespace", got.Objects)
	}
	if len(got.Objects) != 4 || !slices.Equal(got.Namespaces, []string{"ns"}) {
		t.Errorf("%d objects, namespaces %v", len(got.Objects), got.Namespaces)
	}
}

// TestCreateAll: what is refused because its kind is not served yet is sent again,
// what is there already is none of the floor's business, any other refusal is the end.
func TestCreateAll(t *testing.T) {
	monitors := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "monitors"}
	todo := []target{{Resource: monitors, Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Monitor", "metadata": map[string]any{"name": "m"}}}}
	tests := map[string]struct {
		refusals []error
		attempts int
		fails    bool
	}{
		"at once":        {nil, 1, false},
		"not yet served": {[]error{apierrors.NewNotFound(monitors.GroupResource(), ""), apierrors.NewNotFound(monitors.GroupResource(), "")}, 3, false},
		"already there":  {[]error{apierrors.NewAlreadyExists(monitors.GroupResource(), "m")}, 1, false},
		"invalid":        {[]error{apierrors.NewBadRequest("no")}, 1, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{monitors: "MonitorList"})
			attempts := 0
			objects.PrependReactor("create", "monitors", func(clienttesting.Action) (bool, runtime.Object, error) {
				attempts++
				if attempts <= len(tt.refusals) {
					return true, nil, tt.refusals[attempts-1]
				}
				return false, nil, nil
			})
			err := createAll(t.Context(), objects, todo, 2)
			if (err != nil) != tt.fails || attempts != tt.attempts {
				t.Errorf("%d attempts, want %d; %v", attempts, tt.attempts, err)
			}
		})
	}
}

// TestParse: a wrong flag is said before anything is started.
func TestParse(t *testing.T) {
	for name, args := range map[string][]string{
		"no such installer": {"-only", "flux"}, "an argument": {"charts"}, "no such folder": {"-root", t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(args); err == nil {
				t.Error("it is no error")
			}
		})
	}
}

func TestMissed(t *testing.T) {
	err := missed([]report.Verdict{{Target: "a", Met: true, Known: true}, {Target: "b", Measured: "9", Known: true}, {Target: "c", Met: true}})
	if err == nil || strings.Contains(err.Error(), "a:") || !strings.Contains(err.Error(), "b: 9") || !strings.Contains(err.Error(), "c:") {
		t.Errorf("%v", err)
	}
	if err := missed([]report.Verdict{{Target: "a", Met: true, Known: true}}); err != nil {
		t.Error(err)
	}
}

// TestSave: what was measured can be read back, verdicts included.
func TestSave(t *testing.T) {
	o := options{out: t.TempDir(), progress: io.Discard}
	results := report.Results{Runs: []report.Run{{Installer: report.Groundwork, Install: report.Cost{Wall: 17 * time.Second}}}}
	if err := save(o, results); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(o.out, "bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got report.Results
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.Runs[0].Install.Wall != 17*time.Second || len(got.Targets) == 0 {
		t.Errorf("%s", raw)
	}
}
