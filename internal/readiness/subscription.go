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

// subscription is one inventory, and who is told about it. There is one per release for as long as it lives: slices hold it in a third of
// the memory of maps.
type subscription struct {
	release string // empty for a wait
	objects []Object
	kinds   []schema.GroupVersionKind // what the verdict depends on
	changes []schema.GroupVersionKind // what is watched for changes beyond that
	notify  func()
}

// releaseKey and waitKey keep releases and waits apart.
func releaseKey(release string) string { return "release/" + release }
func waitKey(n int) string             { return fmt.Sprintf("wait/%d", n) }

// put adds or replaces a subscription. What it costs depends on the inventory alone, never on how many others there are. The lock is held.
func (t *Tracker) put(key, release string, inventory []Object, notify func()) {
	have := t.subs[key]
	if have != nil && slices.Equal(have.objects, inventory) {
		return
	}
	objects := slices.Clone(inventory)
	slices.SortFunc(objects, compareObjects)
	objects = slices.Clip(slices.Compact(objects))
	if have != nil && slices.Equal(have.objects, objects) {
		return
	}
	sub := &subscription{release: release, objects: objects, kinds: neededKinds(objects), notify: notify}
	if release != "" {
		sub.changes = otherKinds(objects, sub.kinds)
	}
	t.subs[key] = sub
	for _, o := range objects {
		t.byObject[o] = append(t.byObject[o], sub)
	}
	t.retain(sub)
	if have != nil { // after retain, so that no watch ends that is still needed
		t.unindex(have)
	}
}

// drop removes a subscription. The lock is held.
func (t *Tracker) drop(key string) {
	sub, ok := t.subs[key]
	if !ok {
		return
	}
	delete(t.subs, key)
	t.unindex(sub)
}

// unindex takes a subscription that was replaced or dropped out of everything else. The lock is held.
func (t *Tracker) unindex(sub *subscription) {
	for _, o := range sub.objects {
		rest := slices.DeleteFunc(t.byObject[o], func(s *subscription) bool { return s == sub })
		if len(rest) == 0 {
			delete(t.byObject, o)
			t.shown(o) // nobody asks about it any more
			continue
		}
		t.byObject[o] = rest
	}
	if len(t.byObject) == 0 { // maps never shrink
		t.byObject = map[Object][]*subscription{}
	}
	t.release(sub)
}

// neededKinds lists what must be watched to judge the objects.
func neededKinds(objects []Object) []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	need := func(gvk schema.GroupVersionKind) {
		if !slices.Contains(kinds, gvk) {
			kinds = append(kinds, gvk)
		}
	}
	for _, o := range objects {
		gk := o.GroupKind()
		if !Watched(gk) {
			continue
		}
		need(o.GroupVersionKind)
		switch {
		case gk == claimKind:
			need(storageClassGVK)
		case webhookConfiguration(gk):
			need(endpointSliceGVK)
		}
	}
	return slices.Clip(kinds)
}

// otherKinds lists the kinds of the objects that no verdict depends on.
func otherKinds(objects []Object, needed []schema.GroupVersionKind) []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	for _, o := range objects {
		if gvk := o.GroupVersionKind; !slices.Contains(needed, gvk) && !slices.Contains(kinds, gvk) {
			kinds = append(kinds, gvk)
		}
	}
	return slices.Clip(kinds)
}

// watched lists each kind that a subscription needs a watch of, once.
func (s *subscription) watched() []schema.GroupVersionKind { return slices.Concat(s.kinds, s.changes) }

// retain counts a subscription among the users of its kinds, and begins the watches of those that had none. The lock is held.
func (t *Tracker) retain(sub *subscription) {
	for _, gvk := range sub.watched() {
		t.users[gvk]++
		t.begin(gvk)
	}
}

// release ends the watches that nobody needs without the subscription. The lock is held.
func (t *Tracker) release(sub *subscription) {
	for _, gvk := range sub.watched() {
		if t.users[gvk]--; t.users[gvk] > 0 {
			continue
		}
		delete(t.users, gvk)
		if w := t.watches[gvk]; w != nil && !t.stopped {
			w.cancel()
			delete(t.watches, gvk)
		}
	}
}

// begin starts the watch of a kind if there is none; before Start there are only users. The lock is held.
func (t *Tracker) begin(gvk schema.GroupVersionKind) {
	if t.ctx == nil || t.stopped || t.watches[gvk] != nil {
		return
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

// told are the subscriptions that an event is told to, each once.
type told map[*subscription]bool

func (t told) add(subs ...*subscription) {
	for _, sub := range subs {
		t[sub] = true
	}
}

// objectChanged implements events: it tells those whose inventory holds the object, or whose verdict depends on it.
func (t *Tracker) objectChanged(gvk schema.GroupVersionKind, u *unstructured.Unstructured) {
	o := Object{gvk, u.GetNamespace(), u.GetName()}
	told := told{}
	t.mu.Lock()
	if a, ok := t.applied[o]; ok && a.shownBy(u) {
		t.shown(o)
	}
	switch gvk {
	case storageClassGVK:
		t.dependents(gvk, told)
	case endpointSliceGVK:
		t.callers(u.GetNamespace(), u.GetLabels()[serviceNameLabel], told)
	default:
		told.add(t.byObject[o]...)
	}
	t.mu.Unlock()
	for sub := range told {
		sub.notify()
	}
}

// kindChanged implements events. While other kinds of an inventory are still being listed there is nothing to say about it.
func (t *Tracker) kindChanged(gvk schema.GroupVersionKind) {
	told := told{}
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
func (t *Tracker) dependents(gvk schema.GroupVersionKind, told told) {
	for _, sub := range t.subs {
		if slices.Contains(sub.kinds, gvk) {
			told.add(sub)
		}
	}
}

// settled says whether every kind of the subscription is either listed or known to be in trouble.
func (t *Tracker) settled(sub *subscription) bool {
	for _, gvk := range sub.kinds {
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
func (t *Tracker) callers(namespace, service string, told told) {
	for gvk, w := range t.watches {
		store := w.view().store
		if store == nil || !webhookConfiguration(gvk.GroupKind()) {
			continue
		}
		names, err := store.IndexKeys(byService, namespace+"/"+service)
		if err != nil {
			continue // only an unknown index fails
		}
		for _, name := range names {
			told.add(t.byObject[Object{gvk, "", name}]...)
		}
	}
}
