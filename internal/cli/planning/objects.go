// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/internal/cli/planning/rehearsal"
)

// object is one object as it would be written.
type object struct {
	content map[string]any
	gk      schema.GroupKind
	key     string
	// hook are the events at which it runs, empty for an object of the release.
	hook string
}

func (o object) change(action Action) ObjectChange {
	u := unstructured.Unstructured{Object: o.content}
	return ObjectChange{Action: action, Kind: o.gk.Kind, Namespace: u.GetNamespace(), Name: u.GetName(), Hook: o.hook, key: o.key}
}

// objectsOf reads everything that a record and follow-up manifests hold, by key.
func objectsOf(record rehearsal.Record, manifests []apiextensionsv1.JSON, namespace string, kinds namespaced) (map[string]object, error) {
	out := map[string]object{}
	for _, document := range documents(record.Manifest) {
		if err := collect(out, []byte(document), "", namespace, kinds); err != nil {
			return nil, err
		}
	}
	for _, hook := range record.Hooks {
		if err := collect(out, []byte(hook.Manifest), strings.Join(hook.Events, ","), namespace, kinds); err != nil {
			return nil, err
		}
	}
	for _, manifest := range manifests {
		if err := collect(out, manifest.Raw, "", namespace, kinds); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// documents parts a stream where Helm does.
func documents(stream string) []string {
	return strings.Split("\n"+stream, "\n---")
}

// namespaced says whether objects of a kind live in namespaces.
type namespaced func(gvk schema.GroupVersionKind) bool

func collect(into map[string]object, raw []byte, hook, namespace string, kinds namespaced) error {
	raw, err := yaml.YAMLToJSON(raw)
	if err != nil {
		return fmt.Errorf("a rendered object does not parse: %w", err)
	}
	var content map[string]any
	if err := json.Unmarshal(raw, &content); err != nil {
		return fmt.Errorf("a rendered object does not parse: %w", err)
	}
	u := unstructured.Unstructured{Object: content}
	if items, is := content["items"].([]any); is && strings.HasSuffix(u.GetKind(), "List") {
		for _, item := range items {
			one, err := json.Marshal(item)
			if err != nil {
				return err
			}
			if err := collect(into, one, hook, namespace, kinds); err != nil {
				return err
			}
		}
		return nil
	}
	if u.GetKind() == "" {
		return nil
	}
	gvk := u.GroupVersionKind()
	if u.GetNamespace() == "" && kinds(gvk) {
		u.SetNamespace(namespace)
	}
	o := object{content: u.Object, gk: gvk.GroupKind(), hook: hook}
	o.key = strings.Join([]string{gvk.GroupKind().String(), u.GetNamespace(), u.GetName(), hook}, "|")
	into[o.key] = o
	return nil
}

// images are those of all containers, sorted.
func images(objects map[string]object) []string {
	found := map[string]bool{}
	for _, o := range objects {
		eachPodSpec(o.content, func(spec map[string]any) {
			for _, list := range []string{"initContainers", "containers"} {
				containers, _ := spec[list].([]any)
				for _, one := range containers {
					container, _ := one.(map[string]any)
					if image, _ := container["image"].(string); image != "" {
						found[image] = true
					}
				}
			}
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// eachPodSpec finds the pod specs of an object of any kind: what has containers.
func eachPodSpec(node any, f func(map[string]any)) {
	switch n := node.(type) {
	case map[string]any:
		if _, is := n["containers"].([]any); is {
			f(n)
		}
		for _, child := range n {
			eachPodSpec(child, f)
		}
	case []any:
		for _, child := range n {
			eachPodSpec(child, f)
		}
	}
}

// without lists what is in a and not in b; both are sorted.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
