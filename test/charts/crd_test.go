// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"encoding/json"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/groundwork-dev/groundwork/test/charts"
)

// The API server's own validation accepts every definition.
func TestDefinitionsAreValid(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apiextensions.AddToScheme, apiextensionsv1.AddToScheme, apiextensionsv1.RegisterDefaults} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	for _, shape := range charts.Charts() {
		for _, o := range mustRender(t, shape.Name, "") {
			if o["kind"] != "CustomResourceDefinition" {
				continue
			}
			raw, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			var served apiextensionsv1.CustomResourceDefinition
			if err := json.Unmarshal(raw, &served); err != nil {
				t.Fatal(err)
			}
			scheme.Default(&served)
			var internal apiextensions.CustomResourceDefinition
			if err := scheme.Convert(&served, &internal, nil); err != nil {
				t.Fatal(err)
			}
			internal.Status.StoredVersions = []string{storage(served)}
			if errs := validation.ValidateCustomResourceDefinition(t.Context(), &internal); len(errs) > 0 {
				t.Errorf("%s: %v", served.Name, errs.ToAggregate())
			}
		}
	}
}

func storage(crd apiextensionsv1.CustomResourceDefinition) string {
	for _, v := range crd.Spec.Versions {
		if v.Storage {
			return v.Name
		}
	}
	return ""
}
