// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/groundwork-dev/groundwork/test/bench/audit"
	"github.com/groundwork-dev/groundwork/test/bench/inputs"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
	"github.com/groundwork-dev/groundwork/test/bench/report"
	"github.com/groundwork-dev/groundwork/test/bench/watch"
)

const (
	// apiserver is the name of its process.
	apiserver = "kube-apiserver"
	// settle is how long what an installer calls ready may take to be it.
	settle = time.Minute
	// shown is how many missing things a failure names.
	shown = 3
)

// meter measures one step of an installer.
type meter struct {
	w         *world
	installer installer

	began          time.Time
	counters       measure.Counters
	server         time.Duration
	used           measure.Usage
	sent, received uint64
}

// begin reads all counters. What they measure begins now; the clock is started
// again by whoever has something to do before it counts.
func begin(ctx context.Context, w *world, i installer) (*meter, error) {
	m := &meter{w: w, installer: i}
	if _, err := m.requests(); err != nil {
		return nil, err
	}
	var err error
	if m.counters, err = w.server.Counters(ctx); err != nil {
		return nil, err
	}
	if m.server, err = w.cluster.CPU(apiserver); err != nil {
		return nil, err
	}
	m.sent, m.received = w.forwarder.Bytes()
	w.observer.Begin()
	i.resetPeak()
	m.used = i.usage()
	m.began = time.Now()
	return m, nil
}

// start starts the clock.
func (m *meter) start() { m.began = time.Now() }

// end reads them again. The wall clock ended at a moment before.
func (m *meter) end(ctx context.Context, finished time.Time) (report.Cost, error) {
	used := m.installer.usage()
	server, err := m.w.cluster.CPU(apiserver)
	if err != nil {
		return report.Cost{}, err
	}
	sent, received := m.w.forwarder.Bytes()
	counters, err := m.w.server.Counters(ctx)
	if err != nil {
		return report.Cost{}, err
	}
	events, err := m.requests()
	if err != nil {
		return report.Cost{}, err
	}
	since := counters.Since(m.counters)
	cost := report.Cost{
		Wall: finished.Sub(m.began), CPU: used.CPU - m.used.CPU, ServerCPU: server - m.server, Peak: used.Peak.RSS, Highest: used.Highest,
		Sent: sent - m.sent, Received: received - m.received, Puts: int(since.Puts), Deletes: int(since.Deletes),
	}
	if m.w.audit != nil {
		cost.Requests, cost.Sorts = audit.Count(events, nil), audit.Sorts(events)
	}
	return cost, nil
}

func (m *meter) requests() ([]audit.Event, error) {
	if m.w.audit == nil {
		return nil, nil
	}
	return m.w.audit.Next()
}

// step measures one step: act returns when the installer says that it is done, and
// the clock stops when what everybody is judged by agrees: nothing is missing from what
// is watched, and definitions are established. What does not come to an end in time is
// a failure, not an error.
func step(ctx context.Context, w *world, i installer, limit time.Duration, act func(context.Context, *meter) error, missing func(watch.State) []string, definitions ...string) (report.Cost, error) {
	m, err := begin(ctx, w, i)
	if err != nil {
		return report.Cost{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	failure := act(bounded, m)
	if failure == nil {
		failure = await(bounded, w, settle, missing)
	}
	finished := time.Now()
	if failure == nil {
		var late bool
		if late, failure = established(bounded, w, definitions); late {
			finished = time.Now()
		}
	}
	if ctx.Err() != nil {
		return report.Cost{}, ctx.Err()
	}
	cost, err := m.end(ctx, finished)
	if failure != nil {
		cost.Failure = describe(failure, missing(w.observer.State()))
	}
	return cost, err
}

// await waits until nothing is missing.
func await(ctx context.Context, w *world, within time.Duration, missing func(watch.State) []string) error {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		if len(missing(w.observer.State())) == 0 {
			return nil
		}
		select {
		case <-w.observer.Changed():
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("not there after %s", within)
		}
	}
}

// describe is a failure in a table's cell.
func describe(failure error, missing []string) string {
	text := failure.Error()
	if errors.Is(failure, context.DeadlineExceeded) {
		text = "out of time"
	}
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) > 1 {
		text = lines[0] + " ... " + lines[len(lines)-1]
	}
	if more := len(missing) - shown; more > 0 {
		missing = append(slices.Clone(missing[:shown]), fmt.Sprintf("and %d more", more))
	}
	if len(missing) > 0 {
		text += "; missing: " + strings.Join(missing, ", ")
	}
	return text
}

// expected is what a set has to be in the end; records says whether as releases.
func expected(set *inputs.Set, records bool) watch.Expected {
	var out watch.Expected
	for _, r := range set.Releases {
		if records {
			out.Releases = append(out.Releases, r.Key())
		}
		for _, o := range r.Workloads() {
			out.Workloads = append(out.Workloads, o.Key())
		}
	}
	return out
}

// watched are the releases of a set as the idle gaps need them.
func watched(set *inputs.Set) []watch.Release {
	var out []watch.Release
	for _, r := range set.Releases {
		one := watch.Release{Component: r.Component, Key: r.Key()}
		for _, o := range r.Workloads() {
			one.Workloads = append(one.Workloads, o.Key())
		}
		out = append(out, one)
	}
	return out
}
