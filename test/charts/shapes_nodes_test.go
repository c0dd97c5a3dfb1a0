// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

// nodeCounts are upstream's, rendered with the catalog's values.
func nodeCounts() map[string]counts {
	return map[string]counts{
		"goldilocks":             {9, 0, 0},
		"node-feature-discovery": {21, 4, 3},
		"telepresence-oss":       {20, 2, 0},
		"vpa":                    {44, 16, 2},
	}
}
