// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ, which is 100 on every
// architecture that Go runs on.
const tick = 10 * time.Millisecond

// Memory of processes, in bytes.
type Memory struct {
	// RSS is all that is resident.
	RSS uint64 `json:"rss"`
	// Anon is the part that the process made itself: heap and stacks.
	Anon uint64 `json:"anon"`
	// File is the part that is mapped from files, such as the program itself; the
	// kernel may drop it.
	File uint64 `json:"file"`
}

func (m Memory) plus(n Memory) Memory {
	return Memory{RSS: m.RSS + n.RSS, Anon: m.Anon + n.Anon, File: m.File + n.File}
}

// stat is a part of /proc/<pid>/stat.
type stat struct {
	pid, parent, group int
	// cpu of the process and of its children that ended and were waited for.
	cpu time.Duration
}

func readStat(pid int) (stat, error) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(data)
}

// parseStat reads what follows the name, which may itself hold spaces and
// parentheses.
func parseStat(data []byte) (stat, error) {
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || end < 0 {
		return stat{}, errors.New("no name in /proc/<pid>/stat")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data[:open])))
	if err != nil {
		return stat{}, fmt.Errorf("/proc/<pid>/stat: %w", err)
	}
	// The state is field 3 of proc(5), and 0 here.
	fields := strings.Fields(string(data[end+1:]))
	if len(fields) < 15 {
		return stat{}, errors.New("/proc/<pid>/stat is too short")
	}
	var numbers [15]int64
	for _, i := range []int{1, 2, 11, 12, 13, 14} {
		if numbers[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return stat{}, fmt.Errorf("/proc/<pid>/stat: %w", err)
		}
	}
	ticks := numbers[11] + numbers[12] + numbers[13] + numbers[14]
	return stat{pid: pid, parent: int(numbers[1]), group: int(numbers[2]), cpu: time.Duration(ticks) * tick}, nil
}

// parseMemory reads /proc/<pid>/status: what is resident, and the most that ever was.
func parseMemory(data []byte) (now Memory, highest uint64) {
	fields := map[string]*uint64{"VmRSS": &now.RSS, "RssAnon": &now.Anon, "RssFile": &now.File, "VmHWM": &highest}
	for line := range strings.SplitSeq(string(data), "\n") {
		name, value, _ := strings.Cut(line, ":")
		into := fields[name]
		if into == nil {
			continue
		}
		kilobytes, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err == nil {
			*into = kilobytes << 10
		}
	}
	return now, highest
}

// tree is what a process and all that comes from it use at one moment.
type tree struct {
	cpu     time.Duration
	memory  Memory
	highest uint64 // the most that any one of them ever had resident
}

// readTree adds up the process root, its descendants, and whoever is in its group.
func readTree(root int) (tree, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return tree{}, err
	}
	all := make([]stat, 0, len(entries))
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil { // it may have ended since
			all = append(all, s)
		}
	}
	var out tree
	for _, member := range members(all, root) {
		out.cpu += member.cpu
		data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(member.pid), "status"))
		if err != nil {
			continue
		}
		now, highest := parseMemory(data)
		out.memory = out.memory.plus(now)
		out.highest = max(out.highest, highest)
	}
	return out, nil
}

// members of the tree of root: descendants, and those of its process group whose
// parents have ended.
func members(all []stat, root int) []stat {
	in := map[int]bool{root: true}
	for grown := true; grown; {
		grown = false
		for _, s := range all {
			if !in[s.pid] && (in[s.parent] || s.group == root) {
				in[s.pid], grown = true, true
			}
		}
	}
	var out []stat
	for _, s := range all {
		if in[s.pid] {
			out = append(out, s)
		}
	}
	return out
}
