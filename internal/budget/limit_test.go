// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package budget_test

import (
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/groundwork-dev/groundwork/internal/budget"
)

const mebibyte = 1 << 20

// files is a file system with these contents by path.
func files(contents map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, content := range contents {
		out[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return out
}

func TestAdoptLimit(t *testing.T) {
	inherited := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(inherited)
	const none, groups, top = 1<<63 - 1, "proc/self/cgroup", "sys/fs/cgroup/memory.max"
	for name, tc := range map[string]struct {
		files map[string]string
		said  bool
		want  int64
		err   string
	}{
		"in a container":                {files: map[string]string{groups: "0::/\n", top: "536870912\n"}, want: 536870912 / 10 * 9},
		"without a limit":               {files: map[string]string{groups: "0::/\n", top: "max\n"}},
		"GOMEMLIMIT says something":     {files: map[string]string{groups: "0::/\n", top: "536870912\n"}, said: true},
		"a service, below the smallest": {files: map[string]string{groups: "0::/system.slice/x.service\n", "sys/fs/cgroup/system.slice/memory.max": "1000", "sys/fs/cgroup/system.slice/x.service/memory.max": "2000"}, want: 900},
		"the group itself":              {files: map[string]string{groups: "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "max", "sys/fs/cgroup/a/b/memory.max": "2000"}, want: 1800},
		"outside of what is seen":       {files: map[string]string{groups: "0::/../../x\n", top: "1000"}, want: 900},
		"version 1":                     {files: map[string]string{groups: "4:memory:/a\n1:cpu:/b\n", top: "1000"}},
		"both versions":                 {files: map[string]string{groups: "1:name=systemd:/b\n0::/\n", top: "1000"}, want: 900},
		"not on Linux":                  {},
		"no number":                     {files: map[string]string{groups: "0::/\n", top: "lots\n"}, err: `/sys/fs/cgroup/memory.max holds "lots", no number of bytes`},
		"a folder in its place":         {files: map[string]string{groups: "0::/\n", top + "/x": ""}, err: "read the memory limit of the container"},
	} {
		t.Run(name, func(t *testing.T) {
			debug.SetMemoryLimit(none)
			got, err := budget.AdoptLimit(files(tc.files), func(string) (string, bool) { return "", tc.said })
			if got != tc.want || (err == nil) != (tc.err == "") || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("got %d, %v; want %d, %q", got, err, tc.want, tc.err)
			}
			if set := debug.SetMemoryLimit(-1); set != max(tc.want, 0) && (tc.want != 0 || set != none) {
				t.Errorf("the limit is %d, want %d", set, tc.want)
			}
		})
	}
	debug.SetMemoryLimit(777 * mebibyte)
	got, err := budget.AdoptLimit(files(map[string]string{groups: "0::/\n", top: "1000"}), func(string) (string, bool) { return "", false })
	if got != 777*mebibyte || err != nil {
		t.Errorf("a limit that was set before became %d, %v", got, err)
	}
}

func TestSizes(t *testing.T) {
	for limit, want := range map[int64]int64{0: 128 * mebibyte, 448 * mebibyte: 112 * mebibyte, 64 * mebibyte: 48 * mebibyte, 4096 * mebibyte: 1024 * mebibyte} {
		if got := budget.SizeFor(limit); got != want {
			t.Errorf("SizeFor(%d) = %d, want %d", limit, got, want)
		}
	}
	for _, tc := range [][3]int64{{0, 0, 8 * mebibyte}, {mebibyte, 0, 16 * mebibyte}, {0, mebibyte, 4 * mebibyte}, {mebibyte, mebibyte, 20 * mebibyte}, {-1, -1, 8 * mebibyte}} {
		if got := budget.Weight(tc[0], tc[1]); got != tc[2] {
			t.Errorf("Weight(%d, %d) = %d, want %d", tc[0], tc[1], got, tc[2])
		}
	}
}
