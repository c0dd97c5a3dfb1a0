// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var (
	deployments = deploymentKind.WithVersion("v1")
	services    = serviceKind.WithVersion("v1")
	configMaps  = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	monitors    = schema.GroupVersionKind{Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor"}
)

// workloadOf is a Deployment as an API server shows it once it runs.
func workloadOf(namespace, name string, available int64) *unstructured.Unstructured {
	condition := func(kind, reason string) any {
		return map[string]any{
			"type": kind, "status": "True", "reason": reason, "message": "Deployment has minimum availability.",
			"lastTransitionTime": "2026-11-01T00:00:00Z", "lastUpdateTime": "2026-11-01T00:00:00Z",
		}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{
			"namespace": namespace, "name": name, "uid": "6f1f6f0e-0000-4000-8000-000000000001", "resourceVersion": "1234", "generation": int64(2),
			"labels": map[string]any{v1alpha1.ReleaseLabel: "week1.x", "app.kubernetes.io/name": name},
		},
		"spec": map[string]any{
			"replicas": int64(1), "progressDeadlineSeconds": int64(600), "selector": map[string]any{"matchLabels": map[string]any{"app": name}},
			"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": "registry.example.com/app:1"}}}},
		},
		"status": map[string]any{
			"observedGeneration": int64(2), "replicas": int64(1), "updatedReplicas": int64(1), "readyReplicas": available, "availableReplicas": available,
			"conditions": []any{condition("Available", "MinimumReplicasAvailable"), condition("Progressing", "NewReplicaSetAvailable")},
		},
	}}
}

func plainOf(gvk schema.GroupVersionKind, namespace, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"type": "ClusterIP", "clusterIP": "10.0.0.1"}}}
	u.SetGroupVersionKind(gvk)
	u.SetNamespace(namespace)
	u.SetName(name)
	u.SetResourceVersion("1")
	return u
}

// shown is a Tracker whose watches have shown n objects of each release: a third of
// them workloads.
func shown(b *testing.B, releases, n int) *Tracker {
	b.Helper()
	tracker := NewTracker(nil, nil, Options{})
	stores := map[schema.GroupVersionKind]cache.Indexer{}
	for _, gvk := range []schema.GroupVersionKind{deployments, services, configMaps, monitors, storageClassGVK, endpointSliceGVK} {
		stores[gvk] = cache.NewIndexer(cache.DeletionHandlingMetaNamespaceKeyFunc, cache.Indexers{})
		tracker.watches[gvk] = &kindWatch{gvk: gvk, store: stores[gvk], events: tracker, cancel: func() {}}
	}
	for i := range releases {
		namespace := fmt.Sprintf("ns%d", i)
		var inventory []Object
		for k := range n {
			gvk := []schema.GroupVersionKind{deployments, services, configMaps, monitors}[k%4]
			u := plainOf(gvk, namespace, fmt.Sprintf("object%d", k))
			if gvk == deployments {
				u = workloadOf(namespace, fmt.Sprintf("object%d", k), 1)
			}
			trimmed, err := trim(u)
			if err == nil {
				err = stores[gvk].Add(trimmed)
			}
			if err != nil {
				b.Fatal(err)
			}
			inventory = append(inventory, objectOf(u))
		}
		tracker.Track(namespace, inventory)
	}
	return tracker
}

// BenchmarkJudge judges a release from what the watches have shown, as every pass of
// its reconciler does.
func BenchmarkJudge(b *testing.B) {
	rules, err := CompileRules([]v1alpha1.ReadyRule{
		{APIVersion: "monitoring.coreos.com/v1", Kind: "ServiceMonitor", Expression: "has(object.spec)", Message: "it has no spec"},
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 10, 100} {
		tracker := shown(b, 1, n)
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if status, synced := tracker.Status("ns0", rules); !status.Ready || !synced {
					b.Fatalf("%+v", status)
				}
			}
		})
	}
}

// BenchmarkEvent takes a status update through trimming, comparing and the index to
// the verdict, with 1,000 other releases in view.
func BenchmarkEvent(b *testing.B) {
	tracker := shown(b, 1000, 10)
	var woken string
	tracker.opts.Wake = func(release string) { woken = release }
	handler := tracker.watches[deployments].handler()
	store := tracker.watches[deployments].store
	states := []*unstructured.Unstructured{workloadOf("ns500", "object0", 1), workloadOf("ns500", "object0", 0)}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		old, _, _ := store.GetByKey("ns500/object0")
		trimmed, err := trim(states[i%2])
		if err == nil {
			err = store.Update(trimmed)
		}
		if err != nil {
			b.Fatal(err)
		}
		woken = ""
		handler.OnUpdate(old, trimmed)
		if woken != "ns500" {
			b.Fatal("the release was not woken")
		}
		if status, _ := tracker.Status("ns500", nil); status.Ready != (i%2 == 0) {
			b.Fatalf("%d: %+v", i, status)
		}
	}
}

// BenchmarkTrack brings a release into view and out of it again, with others there
// already: it must not cost more with more of them.
func BenchmarkTrack(b *testing.B) {
	for _, releases := range []int{100, 1000, 5000} {
		tracker := shown(b, releases, 10)
		tracker.ctx = b.Context()
		inventory := tracker.subs[releaseKey("ns7")].objects
		b.Run(fmt.Sprintf("releases=%d", releases), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tracker.Track("one more", inventory)
				tracker.Forget("one more")
			}
		})
	}
}

// BenchmarkTrim trims what a watch has shown.
func BenchmarkTrim(b *testing.B) {
	u := workloadOf("ns", "web", 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := trim(u); err != nil {
			b.Fatal(err)
		}
	}
}
