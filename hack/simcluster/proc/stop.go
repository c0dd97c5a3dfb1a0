// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	poll = 20 * time.Millisecond
	// killGrace bounds the wait after SIGKILL; only a process stuck in the
	// kernel needs it.
	killGrace = 10 * time.Second
)

// Stop asks all of ids to end, kills what still runs after grace, and returns
// once none runs. Ids that ended before, or whose number another process has
// by now, are left alone.
func Stop(ctx context.Context, grace time.Duration, ids ...Identity) error {
	var errs []error
	for _, id := range ids {
		errs = append(errs, id.Terminate())
	}
	left := waitGone(ctx, grace, ids)
	for _, id := range left {
		errs = append(errs, id.signal(syscall.SIGKILL))
	}
	// The wait outlives ctx: returning early would leave processes behind.
	left = waitGone(context.WithoutCancel(ctx), killGrace, left)
	for _, id := range left {
		errs = append(errs, fmt.Errorf("%s (pid %d) does not end", id.Name, id.PID))
	}
	return errors.Join(errs...)
}

// waitGone returns those of ids that still run after timeout, at once when none does.
func waitGone(ctx context.Context, timeout time.Duration, ids []Identity) []Identity {
	deadline := time.After(timeout)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id Identity) bool { return !id.Alive() })
		if len(ids) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ids
		case <-deadline:
			return ids
		case <-tick.C:
		}
	}
}

// Owned returns every running process that belongs to the absolute state
// folder owner, recorded or not. Without procfs it returns none, and the
// recorded ids are all there is.
func Owned(owner string) []Identity {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var owned []Identity
	mark := []byte(OwnerVariable + "=" + owner)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if !hasVariable(pid, mark) {
			continue
		}
		if start, alive := startOf(pid); alive {
			owned = append(owned, Identity{Name: nameOf(pid), PID: pid, Start: start})
		}
	}
	return owned
}

// hasVariable reports whether pid was started with the variable mark
// ("NAME=value"). Processes of other users are unreadable, and not ours.
func hasVariable(pid int, mark []byte) bool {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(bytes.Split(data, []byte{0}), func(v []byte) bool {
		return bytes.Equal(v, mark)
	})
}

func nameOf(pid int) string {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		return "unknown"
	}
	path, _, _ := strings.Cut(string(data), "\x00")
	return filepath.Base(path)
}
