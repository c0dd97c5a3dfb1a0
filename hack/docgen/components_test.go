// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/groundwork-dev/groundwork/internal/catalog"
)

func TestAbout(t *testing.T) {
	t.Parallel()
	active := catalog.Lifecycle{Phase: catalog.PhaseActive}
	tests := map[string]struct {
		component catalog.Component
		want      string
	}{
		"plain": {
			catalog.Component{Title: "Loki", Homepage: "https://x", Description: "stores\nlogs", Lifecycle: active},
			"[Loki](https://x): stores logs.",
		},
		"edges and inputs": {
			catalog.Component{
				Title: "A", Homepage: "https://x", Description: "Does a.", Lifecycle: active,
				Requires: []string{"b"}, After: []string{"c", "d"}, Conflicts: []string{"e"},
				Required: []catalog.RequiredInput{{Path: "bucket"}, {Path: "other", When: "on"}},
			},
			"[A](https://x): Does a. Needs b. Starts after c, d. Not together with e. You must set `values.bucket`.",
		},
		"retired": {
			catalog.Component{Title: "A", Homepage: "https://x", Description: "Does a.", Lifecycle: catalog.Lifecycle{
				Phase: catalog.PhaseRetired, Since: "2026-03-31", Note: "No fixes.", Successors: []string{"b"},
			}},
			"[A](https://x): Does a. **Retired since 2026-03-31**: No fixes. Successors: b.",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := about(tc.component); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
