// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// together runs functions at the same time, until one fails or all have ended. The first failure ends the context of the others, and is
// what is returned.
func together(ctx context.Context, functions ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	for _, function := range functions {
		wg.Go(func() {
			if err := function(ctx); err != nil {
				once.Do(func() { first = err })
				cancel(err)
			}
		})
	}
	wg.Wait()
	return first
}

// pause waits, and tells whether that was all the time and not the end of the context.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// repeat calls a function at once and then again after every pause, until the context ends. It tells of failures by say, and of one that
// goes on only once: a container's log should read well.
func repeat(ctx context.Context, every time.Duration, say func(string, ...any), function func(context.Context) error) {
	last := ""
	for {
		text := ""
		if err := function(ctx); err != nil && !errors.Is(err, context.Canceled) {
			text = err.Error()
		}
		if text != last && text != "" {
			say("%s", text)
		}
		last = text
		if !pause(ctx, every) {
			return
		}
	}
}

// readiness is what a server still waits for before it is ready. It is safe for concurrent use.
type readiness struct {
	mu      sync.Mutex
	waiting map[string]bool
}

func newReadiness(reasons ...string) *readiness {
	r := &readiness{waiting: map[string]bool{}}
	r.wait(reasons...)
	return r
}

// wait adds reasons not to be ready.
func (r *readiness) wait(reasons ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, reason := range reasons {
		r.waiting[reason] = true
	}
}

// done takes one away.
func (r *readiness) done(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, reason)
}

// missing lists the reasons; empty when ready.
func (r *readiness) missing() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(r.waiting)), ", ")
}
