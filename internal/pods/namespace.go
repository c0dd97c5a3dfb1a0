// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// byWorkload is the index of the pods in trouble by the keys of their workloads.
const byWorkload = "workload"

// namespaceWatch is the one watch of a namespace's pods. The lock of the Watcher
// guards store and told.
type namespaceWatch struct {
	namespace string
	client    kubernetes.Interface
	grace     time.Duration
	log       logr.Logger
	cancel    context.CancelFunc
	events    events

	store cache.Indexer // nil until the pods have been listed
	// told is the last known trouble of each workload that somebody follows.
	told map[Workload]string
}

// events is what a namespace's watch tells the Watcher.
type events interface {
	// listed: the pods are in the store, and the watch has begun.
	listed(n *namespaceWatch, store cache.Indexer)
	// podChanged: the trouble of these workloads may have become another.
	podChanged(n *namespaceWatch, workloads []Workload)
}

// run watches from the end of the grace until the context ends.
func (n *namespaceWatch) run(ctx context.Context) {
	timer := time.NewTimer(n.grace)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	informer, err := n.informer()
	if err != nil {
		n.log.Error(err, "Cannot watch pods")
		return
	}
	var done sync.WaitGroup
	defer done.Wait()
	done.Go(func() {
		select {
		case <-informer.HasSyncedChecker().Done():
			n.events.listed(n, informer.GetIndexer())
		case <-ctx.Done():
		}
	})
	informer.RunWithContext(ctx)
}

func (n *namespaceWatch) informer() (cache.SharedIndexInformer, error) {
	informer := coreinformers.NewPodInformer(n.client, n.namespace, 0, cache.Indexers{byWorkload: indexTrouble})
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { n.compare(nil, obj) },
		UpdateFunc: n.compare,
		DeleteFunc: func(obj any) { n.compare(obj, nil) },
	})
	return informer, errors.Join(err, informer.SetTransform(trim), informer.SetWatchErrorHandlerWithContext(n.onError()))
}

func indexTrouble(obj any) ([]string, error) {
	p, ok := obj.(*pod)
	if !ok || p.trouble.none() {
		return nil, nil
	}
	keys := make([]string, len(p.workloads))
	for i, w := range p.workloads {
		keys[i] = w.key()
	}
	return keys, nil
}

// compare tells of a pod that was seen to change; most changes are none of trouble.
func (n *namespaceWatch) compare(old, obj any) {
	before, after := asPod(old), asPod(obj)
	if before.trouble != after.trouble || !slices.Equal(before.workloads, after.workloads) {
		n.events.podChanged(n, slices.Concat(before.workloads, after.workloads))
	}
}

// asPod returns an empty pod for what is none.
func asPod(obj any) *pod {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	if p, ok := obj.(*pod); ok {
		return p
	}
	return &pod{}
}

// onError says once what is wrong; the informer goes on trying.
func (n *namespaceWatch) onError() cache.WatchErrorHandlerWithContext {
	var last string // one goroutine calls this
	return func(_ context.Context, _ *cache.Reflector, err error) {
		switch {
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return // a watch ends now and then; the informer begins again
		case err.Error() == last:
			return
		}
		last = err.Error()
		n.log.Info("A watch of pods failed and is tried again", "error", last)
	}
}

// follow takes what is known of the workloads as told. The Watcher's lock is held.
func (n *namespaceWatch) follow(workloads []Workload) {
	told := make(map[Workload]string, len(workloads))
	for _, w := range workloads {
		text, known := n.told[w]
		if !known {
			text = n.trouble(w)
		}
		told[w] = text
	}
	n.told = told
}

// refresh returns the workloads, of those that are followed, whose trouble is not what
// was told. The Watcher's lock is held.
func (n *namespaceWatch) refresh(workloads []Workload) (changed []Workload) {
	for _, w := range workloads {
		last, followed := n.told[w]
		if text := n.trouble(w); followed && text != last {
			n.told[w] = text
			changed = append(changed, w)
		}
	}
	return changed
}

// trouble of a workload; empty on a nil watch. The Watcher's lock is held.
func (n *namespaceWatch) trouble(w Workload) string {
	if n == nil || n.store == nil {
		return ""
	}
	objs, err := n.store.ByIndex(byWorkload, w.key())
	if err != nil {
		return "" // only an unknown index fails
	}
	var found trouble
	for _, obj := range objs {
		found = worst(found, asPod(obj).trouble)
	}
	return found.String()
}
