// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// lockTimeout is how long Down waits for an interrupted Up to clean up.
const lockTimeout = time.Minute

// lockForDown takes the lock of l; it interrupts the Up that holds it. It
// returns nil when there is no state folder: processes may still run, whoever
// removed the folder.
func lockForDown(ctx context.Context, l layout) (*proc.Lock, error) {
	if _, err := os.Stat(l.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no folder, no lock: said above
	}
	lock, holder, err := proc.TryAcquire(l.lock())
	if !errors.Is(err, proc.ErrLocked) {
		return lock, err
	}
	if holder > 0 {
		// The lock is held, so its holder lives and the id is still its own.
		_ = syscall.Kill(holder, syscall.SIGTERM)
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	return proc.Acquire(ctx, l.lock())
}

// remaining returns what still runs of the cluster: what s records, and what
// carries the cluster's mark without having been recorded.
func remaining(l layout, s state) []proc.Identity {
	alive := slices.DeleteFunc(slices.Clone(s.Processes), func(p proc.Identity) bool { return !p.Alive() })
	for _, p := range proc.Owned(l.dir) {
		if !slices.ContainsFunc(alive, func(q proc.Identity) bool { return q.PID == p.PID }) {
			alive = append(alive, p)
		}
	}
	return alive
}

// stopAll ends everything of the cluster; the clients go first, so that their
// logs end before errors about a vanished server begin.
func stopAll(ctx context.Context, l layout, s state) error {
	servers := []string{"etcd", "kube-apiserver"}
	var clients []proc.Identity
	for _, p := range remaining(l, s) {
		if !slices.Contains(servers, p.Name) {
			clients = append(clients, p)
		}
	}
	err := proc.Stop(ctx, stopGrace, clients...)
	// Killed at once: an API server drains for seconds, and the data goes away.
	err = errors.Join(err, proc.Stop(ctx, 0, remaining(l, s)...))
	if err != nil {
		return err
	}
	for _, path := range []string{l.state(), l.etcdData()} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
