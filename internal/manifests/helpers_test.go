// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/manifests"
)

// entries are manifests as the API has them, from YAML.
func entries(t *testing.T, documents ...string) []apiextensionsv1.JSON {
	t.Helper()
	var out []apiextensionsv1.JSON
	for _, document := range documents {
		raw, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, apiextensionsv1.JSON{Raw: raw})
	}
	return out
}

func parsed(t *testing.T, documents ...string) []*unstructured.Unstructured {
	t.Helper()
	out, err := manifests.Parse("x", entries(t, documents...))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mapperOf knows ConfigMaps, Namespaces and Widgets in v1.
func mapperOf() *meta.DefaultRESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, meta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, meta.RESTScopeRoot)
	mapper.Add(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"}, meta.RESTScopeNamespace)
	return mapper
}

func ref(apiVersion, kind, namespace, name string) v1alpha1.ObjectReference {
	return v1alpha1.ObjectReference{APIVersion: apiVersion, Kind: kind, Namespace: namespace, Name: name}
}
