// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

func TestReport(t *testing.T) {
	t.Parallel()
	web := readiness.Object{GroupVersionKind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, Namespace: "web", Name: "api"}
	differs := Finding{Object: web, Fields: []string{"spec.replicas"}, Writer: "kubectl"}
	denied := Finding{Object: object("a"), Unknown: "cannot be compared: denied"}
	for name, tc := range map[string]struct {
		report          Report
		reason, message string
	}{
		"nothing":       {Report{}, v1alpha1.ReasonNoDrift, "every object is as it was released"},
		"field":         {Report{Differing: []Finding{differs}}, v1alpha1.ReasonDrifted, "Deployment web/api: spec.replicas (written by kubectl)"},
		"nobody's":      {Report{Differing: []Finding{{Object: web, Fields: []string{"spec.ports"}}}}, v1alpha1.ReasonDrifted, "Deployment web/api: spec.ports"},
		"missing":       {Report{Differing: []Finding{{Object: object("a"), Missing: true}}}, v1alpha1.ReasonDrifted, "ConfigMap ns/a: missing"},
		"unknown":       {Report{Unknown: []Finding{denied}}, v1alpha1.ReasonDriftUnknown, "ConfigMap ns/a cannot be compared: denied"},
		"many fields":   {Report{Differing: []Finding{{Object: web, Fields: []string{"a", "b", "c", "d"}}}}, v1alpha1.ReasonDrifted, "Deployment web/api: a, b, c and 1 more field"},
		"deleted often": {Report{Flapping: []Finding{{Object: object("a"), Missing: true}}}, v1alpha1.ReasonDriftFlapping, "ConfigMap ns/a is deleted again and again and is put back less and less often"},
		"the worst first, three by name": {
			Report{Flapping: []Finding{{Object: web, Fields: []string{"spec.replicas"}, Writer: "flux"}}, Differing: []Finding{differs, differs}, Unknown: []Finding{denied, denied}},
			v1alpha1.ReasonDriftFlapping,
			"Deployment web/api is changed again and again by flux (spec.replicas) and is put back less and less often; " +
				"Deployment web/api: spec.replicas (written by kubectl); Deployment web/api: spec.replicas (written by kubectl); 2 more objects",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.report.Reason(); got != tc.reason {
				t.Errorf("reason = %s, want %s", got, tc.reason)
			}
			if got := tc.report.Message(); got != tc.message {
				t.Errorf("message = %q\nwant      %q", got, tc.message)
			}
		})
	}
}
