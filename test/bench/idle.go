// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/bench/audit"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
	"github.com/groundwork-dev/groundwork/test/bench/report"
)

const (
	// touches are how often every object is looked at again for the no-op pass.
	touches = 20
	// touchAnnotation means nothing to anybody: its change is an event and no more.
	touchAnnotation = "bench.example.com/touched"
	// still is how long nothing may happen for a thing to count as over.
	still = time.Second

	passTime  = "controller_runtime_reconcile_time_seconds"
	passCount = "controller_runtime_reconcile_total"
)

// pass measures what a reconcile pass costs that finds nothing to do: somebody else
// touches an annotation of the bundle and of every ComponentRelease, again and again.
func (g *groundwork) pass(ctx context.Context) (*report.Pass, error) {
	if err := g.quiesce(ctx); err != nil {
		return nil, err
	}
	if _, err := g.events(); err != nil {
		return nil, err
	}
	before, err := g.scrape(ctx, passTime)
	if err != nil {
		return nil, err
	}
	for i := range touches {
		if err := g.touch(ctx, fmt.Sprint(i)); err != nil {
			return nil, err
		}
		// Touches that come together are one pass.
		if err := g.quiesceFor(ctx, 2*poll); err != nil {
			return nil, err
		}
	}
	if err := g.quiesce(ctx); err != nil {
		return nil, err
	}
	after, err := g.scrape(ctx, passTime)
	if err != nil {
		return nil, err
	}
	events, err := g.events()
	if err != nil {
		return nil, err
	}
	since := after.Since(before)
	of := func(controller string) (time.Duration, int) {
		h := since.Histogram(passTime, measure.Labels{"controller": controller})
		return time.Duration(h.Mean() * float64(time.Second)), int(h.Count)
	}
	out := &report.Pass{}
	out.Bundle, out.Bundles = of("platformbundle")
	out.Release, out.Releases = of("componentrelease")
	g.tell("a pass", events)
	counts := audit.Count(events, costs)
	out.Requests, out.Writes = counts.Total(), counts.Writes()
	return out, nil
}

// costs lets through what idling must not send: neither watches nor leases nor the
// questions of a protected endpoint are among it.
func costs(e audit.Event) bool { return e.Verb != "watch" && !e.Lease() && !e.Review() }

// touch changes an annotation of the bundle and of its ComponentReleases.
func (g *groundwork) touch(ctx context.Context, value string) error {
	var bundles v1alpha1.PlatformBundleList
	var releases v1alpha1.ComponentReleaseList
	if err := g.w.client.List(ctx, &bundles); err != nil {
		return err
	}
	if err := g.w.client.List(ctx, &releases); err != nil {
		return err
	}
	var objects []client.Object
	for i := range bundles.Items {
		objects = append(objects, &bundles.Items[i])
	}
	for i := range releases.Items {
		objects = append(objects, &releases.Items[i])
	}
	merge := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, touchAnnotation, value)
	for _, object := range objects {
		if err := g.w.client.Patch(ctx, object, client.RawPatch("application/merge-patch+json", merge)); err != nil {
			return fmt.Errorf("touch %s: %w", object.GetName(), err)
		}
	}
	return nil
}

// quiet lets a window pass in which nobody does anything, and says what the operator
// did meanwhile.
func (g *groundwork) quiet(ctx context.Context, window time.Duration) (*report.Quiet, error) {
	if err := g.quiesce(ctx); err != nil {
		return nil, err
	}
	if _, err := g.events(); err != nil {
		return nil, err
	}
	used := g.usage().CPU
	select {
	case <-time.After(window):
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-g.process.Exited():
		return nil, fmt.Errorf("the operator ended: %w", g.process.Err())
	}
	events, err := g.events()
	if err != nil {
		return nil, err
	}
	counts := audit.Count(events, costs)
	g.tell("the quiet", events)
	return &report.Quiet{Window: window, Requests: counts.Total(), Writes: counts.Writes(), CPU: g.usage().CPU - used}, nil
}

// tell says which requests were sent where there should be none.
func (g *groundwork) tell(where string, events []audit.Event) {
	for _, event := range events {
		if costs(event) {
			g.o.log("  in %s: %s %s", where, event.Verb, event.URI)
		}
	}
}

// quiesce waits until the operator has made no pass for a while.
func (g *groundwork) quiesce(ctx context.Context) error { return g.quiesceFor(ctx, still) }

func (g *groundwork) quiesceFor(ctx context.Context, still time.Duration) error {
	last, since := -1.0, time.Now()
	return g.until(ctx, func() (bool, error) {
		page, err := g.scrape(ctx, passCount)
		if err != nil {
			return false, err
		}
		if count := page.Sum(passCount, nil); count != last {
			last, since = count, time.Now()
		}
		return time.Since(since) >= still, nil
	})
}

func (g *groundwork) events() ([]audit.Event, error) {
	if g.w.audit == nil {
		return nil, nil
	}
	return g.w.audit.Next()
}
