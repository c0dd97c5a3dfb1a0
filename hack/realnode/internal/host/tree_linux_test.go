// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMountsBelow(t *testing.T) {
	const info = `1 0 0:1 / / rw - ext4 /dev/a rw
2 1 0:2 / /state rw - tmpfs tmpfs rw
3 2 0:3 / /state/a\040b rw - tmpfs tmpfs rw
4 1 0:4 / /state2 rw - tmpfs tmpfs rw
`
	want := []string{"/state/a b"}
	if diff := cmp.Diff(want, mountsBelow(info, "/state")); diff != "" {
		t.Error(diff)
	}
}

func TestRemoveTree(t *testing.T) {
	if err := RemoveCgroups([]string{t.TempDir() + "/absent"}); err != nil {
		t.Errorf("a cgroup that is gone: %v", err)
	}
}
