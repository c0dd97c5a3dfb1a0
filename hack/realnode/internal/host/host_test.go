// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheck takes away one thing after the other: the first that is missing is
// what the answer is about.
func TestCheck(t *testing.T) {
	none := func() error { return nil }
	refuse := func(what string) func() error {
		return func() error { return errors.New(what + "\nand more\n") }
	}
	probes := Probes{
		OS: "linux", Root: true, AptGet: true, Namespaces: none, Cgroups: none,
		Missing: func() []string { return []string{"runc", "nftables"} }, Network: refuse("Unknown device type"),
	}
	if reason := Check(probes); reason != "" {
		t.Errorf("packages that can be installed are no reason: %s", reason)
	}
	for _, step := range []struct {
		lose func()
		want []string
	}{
		{func() { probes.AptGet = false }, []string{"apt-get", "runc, nftables"}},
		{func() { probes.Cgroups = refuse("no freezer") }, []string{"cgroup v1", "no freezer", "memory"}},
		{func() { probes.Namespaces = refuse("EPERM") }, []string{"namespaces", "EPERM", "CAP_SYS_ADMIN"}},
		{func() { probes.Root = false }, []string{"root"}},
		{func() { probes.OS = "darwin" }, []string{"darwin", "Linux"}},
	} {
		step.lose()
		reason := Check(probes)
		for _, want := range step.want {
			if !strings.Contains(reason, want) {
				t.Errorf("%q lacks %q", reason, want)
			}
		}
		if strings.Contains(reason, "\n") {
			t.Errorf("%q is more than one line", reason)
		}
	}
}

const (
	mountinfo = `22 1 0:5 / /proc rw - proc proc rw
30 25 0:26 / /sys/fs/cgroup/unified rw shared:4 - cgroup2 cgroup2 rw
31 25 0:27 / /sys/fs/cgroup/systemd rw shared:5 - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
32 25 0:28 /docker/c1 /sys/fs/cgroup/cpu,cpuacct rw shared:6 - cgroup cgroup rw,cpu,cpuacct
33 25 0:29 / /sys/fs/cgroup/memory rw shared:7 - cgroup cgroup rw,memory
34 25 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,clone_children
35 25 0:31 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
36 25 0:32 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer
37 25 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
38 25 0:33 / /elsewhere/pids rw - cgroup cgroup rw,pids
`
	membership = `9:name=systemd:/user.slice
8:pids:/
7:freezer:/
6:devices:/
5:cpuset:/
4:memory:/jobs/j1
3:cpuacct,cpu:/docker/c1/inner
0::/user.slice
`
)

// TestCheckInstalled repairs one thing after the other.
func TestCheckInstalled(t *testing.T) {
	missing, network := []string{"runc", "nftables"}, errors.New("ip link add: Unknown device type\nand more")
	probes := Probes{
		OS: "linux", AptGet: true,
		Namespaces: func() error { return nil }, Cgroups: func() error { return nil },
		Missing: func() []string { return missing }, Network: func() error { return network },
	}
	for _, step := range []struct {
		repair func()
		want   []string
	}{
		{func() {}, []string{"root"}},
		{func() { probes.Root = true }, []string{"runc, nftables", "realnode setup"}},
		{func() { missing = nil }, []string{"Unknown device type", "bridge", "nf_tables"}},
	} {
		step.repair()
		reason := CheckInstalled(probes)
		for _, want := range step.want {
			if !strings.Contains(reason, want) {
				t.Errorf("%q lacks %q", reason, want)
			}
		}
		if strings.Contains(reason, "\n") {
			t.Errorf("%q is more than one line", reason)
		}
	}
	network = nil
	if reason := CheckInstalled(probes); reason != "" {
		t.Errorf("nothing is missing: %s", reason)
	}
}

func TestComplaint(t *testing.T) {
	for output, want := range map[string]string{
		"Reading package lists...\nE: Unable to locate package runc\nE: more\n": "E: Unable to locate package runc",
		"sh: apt-get: killed\n": "sh: apt-get: killed",
		"":                      "",
	} {
		if got := complaint(output); got != want {
			t.Errorf("complaint(%q) = %q, want %q", output, got, want)
		}
	}
}

func TestParseHierarchies(t *testing.T) {
	got, err := parseHierarchies(mountinfo, membership)
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ Options, Folder, Own string }
	var rows []row
	for _, h := range got {
		rows = append(rows, row{h.Options(), h.Folder(), h.Own})
	}
	want := []row{
		{"none,name=systemd", "systemd", "/sys/fs/cgroup/systemd/user.slice"},
		{"cpu,cpuacct", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/inner"},
		{"memory", "memory", "/sys/fs/cgroup/memory/jobs/j1"},
		{"cpuset", "cpuset", "/sys/fs/cgroup/cpuset"},
		{"devices", "devices", "/sys/fs/cgroup/devices"},
		{"freezer", "freezer", "/sys/fs/cgroup/freezer"},
		{"pids", "pids", "/sys/fs/cgroup/pids"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestParseHierarchiesMissing(t *testing.T) {
	for _, controller := range required() {
		lines := strings.Split(mountinfo, "\n")
		var kept []string
		for _, line := range lines {
			if !strings.Contains(line, controller) {
				kept = append(kept, line)
			}
		}
		_, err := parseHierarchies(strings.Join(kept, "\n"), membership)
		if err == nil || !strings.Contains(err.Error(), "not mounted") {
			t.Errorf("without %s: %v", controller, err)
		}
	}
}

func TestRelative(t *testing.T) {
	for _, tt := range [][3]string{
		{"/", "/", "."},
		{"/", "/a/b", "a/b"},
		{"/docker/c1", "/docker/c1", "."},
		{"/docker/c1", "/docker/c2", "."}, // of another: only the top of what is mounted can be used
	} {
		if got := relative(tt[0], tt[1]); got != tt[2] {
			t.Errorf("relative(%q, %q) = %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}
