// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// everyElement is the token of a pointer that stands for every element of a list,
// or every field of an object.
const everyElement = "*"

var (
	jobKind         = schema.GroupKind{Group: "batch", Kind: "Job"}
	secretKind      = schema.GroupKind{Kind: "Secret"}
	clusterRoleKind = schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}
	apiServiceKind  = schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}
	admissionGroup  = "admissionregistration.k8s.io"
)

// ignore makes the fields that others rightly write equal to the live ones, so
// that they are neither found nor put back.
func (x *examination) ignore(desired, live *unstructured.Unstructured) {
	pointers := runtimeFields(desired, live)
	for _, rule := range x.request.Ignore {
		if matches(rule, desired) {
			for _, p := range rule.JSONPointers {
				pointers = append(pointers, parsePointer(p))
			}
		}
	}
	for _, tokens := range pointers {
		if len(tokens) > 0 {
			overlay(desired.Object, true, live.Object, true, tokens)
		}
	}
}

func matches(rule v1alpha1.IgnoreRule, object *unstructured.Unstructured) bool {
	gvk := object.GroupVersionKind()
	return rule.Kind == gvk.Kind && (rule.Group == "" || rule.Group == gvk.Group) && (rule.Name == "" || rule.Name == object.GetName())
}

// parsePointer splits an RFC 6901 pointer; the whole document has no tokens.
func parsePointer(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, token := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return tokens
}

// overlay returns desired with the value under the tokens as live has it; false
// when nothing is left of it. Maps and lists of desired are changed in place.
func overlay(desired any, wanted bool, live any, exists bool, tokens []string) (any, bool) {
	if len(tokens) == 0 {
		return runtime.DeepCopyJSONValue(live), exists
	}
	switch d := desired.(type) {
	case map[string]any:
		overlayFields(d, live, tokens)
		return d, true
	case []any:
		if tokens[0] == everyElement && len(tokens) == 1 {
			return runtime.DeepCopyJSONValue(live), exists
		}
		overlayElements(d, live, tokens)
		return d, true
	}
	if parent, ok := live.(map[string]any); ok && desired == nil && tokens[0] != everyElement {
		// A parent that the manifest does not have: it matters within lists that are
		// replaced as a whole.
		child, has := parent[tokens[0]]
		if value, ok := overlay(nil, false, child, has, tokens[1:]); ok {
			return map[string]any{tokens[0]: value}, true
		}
	}
	return desired, wanted
}

func overlayFields(desired map[string]any, live any, tokens []string) {
	have, _ := live.(map[string]any)
	fields := []string{tokens[0]}
	if tokens[0] == everyElement {
		fields = slices.Concat(slices.Collect(maps.Keys(desired)), slices.Collect(maps.Keys(have)))
	}
	for _, field := range fields {
		want, wanted := desired[field]
		value, exists := have[field]
		if value, ok := overlay(want, wanted, value, exists, tokens[1:]); ok {
			desired[field] = value
		} else {
			delete(desired, field)
		}
	}
}

func overlayElements(desired []any, live any, tokens []string) {
	have, _ := live.([]any)
	for i, element := range desired {
		if tokens[0] != everyElement && tokens[0] != strconv.Itoa(i) {
			continue
		}
		value, exists := counterpart(element, i, have)
		if value, ok := overlay(element, true, value, exists, tokens[1:]); ok {
			desired[i] = value
		}
	}
}

// counterpart finds a list's element in the live list: by its name if it has one,
// since others may have added elements before it, or else by its place.
func counterpart(element any, place int, live []any) (any, bool) {
	if name, ok := nameOf(element); ok {
		i := slices.IndexFunc(live, func(other any) bool {
			found, ok := nameOf(other)
			return ok && found == name
		})
		if i < 0 {
			return nil, false
		}
		return live[i], true
	}
	if place >= len(live) {
		return nil, false
	}
	return live[place], true
}

func nameOf(element any) (string, bool) {
	fields, _ := element.(map[string]any)
	name, ok := fields["name"].(string)
	return name, ok
}

// runtimeFields are fields that the cluster itself writes, whatever the chart.
func runtimeFields(desired, live *unstructured.Unstructured) [][]string {
	var out [][]string
	gk := desired.GroupVersionKind().GroupKind()
	switch {
	case gk.Group == admissionGroup:
		hooks, _, _ := unstructured.NestedSlice(desired.Object, "webhooks")
		for i, hook := range hooks {
			fields, _ := hook.(map[string]any)
			if blankCA(fields, "clientConfig", "caBundle") {
				out = append(out, []string{"webhooks", strconv.Itoa(i), "clientConfig", "caBundle"})
			}
		}
	case gk == apiServiceKind && blankCA(desired.Object, "spec", "caBundle"):
		out = append(out, []string{"spec", "caBundle"})
	case gk == clusterRoleKind && desired.Object["aggregationRule"] != nil:
		out = append(out, []string{"rules"})
	}
	if autoscaled(live) {
		out = append(out, []string{"spec", "replicas"})
	}
	return out
}

// blankCA says that the manifest leaves the CA bundle to an injector: it has none,
// or a placeholder of white space.
func blankCA(object map[string]any, fields ...string) bool {
	text, _, err := unstructured.NestedString(object, fields...)
	if err != nil {
		return true
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(bytes.TrimSpace(decoded)) == 0
}

// autoscaled says that the controller manager set the replicas through the scale
// subresource, which is what a HorizontalPodAutoscaler does.
func autoscaled(live *unstructured.Unstructured) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != "kube-controller-manager" || entry.Subresource != "scale" || entry.FieldsV1 == nil {
			continue
		}
		var owned struct {
			Spec struct {
				Replicas *struct{} `json:"f:replicas"`
			} `json:"f:spec"`
		}
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &owned) == nil && owned.Spec.Replicas != nil {
			return true
		}
	}
	return false
}

// finished says that the object is a Job that has ended; it is never run again.
func finished(live *unstructured.Unstructured) bool {
	if live.GroupVersionKind().GroupKind() != jobKind {
		return false
	}
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	return slices.ContainsFunc(conditions, func(c any) bool {
		fields, _ := c.(map[string]any)
		return (fields["type"] == "Complete" || fields["type"] == "Failed") && fields["status"] == "True"
	})
}

// plainSecret moves stringData to data, as the API server does, so that pointers
// and comparisons see one spelling.
func plainSecret(object *unstructured.Unstructured) {
	if object.GroupVersionKind().GroupKind() != secretKind {
		return
	}
	text, ok := object.Object["stringData"].(map[string]any)
	if !ok {
		return
	}
	data, ok := object.Object["data"].(map[string]any)
	if !ok {
		data = map[string]any{}
	}
	for key, value := range text {
		s, ok := value.(string)
		if !ok {
			return // the API server will refuse it, as it did at the install
		}
		data[key] = base64.StdEncoding.EncodeToString([]byte(s))
	}
	delete(object.Object, "stringData")
	object.Object["data"] = data
}
