// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/groundwork-dev/groundwork/hack/realnode/internal/host"
	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
	"github.com/groundwork-dev/groundwork/hack/simcluster/statedir"
)

// Down ends every process of the node in opts.Dir, and with them its mounts
// and network, and removes its cgroups and data. It works after any crash,
// interrupts an Up in progress, and is no error when there is nothing to end.
// In a folder with other content than a node's it removes nothing, and fails.
func Down(ctx context.Context, opts Options) error {
	began := time.Now()
	l, err := newLayout(opts.Dir)
	if err != nil {
		return err
	}
	if err := l.claimed(); err != nil {
		// Whoever removed the mark: what runs has one of its own.
		_, endErr := endAll(ctx, l)
		return errors.Join(err, endErr)
	}
	lock, err := statedir.TakeOver(ctx, l.dir, l.lock())
	if err != nil {
		return err
	}
	if lock != nil {
		defer lock.Release()
	}
	ended, err := endAll(ctx, l)
	if err != nil {
		return err
	}
	if err := l.remove(); err != nil {
		return err
	}
	if left := traces(l); len(left) > 0 {
		return fmt.Errorf("the node in %s left something behind: %s", l.dir, strings.Join(left, ", "))
	}
	fmt.Fprintf(opts.Log, "the node in %s is down after %.1f s: %d processes ended\n", l.dir, time.Since(began).Seconds(), ended)
	return nil
}

// endAll ends the node, whatever is left of it, and returns how many processes
// of its own that were. Containers have no mark: they end with the first
// process, as all do, and the kernel sees to it.
func endAll(ctx context.Context, l layout) (int, error) {
	s, _ := readState(l.state()) // without a state, the mark finds all
	processes := proc.Owned(l.dir)
	count := len(processes)
	if s.Init.Alive() && !slices.ContainsFunc(processes, func(p proc.Identity) bool { return p.PID == s.Init.PID }) {
		processes = append(processes, s.Init)
	}
	// Killed at once: nothing inside is worth saving. The wait outlives an
	// interrupt, or something would be left behind.
	if err := proc.Stop(context.WithoutCancel(ctx), 0, processes...); err != nil {
		return count, err
	}
	// Before the folder's content is removed: never through a mount.
	if points := host.Mounts(l.dir); len(points) > 0 {
		return count, fmt.Errorf("below %s something is mounted, and not by a node: %s; unmount it first", l.dir, strings.Join(points, ", "))
	}
	if err := host.RemoveCgroups(host.FindCgroups(l.cgroup())); err != nil {
		return count, err
	}
	return count, nil
}

// traces returns what the node has on this machine outside of its folder.
func traces(l layout) []string {
	var left []string
	for _, p := range proc.Owned(l.dir) {
		left = append(left, fmt.Sprintf("process %d (%s)", p.PID, p.Name))
	}
	for _, point := range host.Mounts(l.dir) {
		left = append(left, "mount "+point)
	}
	for _, dir := range host.FindCgroups(l.cgroup()) {
		left = append(left, "cgroup "+dir)
	}
	return left
}

// Status describes the node of opts.Dir and reports whether it runs.
func Status(opts Options) (bool, error) {
	l, err := newLayout(opts.Dir)
	if err != nil {
		return false, err
	}
	s, err := readState(l.state())
	if err != nil {
		return false, err
	}
	for _, p := range proc.Owned(l.dir) {
		fmt.Fprintf(opts.Log, "%-24s pid %d\n", p.Name, p.PID)
	}
	if s.running() {
		fmt.Fprintf(opts.Log, "up at %s, kubeconfig %s\n", s.Server, l.kubeconfig())
		return true, nil
	}
	fmt.Fprintf(opts.Log, "no complete node runs in %s\n", l.dir)
	if s.Ready {
		fmt.Fprintf(opts.Log, "it ended by itself; %s says:\n%s\n", l.log(supervisorLog), proc.Tail(l.log(supervisorLog), logLines))
	}
	return false, nil
}
