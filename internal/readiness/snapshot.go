// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// snapshot is all that a verdict needs, taken under the tracker's lock and judged outside of it.
type snapshot struct {
	objects []Object
	views   map[schema.GroupVersionKind]view
	applied map[Object]Applied
	pending bool     // a watch that is needed has not begun
	seen    []Object // applied objects whose newest state the watch has shown
}

// snapshot collects for a subscription. The lock is held.
func (t *Tracker) snapshot(sub *subscription) *snapshot {
	s := &snapshot{objects: sub.objects, views: make(map[schema.GroupVersionKind]view, len(sub.kinds)), applied: map[Object]Applied{}}
	for _, gvk := range sub.kinds {
		w, ok := t.watches[gvk]
		if !ok {
			s.pending = true
			continue
		}
		s.views[gvk] = w.view()
	}
	if len(t.applied) == 0 {
		return s
	}
	for _, o := range sub.objects {
		if a, ok := t.applied[o]; ok {
			s.applied[o] = a
		}
	}
	return s
}

// judge returns the verdict, and whether every watch has synced.
func (s *snapshot) judge(rules []Rule) (Status, bool) {
	synced := !s.pending
	for _, v := range s.views {
		if v.store == nil && !v.unserved {
			synced = false
		}
	}
	known := make([]Object, 0, len(s.objects))
	var findings []Finding
	for _, o := range s.objects {
		if message := s.obstacle(o); message != "" {
			findings = append(findings, Finding{o, message})
			continue
		}
		known = append(known, o)
	}
	status := Judge(known, s.get, rules, s.endpoints)
	status.Total += len(findings)
	status.Waiting = append(status.Waiting, findings...)
	return status.finish(), synced
}

// obstacle says why nothing can be said about the object itself, or "".
func (s *snapshot) obstacle(o Object) string {
	if !Watched(o.GroupKind()) {
		return ""
	}
	v := s.views[o.GroupVersionKind]
	switch {
	case v.unserved:
		return fmt.Sprintf("kind %s (%s) is not served", o.Kind, o.GroupVersion())
	case v.store == nil && v.trouble != "":
		return fmt.Sprintf("kind %s (%s) cannot be watched: %s", o.Kind, o.GroupVersion(), v.trouble)
	case v.store == nil:
		return "not seen yet"
	}
	a, ok := s.applied[o]
	if !ok {
		return ""
	}
	u, found := s.get(o)
	if !found {
		return notFound
	}
	if !a.shownBy(u) {
		return "its newest change was not seen yet"
	}
	s.seen = append(s.seen, o)
	return ""
}

func (s *snapshot) get(o Object) (*unstructured.Unstructured, bool) {
	store := s.views[o.GroupVersionKind].store
	if store == nil {
		return nil, false
	}
	key := o.Name
	if o.Namespace != "" {
		key = o.Namespace + "/" + o.Name
	}
	item, ok, err := store.GetByKey(key)
	if err != nil || !ok {
		return nil, false
	}
	u, ok := item.(*unstructured.Unstructured)
	return u, ok
}

func (s *snapshot) endpoints(namespace, service string) (ready int, known bool) {
	store := s.views[endpointSliceGVK].store
	if store == nil {
		return 0, false
	}
	items, err := store.ByIndex(byService, namespace+"/"+service)
	if err != nil {
		return 0, false
	}
	for _, item := range items {
		if u, ok := item.(*unstructured.Unstructured); ok {
			ready += int(countReady(u))
		}
	}
	return ready, len(items) > 0
}

// settle forgets writes that the watch has shown, unless there was a newer one.
func (t *Tracker) settle(seen []Object) {
	if len(seen) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range seen {
		a, ok := t.applied[o]
		if !ok {
			continue
		}
		w, ok := t.watches[o.GroupVersionKind]
		if !ok {
			continue
		}
		check := snapshot{views: map[schema.GroupVersionKind]view{o.GroupVersionKind: w.view()}}
		if u, ok := check.get(o); ok && a.shownBy(u) {
			t.shown(o)
		}
	}
}

// shown forgets what was written of an object. Maps never shrink: after an installation, all of them are given back. The lock is held.
func (t *Tracker) shown(o Object) {
	if _, there := t.applied[o]; !there {
		return
	}
	delete(t.applied, o)
	if len(t.applied) == 0 {
		t.applied = map[Object]Applied{}
	}
}
