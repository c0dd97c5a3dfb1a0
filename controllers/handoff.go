// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Handoff measures the time from "the last dependency became Ready" to "the
// dependent's Helm call begins", for components that waited for nothing else.
// Safe for concurrent use; a nil Handoff measures nothing.
type Handoff struct {
	histogram prometheus.Histogram

	mu      sync.Mutex
	ready   map[string]time.Time
	waiting map[string]bool
}

// NewHandoff makes the measure and registers groundwork_handoff_seconds.
func NewHandoff(registry prometheus.Registerer) (*Handoff, error) {
	h := &Handoff{
		histogram: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "groundwork_handoff_seconds",
			Help:    "Time from the last dependency becoming Ready to the dependent's Helm call, in seconds.",
			Buckets: []float64{0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10},
		}),
		ready:   map[string]time.Time{},
		waiting: map[string]bool{},
	}
	return h, registry.Register(h.histogram)
}

// Ready notes that a release became Ready just now.
func (h *Handoff) Ready(release string) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready[release] = time.Now()
}

// Approved notes that a release may start, and whether dependencies were the last
// thing it waited for.
func (h *Handoff) Approved(release string, waitedForDependencies bool) {
	if h == nil || !waitedForDependencies {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting[release] = true
}

// Forget drops what is kept about a release that is gone.
func (h *Handoff) Forget(release string) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.ready, release)
	delete(h.waiting, release)
}

// Begun notes that the Helm call of a release begins and returns the time since
// the last of its dependencies became Ready; false when it is not known.
func (h *Handoff) Begun(release string, dependencies []string) (time.Duration, bool) {
	if h == nil {
		return 0, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.waiting[release] {
		return 0, false
	}
	delete(h.waiting, release)
	var last time.Time
	for _, dependency := range dependencies {
		at, known := h.ready[dependency]
		if !known {
			return 0, false
		}
		if at.After(last) {
			last = at
		}
	}
	if last.IsZero() {
		return 0, false
	}
	elapsed := time.Since(last)
	h.histogram.Observe(elapsed.Seconds())
	return elapsed, true
}
