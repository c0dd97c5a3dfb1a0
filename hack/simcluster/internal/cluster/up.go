// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/groundwork-dev/groundwork/hack/simcluster/binaries"
	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
	"github.com/groundwork-dev/groundwork/hack/simcluster/statedir"
)

const (
	// startTimeout bounds each step of the start; it is long for machines that
	// compile something else meanwhile.
	startTimeout = 3 * time.Minute
	// stopGrace is short: what is asked to end holds nothing worth saving.
	stopGrace = 2 * time.Second
	// portAttempts is how often the start is repeated when another program
	// took one of the ports first.
	portAttempts = 4
)

// errPortTaken marks a start that failed because a port was no longer free.
var errPortTaken = errors.New("a port was taken by another program")

// Options say which cluster is meant.
type Options struct {
	// Dir is the state folder. Required.
	Dir string
	// Bin is the folder of the binaries; needed by Up.
	Bin string
	// Self is this program's executable, started again to play; needed by Up.
	Self string
	// Nodes is the number of simulated Nodes; needed by Up, at least 1.
	Nodes int
	// AuditPolicy is the path of an audit policy; what it picks is written to
	// logs/audit.log in the state folder. Empty: nothing is. Up makes it absolute.
	AuditPolicy string
	// Log receives a line for each thing worth telling. Required.
	Log io.Writer
}

// Up starts the cluster of opts.Dir and returns when its Nodes are Ready. When
// that cluster runs already it only says so; what is left of a broken one is
// removed first. On an error, or when ctx ends, nothing is left running; the
// logs stay after an error.
func Up(ctx context.Context, opts Options) error {
	if missing := binaries.Missing(opts.Bin); len(missing) > 0 {
		return fmt.Errorf("%s lacks %s: run `simcluster build` first", opts.Bin, strings.Join(missing, ", "))
	}
	// A bare name would be looked up in $PATH.
	bin, err := filepath.Abs(opts.Bin)
	if err != nil {
		return fmt.Errorf("resolve the folder of the binaries: %w", err)
	}
	opts.Bin = bin
	if opts.AuditPolicy, err = auditPolicy(opts.AuditPolicy); err != nil {
		return err
	}
	l, err := newLayout(opts.Dir)
	if err != nil {
		return err
	}
	if err := l.create(); err != nil {
		return err
	}
	// The folder exists now, so symbolic links in its path can be resolved.
	if l, err = newLayout(opts.Dir); err != nil {
		return err
	}
	lock, holder, err := proc.TryAcquire(l.lock())
	if errors.Is(err, proc.ErrLocked) {
		return fmt.Errorf("another simcluster (process %d) works on %s", holder.PID, l.dir)
	}
	if err != nil {
		return err
	}
	defer lock.Release()

	running, err := reuse(ctx, l, opts)
	if err != nil || running {
		return err
	}
	return start(ctx, l, opts)
}

// auditPolicy is the absolute path of a policy, which must be there.
func auditPolicy(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("--audit-policy: %w", err)
	}
	return filepath.Abs(path)
}

// reuse reports whether the cluster runs, complete. Remains are ended.
func reuse(ctx context.Context, l layout, opts Options) (bool, error) {
	s, err := readState(l.state())
	if err != nil {
		fmt.Fprintf(opts.Log, "%v: starting over\n", err)
	}
	dead := s.dead()
	if s.Ready && len(dead) == 0 {
		fmt.Fprintf(opts.Log, "the cluster is running already at %s (%d Nodes), kubeconfig %s\n", s.Server, s.Nodes, l.kubeconfig())
		return true, nil
	}
	if s.Ready {
		fmt.Fprintf(opts.Log, "starting over: %s no longer runs\n", strings.Join(dead, ", "))
	}
	return false, stopAll(ctx, l, s)
}

// start tries until the ports found free are still free when they are used.
func start(ctx context.Context, l layout, opts Options) error {
	var err error
	for range portAttempts {
		began := time.Now()
		b := booter{layout: l, Options: opts}
		if err = b.boot(ctx); err == nil {
			fmt.Fprintf(opts.Log, "the cluster is up at %s after %.1f s: %d Nodes Ready, kubeconfig %s\n",
				b.state.Server, time.Since(began).Seconds(), opts.Nodes, l.kubeconfig())
			return nil
		}
		cleanup := context.WithoutCancel(ctx)
		if stopErr := stopAll(cleanup, l, b.state); stopErr != nil {
			return errors.Join(err, stopErr)
		}
		if ctx.Err() != nil {
			return errors.Join(fmt.Errorf("interrupted; nothing is left running: %w", ctx.Err()), l.remove())
		}
		if !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}

// Down ends every process of the cluster in opts.Dir and removes its data. It
// works after any crash, interrupts an Up in progress, and is no error when
// there is nothing to end.
func Down(ctx context.Context, opts Options) error {
	l, err := newLayout(opts.Dir)
	if err != nil {
		return err
	}
	lock, err := statedir.TakeOver(ctx, l.dir, l.lock())
	if err != nil {
		return err
	}
	if lock != nil {
		defer lock.Release()
	}
	s, err := readState(l.state())
	if err != nil {
		fmt.Fprintf(opts.Log, "%v: ending what carries the cluster's mark\n", err)
	}
	ended := len(remaining(l, s))
	if err := stopAll(ctx, l, s); err != nil {
		return err
	}
	if err := l.remove(); err != nil {
		return err
	}
	fmt.Fprintf(opts.Log, "the cluster in %s is down: %d processes ended\n", l.dir, ended)
	return nil
}

// Status describes the cluster of opts.Dir and reports whether all of it runs.
func Status(opts Options) (bool, error) {
	l, err := newLayout(opts.Dir)
	if err != nil {
		return false, err
	}
	s, err := readState(l.state())
	if err != nil {
		return false, err
	}
	for _, p := range s.Processes {
		text := "running"
		if !p.Alive() {
			text = "not running"
		}
		fmt.Fprintf(opts.Log, "%-24s pid %-8d %s\n", p.Name, p.PID, text)
	}
	up := s.Ready && len(s.dead()) == 0
	if up {
		fmt.Fprintf(opts.Log, "up at %s, kubeconfig %s\n", s.Server, l.kubeconfig())
	} else {
		fmt.Fprintf(opts.Log, "no complete cluster runs in %s\n", l.dir)
	}
	return up, nil
}
