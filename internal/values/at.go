// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values

import "strings"

// At returns what stands at a path with dots between keys; nil when there is nothing.
func At(v Values, path string) any {
	var node any = v
	for key := range strings.SplitSeq(path, ".") {
		object, ok := node.(map[string]any)
		if !ok {
			return nil
		}
		node = object[key]
	}
	return node
}

// IsPresent says whether a value is there: not null and not empty. False is an answer,
// too.
func IsPresent(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	default:
		return true
	}
}

// IsSet says whether a value is there and not false.
func IsSet(value any) bool { return IsPresent(value) && value != false }
