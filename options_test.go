// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestShardFlag(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args        []string
		shard, says string
	}{
		"none":                    {args: nil},
		"with leader election":    {args: []string{"--shard=a", "--leader-elect"}, shard: "a"},
		"without leader election": {args: []string{"--shard=a"}, says: "--shard=a needs --leader-elect"},
		"no label value":          {args: []string{"--shard=Team A", "--leader-elect"}, says: `--shard: "Team A" cannot be a shard`},
		"a long one":              {args: []string{"--shard=" + strings.Repeat("a", 37), "--leader-elect"}, says: "no more than 36 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags, err := parseFlags(tc.args)
			switch {
			case tc.says != "":
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("the error is %v", err)
				}
			case err != nil:
				t.Error(err)
			case flags.operator.Shard != tc.shard:
				t.Errorf("shard %q", flags.operator.Shard)
			}
		})
	}
}
