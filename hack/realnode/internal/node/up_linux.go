// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/groundwork-dev/groundwork/hack/realnode/internal/host"
	"github.com/groundwork-dev/groundwork/hack/simcluster/binaries"
	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

const (
	// startTimeout bounds the whole start; it is long for machines that
	// compile something else meanwhile.
	startTimeout = 4 * time.Minute
	logLines     = 15
	// readyLine is what the process inside says last; what it says before is
	// for the user.
	readyLine = "ready"
)

// Up starts the node of opts.Dir and returns when it is usable: Pods are
// scheduled and run, names resolve, claims are served. When it runs already,
// Up only says so; what is left of a broken one is removed first. A folder with
// other content is refused. On an error, or when ctx ends, nothing is left
// running; the logs stay after an error.
func Up(ctx context.Context, opts Options) error {
	// A bare name would be looked up in $PATH.
	bin, err := filepath.Abs(opts.Bin)
	if err != nil {
		return fmt.Errorf("resolve the folder of the binaries: %w", err)
	}
	opts.Bin = bin
	if missing := binaries.MissingOf(opts.Bin, Programs()); len(missing) > 0 {
		return fmt.Errorf("%s lacks %s: run `realnode build` first", opts.Bin, strings.Join(missing, ", "))
	}
	l, err := openFolder(opts.Dir)
	if err != nil {
		return err
	}
	lock, holder, err := proc.TryAcquire(l.lock())
	if errors.Is(err, proc.ErrLocked) {
		return fmt.Errorf("another realnode (process %d) works on %s", holder.PID, l.dir)
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

// openFolder makes the folder dir, unless it is there: empty, or a node's.
func openFolder(dir string) (layout, error) {
	l, err := newLayout(dir)
	if err != nil {
		return layout{}, err
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return layout{}, fmt.Errorf("create the state folder: %w", err)
	}
	// The folder exists now, so symbolic links in its path can be resolved.
	if l, err = newLayout(dir); err != nil {
		return layout{}, err
	}
	return l, l.claimed()
}

// reuse reports whether the node runs. Remains are ended.
func reuse(ctx context.Context, l layout, opts Options) (bool, error) {
	s, err := readState(l.state())
	if err != nil {
		fmt.Fprintf(opts.Log, "%v: starting over\n", err)
	}
	if s.running() {
		fmt.Fprintf(opts.Log, "the node is running already at %s, kubeconfig %s\n", s.Server, l.kubeconfig())
		return true, nil
	}
	if s.Ready {
		fmt.Fprintf(opts.Log, "starting over, as the node ended by itself; %s says:\n%s\n", l.log(supervisorLog), proc.Tail(l.log(supervisorLog), logLines))
	}
	_, err = endAll(ctx, l)
	return false, errors.Join(err, l.clear())
}

func start(ctx context.Context, l layout, opts Options) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s, err := boot(ctx, l, opts)
	if err == nil {
		fmt.Fprintf(opts.Log, "the node is up at %s after %.1f s, kubeconfig %s\n", s.Server, time.Since(began).Seconds(), l.kubeconfig())
		return nil
	}
	_, endErr := endAll(ctx, l)
	if endErr != nil {
		return errors.Join(err, endErr)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return errors.Join(fmt.Errorf("interrupted; nothing is left running: %w", ctx.Err()), l.remove())
	}
	return errors.Join(err, l.clear())
}

// boot starts the node and waits until it is ready. After an error the caller
// ends what carries the node's mark.
func boot(ctx context.Context, l layout, opts Options) (state, error) {
	if err := l.create(); err != nil {
		return state{}, err
	}
	// Made here, it belongs to the host's network, whoever accepts on it.
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", loopback+":0")
	if err != nil {
		return state{}, fmt.Errorf("listen for the API's clients: %w", err)
	}
	defer func() { _ = listener.Close() }()
	s := state{Server: "https://" + listener.Addr().String()}

	hierarchies, err := prepare(l, opts, s.Server)
	if err != nil {
		return s, err
	}
	cgroups, err := host.MakeCgroups(hierarchies, l.cgroup())
	if err != nil {
		return s, err
	}
	door, err := listener.(*net.TCPListener).File()
	if err != nil {
		return s, fmt.Errorf("hand on the listener: %w", err)
	}
	defer func() { _ = door.Close() }()
	reports, report, err := os.Pipe()
	if err != nil {
		return s, fmt.Errorf("make a pipe: %w", err)
	}
	defer func() { _ = reports.Close() }()

	var first *proc.Process
	err = host.Within(hierarchies, cgroups, func() error {
		first, err = proc.Start(proc.Command{
			Name: "init", Path: opts.Self, Args: []string{"init", l.config()},
			Log: l.log(supervisorLog), Owner: l.dir, Env: environment(),
			Files: []*os.File{door, report},
			Attr:  syscall.SysProcAttr{Cloneflags: host.Cloneflags},
		})
		return err
	})
	_ = report.Close() // so that the end of the node is the end of the reports
	if err != nil {
		return s, err
	}
	s.Init = first.Identity
	if err := s.write(l.state()); err != nil {
		return s, err
	}
	if err := follow(ctx, reports, opts.Log, l); err != nil {
		return s, err
	}
	s.Ready = true
	return s, s.write(l.state())
}

// environment is what the node's programs see: no proxy, no settings of the
// caller's.
func environment() []string {
	return []string{"PATH=" + host.Path, "HOME=/root", "LANG=C.UTF-8"}
}

// follow copies the reports of the process inside until it is ready.
func follow(ctx context.Context, reports *os.File, log io.Writer, l layout) error {
	stop := context.AfterFunc(ctx, func() { _ = reports.Close() })
	defer stop()
	lines := bufio.NewScanner(reports)
	for lines.Scan() {
		if lines.Text() == readyLine {
			return nil
		}
		_, _ = fmt.Fprintln(log, lines.Text())
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("wait for the node: %w; logs in %s", err, l.logs())
	}
	return fmt.Errorf("the node ended; its log %s says:\n%s", l.log(supervisorLog), proc.Tail(l.log(supervisorLog), 2*logLines))
}
