// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

// telemetryCounts are upstream's, rendered with the catalog's values.
func telemetryCounts() map[string]counts {
	return map[string]counts{
		"alloy":                  {7, 0, 1},
		"metrics-server":         {9, 0, 0},
		"opentelemetry-operator": {20, 3, 4},
		"tempo":                  {4, 0, 0},
		"zipkin":                 {4, 1, 0},
	}
}
