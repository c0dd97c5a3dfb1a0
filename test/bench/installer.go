// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/groundwork-dev/groundwork/test/bench/inputs"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

// grace is how long a process may take to end when it is asked to.
const grace = 20 * time.Second

// installer is one of those that are compared, on one cluster.
type installer interface {
	// prepare does what is no part of installing; it is not measured.
	prepare(ctx context.Context) error
	// apply makes the cluster hold a set, for the first time or again, and returns
	// when the installer says that it does. It starts the meter's clock anew where
	// something had to be started first.
	apply(ctx context.Context, m *meter, set *inputs.Set) error
	// remove takes a set away and returns when the installer says that it is gone.
	remove(ctx context.Context, set *inputs.Set) error
	// usage is what its processes have used so far; resetPeak forgets the peaks.
	usage() measure.Usage
	resetPeak()
	// close ends what still runs.
	close() error
}

// commands runs programs one after the other and adds up what they use.
type commands struct {
	w   *world
	o   options
	log string

	cpu     time.Duration
	peak    measure.Memory
	highest uint64
}

func newCommands(w *world, o options, name string) commands {
	return commands{w: w, o: o, log: filepath.Join(w.logs, name+".log")}
}

func (*commands) prepare(context.Context) error { return nil }
func (*commands) close() error                  { return nil }

func (c *commands) usage() measure.Usage {
	return measure.Usage{CPU: c.cpu, Peak: c.peak, Highest: c.highest}
}

func (c *commands) resetPeak() { c.peak, c.highest = measure.Memory{}, 0 }

// run runs one program to its end, or until ctx ends.
func (c *commands) run(ctx context.Context, path string, args ...string) error {
	process, err := measure.Start(measure.Command{Path: path, Args: args, Env: c.w.env(c.o), Dir: c.w.folder, Log: c.log})
	if err != nil {
		return err
	}
	select {
	case <-process.Exited():
	case <-ctx.Done():
		if err := process.Stop(syscall.SIGINT, grace); err != nil {
			return fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
	}
	used := process.Usage()
	c.cpu += used.CPU
	c.peak.RSS, c.peak.Anon, c.peak.File = max(c.peak.RSS, used.Peak.RSS), max(c.peak.Anon, used.Peak.Anon), max(c.peak.File, used.Peak.File)
	c.highest = max(c.highest, used.Highest)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return process.Err()
}

func (c *commands) bin(name string) string          { return filepath.Join(c.o.root, "bin", name) }
func (c *commands) kubectl() string                 { return c.bin(filepath.Join("k8s", "kubectl")) }
func (c *commands) duration(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// definitionsFirst applies the CRDs that a release uses before the one that brings
// them is there: neither Helm nor helmfile can order that.
func (c *commands) definitionsFirst(ctx context.Context, set *inputs.Set) error {
	if set.CRDsFirst == "" {
		return nil
	}
	if err := c.run(ctx, c.kubectl(), "apply", "--server-side", "-f", set.CRDsFirst); err != nil {
		return err
	}
	return c.run(ctx, c.kubectl(), "wait", "--for=condition=Established", "--timeout=60s", "-f", set.CRDsFirst)
}
