// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	groundwork "github.com/groundwork-dev/groundwork/internal/operator"
)

// restTime without a write means that an operator has nothing left to do: what it
// does next follows within milliseconds, unless it waits for a delay to pass.
const restTime = 250 * time.Millisecond

// process is one operator, with everything that a process has of its own: the
// way to the API server, the caches, the identity.
type process struct {
	gate   *gate
	cancel context.CancelFunc
	ended  chan struct{}
	synced chan struct{}
	err    error
}

// startOperator starts one. It does not wait for its caches.
func startOperator(config *rest.Config, charts string) (*process, error) {
	p := &process{gate: newGate(), ended: make(chan struct{}), synced: make(chan struct{})}
	config = rest.CopyConfig(config)
	config.WrapTransport = p.gate.wrap
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // it outlives the point that started it
	p.cancel = cancel
	mgr, err := groundwork.New(ctx, config, groundwork.Options{
		Version: "chaos", ChartCache: charts, MetricsAddress: "0", ProbeAddress: "0",
		SkipNameValidation: true, Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("build the operator: %w", err)
	}
	go func() {
		defer close(p.ended)
		p.err = mgr.Start(ctx)
	}()
	go func() {
		<-mgr.Elected()
		if mgr.GetCache().WaitForCacheSync(ctx) {
			p.gate.wrote() // rest begins now, not before
			close(p.synced)
		}
	}()
	return p, nil
}

// kill ends it the hard way: nothing reaches the API server any more, and its
// goroutines are gone when kill returns.
func (p *process) kill() error {
	p.gate.kill()
	p.cancel()
	select {
	case <-p.ended:
		return nil
	case <-time.After(40 * time.Second):
		return fmt.Errorf("the operator still runs 40 s after it was killed")
	}
}

// rests says that it has read everything and has nothing left to write.
func (p *process) rests() bool {
	select {
	case <-p.synced:
		return p.gate.idle() > restTime
	default:
		return false
	}
}

// disarm lets everything pass again; without an operator there is nothing to do.
func (p *process) disarm() {
	if p != nil {
		p.gate.arm(nil)
	}
}
