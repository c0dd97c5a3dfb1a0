// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"slices"

	"sigs.k8s.io/yaml"
)

// webhookConfiguration is what is read of an admission webhook configuration.
type webhookConfiguration struct {
	Webhooks []struct {
		FailurePolicy string `json:"failurePolicy"`
		Rules         []struct {
			APIGroups []string `json:"apiGroups"`
		} `json:"rules"`
	} `json:"webhooks"`
}

// guard notes the API groups that a fail-closed webhook stands before. A
// document that does not parse guards nothing: the API server will refuse it.
func (r *Rendered) guard(document string) {
	var configuration webhookConfiguration
	if err := yaml.Unmarshal([]byte(document), &configuration); err != nil {
		return
	}
	for _, webhook := range configuration.Webhooks {
		if webhook.FailurePolicy == "Ignore" {
			continue
		}
		for _, rule := range webhook.Rules {
			for _, group := range rule.APIGroups {
				if !slices.Contains(r.Guarded, group) {
					r.Guarded = append(r.Guarded, group)
				}
			}
		}
	}
}
