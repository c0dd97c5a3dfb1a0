// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

const (
	mergeKeys       = "openapi/platformbundle.json"
	mergeKeysSample = "samples/gitops/base/platformbundle.openapi.json"
)

// TestMergeKeys: the file that tells Kustomize by which key lists are merged follows
// from the CRD, and the sample repository holds the same. UPDATE_GOLDEN=1 writes both
// anew.
func TestMergeKeys(t *testing.T) {
	crd := find[apiextensionsv1.CustomResourceDefinition](t, "crd/bases/platform.groundwork.dev_platformbundles.yaml",
		"CustomResourceDefinition", "platformbundles.platform.groundwork.dev")
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	want, err := json.MarshalIndent(openAPI(crd, keyed(schema)), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	for _, file := range []string{mergeKeys, mergeKeysSample} {
		golden(t, file, want)
	}
	// What it is for, said without the code that made it.
	own, err := json.Marshal(keyed(schema))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(own), `"x-kubernetes-patch-merge-key"`); got != mapLists(schema) {
		t.Errorf("%d merge keys for %d lists of the CRD that are maps", got, mapLists(schema))
	}
}

// golden compares a file with what it should be, or writes it.
func golden(t *testing.T, file string, want []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; UPDATE_GOLDEN=1 writes it", err)
	}
	if diff := cmp.Diff(string(have), string(want)); diff != "" {
		t.Errorf("%s is old; UPDATE_GOLDEN=1 accepts this (-was +is):\n%s", file, diff)
	}
}

// openAPI is the document that Kustomize reads: the definition beside those of
// Kubernetes itself, and by the path that the kind is cluster-scoped, so that
// `namespace:` leaves it alone.
func openAPI(crd *apiextensionsv1.CustomResourceDefinition, definition map[string]any) map[string]any {
	gvk := map[string]any{"group": crd.Spec.Group, "version": v1alpha1.GroupVersion.Version, "kind": crd.Spec.Names.Kind}
	definition["x-kubernetes-group-version-kind"] = []any{gvk}
	definitions := builtinKinds()
	definitions["dev.groundwork.platform.v1alpha1."+crd.Spec.Names.Kind] = definition
	path := "/apis/" + crd.Spec.Group + "/" + v1alpha1.GroupVersion.Version + "/" + crd.Spec.Names.Plural + "/{name}"
	return map[string]any{
		"swagger": "2.0",
		"info":    map[string]any{"title": "Groundwork: merge keys for Kustomize", "version": v1alpha1.GroupVersion.Version},
		"paths": map[string]any{path: map[string]any{"get": map[string]any{
			"x-kubernetes-action": "get", "x-kubernetes-group-version-kind": gvk,
			"responses": map[string]any{"200": map[string]any{"description": "OK"}},
		}}},
		"definitions": definitions,
	}
}

// keyed is what of a schema leads to lists that are maps; nil when nothing does. All
// other lists are replaced as a whole, as without a schema: sets and atomic lists
// (valuesFrom, manifests) have an order, or no single key.
func keyed(schema *apiextensionsv1.JSONSchemaProps) map[string]any {
	properties := map[string]any{}
	for name, property := range schema.Properties {
		if below := keyed(&property); below != nil {
			properties[name] = below
		}
	}
	if len(properties) > 0 {
		return map[string]any{"type": "object", "properties": properties}
	}
	if !isMapList(schema) {
		return nil
	}
	items := keyed(schema.Items.Schema)
	if items == nil {
		items = map[string]any{"type": "object"}
	}
	return map[string]any{
		"type": "array", "items": items,
		"x-kubernetes-patch-merge-key": schema.XListMapKeys[0], "x-kubernetes-patch-strategy": "merge",
	}
}

func isMapList(schema *apiextensionsv1.JSONSchemaProps) bool {
	return schema.XListType != nil && *schema.XListType == "map" && len(schema.XListMapKeys) == 1
}

// mapLists counts the lists of a schema that are maps, by any number of keys.
func mapLists(schema *apiextensionsv1.JSONSchemaProps) int {
	count := 0
	if schema.XListType != nil && *schema.XListType == "map" {
		count++
	}
	for _, property := range schema.Properties {
		count += mapLists(&property)
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		count += mapLists(schema.Items.Schema)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		count += mapLists(schema.AdditionalProperties.Schema)
	}
	return count
}
