// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import "encoding/json"

// exponentFrom is the size from which a template prints a float64 with an exponent:
// 1e+06, which no container takes for a number.
const exponentFrom = 1_000_000

// plainNumbers returns a copy of values with the numbers that Helm's own command line
// gives to templates. Charts ask for the kinds of values, and a json.Number is a
// string to them: Grafana's hands it to tpl, which refuses it. Numbers are float64,
// as those of a values file, and integers that would be printed with an exponent
// int64, as those of --set.
func plainNumbers(values map[string]any) map[string]any {
	plain, _ := plainNumber(values).(map[string]any)
	return plain
}

func plainNumber(node any) any {
	switch n := node.(type) {
	case map[string]any:
		out := make(map[string]any, len(n))
		for key, value := range n {
			out[key] = plainNumber(value)
		}
		return out
	case []any:
		out := make([]any, len(n))
		for i, value := range n {
			out[i] = plainNumber(value)
		}
		return out
	case json.Number:
		if whole, err := n.Int64(); err == nil && (whole >= exponentFrom || whole <= -exponentFrom) {
			return whole
		}
		if number, err := n.Float64(); err == nil {
			return number
		}
		return n.String()
	default:
		return n
	}
}
