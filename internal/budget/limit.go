// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// The memory that work takes for each byte of a chart's archive and of a manifest:
// measured with the charts of the catalog, whose archives take 10 to 15 times their
// size when they are loaded, and whose manifests take 3 times theirs as text and as
// objects.
const (
	perArchiveByte  = 16
	perManifestByte = 4
)

// Sizes of budgets, and the weight of charts about which nothing is known, in bytes.
const (
	// DefaultSize is that of a process without a memory limit.
	DefaultSize = 128 << 20
	// MinSize is enough for the largest charts of the catalog, one at a time.
	MinSize = 48 << 20
	// UnknownWeight is that of a chart which has not been seen yet: most are lighter.
	UnknownWeight = 8 << 20
)

// Weight estimates, in bytes, what rendering a chart or applying its manifest takes,
// from the size of its archive (compressed) and of its manifest (definitions aside).
// Either is 0 when it is not known, both make UnknownWeight.
func Weight(archive, manifest int64) int64 {
	if archive <= 0 && manifest <= 0 {
		return UnknownWeight
	}
	return perArchiveByte*max(0, archive) + perManifestByte*max(0, manifest)
}

// SizeFor is the budget of a process with a memory limit, both in bytes; 0 is none. It
// is a quarter: what is at work leaves as much garbage behind before it is collected,
// and the other half is for watches, requests and the program itself.
func SizeFor(limit int64) int64 {
	if limit <= 0 {
		return DefaultSize
	}
	return max(MinSize, limit/4)
}

// Limit is the soft memory limit of the process in bytes, 0 for none: that of
// GOMEMLIMIT, or the one that AdoptLimit has set.
func Limit() int64 {
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		return limit
	}
	return 0
}

// AdoptLimit makes nine tenths of the container's memory limit the soft limit of the
// process, unless GOMEMLIMIT says something, "off" included: without one the garbage
// collector lets the heap double until the kernel ends the process. It returns the
// limit in bytes that holds now, 0 for none. Root is the file system, os.DirFS("/"),
// and environment looks up a variable, os.LookupEnv. An error names what cannot be
// read; the limit is as it was then.
func AdoptLimit(root fs.FS, environment func(string) (string, bool)) (int64, error) {
	if _, said := environment("GOMEMLIMIT"); said || Limit() != 0 {
		return Limit(), nil
	}
	limit, err := containerLimit(root)
	if err != nil || limit == 0 {
		return Limit(), err
	}
	debug.SetMemoryLimit(limit / 10 * 9)
	return Limit(), nil
}

// containerLimit is the smallest memory limit of the process's control group (version
// 2) and of those above it; 0 for none. Elsewhere than on Linux there is none.
func containerLimit(root fs.FS) (int64, error) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the control groups of the process: %w", err)
	}
	smallest := int64(0)
	for line := range strings.Lines(string(groups)) {
		group, unified := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !unified {
			continue // version 1, which Kubernetes has given up
		}
		// Clean with a leading slash leads nowhere above the root.
		for group = path.Clean("/" + group); ; group = path.Dir(group) {
			limit, err := readLimit(root, path.Join("sys/fs/cgroup", group, "memory.max"))
			if err != nil {
				return 0, err
			}
			if limit > 0 && (smallest == 0 || limit < smallest) {
				smallest = limit
			}
			if group == "/" {
				break
			}
		}
	}
	return smallest, nil
}

// readLimit reads one limit; 0 when there is none.
func readLimit(root fs.FS, name string) (int64, error) {
	raw, err := fs.ReadFile(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // the root group has no such file, nor a group outside of the container's view
	}
	if err != nil {
		return 0, fmt.Errorf("read the memory limit of the container: %w", err)
	}
	text := strings.TrimSpace(string(raw))
	if text == "max" {
		return 0, nil
	}
	limit, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory limit of the container: /%s holds %q, no number of bytes", name, text)
	}
	return limit, nil
}
