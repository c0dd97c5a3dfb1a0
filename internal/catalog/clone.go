// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"maps"
	"slices"
)

// clone returns a copy that shares nothing with c.
func (c Component) clone() Component {
	c.NamespaceLabels = maps.Clone(c.NamespaceLabels)
	c.Requires = slices.Clone(c.Requires)
	c.After = slices.Clone(c.After)
	c.Conflicts = slices.Clone(c.Conflicts)
	c.Why, c.Traps = maps.Clone(c.Why), slices.Clone(c.Traps)
	c.Lifecycle.Successors = slices.Clone(c.Lifecycle.Successors)
	if c.Values != nil {
		c.Values = cloneValue(c.Values).(map[string]any)
	}
	c.Wiring = cloneRules(c.Wiring)
	c.ReadyWhen = slices.Clone(c.ReadyWhen)
	c.ExpectedWebhooks = slices.Clone(c.ExpectedWebhooks)
	c.Probes = slices.Clone(c.Probes)
	for i := range c.Probes {
		c.Probes[i] = cloneValue(c.Probes[i]).(map[string]any)
	}
	c.IgnoreDifferences = slices.Clone(c.IgnoreDifferences)
	for i := range c.IgnoreDifferences {
		c.IgnoreDifferences[i].JSONPointers = slices.Clone(c.IgnoreDifferences[i].JSONPointers)
	}
	c.Upgrades = slices.Clone(c.Upgrades)
	c.Required = slices.Clone(c.Required)
	return c
}

// cloneValue copies a value of JSON types.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = cloneValue(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return out
	default:
		return v
	}
}
