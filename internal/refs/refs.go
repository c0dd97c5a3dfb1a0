// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package refs watches the Secrets and ConfigMaps that bundles refer to: one
// watch per referenced object, never all Secrets, and no label is asked of
// anybody. It imports client-go and the API machinery.
package refs

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// Kinds that can be referred to.
const (
	Secret    = "Secret"
	ConfigMap = "ConfigMap"
)

// Ref names one object.
type Ref struct {
	// Kind is Secret or ConfigMap.
	Kind string
	// Namespace and Name of the object.
	Namespace, Name string
}

// String is Kind namespace/name.
func (r Ref) String() string { return r.Kind + " " + r.Namespace + "/" + r.Name }

// Content of a referenced object.
type Content struct {
	// Data by key; text and binary data of a ConfigMap together.
	Data map[string][]byte
	// Type of a Secret.
	Type string
}

// Watcher holds one watch per object that is referred to. Safe for concurrent use.
type Watcher struct {
	client kubernetes.Interface
	wake   func(owner string)

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // the life of the watches, given by Start
	watches map[Ref]*watched
	owners  map[string][]Ref
}

type watched struct {
	store  cache.Store
	synced func() bool
	stop   context.CancelFunc
	owners map[string]bool
}

// New makes a Watcher. Wake is called with an owner when one of its objects
// appears, changes or goes, and when it has been looked at for the first time;
// it must not block.
func New(client kubernetes.Interface, wake func(owner string)) *Watcher {
	return &Watcher{client: client, wake: wake, watches: map[Ref]*watched{}, owners: map[string][]Ref{}}
}

// Start keeps the watches until the context ends. It implements
// manager.Runnable; SetRefs may be called before.
func (w *Watcher) Start(ctx context.Context) error {
	w.mu.Lock()
	w.ctx = ctx
	for ref, entry := range w.watches {
		if entry.stop == nil {
			w.begin(ref, entry)
		}
	}
	w.mu.Unlock()
	<-ctx.Done()
	return nil
}

// SetRefs replaces what an owner refers to; none forgets the owner. It begins
// and ends watches and never blocks.
func (w *Watcher) SetRefs(owner string, refs []Ref) {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b Ref) int { return strings.Compare(a.String(), b.String()) })
	refs = slices.Compact(refs)
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.owners[owner]
	if slices.Equal(old, refs) {
		return
	}
	for _, ref := range old {
		if !slices.Contains(refs, ref) {
			w.release(owner, ref)
		}
	}
	for _, ref := range refs {
		w.acquire(owner, ref)
	}
	if len(refs) == 0 {
		delete(w.owners, owner)
		return
	}
	w.owners[owner] = refs
}

// Get returns the content of an object. Synced is false until it has been looked
// at; found is false when it is not there.
func (w *Watcher) Get(ref Ref) (content Content, found, synced bool) {
	w.mu.Lock()
	var store cache.Store
	if entry := w.watches[ref]; entry != nil && entry.synced != nil {
		store, synced = entry.store, entry.synced()
	}
	w.mu.Unlock()
	if !synced {
		return Content{}, false, false
	}
	item, exists, err := store.GetByKey(ref.Namespace + "/" + ref.Name)
	if err != nil || !exists {
		return Content{}, false, true
	}
	return contentOf(item), true, true
}

func contentOf(item any) Content {
	switch object := item.(type) {
	case *corev1.Secret:
		return Content{Data: object.Data, Type: string(object.Type)}
	case *corev1.ConfigMap:
		data := maps.Clone(object.BinaryData)
		if data == nil {
			data = map[string][]byte{}
		}
		for key, text := range object.Data {
			data[key] = []byte(text)
		}
		return Content{Data: data}
	}
	return Content{}
}

// acquire begins a watch or joins one; the caller holds the lock.
func (w *Watcher) acquire(owner string, ref Ref) {
	entry := w.watches[ref]
	if entry == nil {
		entry = &watched{owners: map[string]bool{}}
		w.watches[ref] = entry
		if w.ctx != nil {
			w.begin(ref, entry)
		}
	}
	entry.owners[owner] = true
}

// release leaves a watch and ends it when nobody is left; the caller holds the lock.
func (w *Watcher) release(owner string, ref Ref) {
	entry := w.watches[ref]
	delete(entry.owners, owner)
	if len(entry.owners) > 0 {
		return
	}
	if entry.stop != nil {
		entry.stop()
	}
	delete(w.watches, ref)
}

// begin starts the informer of one object; the caller holds the lock.
func (w *Watcher) begin(ref Ref, entry *watched) {
	ctx, stop := context.WithCancel(w.ctx)
	entry.stop = stop
	tell := func() { w.tell(ref) }
	store, controller := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: w.listWatch(ref),
		ObjectType:    prototype(ref),
		Transform:     stripManagedFields,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { tell() },
			UpdateFunc: func(before, after any) { tellIfChanged(before, after, tell) },
			DeleteFunc: func(any) { tell() },
		},
	})
	entry.store, entry.synced = store, controller.HasSynced
	go controller.RunWithContext(ctx)
	go func() {
		select {
		case <-controller.HasSyncedChecker().Done():
			tell()
		case <-ctx.Done():
		}
	}()
}

func tellIfChanged(before, after any, tell func()) {
	a, okA := before.(metav1.Object)
	b, okB := after.(metav1.Object)
	if !okA || !okB || a.GetResourceVersion() != b.GetResourceVersion() {
		tell()
	}
}

func (w *Watcher) tell(ref Ref) {
	w.mu.Lock()
	var owners []string
	if entry := w.watches[ref]; entry != nil {
		owners = slices.Sorted(maps.Keys(entry.owners))
	}
	w.mu.Unlock()
	for _, owner := range owners {
		w.wake(owner)
	}
}

func (w *Watcher) listWatch(ref Ref) cache.ListerWatcher {
	client := w.client.CoreV1().RESTClient()
	resource := "secrets"
	if ref.Kind == ConfigMap {
		resource = "configmaps"
	}
	return cache.NewListWatchFromClient(client, resource, ref.Namespace, fields.OneTermEqualSelector("metadata.name", ref.Name))
}

func prototype(ref Ref) runtime.Object {
	if ref.Kind == ConfigMap {
		return &corev1.ConfigMap{}
	}
	return &corev1.Secret{}
}

func stripManagedFields(item any) (any, error) {
	if object, ok := item.(metav1.Object); ok {
		object.SetManagedFields(nil)
	}
	return item, nil
}
