// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"net"
)

const loopback = "127.0.0.1"

// ports are the ports one cluster listens on, all on loopback. The controller
// manager, the scheduler and kwok serve nothing.
type ports struct{ etcd, etcdPeer, apiserver int }

// freePorts asks the system for distinct free ports. Another program can take
// one before it is used; the caller starts over with other ports then.
func freePorts(ctx context.Context) (ports, error) {
	var p ports
	var listen net.ListenConfig
	for _, port := range []*int{&p.etcd, &p.etcdPeer, &p.apiserver} {
		listener, err := listen.Listen(ctx, "tcp", loopback+":0")
		if err != nil {
			return ports{}, fmt.Errorf("find a free port: %w", err)
		}
		// Held open until all are found, so that no two are the same.
		defer func() { _ = listener.Close() }()
		*port = listener.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}
