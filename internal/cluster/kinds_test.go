// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/groundwork-dev/groundwork/internal/cluster"
)

func resources(gv string, list ...metav1.APIResource) *metav1.APIResourceList {
	return &metav1.APIResourceList{GroupVersion: gv, APIResources: list}
}

func namespaced(plural, kind string) metav1.APIResource {
	return metav1.APIResource{Name: plural, Kind: kind, Namespaced: true}
}

// newKinds discovers a fake API server; asked counts the discoveries after that.
func newKinds(t *testing.T, lists ...*metav1.APIResourceList) (kinds *cluster.Kinds, fake *clienttesting.Fake, asked func() int) {
	t.Helper()
	fake = &clienttesting.Fake{Resources: lists}
	client := &fakediscovery.FakeDiscovery{Fake: fake, FakedServerVersion: &version.Info{Major: "1", Minor: "37"}}
	kinds, err := cluster.NewKinds(client)
	if err != nil {
		t.Fatal(err)
	}
	fake.ClearActions()
	return kinds, fake, func() int {
		return len(slices.DeleteFunc(fake.Actions(), func(a clienttesting.Action) bool { return a.GetResource().Resource != "group" }))
	}
}

// fresh is an API server that serves the core kinds.
func fresh(tb testing.TB) *cluster.Kinds {
	tb.Helper()
	client := &fakediscovery.FakeDiscovery{
		Fake: &clienttesting.Fake{Resources: []*metav1.APIResourceList{core}}, FakedServerVersion: &version.Info{Major: "1", Minor: "37"},
	}
	kinds, err := cluster.NewKinds(client)
	if err != nil {
		tb.Fatal(err)
	}
	return kinds
}

func widget(version string) cluster.CustomKind {
	return cluster.CustomKind{
		GVK:    schema.GroupVersionKind{Group: "example.com", Version: version, Kind: "Widget"},
		Plural: "widgets", Namespaced: true,
	}
}

var core = resources("v1", namespaced("pods", "Pod"), metav1.APIResource{Name: "namespaces", Kind: "Namespace"})

func TestDiscovery(t *testing.T) {
	kinds, _, _ := newKinds(t, core, resources("apps/v1", namespaced("deployments", "Deployment")))
	if got := kinds.ServerVersion().Minor; got != "37" {
		t.Errorf("got version 1.%s", got)
	}
	want := []string{"apps/v1", "apps/v1/Deployment", "v1", "v1/Namespace", "v1/Pod"}
	if diff := cmp.Diff(want, kinds.APIVersions()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, want := range map[string]bool{"v1": true, "v1/Pod": true, "apps/v1": true, "v1/Deployment": false, "apps/v2": false, "": false} {
		if kinds.Has(name) != want {
			t.Errorf("Has(%q) is %v", name, !want)
		}
	}
	for kind, scope := range map[string]meta.RESTScopeName{"Pod": meta.RESTScopeNameNamespace, "Namespace": meta.RESTScopeNameRoot} {
		mapping, err := kinds.RESTMapping(schema.GroupKind{Kind: kind}, "v1")
		if err != nil || mapping.Scope.Name() != scope {
			t.Errorf("%s: got %v, %v", kind, mapping, err)
		}
	}
}

// TestCustomKinds: a definition that is established is known at once, without
// another discovery.
func TestCustomKinds(t *testing.T) {
	kinds, _, asked := newKinds(t, core)
	if !kinds.SetCustom([]cluster.CustomKind{widget("v1"), widget("v1beta1")}) {
		t.Error("nothing changed")
	}
	if kinds.SetCustom([]cluster.CustomKind{widget("v1beta1"), widget("v1")}) {
		t.Error("the order of the list is a change")
	}
	for _, name := range []string{"example.com/v1", "example.com/v1/Widget", "example.com/v1beta1/Widget", "v1/Pod"} {
		if !kinds.Has(name) {
			t.Errorf("%s is missing", name)
		}
	}
	gk := schema.GroupKind{Group: "example.com", Kind: "Widget"}
	mapping, err := kinds.RESTMapping(gk, "v1beta1")
	if err != nil || mapping.Resource.Resource != "widgets" || mapping.Resource.Version != "v1beta1" || mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		t.Errorf("got %v, %v", mapping, err)
	}
	if mapping, err = kinds.RESTMapping(gk); err != nil || mapping.Resource.Version != "v1" {
		t.Errorf("without a version the preferred one: got %v, %v", mapping, err)
	}
	partial := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}
	if kind, err := kinds.KindFor(partial); err != nil || kind != widget("v1").GVK {
		t.Errorf("KindFor: got %v, %v", kind, err)
	}
	if list, err := kinds.KindsFor(partial); err != nil || len(list) != 1 {
		t.Errorf("KindsFor: got %v, %v", list, err)
	}
	if resource, err := kinds.ResourceFor(partial); err != nil || resource != partial {
		t.Errorf("ResourceFor: got %v, %v", resource, err)
	}
	if list, err := kinds.ResourcesFor(partial); err != nil || len(list) != 1 {
		t.Errorf("ResourcesFor: got %v, %v", list, err)
	}
	if list, err := kinds.RESTMappings(gk, "v1"); err != nil || len(list) != 1 {
		t.Errorf("RESTMappings: got %v, %v", list, err)
	}
	if singular, err := kinds.ResourceSingularizer("pods"); err != nil || singular != "pod" {
		t.Errorf("ResourceSingularizer: got %q, %v", singular, err)
	}
	if asked() != 0 {
		t.Errorf("discovery was asked %d times", asked())
	}
}

// TestAKindGoes: a definition that is deleted, or stops serving a version, is
// forgotten, also where discovery had seen it at start-up.
func TestAKindGoes(t *testing.T) {
	scale := metav1.APIResource{Name: "widgets/scale", Group: "autoscaling", Version: "v1", Kind: "Scale", Namespaced: true}
	list := func(v string) *metav1.APIResourceList {
		return resources("example.com/"+v, namespaced("widgets", "Widget"), scale)
	}
	kinds, _, _ := newKinds(t, core, list("v1"), list("v1beta1"))
	kinds.SetCustom([]cluster.CustomKind{widget("v1"), widget("v1beta1")})
	before := kinds.APIVersions()
	kinds.SetCustom([]cluster.CustomKind{widget("v1")})
	for name, want := range map[string]bool{"example.com/v1/Widget": true, "example.com/v1beta1/Widget": false, "example.com/v1beta1": false} {
		if kinds.Has(name) != want {
			t.Errorf("Has(%s) is %v", name, !want)
		}
	}
	if _, err := kinds.RESTMapping(widget("v1").GVK.GroupKind(), "v1beta1"); !meta.IsNoMatchError(err) {
		t.Errorf("a version that is not served is mapped: %v", err)
	}
	kinds.SetCustom(nil)
	if diff := cmp.Diff([]string{"v1", "v1/Namespace", "v1/Pod"}, kinds.APIVersions()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	kinds.SetCustom([]cluster.CustomKind{widget("v1"), widget("v1beta1")})
	if diff := cmp.Diff(before, kinds.APIVersions()); diff != "" {
		t.Errorf("when it is back (-want +got)\n%s", diff)
	}
}

// TestUnknownKind: a kind that nobody knows makes us ask again, since aggregated
// API servers come without a definition, but not more often than every second.
func TestUnknownKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kinds, fake, asked := newKinds(t, core)
		metrics := schema.GroupKind{Group: "metrics.k8s.io", Kind: "NodeMetrics"}
		ask := func() error { _, err := kinds.RESTMapping(metrics, "v1"); return err }
		for range 3 {
			if err := ask(); !meta.IsNoMatchError(err) || asked() != 0 {
				t.Fatalf("right after discovery: %v, asked %d times", err, asked())
			}
		}
		fake.Resources = append(fake.Resources, resources("metrics.k8s.io/v1", metav1.APIResource{Name: "nodes", Kind: "NodeMetrics"}))
		<-time.After(10 * time.Second)
		if err := ask(); err != nil || asked() == 0 || !kinds.Has("metrics.k8s.io/v1/NodeMetrics") {
			t.Fatalf("after ten seconds: %v, asked %d times", err, asked())
		}
		fake.ClearActions()
		if _, err := kinds.KindFor(schema.GroupVersionResource{Group: "x", Version: "v1", Resource: "ys"}); !meta.IsNoMatchError(err) || asked() != 0 {
			t.Errorf("again at once: %v, asked %d times", err, asked())
		}
		if kinds.SetCustom([]cluster.CustomKind{widget("v1")}); !kinds.Has("metrics.k8s.io/v1") {
			t.Error("custom kinds replaced what was discovered")
		}
	})
}

// TestAskedInVain: while asking does not help it is done the more seldom, and every
// second again once it has.
func TestAskedInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kinds, fake, asked := newKinds(t, core)
		ask := func() error {
			_, err := kinds.RESTMapping(schema.GroupKind{Group: "metrics.k8s.io", Kind: "NodeMetrics"}, "v1")
			return err
		}
		var rounds []int
		for second := range 60 {
			fake.ClearActions()
			if err := ask(); !meta.IsNoMatchError(err) {
				t.Fatal(err)
			}
			if asked() > 0 {
				rounds = append(rounds, second)
			}
			<-time.After(time.Second)
		}
		if diff := cmp.Diff([]int{1, 3, 7, 15, 31, 47}, rounds); diff != "" {
			t.Errorf("seconds of discovery (-want +got)\n%s", diff)
		}
		fake.Resources = append(fake.Resources, resources("metrics.k8s.io/v1", metav1.APIResource{Name: "nodes", Kind: "NodeMetrics"}))
		<-time.After(16 * time.Second)
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		fake.ClearActions()
		<-time.After(time.Second)
		if _, err := kinds.RESTMapping(schema.GroupKind{Group: "x", Kind: "Y"}, "v1"); !meta.IsNoMatchError(err) || asked() == 0 {
			t.Errorf("a second after it helped: %v, asked %d times", err, asked())
		}
	})
}

// TestDiscoveryFails: at start-up it is an error; later what is known stays.
func TestDiscoveryFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kinds, fake, _ := newKinds(t, core)
		broken := errors.New("no answer")
		fake.PrependReactor("get", "*", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, broken })
		<-time.After(time.Minute)
		if _, err := kinds.RESTMapping(schema.GroupKind{Group: "x", Kind: "Y"}, "v1"); !meta.IsNoMatchError(err) {
			t.Errorf("got %v", err)
		}
		if !kinds.Has("v1/Pod") {
			t.Error("what was known is lost")
		}
		if _, err := cluster.NewKinds(&fakediscovery.FakeDiscovery{Fake: fake}); !errors.Is(err, broken) {
			t.Errorf("at start-up: got %v", err)
		}
	})
}

// TestConcurrently is for the race detector.
func TestConcurrently(t *testing.T) {
	kinds, _, _ := newKinds(t, core)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for j := range 100 {
				if i == 0 {
					kinds.SetCustom([]cluster.CustomKind{widget("v1"), widget("v2")}[:j%3])
				}
				kinds.Has("example.com/v1")
				kinds.APIVersions()
				if _, err := kinds.RESTMapping(schema.GroupKind{Kind: "Pod"}, "v1"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}
