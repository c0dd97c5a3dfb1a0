// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Hierarchy is one mounted cgroup v1 hierarchy.
type Hierarchy struct {
	// Controllers are its controllers, or its one name ("name=systemd").
	Controllers []string `json:"controllers"`
	// Mount is where it is mounted.
	Mount string `json:"mount"`
	// Own is the folder, below Mount, of the cgroup this process is in.
	Own string `json:"own"`
}

// Options are the mount options that name the hierarchy.
func (h Hierarchy) Options() string {
	if h.named() {
		return "none," + h.Controllers[0]
	}
	return strings.Join(h.Controllers, ",")
}

// Folder is the customary name of its mount point.
func (h Hierarchy) Folder() string {
	return strings.TrimPrefix(strings.Join(h.Controllers, ","), "name=")
}

func (h Hierarchy) named() bool { return strings.HasPrefix(h.Controllers[0], "name=") }

// required returns the controllers that containers cannot do without, and the
// hierarchy without one that their tools keep track with.
func required() []string {
	return []string{"name=systemd", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"}
}

// parseHierarchies reads the texts of /proc/self/mountinfo and
// /proc/self/cgroup. It fails when a required controller is in no hierarchy.
func parseHierarchies(mountinfo, membership string) ([]Hierarchy, error) {
	own := map[string]string{}
	for line := range strings.Lines(membership) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && fields[1] != "" {
			own[canonical(strings.Split(fields[1], ","))] = fields[2]
		}
	}
	var found []Hierarchy
	for line := range strings.Lines(mountinfo) {
		mount, ok := parseMount(line)
		if !ok {
			continue
		}
		key := canonical(mount.controllers)
		path, ok := own[key]
		if !ok {
			continue
		}
		delete(own, key) // mounted twice: the first does
		found = append(found, Hierarchy{
			Controllers: mount.controllers,
			Mount:       mount.point,
			Own:         filepath.Join(mount.point, relative(mount.root, path)),
		})
	}
	for _, name := range required() {
		if !slices.ContainsFunc(found, func(h Hierarchy) bool { return slices.Contains(h.Controllers, name) }) {
			return nil, fmt.Errorf("%s is not mounted", name)
		}
	}
	return found, nil
}

type cgroupMount struct {
	root, point string
	controllers []string
}

// parseMount reads one line of mountinfo; it reports false for whatever is no
// cgroup v1 hierarchy.
func parseMount(line string) (cgroupMount, bool) {
	place, kind, found := strings.Cut(line, " - ")
	where, what := strings.Fields(place), strings.Fields(kind)
	if !found || len(where) < 5 || len(what) < 3 || what[0] != "cgroup" {
		return cgroupMount{}, false
	}
	m := cgroupMount{root: where[3], point: where[4]}
	for option := range strings.SplitSeq(what[2], ",") {
		if name, value, _ := strings.Cut(option, "="); value == "" || name == "name" {
			if !slices.Contains(plainOptions[:], option) {
				m.controllers = append(m.controllers, option)
			}
		}
	}
	return m, len(m.controllers) > 0
}

// plainOptions are options of a cgroup mount that name no controller.
var plainOptions = [...]string{"rw", "ro", "none", "xattr", "clone_children", "noprefix", "cpuset_v2_mode"}

func canonical(controllers []string) string {
	return strings.Join(slices.Sorted(slices.Values(controllers)), ",")
}

// relative returns path below root. In a container the mount may show a part
// of the hierarchy, of which its own processes only see a path from the top.
func relative(root, path string) string {
	if rel, err := filepath.Rel(root, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return "."
}
