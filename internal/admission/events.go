// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

// listen tells the watches where to report.
func (w *Watcher) listen() error {
	byConfiguration := func(old, obj any) {
		if before, after, ok := both[*configuration](old, obj); ok && sameConfiguration(before, after) {
			return
		}
		w.configurationChanged()
	}
	byService := func(old, obj any) {
		for _, o := range []any{old, obj} {
			if s, ok := o.(*service); ok {
				w.serviceChanged(types.NamespacedName{Namespace: s.Namespace, Name: s.Name})
				return
			}
		}
	}
	bySlice := func(old, obj any) {
		for _, o := range []any{old, obj} {
			if s, ok := o.(*slice); ok {
				w.serviceChanged(types.NamespacedName{Namespace: s.Namespace, Name: s.service})
			}
		}
	}
	byNamespace := func(old, obj any) {
		before, after, ok := both[*metav1.PartialObjectMetadata](old, obj)
		if !ok || !reflect.DeepEqual(before.Labels, after.Labels) {
			w.namespaceChanged()
		}
	}
	for _, l := range []struct {
		informer cache.SharedIndexInformer
		what     string
		report   func(old, obj any)
	}{
		{w.stores.validating, ValidatingKind, byConfiguration},
		{w.stores.mutating, MutatingKind, byConfiguration},
		{w.stores.services, "Service", byService},
		{w.stores.slices, "EndpointSlice", bySlice},
		{w.stores.namespaces, namespaceKind, byNamespace},
	} {
		if err := l.informer.SetWatchErrorHandlerWithContext(w.onError(l.what)); err != nil {
			return fmt.Errorf("watch %s: %w", l.what, err)
		}
		if _, err := l.informer.AddEventHandler(handler(l.report)); err != nil {
			return fmt.Errorf("watch %s: %w", l.what, err)
		}
	}
	return nil
}

// both returns the two states of an update.
func both[T any](old, obj any) (before, after T, ok bool) {
	before, ok = old.(T)
	if !ok {
		return before, after, false
	}
	after, ok = obj.(T)
	return before, after, ok
}

// handler calls report with the state before and after, either of them nil. The
// initial list is told once, by Start.
func handler(report func(old, obj any)) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, initial bool) {
			if !initial {
				report(nil, obj)
			}
		},
		UpdateFunc: report,
		DeleteFunc: func(obj any) {
			if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
				obj = gone.Obj
			}
			report(obj, nil)
		},
	}
}

// onError says everything once that is not a watch's ordinary end.
func (w *Watcher) onError(kind string) cache.WatchErrorHandlerWithContext {
	var mu sync.Mutex
	last := ""
	return func(_ context.Context, _ *cache.Reflector, err error) {
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		mu.Lock()
		news := last != err.Error()
		last = err.Error()
		mu.Unlock()
		if news {
			w.log.Info("A watch failed and is tried again", "kind", kind, "error", err.Error())
		}
	}
}

// sameConfiguration says whether two states differ in nothing that matters.
func sameConfiguration(a, b *configuration) bool {
	return a.release == b.release && reflect.DeepEqual(a.hooks, b.hooks)
}

func (w *Watcher) configurationChanged() {
	w.mu.Lock()
	w.remember()
	synced := w.synced
	w.mu.Unlock()
	if synced {
		w.changed()
	}
}

// remember judges the Services that fail-closed webhooks call. The lock is held.
func (w *Watcher) remember() {
	verdicts := map[types.NamespacedName]verdict{}
	for _, c := range w.stores.configurations() {
		for _, hook := range c.hooks {
			if hook.service != nil {
				verdicts[*hook.service] = w.judge(*hook.service)
			}
		}
	}
	w.verdicts = verdicts
}

func (w *Watcher) judge(name types.NamespacedName) verdict {
	ready, external, known := w.stores.endpoints(name)
	return verdict{known, external || ready > 0}
}

// serviceChanged tells of a Service that a fail-closed webhook calls when it begins
// or ceases to answer. Rollouts of everything else in the cluster end here.
func (w *Watcher) serviceChanged(name types.NamespacedName) {
	w.mu.Lock()
	before, called := w.verdicts[name]
	if !called || !w.synced {
		w.mu.Unlock()
		return
	}
	after := w.judge(name)
	w.verdicts[name] = after
	w.mu.Unlock()
	if before != after {
		w.changed()
	}
}

// namespaceChanged matters while a webhook that cannot answer selects by the labels
// of namespaces.
func (w *Watcher) namespaceChanged() {
	if !w.ready() {
		return
	}
	for _, b := range brokenOnes(w.stores) {
		if b.namespaces != nil {
			w.changed()
			return
		}
	}
}
