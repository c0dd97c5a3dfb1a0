// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"hash/fnv"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
)

// metadataHash is the field of a trimmed object that stands for labels, annotations and finalizers: they do not count in the generation.
const metadataHash = "metadataHash"

// Change is what a watch has shown of an object: somebody wrote more than its status, or it is gone.
type Change struct {
	Object
	// UID of the object; empty when a release's object was missing from a list.
	UID string
	// ResourceVersion that the watch has shown; empty as UID is.
	ResourceVersion string
	// Generation of the object; 0 for kinds without one.
	Generation int64
	// Deleted says that the object is gone, or does not carry the release label any more: read before acting.
	Deleted bool
}

// trace is what is kept of an object whose state readiness does not read: what a Change is made from. There are thousands of them; each takes a
// sixth of the metadata it is made from.
type trace struct {
	namespace, name, uid, resourceVersion string
	generation                            int64
	hash                                  int64 // of what does not count in the generation
	deleting                              bool
}

// GetObjectMeta implements metav1.ObjectMetaAccessor, by which an informer finds the object and sees that it changed.
func (t *trace) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{Namespace: t.namespace, Name: t.name, ResourceVersion: t.resourceVersion}
}

// traceOf reads an object that a watch has shown, trimmed.
func traceOf(obj any) (*trace, bool) {
	if t, ok := obj.(*trace); ok {
		return t, true
	}
	m, ok := obj.(metav1.Object)
	if !ok {
		return nil, false
	}
	return &trace{
		namespace: m.GetNamespace(), name: m.GetName(), uid: string(m.GetUID()), resourceVersion: m.GetResourceVersion(),
		generation: m.GetGeneration(), hash: hashOf(m), deleting: m.GetDeletionTimestamp() != nil,
	}, true
}

// written tells of an event. What is being deleted is told of when it is gone: until then nothing can be done about it.
func (w *kindWatch) written(obj any, deleted bool) {
	t, ok := traceOf(obj)
	if !ok || (!deleted && t.deleting) {
		return
	}
	w.events.objectWritten(Change{
		Object: Object{w.gvk, t.namespace, t.name}, UID: t.uid, ResourceVersion: t.resourceVersion, Generation: t.generation, Deleted: deleted,
	})
}

// wrote says whether an update may have changed more than the status. Of kinds without a generation every new resourceVersion may.
func wrote(before, after any) bool {
	a, ok := traceOf(before)
	b, ok2 := traceOf(after)
	switch {
	case !ok || !ok2, a.uid != b.uid:
		return true
	case a.resourceVersion == b.resourceVersion:
		return false // a list shows again what was known
	case b.generation > 0:
		return a.generation != b.generation || a.hash != b.hash
	}
	return true
}

// objectWritten implements events: it tells the releases whose inventory holds the object.
func (t *Tracker) objectWritten(change Change) {
	t.mu.Lock()
	var releases []string
	for _, sub := range t.byObject[change.Object] {
		if sub.release != "" {
			releases = append(releases, sub.release)
		}
	}
	t.mu.Unlock()
	for _, release := range releases {
		t.opts.Changed(release, change)
	}
}

// missing lists the objects of releases that the list of a kind does not hold, sorted: they went away while nothing was watched, with their kind
// for example. The lock is held.
func (t *Tracker) missing(gvk schema.GroupVersionKind) []Object {
	w, ok := t.watches[gvk]
	if !ok {
		return nil
	}
	store := w.view().store
	if store == nil {
		return nil
	}
	var out []Object
	for o := range t.byObject {
		if o.GroupVersionKind != gvk {
			continue
		}
		if _, found, err := store.GetByKey(cache.NewObjectName(o.Namespace, o.Name).String()); err == nil && !found {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, compareObjects)
	return out
}

// hashOf is the hash of an object's labels, annotations and finalizers; that of a trimmed object is kept.
func hashOf(m metav1.Object) int64 {
	if u, ok := m.(*unstructured.Unstructured); ok {
		if hash, ok := u.Object[metadataHash].(int64); ok {
			return hash
		}
	}
	sum := fnv.New64a()
	add := func(s string) {
		_, _ = sum.Write([]byte(s)) // it cannot fail
		_, _ = sum.Write([]byte{0})
	}
	for _, part := range []map[string]string{m.GetLabels(), m.GetAnnotations()} {
		for _, k := range slices.Sorted(maps.Keys(part)) {
			add(k)
			add(part[k])
		}
		add("")
	}
	for _, f := range m.GetFinalizers() {
		add(f)
	}
	return int64(sum.Sum64()) //nolint:gosec // the bits of a hash, not a number
}
