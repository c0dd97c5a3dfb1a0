// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// removeTimeout bounds the wait until the kernel lets go of an emptied cgroup.
const removeTimeout = 10 * time.Second

// Hierarchies returns the cgroup v1 hierarchies of this machine.
func Hierarchies() ([]Hierarchy, error) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list the mounts: %w", err)
	}
	membership, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("read the cgroups of this process: %w", err)
	}
	return parseHierarchies(string(mountinfo), string(membership))
}

// MakeCgroups makes the child cgroup name of this process's own cgroup in each
// hierarchy, and returns their folders, in the order of hierarchies.
func MakeCgroups(hierarchies []Hierarchy, name string) ([]string, error) {
	var made []string
	for _, h := range hierarchies {
		dir := filepath.Join(h.Own, name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return made, fmt.Errorf("make a cgroup: %w", err)
		}
		made = append(made, dir)
		// A new cpuset is empty, and takes no process before it has these.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(h.Own, file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, file), value, 0)
			}
			if err != nil {
				return made, fmt.Errorf("set up the cpuset: %w", err)
			}
		}
	}
	return made, nil
}

// Within calls work while this process is in the cgroups of dirs, and returns
// it to those of hierarchies. What work starts stays.
func Within(hierarchies []Hierarchy, dirs []string, work func() error) error {
	var homes []string
	for _, h := range hierarchies {
		homes = append(homes, h.Own)
	}
	err := join(dirs)
	if err == nil {
		err = work()
	}
	return errors.Join(err, join(homes))
}

func join(dirs []string) error {
	for _, dir := range dirs {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0); err != nil {
			return fmt.Errorf("join a cgroup: %w", err)
		}
	}
	return nil
}

// FindCgroups returns every cgroup called name in any hierarchy, wherever its
// maker was.
func FindCgroups(name string) []string {
	hierarchies, err := Hierarchies()
	if err != nil {
		return nil // without hierarchies nothing was made in one
	}
	var found []string
	for _, h := range hierarchies {
		_ = filepath.WalkDir(h.Mount, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil //nolint:nilerr // a cgroup that went away meanwhile
			}
			if entry.Name() == name {
				found = append(found, path)
				return fs.SkipDir
			}
			return nil
		})
	}
	return found
}

// RemoveCgroups removes the trees of dirs. Their processes must have ended;
// the kernel may need a moment to notice.
func RemoveCgroups(dirs []string) error {
	deadline := time.Now().Add(removeTimeout)
	for {
		var errs []error
		for _, dir := range dirs {
			errs = append(errs, removeTree(dir))
		}
		err := errors.Join(errs...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// removeTree removes dir and all below it: the files of a cgroup go with it.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove a cgroup: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove the cgroup %s: %w", dir, err)
	}
	return nil
}

// tryCgroups makes a child cgroup everywhere, and removes it.
func tryCgroups() error {
	hierarchies, err := Hierarchies()
	if err != nil {
		return err
	}
	made, err := MakeCgroups(hierarchies, fmt.Sprintf("realnode-check-%d", os.Getpid()))
	return errors.Join(err, RemoveCgroups(made))
}

// Mounts returns what is mounted below dir.
func Mounts(dir string) []string {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil // without /proc there is no node either
	}
	return mountsBelow(string(mountinfo), dir)
}

// mountsBelow returns the mount points below dir; dir itself may well be one.
func mountsBelow(mountinfo, dir string) []string {
	var points []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		point := unescape.Replace(fields[4])
		if strings.HasPrefix(point, dir+"/") {
			points = append(points, point)
		}
	}
	return points
}

// unescape undoes the kernel's way of writing blanks in a path.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
