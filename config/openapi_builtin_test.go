// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
)

// builtins collects how the kinds of Kubernetes itself are merged, from the same tags
// that their published schema is made of. An openapi file takes the place of the one
// inside Kustomize, in one build and, where builds share a process as Flux's do, in
// others: without this, a patch of a Deployment would lose its containers.
type builtins struct {
	definitions map[string]any
	// keyed says whether a type leads to a list that is merged.
	keyed map[reflect.Type]bool
}

// builtinKinds returns the definitions of stable kinds with lists that are merged.
func builtinKinds() map[string]any {
	b := builtins{definitions: map[string]any{}, keyed: map[reflect.Type]bool{}}
	kinds := map[reflect.Type][]schema.GroupVersionKind{}
	for gvk, kind := range clientgoscheme.Scheme.AllKnownTypes() {
		if _, object := kind.FieldByName("ObjectMeta"); object && isStable(gvk.Version) {
			kinds[kind] = append(kinds[kind], gvk)
		}
	}
	for kind, names := range kinds {
		if len(names) != 1 || !b.define(kind) {
			continue
		}
		definition := b.definitions[nameOf(kind)].(map[string]any)
		definition["x-kubernetes-group-version-kind"] = []any{
			map[string]any{"group": names[0].Group, "version": names[0].Version, "kind": names[0].Kind},
		}
	}
	return b.definitions
}

func isStable(version string) bool {
	return !strings.Contains(version, "alpha") && !strings.Contains(version, "beta") && version != "__internal"
}

// nameOf is io.k8s.api.apps.v1.Deployment.
func nameOf(kind reflect.Type) string {
	return strings.ReplaceAll(strings.Replace(kind.PkgPath(), "k8s.io/", "io.k8s.", 1), "/", ".") + "." + kind.Name()
}

// define adds the definition of a struct, and says whether there is anything to say. A
// type that holds itself says nothing by that.
func (b *builtins) define(kind reflect.Type) bool {
	if known, seen := b.keyed[kind]; seen {
		return known
	}
	b.keyed[kind] = false
	properties := map[string]any{}
	b.fields(kind, properties)
	if names := slices.Collect(maps.Keys(properties)); len(names) == 0 || slices.Equal(names, []string{"metadata"}) {
		return false
	}
	b.keyed[kind] = true
	b.definitions[nameOf(kind)] = map[string]any{"type": "object", "properties": properties}
	return true
}

// fields collects those of a struct that are, or lead to, lists that are merged.
func (b *builtins) fields(kind reflect.Type, properties map[string]any) {
	for field := range kind.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		of := field.Type
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if name == "" && field.Anonymous && of.Kind() == reflect.Struct && of != reflect.TypeFor[metav1.TypeMeta]() {
			b.fields(of, properties)
			continue
		}
		if strategy := field.Tag.Get("patchStrategy"); strategy != "" {
			properties[name] = b.merged(field, of, strategy)
		} else if of.Kind() == reflect.Struct && field.Type.Kind() != reflect.Slice && b.define(of) {
			properties[name] = map[string]any{"$ref": "#/definitions/" + nameOf(of)}
		}
	}
}

func (b *builtins) merged(field reflect.StructField, of reflect.Type, strategy string) map[string]any {
	property := map[string]any{"x-kubernetes-patch-strategy": strategy}
	if key := field.Tag.Get("patchMergeKey"); key != "" {
		property["x-kubernetes-patch-merge-key"] = key
	}
	items := map[string]any{"type": "string"}
	if of.Kind() == reflect.Struct {
		items = map[string]any{"type": "object"}
		if b.define(of) {
			items = map[string]any{"$ref": "#/definitions/" + nameOf(of)}
		}
	}
	if field.Type.Kind() != reflect.Slice {
		maps.Copy(property, items)
		return property
	}
	property["type"], property["items"] = "array", items
	return property
}
