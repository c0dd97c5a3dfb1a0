// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// The ways in which following ends without a Ready bundle.
var (
	errLate         = errors.New("not Ready in time")
	errStalled      = errors.New("stalled: only a change of the bundle helps")
	errOperatorGone = errors.New("the operator has ended")
	errBundleGone   = errors.New("the bundle was deleted")
)

// follower shows a bundle's progress until it is Ready.
type follower struct {
	client   client.WithWatch
	console  *console
	operator operator
	name     string
	began    time.Time
	timeout  time.Duration

	progress *progress
	last     *v1alpha1.PlatformBundle
	drawn    int
	frame    int
}

// follow returns when the bundle is Ready at its newest spec; last then holds it.
func (f *follower) follow(ctx context.Context) error {
	inner, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	updates := f.watch(inner)
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return errInterrupted
		case <-inner.Done():
			return errLate
		case bundle := <-updates:
			if bundle == nil {
				return errBundleGone
			}
			f.show(bundle)
			if done, verdict := verdictOf(bundle); done {
				return verdict
			}
		case <-ticker.C:
			f.frame++
			f.draw()
			if f.operator.running() == 0 {
				return errOperatorGone
			}
		}
	}
}

// verdictOf says whether there is nothing more to wait for, and how it ended.
func verdictOf(bundle *v1alpha1.PlatformBundle) (done bool, verdict error) {
	if bundle.Status.ObservedGeneration != bundle.Generation {
		return false, nil
	}
	conditions := bundle.Status.Conditions
	switch {
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady):
		return true, nil
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled):
		return true, errStalled
	}
	return false, nil
}

// watch sends every state of the bundle, and nil when it was deleted. A watch
// that ends is started again.
func (f *follower) watch(ctx context.Context) <-chan *v1alpha1.PlatformBundle {
	updates := make(chan *v1alpha1.PlatformBundle)
	send := func(bundle *v1alpha1.PlatformBundle) {
		select {
		case updates <- bundle:
		case <-ctx.Done():
		}
	}
	go func() {
		for ctx.Err() == nil {
			watcher, err := f.client.Watch(ctx, &v1alpha1.PlatformBundleList{}, client.MatchingFields{"metadata.name": f.name})
			if err != nil {
				time.Sleep(200 * time.Millisecond)
				continue
			}
			for event := range watcher.ResultChan() {
				bundle, ok := event.Object.(*v1alpha1.PlatformBundle)
				if !ok {
					break
				}
				if event.Type == "DELETED" {
					bundle = nil
				}
				send(bundle)
			}
			watcher.Stop()
		}
	}()
	return updates
}

func (f *follower) show(bundle *v1alpha1.PlatformBundle) {
	f.last = bundle
	at := time.Since(f.began)
	changed := f.progress.observe(bundle.Status.Components, at)
	if f.console.terminal {
		f.draw()
		return
	}
	for _, r := range changed {
		f.console.say("%s", change(r, at))
	}
}

// draw rewrites the picture in place; without a terminal it does nothing.
func (f *follower) draw() {
	if !f.console.terminal || f.last == nil {
		return
	}
	columns, rows := f.console.size()
	at := time.Since(f.began)
	lines := view{colour: f.console.colour, columns: columns, maxRows: rows}.picture(f.name, f.progress.rows(at), at, f.frame)
	var b strings.Builder
	if f.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", f.drawn)
	}
	for _, line := range lines {
		b.WriteString("\r\x1b[2K" + line + "\n")
	}
	b.WriteString("\x1b[J") // what is left of a longer picture
	f.drawn = len(lines)
	fmt.Fprint(f.console.out, b.String())
}
