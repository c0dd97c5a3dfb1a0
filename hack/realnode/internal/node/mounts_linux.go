// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// makeMounts makes the node's view of the machine: its own /proc, /sys,
// cgroups and /run, and nothing of what host programs keep.
func makeMounts(m machine) error {
	// First of all, or what follows would appear on the host.
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	if err := mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		return err
	}
	if err := mountCgroups(m.Cgroups); err != nil {
		return err
	}
	keep := append([]string{m.Dir, m.Bin, filepath.Dir(m.Self)}, m.Images...)
	for _, path := range []string{"/run", "/var/lib", "/var/log"} {
		if err := cover(path, keep); err != nil {
			return err
		}
	}
	if err := shadowSysctls(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(nodeName)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	// As on an ordinary machine: containers may ask to see later mounts.
	return mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}

// mountCgroups mounts the hierarchies; in the node's cgroup namespace each
// begins at the node's own cgroup.
func mountCgroups(cgroups []cgroup) error {
	const top = "/sys/fs/cgroup"
	if err := mount("tmpfs", top, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	for _, c := range cgroups {
		dir := filepath.Join(top, c.Folder)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("mount the cgroups: %w", err)
		}
		if err := mount("cgroup", dir, "cgroup", 0, c.Options); err != nil {
			return err
		}
	}
	return nil
}

// cover replaces the content of path by nothing, but for those of keep that
// are below it.
func cover(path string, keep []string) error {
	held := map[string]*os.File{}
	for _, k := range keep {
		if !strings.HasPrefix(k, path+"/") {
			continue
		}
		file, err := os.OpenFile(k, unix.O_PATH, 0)
		if err != nil {
			return fmt.Errorf("keep %s: %w", k, err)
		}
		defer func() { _ = file.Close() }()
		held[k] = file
	}
	if err := mount("tmpfs", path, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	for k, file := range held {
		if err := keepAt(k, file); err != nil {
			return err
		}
	}
	return nil
}

func keepAt(path string, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("keep %s: %w", path, err)
	}
	parent := path
	if !info.IsDir() {
		parent = filepath.Dir(path)
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("keep %s: %w", path, err)
	}
	if !info.IsDir() {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return fmt.Errorf("keep %s: %w", path, err)
		}
	}
	return mount("/proc/self/fd/"+strconv.Itoa(int(file.Fd())), path, "", unix.MS_BIND|unix.MS_REC, "")
}

// shadowSysctls lets the kubelet set the kernel parameters it wants without
// changing those of the host, which has but one of each.
func shadowSysctls() error {
	wanted := map[string]string{
		"vm/overcommit_memory":      "1",
		"vm/panic_on_oom":           "0",
		"kernel/panic":              "10",
		"kernel/panic_on_oops":      "1",
		"kernel/keys/root_maxkeys":  "1000000",
		"kernel/keys/root_maxbytes": "25000000",
	}
	const dir = "/run/sysctl"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("shadow the kernel parameters: %w", err)
	}
	for name, value := range wanted {
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "."))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
			return fmt.Errorf("shadow the kernel parameters: %w", err)
		}
		if err := mount(file, "/proc/sys/"+name, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}
