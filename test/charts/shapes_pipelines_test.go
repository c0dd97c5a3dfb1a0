// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pipelineCounts are upstream's, rendered with the catalog's values.
func pipelineCounts() map[string]counts {
	return map[string]counts{
		"argo-rollouts":   {14, 0, 5},
		"flux2":           {39, 2, 14},
		"tekton-operator": {27, 0, 13},
	}
}

// What would delete definitions with a release, and so everything of their kinds, must say keep; Tekton's chart has no way to say it.
func TestDefinitionsOfPipelinesAreKept(t *testing.T) {
	for chart, want := range map[string]any{"argo-rollouts": "keep", "flux2": "keep", "external-secrets": "keep", "tekton-operator": nil} {
		for _, o := range mustRender(t, chart, "") {
			if o["kind"] != "CustomResourceDefinition" {
				continue
			}
			if diff := cmp.Diff(want, at(o, "metadata", "annotations", "helm.sh/resource-policy")); diff != "" {
				t.Errorf("%s: %v: resource policy (-want +got):\n%s", chart, at(o, "metadata", "name"), diff)
			}
		}
	}
}
