// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
)

// metadataHash is the field (of a trimmed object) or the annotation (of trimmed metadata) that stands for labels, annotations and finalizers:
// they do not count in the generation.
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

// written tells of an event. What is being deleted is told of when it is gone: until then nothing can be done about it.
func (w *kindWatch) written(obj any, deleted bool) {
	m, ok := obj.(metav1.Object)
	if !ok || (!deleted && m.GetDeletionTimestamp() != nil) {
		return
	}
	w.events.objectWritten(Change{
		Object: Object{w.gvk, m.GetNamespace(), m.GetName()},
		UID:    string(m.GetUID()), ResourceVersion: m.GetResourceVersion(), Generation: m.GetGeneration(), Deleted: deleted,
	})
}

// wrote says whether an update may have changed more than the status. Of kinds without a generation every new resourceVersion may.
func wrote(before, after any) bool {
	a, ok := before.(metav1.Object)
	b, ok2 := after.(metav1.Object)
	switch {
	case !ok || !ok2, a.GetUID() != b.GetUID():
		return true
	case a.GetResourceVersion() == b.GetResourceVersion():
		return false // a list shows again what was known
	case b.GetGeneration() > 0:
		return a.GetGeneration() != b.GetGeneration() || trimmedHash(a) != trimmedHash(b)
	}
	return true
}

// objectWritten implements events: it tells the releases whose inventory holds the object.
func (t *Tracker) objectWritten(change Change) {
	t.mu.Lock()
	var releases []string
	for sub := range t.byObject[change.Object] {
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

// trimPartial keeps of an object's metadata what a Change is made from.
func trimPartial(in *metav1.PartialObjectMetadata) *metav1.PartialObjectMetadata {
	hash := trimmedHash(in)
	if hash == "" {
		hash = strconv.FormatInt(hashOf(in), 16)
	}
	return &metav1.PartialObjectMetadata{TypeMeta: in.TypeMeta, ObjectMeta: metav1.ObjectMeta{
		Name: in.Name, Namespace: in.Namespace, UID: in.UID, ResourceVersion: in.ResourceVersion, Generation: in.Generation,
		DeletionTimestamp: in.DeletionTimestamp, Annotations: map[string]string{metadataHash: hash},
	}}
}

// trimmedHash is the hash that trimming left; empty for an object that was not trimmed.
func trimmedHash(m metav1.Object) string {
	if u, ok := m.(*unstructured.Unstructured); ok {
		if hash, ok := u.Object[metadataHash].(int64); ok {
			return strconv.FormatInt(hash, 16)
		}
		return ""
	}
	return m.GetAnnotations()[metadataHash]
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
