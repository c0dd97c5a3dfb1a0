// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// secretCounts are upstream's, rendered with the catalog's values.
func secretCounts() map[string]counts {
	return map[string]counts{
		"dex":              {8, 0, 0},
		"external-secrets": {44, 0, 25},
		"oauth2-proxy":     {5, 0, 0},
		"reloader":         {6, 0, 0},
		"trust-manager":    {15, 0, 1},
	}
}

func TestTrustManagerRefusesUnknownValues(t *testing.T) {
	c := component(t, "trust-manager")
	if _, err := render(build(t, "trust-manager"), c, map[string]any{"bogus": true}); err == nil {
		t.Error("an unknown value was accepted")
	}
}

func TestMonitorsOfSecrets(t *testing.T) {
	tests := []struct {
		reason, chart, values, kind string
		apis, want                  []string
	}{
		{"off by default", "external-secrets", "", "ServiceMonitor", []string{monitoring}, nil},
		{"rendered whatever the API", "external-secrets", "serviceMonitor: {enabled: true}", "ServiceMonitor", nil, []string{
			"ServiceMonitor external-secrets-cert-controller-metrics", "ServiceMonitor external-secrets-metrics",
			"ServiceMonitor external-secrets-webhook-metrics",
		}},
		{"rendered whatever the API", "reloader", "reloader: {podMonitor: {enabled: true}}", "PodMonitor", nil, []string{"PodMonitor reloader-reloader"}},
		{"rendered whatever the API", "oauth2-proxy", "metrics: {serviceMonitor: {enabled: true}}", "ServiceMonitor", nil, []string{"ServiceMonitor oauth2-proxy"}},
	}
	for _, test := range tests {
		t.Run(test.chart+" "+test.reason, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(mustRender(t, test.chart, test.values, test.apis...), test.kind)); diff != "" {
				t.Errorf("monitors (-want +got):\n%s", diff)
			}
		})
	}
}
