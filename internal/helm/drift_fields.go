// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// namedFields is how many fields of an object are told.
const namedFields = 20

var plainField = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// fieldPath leads to a field: names of fields (string) and places in lists (int).
type fieldPath []any

// String is the path as people write it: spec.ports[0].port, data["a.yaml"].
func (p fieldPath) String() string {
	var out strings.Builder
	for _, step := range p {
		switch s := step.(type) {
		case int:
			out.WriteString("[" + strconv.Itoa(s) + "]")
		case string:
			switch {
			case !plainField.MatchString(s):
				out.WriteString("[" + strconv.Quote(s) + "]")
			case out.Len() == 0:
				out.WriteString(s)
			default:
				out.WriteString("." + s)
			}
		}
	}
	return out.String()
}

func fieldNames(paths []fieldPath) []string {
	names := make([]string, 0, len(paths))
	for _, p := range paths {
		names = append(names, p.String())
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(namedFields, len(names))]
}

// common keeps the paths that both have.
func common(a, b []fieldPath) []fieldPath {
	in := map[string]bool{}
	for _, p := range b {
		in[p.String()] = true
	}
	return slices.DeleteFunc(a, func(p fieldPath) bool { return !in[p.String()] })
}

// differing lists where two states of an object differ, as far as the patch
// touches it. The status and what every write changes are left out.
func differing(before, after *unstructured.Unstructured, patch map[string]any) []fieldPath {
	var out []fieldPath
	compare(withoutBookkeeping(before.Object), withoutBookkeeping(after.Object), nil, func(p fieldPath) {
		if touches(patch, p) {
			out = append(out, p)
		}
	})
	return out
}

func withoutBookkeeping(object map[string]any) map[string]any {
	out := maps.Clone(object)
	delete(out, "status")
	if metadata, ok := out["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		for _, field := range []string{"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"} {
			delete(metadata, field)
		}
		out["metadata"] = metadata
	}
	return out
}

// compare reports every differing leaf, and lists of different length as a whole.
func compare(a, b any, at fieldPath, report func(fieldPath)) {
	switch left := a.(type) {
	case map[string]any:
		right, ok := b.(map[string]any)
		if !ok {
			break
		}
		for field, value := range left {
			other, ok := right[field]
			if !ok {
				report(append(slices.Clone(at), field))
				continue
			}
			compare(value, other, append(slices.Clone(at), field), report)
		}
		for field := range right {
			if _, ok := left[field]; !ok {
				report(append(slices.Clone(at), field))
			}
		}
		return
	case []any:
		right, ok := b.([]any)
		if !ok || len(left) != len(right) {
			break
		}
		for i := range left {
			compare(left[i], right[i], append(slices.Clone(at), i), report)
		}
		return
	}
	if !reflect.DeepEqual(a, b) {
		report(at)
	}
}

// touches says whether the patch writes at or above the path, or within it.
// Lists, and objects with a directive, count as written as a whole.
func touches(patch map[string]any, at fieldPath) bool {
	node := any(patch)
	for _, step := range at {
		fields, ok := node.(map[string]any)
		if !ok {
			return true
		}
		name, ok := step.(string)
		if !ok || fields["$patch"] != nil || fields["$retainKeys"] != nil {
			return true
		}
		next, found := fields[name]
		if !found {
			return fields["$setElementOrder/"+name] != nil || fields["$deleteFromPrimitiveList/"+name] != nil
		}
		node = next
	}
	return true
}

// writerOf is the field manager that wrote one of the paths last, other than own.
// Within lists it is enough that a manager wrote the same field of any element.
func writerOf(live *unstructured.Unstructured, paths []fieldPath, own string) string {
	var last *metav1.ManagedFieldsEntry
	entries := live.GetManagedFields()
	for i := range entries {
		entry := &entries[i]
		if entry.Subresource == "status" || entry.Time == nil || entry.FieldsV1 == nil || (last != nil && entry.Time.Before(last.Time)) {
			continue
		}
		var owned map[string]any
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &owned) != nil {
			continue
		}
		if slices.ContainsFunc(paths, func(p fieldPath) bool { return owns(owned, p) }) {
			last = entry
		}
	}
	if last == nil || last.Manager == own {
		return ""
	}
	return last.Manager
}

func owns(fields map[string]any, at fieldPath) bool {
	if len(at) == 0 {
		return true
	}
	name, ok := at[0].(string)
	if ok {
		inner, ok := fields["f:"+name].(map[string]any)
		// An atomic list or map is owned as a whole.
		return ok && (len(inner) == 0 || owns(inner, at[1:]))
	}
	for key, value := range fields {
		inner, ok := value.(map[string]any)
		if ok && (strings.HasPrefix(key, "k:") || strings.HasPrefix(key, "v:") || strings.HasPrefix(key, "i:")) && owns(inner, at[1:]) {
			return true
		}
	}
	return false
}
