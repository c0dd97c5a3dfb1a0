// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package drift picks changes that somebody could make to what is installed: one
// field of one object each, of the kinds that matter. It is pure: apimachinery.
package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// marker is what changed fields are set to.
const marker = "drifted"

// Change is one field of an object and a value that is not the installed one.
type Change struct {
	// Path of the field and Value that it is set to.
	Path  []string
	Value any
}

// String names the field.
func (c Change) String() string { return "." + strings.Join(c.Path, ".") }

// Changes are all that make sense for an object as a chart renders it, in a stable
// order. A key of an annotation or label that the chart sets belongs to them, a field
// that it leaves to others does not.
func Changes(object map[string]any) []Change {
	u := unstructured.Unstructured{Object: object}
	var out []Change
	switch u.GetKind() {
	case "Deployment", "StatefulSet":
		if n, ok := count(object, "spec", "replicas"); ok && n > 0 {
			out = append(out, Change{[]string{"spec", "replicas"}, n + 1})
		}
		out = append(out, each(object, "spec", "template", "metadata", "annotations")...)
	case "DaemonSet":
		out = append(out, each(object, "spec", "template", "metadata", "annotations")...)
	case "Service":
		out = append(out, each(object, "spec", "selector")...)
	case "ConfigMap":
		out = append(out, each(object, "data")...)
	case "ClusterRole", "Role":
		if _, aggregated := object["aggregationRule"]; !aggregated && filled(object, "rules") {
			out = append(out, Change{[]string{"rules"}, []any{}})
		}
	case "ClusterRoleBinding", "RoleBinding":
		if filled(object, "subjects") {
			out = append(out, Change{[]string{"subjects"}, []any{}})
		}
	case "ServiceMonitor", "PodMonitor", "PrometheusRule", "ServiceAccount":
		out = append(out, each(object, "metadata", "labels")...)
	}
	return out
}

// each changes each string of a map, in the order of the keys. Labels that tell
// owners apart stay: taking one away hides an object, which is another thing.
func each(object map[string]any, path ...string) []Change {
	found, _, err := unstructured.NestedStringMap(object, path...)
	if err != nil {
		return nil
	}
	var out []Change
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if key == "app.kubernetes.io/managed-by" || found[key] == marker {
			continue
		}
		out = append(out, Change{append(slices.Clone(path), key), marker})
	}
	return out
}

func count(object map[string]any, path ...string) (int64, bool) {
	value, found, err := unstructured.NestedFieldNoCopy(object, path...)
	if err != nil || !found {
		return 0, false
	}
	switch n := value.(type) {
	case int64:
		return n, true
	case float64:
		return int64(n), true
	default:
		return 0, false
	}
}

func filled(object map[string]any, field string) bool {
	list, _, err := unstructured.NestedSlice(object, field)
	return err == nil && len(list) > 0
}

// Patch is the change as a JSON merge patch.
func (c Change) Patch() []byte {
	value := c.Value
	for _, field := range slices.Backward(c.Path) {
		value = map[string]any{field: value}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("a change that is no JSON: %v", err)) // strings, numbers and empty lists are
	}
	return raw
}

// Made says whether the object has the changed value.
func (c Change) Made(object map[string]any) bool {
	value, found, err := unstructured.NestedFieldNoCopy(object, c.Path...)
	if err != nil {
		return false
	}
	switch wanted := c.Value.(type) {
	case []any:
		list, ok := value.([]any)
		return !found || ok && len(list) == 0
	case int64:
		n, ok := count(object, c.Path...)
		return ok && n == wanted
	default:
		return found && value == wanted
	}
}

// Pick chooses n times one of the objects and one of its changes, every object as
// rarely as possible: who changes one again and again has another problem.
func Pick(random *rand.Rand, objects []map[string]any, n int) []Picked {
	var candidates []int
	for i := range objects {
		if len(Changes(objects[i])) > 0 {
			candidates = append(candidates, i)
		}
	}
	var out []Picked
	for len(out) < n && len(candidates) > 0 {
		for _, at := range random.Perm(len(candidates)) {
			if len(out) == n {
				break
			}
			all := Changes(objects[candidates[at]])
			out = append(out, Picked{candidates[at], all[random.IntN(len(all))]})
		}
	}
	return out
}

// Picked is a change of the object with an index.
type Picked struct {
	Object int
	Change Change
}
