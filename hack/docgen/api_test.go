// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const widget = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Widget, plural: widgets, shortNames: [wd], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Size, type: string, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        description: a Widget
        properties:
          spec:
            type: object
            description: spec of it
            required: [size]
            properties:
              size: {type: string, description: "how big|small", enum: [S, L]}
              parts:
                type: array
                maxItems: 3
                items:
                  type: object
                  x-kubernetes-validations:
                  - {rule: "has(self.name)", message: name it}
                  properties:
                    name: {type: string, pattern: "^a|b$"}
`

func TestAPI(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "widgets.yaml"), []byte(widget), 0o600); err != nil {
		t.Fatal(err)
	}
	page := &strings.Builder{}
	if err := api(folder, page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## Widget\n\nA Widget.\n",
		"Cluster-scoped; `kubectl get wd`; categories: all.",
		"| `size` | string, required | how big\\|small. One of S, L. |",
		"| `parts` | list of object |  At most 3 items. |",
		"| `parts[].name` | string |  Pattern `^a\\|b$`. |",
		"Refused in spec.parts[]: name it.",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func TestAPIRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := api(folder, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "make manifests") {
		t.Errorf("an empty folder gives %v, which names no cure", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "x.yaml"), []byte("spec: {nonsense: 1}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := api(folder, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "x.yaml") {
		t.Errorf("a broken file gives %v, which does not name it", err)
	}
}
