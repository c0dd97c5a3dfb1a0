// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"encoding/json"
	"testing"

	"github.com/groundwork-dev/groundwork/internal/values"
)

func TestAt(t *testing.T) {
	tree := values.Values{
		"none": nil, "empty": "", "text": "x", "off": false, "on": true, "zero": json.Number("0"),
		"map": map[string]any{"deep": "y", "nothing": map[string]any{}}, "list": []any{}, "full": []any{1},
	}
	for path, want := range map[string]struct{ present, set bool }{
		"none": {}, "empty": {}, "missing": {}, "text.below": {}, "map.missing": {}, "map.nothing": {}, "list": {},
		"off": {present: true}, "on": {true, true}, "text": {true, true}, "zero": {true, true},
		"map": {true, true}, "map.deep": {true, true}, "full": {true, true},
	} {
		value := values.At(tree, path)
		if got := values.IsPresent(value); got != want.present {
			t.Errorf("%s: present %t", path, got)
		}
		if got := values.IsSet(value); got != want.set {
			t.Errorf("%s: set %t", path, got)
		}
	}
}
