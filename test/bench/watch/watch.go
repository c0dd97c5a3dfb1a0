// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watch sees what installers do, whoever they are: when Helm's record of a
// release appears and when it is deployed, and when workloads become available. The
// idle gaps are computed from that. It imports client-go and apimachinery.
package watch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Record is the newest Helm record of a release.
type Record struct {
	// First is when a record was first seen, Deployed when the newest one was.
	First, Deployed time.Time
	// Revision and Status of the newest.
	Revision int
	Status   string
}

// Workload is a Deployment, a StatefulSet or a DaemonSet.
type Workload struct {
	// Available is since when all its pods are, at the newest spec; zero: they are not.
	Available time.Time
	// Generation of its spec.
	Generation int64
}

// State is what was seen up to a moment.
type State struct {
	// Records by namespace/name of the release; Workloads by "Kind namespace/name".
	Records   map[string]Record
	Workloads map[string]Workload
}

// Observer watches a cluster until Stop. Safe for concurrent use.
type Observer struct {
	cancel  context.CancelFunc
	changed chan struct{}
	now     func() time.Time

	mu    sync.Mutex
	state State
}

// Observe begins to watch and returns once it has seen what is there.
func Observe(ctx context.Context, config *rest.Config) (*Observer, error) {
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("watch the cluster: %w", err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("watch the cluster: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	o := &Observer{cancel: cancel, changed: make(chan struct{}, 1), now: time.Now, state: State{map[string]Record{}, map[string]Workload{}}}
	records := metadatainformer.NewFilteredSharedInformerFactory(meta, 0, metav1.NamespaceAll, func(options *metav1.ListOptions) {
		options.LabelSelector = "owner=helm"
	})
	workloads := informers.NewSharedInformerFactory(typed, 0)
	all := []cache.SharedIndexInformer{
		records.ForResource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Informer(),
		workloads.Apps().V1().Deployments().Informer(),
		workloads.Apps().V1().StatefulSets().Informer(),
		workloads.Apps().V1().DaemonSets().Informer(),
	}
	var synced []cache.InformerSynced
	for _, informer := range all {
		registered, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    o.see,
			UpdateFunc: func(_, object any) { o.see(object) },
			DeleteFunc: o.forget,
		})
		if err != nil {
			cancel()
			return nil, fmt.Errorf("watch the cluster: %w", err)
		}
		synced = append(synced, registered.HasSynced)
	}
	records.Start(ctx.Done())
	workloads.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		cancel()
		return nil, fmt.Errorf("watch the cluster: %w", ctx.Err())
	}
	return o, nil
}

// Stop ends the watches.
func (o *Observer) Stop() { o.cancel() }

// Changed has an element when something was seen since the last receive.
func (o *Observer) Changed() <-chan struct{} { return o.changed }

// Begin forgets when things were first seen: a new phase begins.
func (o *Observer) Begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, record := range o.state.Records {
		record.First, record.Deployed = time.Time{}, time.Time{}
		o.state.Records[key] = record
	}
}

// State is a copy of what was seen.
func (o *Observer) State() State {
	o.mu.Lock()
	defer o.mu.Unlock()
	return State{maps.Clone(o.state.Records), maps.Clone(o.state.Workloads)}
}

func (o *Observer) see(object any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.tell()
	switch object := object.(type) {
	case *metav1.PartialObjectMetadata:
		o.state.record(object.Namespace, object.Labels, o.now())
	default:
		o.state.workload(object, o.now())
	}
}

func (o *Observer) forget(object any) {
	if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = unknown.Obj
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.tell()
	switch object := object.(type) {
	case *metav1.PartialObjectMetadata:
		o.state.forgotten(object.Namespace, object.Labels)
	default:
		if key, _, _ := rollout(object); key != "" {
			delete(o.state.Workloads, key)
		}
	}
}

func (o *Observer) tell() {
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// record notes what the labels of a Helm record say.
func (s State) record(namespace string, labels map[string]string, now time.Time) {
	key := namespace + "/" + labels["name"]
	revision, err := strconv.Atoi(labels["version"])
	found := s.Records[key]
	if err != nil || revision < found.Revision {
		return
	}
	if revision > found.Revision {
		found.Deployed = time.Time{}
		if found.First.IsZero() {
			found.First = now
		}
	}
	found.Revision, found.Status = revision, labels["status"]
	if found.Status == "deployed" && found.Deployed.IsZero() {
		found.Deployed = now
	}
	s.Records[key] = found
}

// forgotten drops a release whose newest record is gone.
func (s State) forgotten(namespace string, labels map[string]string) {
	key := namespace + "/" + labels["name"]
	if revision, err := strconv.Atoi(labels["version"]); err == nil && revision == s.Records[key].Revision {
		delete(s.Records, key)
	}
}

// workload notes whether an object's pods are available.
func (s State) workload(object any, now time.Time) {
	key, generation, available := rollout(object)
	if key == "" {
		return
	}
	found := s.Workloads[key]
	switch {
	case !available:
		found.Available = time.Time{}
	case found.Available.IsZero() || found.Generation != generation:
		found.Available = now
	}
	found.Generation = generation
	s.Workloads[key] = found
}

// rollout reads a workload: its key, its generation, and whether its rollout is
// complete: all replicas are of the newest spec, and available.
func rollout(object any) (key string, generation int64, available bool) {
	switch w := object.(type) {
	case *appsv1.Deployment:
		want := replicas(w.Spec.Replicas)
		return "Deployment " + w.Namespace + "/" + w.Name, w.Generation, w.Status.ObservedGeneration >= w.Generation &&
			w.Status.UpdatedReplicas == want && w.Status.Replicas == want && w.Status.AvailableReplicas == want
	case *appsv1.StatefulSet:
		want := replicas(w.Spec.Replicas)
		return "StatefulSet " + w.Namespace + "/" + w.Name, w.Generation, w.Status.ObservedGeneration >= w.Generation &&
			w.Status.UpdatedReplicas == want && w.Status.ReadyReplicas == want
	case *appsv1.DaemonSet:
		want := w.Status.DesiredNumberScheduled
		return "DaemonSet " + w.Namespace + "/" + w.Name, w.Generation, w.Status.ObservedGeneration >= w.Generation &&
			want > 0 && w.Status.UpdatedNumberScheduled == want && w.Status.NumberAvailable == want
	default:
		return "", 0, false
	}
}

func replicas(asked *int32) int32 {
	if asked == nil {
		return 1
	}
	return *asked
}

// Expected is what has to be there in the end.
type Expected struct {
	// Releases are namespace/name of Helm's, Workloads "Kind namespace/name".
	Releases, Workloads []string
}

// Missing says what is not yet as it must be, sorted; nothing when all is. Releases
// must be deployed and workloads available.
func (s State) Missing(e Expected) []string {
	var out []string
	for _, release := range e.Releases {
		if record := s.Records[release]; record.Status != "deployed" {
			out = append(out, fmt.Sprintf("release %s (%s)", release, orElse(record.Status, "not there")))
		}
	}
	for _, workload := range e.Workloads {
		if s.Workloads[workload].Available.IsZero() {
			out = append(out, workload)
		}
	}
	slices.Sort(out)
	return out
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
