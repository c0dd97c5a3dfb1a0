// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// key is an object's identity: another version of its kind is the same object.
type key struct{ group, kind, namespace, name string }

func keyOf(ref v1alpha1.ObjectReference) key {
	return key{groupVersionOf(ref).Group, ref.Kind, ref.Namespace, ref.Name}
}

func keysOf(refs []v1alpha1.ObjectReference) map[key]bool {
	out := make(map[key]bool, len(refs))
	for _, ref := range refs {
		out[keyOf(ref)] = true
	}
	return out
}

func groupVersionOf(ref v1alpha1.ObjectReference) schema.GroupVersion {
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return schema.GroupVersion{Group: ref.APIVersion} // no API server has it
	}
	return gv
}

func referenceOf(object *unstructured.Unstructured) v1alpha1.ObjectReference {
	return v1alpha1.ObjectReference{
		APIVersion: object.GetAPIVersion(), Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName(),
	}
}

// describe names an object for people: "Kafka kafka/main".
func describe(ref v1alpha1.ObjectReference) string {
	if ref.Namespace == "" {
		return ref.Kind + " " + ref.Name
	}
	return ref.Kind + " " + ref.Namespace + "/" + ref.Name
}

func compare(a, b v1alpha1.ObjectReference) int {
	x, y := keyOf(a), keyOf(b)
	return cmp.Or(
		strings.Compare(x.group, y.group), strings.Compare(x.kind, y.kind),
		strings.Compare(x.namespace, y.namespace), strings.Compare(x.name, y.name),
		strings.Compare(a.APIVersion, b.APIVersion),
	)
}

// sorted sorts by group, kind, namespace and name, and leaves one reference for
// each object. It changes refs.
func sorted(refs []v1alpha1.ObjectReference) []v1alpha1.ObjectReference {
	slices.SortFunc(refs, compare)
	return slices.CompactFunc(refs, func(a, b v1alpha1.ObjectReference) bool { return keyOf(a) == keyOf(b) })
}

// References lists the objects by group, kind, namespace and name, each once. A
// namespaced kind without a namespace gets defaultNamespace, a cluster-scoped
// kind has none whatever its entry says. Objects whose kind the mapper does not
// know are returned apart, in their order: whether they live in a namespace is
// not known yet.
func References(
	objects []*unstructured.Unstructured, mapper meta.RESTMapper, defaultNamespace string,
) (known []v1alpha1.ObjectReference, unknown []*unstructured.Unstructured) {
	for _, object := range objects {
		mapping, err := mappingOf(mapper, object)
		if err != nil {
			unknown = append(unknown, object)
			continue
		}
		known = append(known, resolve(object, mapping, defaultNamespace))
	}
	return sorted(known), unknown
}

func mappingOf(mapper meta.RESTMapper, object *unstructured.Unstructured) (*meta.RESTMapping, error) {
	gvk := object.GroupVersionKind()
	return mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
}

func resolve(object *unstructured.Unstructured, mapping *meta.RESTMapping, defaultNamespace string) v1alpha1.ObjectReference {
	ref := referenceOf(object)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		ref.Namespace = ""
	} else {
		ref.Namespace = cmp.Or(ref.Namespace, defaultNamespace)
	}
	return ref
}

// Gone returns what is in before and not in now, sorted as References sorts: the
// objects to prune. Another version of a kind is no removal.
func Gone(before, now []v1alpha1.ObjectReference) []v1alpha1.ObjectReference {
	wanted := keysOf(now)
	var out []v1alpha1.ObjectReference
	for _, ref := range before {
		if !wanted[keyOf(ref)] {
			out = append(out, ref)
		}
	}
	return sorted(out)
}

// Union returns what is in before or in now, sorted as References sorts, with the
// version that now has. It is what a status remembers before objects are applied
// and pruned, so that a crash in between loses none of them.
func Union(before, now []v1alpha1.ObjectReference) []v1alpha1.ObjectReference {
	return sorted(append(Gone(before, now), now...))
}

// NeededKinds lists the kinds of objects that the mapper does not know, each
// once, sorted by group, kind and version. The caller applies again when a
// custom resource definition brings one of them.
func NeededKinds(objects []*unstructured.Unstructured, mapper meta.RESTMapper) []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, object := range objects {
		if _, err := mappingOf(mapper, object); err != nil {
			out = append(out, object.GroupVersionKind())
		}
	}
	slices.SortFunc(out, func(a, b schema.GroupVersionKind) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Version, b.Version))
	})
	return slices.Compact(out)
}
