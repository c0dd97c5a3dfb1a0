// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/groundwork-dev/groundwork/internal/cluster"
)

// record is what Helm stores of a release.
type record struct {
	// size of the Secret's data in bytes, which the API server limits.
	size int
	// kubeVersion of the chart.
	kubeVersion string
	// objects of the release.
	objects []*unstructured.Unstructured
	// hooks with the events that run them.
	hooks []hook
}

type hook struct {
	*unstructured.Unstructured
	events []string
}

// isTest says that only "helm test" runs the hook: the operator never does.
func (h hook) isTest() bool {
	return !slices.ContainsFunc(h.events, func(event string) bool { return event != "test" })
}

// decodeRecord reads the data of a release Secret: JSON of base64 of base64 of gzip.
func decodeRecord(raw json.RawMessage, namespace string, kinds *cluster.Kinds) (record, error) {
	var data []byte
	if err := json.Unmarshal(raw, &data); err != nil {
		return record{}, fmt.Errorf("the release record: %w", err)
	}
	packed, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return record{}, fmt.Errorf("the release record: %w", err)
	}
	unpacker, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return record{}, fmt.Errorf("the release record: %w", err)
	}
	plain, err := io.ReadAll(unpacker)
	if err != nil {
		return record{}, fmt.Errorf("the release record: %w", err)
	}
	var release struct {
		Manifest string
		Hooks    []struct {
			Manifest string
			Events   []string
		}
		Chart struct{ Metadata struct{ KubeVersion string } }
	}
	if err := json.Unmarshal(plain, &release); err != nil {
		return record{}, fmt.Errorf("the release record: %w", err)
	}
	out := record{size: len(data), kubeVersion: release.Chart.Metadata.KubeVersion}
	if out.objects, err = objectsOf(release.Manifest, namespace, kinds); err != nil {
		return record{}, err
	}
	for _, h := range release.Hooks {
		objects, err := objectsOf(h.Manifest, namespace, kinds)
		if err != nil {
			return record{}, err
		}
		for _, object := range objects {
			out.hooks = append(out.hooks, hook{object, h.Events})
		}
	}
	return out, nil
}

// objectsOf reads a manifest; every object gets the namespace that it will have.
func objectsOf(manifest, namespace string, kinds *cluster.Kinds) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		var content map[string]any
		err := decoder.Decode(&content)
		if err == io.EOF { //nolint:errorlint // the decoder returns it as it is
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("a manifest is not YAML: %w", err)
		}
		if len(content) == 0 {
			continue
		}
		object := &unstructured.Unstructured{Object: content}
		if !object.IsList() {
			out = append(out, placed(object, namespace, kinds))
			continue
		}
		err = object.EachListItem(func(item runtime.Object) error {
			if entry, ok := item.(*unstructured.Unstructured); ok {
				out = append(out, placed(entry, namespace, kinds))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
}

func placed(object *unstructured.Unstructured, namespace string, kinds *cluster.Kinds) *unstructured.Unstructured {
	gvk := object.GroupVersionKind()
	mapping, err := kinds.RESTMapping(gvk.GroupKind(), gvk.Version)
	switch {
	case err == nil && mapping.Scope.Name() == "root":
		object.SetNamespace("")
	case object.GetNamespace() == "":
		object.SetNamespace(namespace)
	}
	return object
}

// name is how summaries name an object.
func name(object *unstructured.Unstructured) string {
	out := object.GetObjectKind().GroupVersionKind().GroupKind().String() + " "
	if object.GetNamespace() != "" {
		out += object.GetNamespace() + "/"
	}
	return out + object.GetName()
}

// all are the objects and the hooks that the operator runs.
func (r record) all() []*unstructured.Unstructured {
	out := slices.Clone(r.objects)
	for _, h := range r.hooks {
		if !h.isTest() {
			out = append(out, h.Unstructured)
		}
	}
	return out
}

// differences between two records of the same inputs: objects whose content is not
// the same, and objects that only one of them has.
func differences(a, b record) (content, identity []string) {
	contents := func(r record) map[string]string {
		out := map[string]string{}
		for _, object := range r.all() {
			raw, _ := json.Marshal(object.Object) // it came out of YAML
			out[name(object)] = string(raw)
		}
		return out
	}
	left, right := contents(a), contents(b)
	for _, key := range slices.Sorted(maps.Keys(left)) {
		other, there := right[key]
		switch {
		case !there:
			identity = append(identity, key)
		case other != left[key]:
			content = append(content, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(right)) {
		if _, there := left[key]; !there {
			identity = append(identity, key)
		}
	}
	slices.SortFunc(identity, cmp.Compare[string])
	return content, identity
}
