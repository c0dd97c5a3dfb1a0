// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

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
