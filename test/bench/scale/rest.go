// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"
)

// quiet lets the operator be, and counts what it does all the same.
func (r *run) quiet(ctx context.Context) error {
	before, err := r.operator.scrape(ctx)
	if err != nil {
		return err
	}
	// What the scrape has cost is no part of the quiet.
	if _, err := r.operator.settle(ctx); err != nil {
		return err
	}
	counters, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	began, used := time.Now(), r.operator.Usage().CPU
	r.say(func() string { return fmt.Sprintf("quiet: %.0f of %s", time.Since(began).Seconds(), r.options.quiet) })
	if err := r.wait(ctx, r.options.quiet); err != nil {
		return err
	}
	usage := r.operator.Usage()
	r.result.Quiet.Seconds, r.result.Quiet.CPU = time.Since(began).Seconds(), (usage.CPU - used).Seconds()
	after, err := r.operator.scrape(ctx)
	if err != nil {
		return err
	}
	counted, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	grown := after.Since(before)
	r.result.Quiet.Everybody = named(counted.Since(counters))
	r.result.Quiet.Requests = requests(grown)
	for _, controller := range passes(grown) {
		r.result.Quiet.Passes += controller.Count
	}
	if r.result.Quiet.Page, r.result.Quiet.PageSeconds, err = r.operator.page(ctx); err != nil {
		return err
	}
	r.result.Idle.Memory = usage.Memory
	r.result.Idle.Heap, err = r.operator.heap(ctx)
	return err
}

// restart kills the operator and starts another one, which finds everything in
// place. It has started when it has looked at every bundle and every release and
// has come to rest; Ready it must find them without having written.
func (r *run) restart(ctx context.Context) error {
	if err := r.operator.kill(); err != nil {
		return err
	}
	if err := r.watchesEnd(ctx); err != nil {
		return err
	}
	without, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	if r.operator, err = r.startOperator(ctx); err != nil {
		return err
	}
	restart := &r.result.Restart
	r.say(func() string {
		usage := r.operator.Usage()
		return fmt.Sprintf("restart: %.1f CPU-s, %d MiB", usage.CPU.Seconds(), usage.Memory.RSS>>20)
	})
	if err := r.operator.awaitReady(ctx); err != nil {
		return err
	}
	restart.Ready = time.Since(r.operator.Started).Seconds()
	for {
		rest, err := r.operator.settle(ctx)
		if err != nil {
			return err
		}
		usage := r.operator.Usage()
		page, err := r.operator.scrape(ctx)
		if err != nil {
			return err
		}
		restart.Passes, restart.Requests = passes(page), requests(page)
		looked := restart.Passes["platformbundle"].Count >= float64(r.bundles) && restart.Passes["componentrelease"].Count >= float64(r.releases())
		if ready := page.Sum("groundwork_bundle_ready", nil); !looked || ready < float64(r.bundles) {
			r.say(func() string { return fmt.Sprintf("restart: %.0f of %d bundles Ready", ready, r.bundles) })
			continue // it waits for something
		}
		restart.Seconds, restart.CPU = rest.Sub(r.operator.Started).Seconds(), usage.CPU.Seconds()
		restart.Peak = usage.Peak
		break
	}
	with, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	restart.Watches = with.Watches - without.Watches
	restart.Everybody = named(with.Since(without))
	restart.Idle, err = r.rest(ctx)
	return err
}

// watchesEnd waits until the API server has noticed that the operator is gone.
func (r *run) watchesEnd(ctx context.Context) error {
	ticker := time.NewTicker(quietWindow / 2)
	defer ticker.Stop()
	last := -1.0
	for {
		counters, err := r.api.Counters(ctx)
		if err != nil || counters.Watches == last {
			return err
		}
		last = counters.Watches
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
