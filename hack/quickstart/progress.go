// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// row is one component as it is shown.
type row struct {
	name, version, message string
	state                  v1alpha1.ComponentState
	// started says that its turn came; took counts from there until it was Ready,
	// or until now.
	started bool
	took    time.Duration
	// readyAt is when it was Ready, from the beginning; 0 before that.
	readyAt time.Duration
}

// progress remembers when a component's turn came and when it was Ready: a
// status has no times. All times count from the beginning of the run.
type progress struct {
	order []string
	seen  map[string]*seen
}

type seen struct {
	status         v1alpha1.ComponentStatus
	began, readyAt time.Duration
	started        bool
}

func newProgress() *progress { return &progress{seen: map[string]*seen{}} }

// observe takes a status that was seen at a time and returns the components
// whose state changed, in the status' order.
func (p *progress) observe(components []v1alpha1.ComponentStatus, at time.Duration) []row {
	var changed []row
	p.order = p.order[:0]
	for _, status := range components {
		p.order = append(p.order, status.Name)
		s, known := p.seen[status.Name]
		if !known {
			s = &seen{}
			p.seen[status.Name] = s
		}
		moved := s.status.State != status.State
		s.status = status
		if !moved {
			continue
		}
		s.note(at)
		changed = append(changed, s.row(at))
	}
	return changed
}

// note keeps the times of a state that was just entered. A component that is
// Ready when first seen has no beginning.
func (s *seen) note(at time.Duration) {
	switch s.status.State {
	case v1alpha1.StateInstalling, v1alpha1.StateUpgrading, v1alpha1.StateProgressing, v1alpha1.StateRemoving:
		if !s.started || s.readyAt > 0 {
			s.started, s.began, s.readyAt = true, at, 0
		}
	case v1alpha1.StateReady:
		s.readyAt = at
	case v1alpha1.StatePreparing, v1alpha1.StateWaiting, v1alpha1.StateHeld, v1alpha1.StateSuspended, v1alpha1.StateFailed:
	}
}

// rows are all components, in the order of the last status.
func (p *progress) rows(at time.Duration) []row {
	out := make([]row, 0, len(p.order))
	for _, name := range p.order {
		out = append(out, p.seen[name].row(at))
	}
	return out
}

// readyAfter is when each component was Ready.
func (p *progress) readyAfter() map[string]time.Duration {
	out := map[string]time.Duration{}
	for name, s := range p.seen {
		if s.readyAt > 0 {
			out[name] = s.readyAt
		}
	}
	return out
}

func (s *seen) row(at time.Duration) row {
	r := row{
		name: s.status.Name, version: s.status.Version, state: s.status.State, message: s.status.Message,
		started: s.started, readyAt: s.readyAt,
	}
	switch {
	case s.started && s.readyAt > 0:
		r.took = s.readyAt - s.began
	case s.started:
		r.took = at - s.began
	}
	return r
}
