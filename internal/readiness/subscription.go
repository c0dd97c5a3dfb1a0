// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// subscription is one inventory, and who is told about it.
type subscription struct {
	release string // empty for a wait
	objects []Object
	kinds   map[schema.GroupVersionKind]bool // what the verdict depends on
	changes map[schema.GroupVersionKind]bool // what is watched for changes beyond that
	notify  func()
}

// releaseKey and waitKey keep releases and waits apart.
func releaseKey(release string) string { return "release/" + release }
func waitKey(n int) string             { return fmt.Sprintf("wait/%d", n) }

// put adds or replaces a subscription. The lock is held.
func (t *Tracker) put(key, release string, inventory []Object, notify func()) {
	objects := slices.Clone(inventory)
	slices.SortFunc(objects, compareObjects)
	objects = slices.Compact(objects)
	if have, ok := t.subs[key]; ok {
		if slices.Equal(have.objects, objects) {
			return
		}
		t.unindex(have)
	}
	sub := &subscription{release: release, objects: objects, kinds: neededKinds(objects), notify: notify}
	if release != "" {
		sub.changes = otherKinds(objects, sub.kinds)
	}
	t.subs[key] = sub
	for _, o := range objects {
		if t.byObject[o] == nil {
			t.byObject[o] = map[*subscription]bool{}
		}
		t.byObject[o][sub] = true
	}
	t.adjust()
}

// drop removes a subscription. The lock is held.
func (t *Tracker) drop(key string) {
	sub, ok := t.subs[key]
	if !ok {
		return
	}
	delete(t.subs, key)
	t.unindex(sub)
	t.adjust()
}

func (t *Tracker) unindex(sub *subscription) {
	for _, o := range sub.objects {
		delete(t.byObject[o], sub)
		if len(t.byObject[o]) == 0 {
			delete(t.byObject, o)
		}
	}
}

// neededKinds lists what must be watched to judge the objects.
func neededKinds(objects []Object) map[schema.GroupVersionKind]bool {
	kinds := map[schema.GroupVersionKind]bool{}
	for _, o := range objects {
		gk := o.GroupKind()
		if !Watched(gk) {
			continue
		}
		kinds[o.GroupVersionKind] = true
		switch {
		case gk == claimKind:
			kinds[storageClassGVK] = true
		case webhookConfiguration(gk):
			kinds[endpointSliceGVK] = true
		}
	}
	return kinds
}

// otherKinds lists the kinds of the objects that no verdict depends on.
func otherKinds(objects []Object, needed map[schema.GroupVersionKind]bool) map[schema.GroupVersionKind]bool {
	kinds := map[schema.GroupVersionKind]bool{}
	for _, o := range objects {
		if !needed[o.GroupVersionKind] {
			kinds[o.GroupVersionKind] = true
		}
	}
	return kinds
}

// adjust begins the watches that are missing and ends those that nobody needs. The lock is held.
func (t *Tracker) adjust() {
	if t.ctx == nil || t.stopped {
		return
	}
	needed := map[schema.GroupVersionKind]bool{}
	for _, sub := range t.subs {
		maps.Copy(needed, sub.kinds)
		maps.Copy(needed, sub.changes)
	}
	for gvk, w := range t.watches {
		if !needed[gvk] {
			w.cancel()
			delete(t.watches, gvk)
		}
	}
	for gvk := range needed {
		if t.watches[gvk] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(t.ctx)
		w := &kindWatch{
			gvk: gvk, client: t.client, metadata: t.metadata, mapper: t.mapper, log: t.opts.Log, events: t, cancel: cancel,
			kick: make(chan struct{}, 1),
		}
		t.watches[gvk] = w
		t.running.Go(func() {
			defer cancel()
			w.run(ctx)
		})
	}
}

// objectChanged implements events: it tells those whose inventory holds the object, or whose verdict depends on it.
func (t *Tracker) objectChanged(gvk schema.GroupVersionKind, u *unstructured.Unstructured) {
	o := Object{gvk, u.GetNamespace(), u.GetName()}
	told := map[*subscription]bool{}
	t.mu.Lock()
	if a, ok := t.applied[o]; ok && a.shownBy(u) {
		delete(t.applied, o)
	}
	switch gvk {
	case storageClassGVK:
		t.dependents(gvk, told)
	case endpointSliceGVK:
		t.callers(u.GetNamespace(), u.GetLabels()[serviceNameLabel], told)
	default:
		maps.Copy(told, t.byObject[o])
	}
	t.mu.Unlock()
	for sub := range told {
		sub.notify()
	}
}

// kindChanged implements events. While other kinds of an inventory are still being listed there is nothing to say about it.
func (t *Tracker) kindChanged(gvk schema.GroupVersionKind) {
	told := map[*subscription]bool{}
	t.mu.Lock()
	t.dependents(gvk, told)
	maps.DeleteFunc(told, func(sub *subscription, _ bool) bool { return !t.settled(sub) })
	missing := t.missing(gvk)
	t.mu.Unlock()
	for sub := range told {
		sub.notify()
	}
	for _, o := range missing {
		t.objectWritten(Change{Object: o, Deleted: true})
	}
}

// dependents collects the subscriptions that need the kind.
func (t *Tracker) dependents(gvk schema.GroupVersionKind, told map[*subscription]bool) {
	for _, sub := range t.subs {
		if sub.kinds[gvk] {
			told[sub] = true
		}
	}
}

// settled says whether every kind of the subscription is either listed or known to be in trouble.
func (t *Tracker) settled(sub *subscription) bool {
	for gvk := range sub.kinds {
		w, ok := t.watches[gvk]
		if !ok {
			return false
		}
		if v := w.view(); v.store == nil && !v.unserved && v.trouble == "" {
			return false
		}
	}
	return true
}

// callers collects the subscriptions with a webhook configuration that calls the Service.
func (t *Tracker) callers(namespace, service string, told map[*subscription]bool) {
	for gvk, w := range t.watches {
		store := w.view().store
		if store == nil || !webhookConfiguration(gvk.GroupKind()) {
			continue
		}
		for _, item := range store.List() {
			u, ok := item.(*unstructured.Unstructured)
			if !ok {
				continue
			}
			calls := func(h webhook) bool { return h.namespace == namespace && h.service == service }
			if slices.ContainsFunc(readWebhooks(u), calls) {
				maps.Copy(told, t.byObject[Object{gvk, "", u.GetName()}])
			}
		}
	}
}
