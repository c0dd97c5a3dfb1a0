// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"maps"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// specBudget is the size in bytes, roughly, up to which the spec of a custom resource is kept for rules. Dashboards, alert rules and
	// policies are larger, and have no status that depends on them.
	specBudget = 16 << 10

	serviceNameLabel = "kubernetes.io/service-name"
	// readyEndpoints is the field of a trimmed EndpointSlice that holds the number of its ready endpoints.
	readyEndpoints = "readyEndpoints"
	// caIsThere stands for any CA bundle; it is not blank when decoded.
	caIsThere = "c2V0"
)

// trim is the transform of the watches: it keeps what verdicts and rules read. Trimming twice changes nothing.
func trim(obj any) (any, error) {
	if partial, ok := obj.(*metav1.PartialObjectMetadata); ok {
		kept, _ := traceOf(partial)
		return kept, nil
	}
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return obj, nil
	}
	out := map[string]any{
		"apiVersion": u.Object["apiVersion"], "kind": u.Object["kind"], "metadata": trimMetadata(u), metadataHash: hashOf(u),
	}
	gk := u.GroupVersionKind().GroupKind()
	switch {
	case gk == endpointSliceKind:
		out[readyEndpoints] = countReady(u)
	case gk == storageClassKind:
		keep(out, u.Object, "volumeBindingMode")
	case webhookConfiguration(gk):
		out["webhooks"] = trimWebhooks(u)
	case builtin(gk.Group):
		if spec := pick(u.Object["spec"], "replicas", "progressDeadlineSeconds", "updateStrategy", "paused", "type", "clusterIP",
			"storageClassName", "parallelism", "completions", "service"); spec != nil {
			out["spec"] = spec
		}
		trimStatus(out, u)
	default:
		if spec := u.Object["spec"]; spec != nil && within(spec, specBudget) {
			out["spec"] = spec
		}
		trimStatus(out, u)
	}
	return &unstructured.Unstructured{Object: out}, nil
}

func trimMetadata(u *unstructured.Unstructured) map[string]any {
	in, _ := u.Object["metadata"].(map[string]any)
	out := pick(in, "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp")
	if node := u.GetAnnotations()[selectedNode]; node != "" {
		out["annotations"] = map[string]any{selectedNode: node}
	}
	if service := u.GetLabels()[serviceNameLabel]; service != "" {
		out["labels"] = map[string]any{serviceNameLabel: service}
	}
	return out
}

// pick copies the named fields of a map; nil when it is none or nothing is left.
func pick(value any, fields ...string) map[string]any {
	in, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	out := make(map[string]any, len(fields))
	for _, f := range fields {
		keep(out, in, f)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func keep(out, in map[string]any, field string) {
	if v, ok := in[field]; ok {
		out[field] = v
	}
}

// trimStatus keeps the status without the times of its conditions, which change where nothing else does.
func trimStatus(out map[string]any, u *unstructured.Unstructured) {
	in, ok := u.Object["status"].(map[string]any)
	if !ok {
		keep(out, u.Object, "status")
		return
	}
	conditions, ok := in["conditions"].([]any)
	if !ok {
		out["status"] = in
		return
	}
	status := maps.Clone(in)
	trimmed := make([]any, len(conditions))
	for i, c := range conditions {
		trimmed[i] = c
		if fields, ok := c.(map[string]any); ok {
			fields = maps.Clone(fields)
			for _, f := range []string{"lastTransitionTime", "lastUpdateTime", "lastProbeTime", "lastHeartbeatTime"} {
				delete(fields, f)
			}
			trimmed[i] = fields
		}
	}
	status["conditions"] = trimmed
	out["status"] = status
}

func trimWebhooks(u *unstructured.Unstructured) []any {
	hooks := readWebhooks(u)
	out := make([]any, len(hooks))
	for i, w := range hooks {
		config := map[string]any{}
		if w.service != "" {
			config["service"] = map[string]any{"namespace": w.namespace, "name": w.service}
		}
		if w.hasCA {
			config["caBundle"] = caIsThere
		}
		policy := "Fail"
		if w.failOpen {
			policy = "Ignore"
		}
		out[i] = map[string]any{"name": w.name, "failurePolicy": policy, "clientConfig": config}
	}
	return out
}

// countReady counts the ready endpoints of an EndpointSlice; an unknown readiness means ready, as the API says.
func countReady(u *unstructured.Unstructured) int64 {
	if n, ok := u.Object[readyEndpoints].(int64); ok {
		return n
	}
	endpoints, _ := u.Object["endpoints"].([]any)
	n := int64(0)
	for _, e := range endpoints {
		fields, _ := e.(map[string]any)
		ready, found, err := unstructured.NestedBool(fields, "conditions", "ready")
		if err == nil && (!found || ready) {
			n++
		}
	}
	return n
}

// within says whether the value is at most budget bytes large, roughly, without encoding it.
func within(value any, budget int) bool { return spend(value, budget) >= 0 }

// spend returns what is left of the budget; less than zero when it does not suffice.
func spend(value any, budget int) int {
	budget -= 8
	switch v := value.(type) {
	case string:
		return budget - len(v)
	case map[string]any:
		for k, item := range v {
			if budget = spend(item, budget-len(k)); budget < 0 {
				return budget
			}
		}
	case []any:
		for _, item := range v {
			if budget = spend(item, budget); budget < 0 {
				return budget
			}
		}
	}
	return budget
}

// sameState says whether two trimmed objects differ in nothing that a verdict reads: in more than their resourceVersion, labels and annotations.
func sameState(a, b *unstructured.Unstructured) bool {
	if len(a.Object) != len(b.Object) {
		return false
	}
	for field, value := range a.Object {
		other, ok := b.Object[field]
		if !ok {
			return false
		}
		if field == metadataHash {
			continue
		}
		if field == "metadata" {
			if !sameMetadata(value, other) {
				return false
			}
			continue
		}
		if !reflect.DeepEqual(value, other) {
			return false
		}
	}
	return true
}

func sameMetadata(a, b any) bool {
	left, ok := a.(map[string]any)
	right, ok2 := b.(map[string]any)
	if !ok || !ok2 || len(left) != len(right) {
		return false
	}
	for field, value := range left {
		if other, ok := right[field]; !ok || (field != "resourceVersion" && !reflect.DeepEqual(value, other)) {
			return false
		}
	}
	return true
}
