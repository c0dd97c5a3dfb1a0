// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"
	"sync"
	"time"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// followUp is what a process remembers of the follow-up work for one release.
// Losing it costs one more apply, which changes nothing.
type followUp struct {
	// applied is the digest whose manifests were all applied and pruned.
	applied string
	// waiting are kinds that are not served yet, and kindsChanged says that others
	// are served since they were looked for.
	waiting      []string
	kindsChanged bool
	// problem is what went wrong last, failures how often in a row, and at when.
	problem  string
	failures int
	at       time.Time
	// obstructed says that a webhook which cannot answer was the problem.
	obstructed bool
}

// fresh says that nothing was tried in this process yet.
func (f followUp) fresh() bool { return f.applied == "" && f.problem == "" && len(f.waiting) == 0 }

// kindDelay is how long discovery may lag behind a definition that is there.
const kindDelay = 500 * time.Millisecond

// wait is how long to wait before the next attempt; less than zero is until other
// kinds are served, which wakes the release. Unknown says that some kinds are not
// known to be served yet.
func (f followUp) wait(now time.Time, unknown bool) time.Duration {
	switch {
	case f.failures > 0:
		return max(0, plan.Delay(f.failures)-now.Sub(f.at))
	case len(f.waiting) == 0 || f.kindsChanged:
		return 0
	case unknown:
		return -1
	default: // served since they were looked for, or about to be
		return max(0, kindDelay-now.Sub(f.at))
	}
}

// learn takes what came of applying.
func (f followUp) learn(result manifests.Result, outcome jobs.Outcome) followUp {
	if outcome.Err == nil && result.Clean() && len(result.Left) == 0 {
		return followUp{applied: outcome.Digest}
	}
	if outcome.Err == nil && len(result.Failed) == 0 && len(result.Left) == 0 {
		return followUp{waiting: result.Waiting, at: outcome.Ended}
	}
	if outcome.Err == nil {
		outcome.Err = result.Err()
	}
	message := ""
	if len(result.Left) > 0 {
		message = "manifests that left the spec are still there: " + strings.Join(result.Left, ", ")
	}
	next := f.failed(outcome, message)
	next.waiting = nil // tried again anyway
	return next
}

// failed counts a failure; the message stands in where there is no error.
func (f followUp) failed(outcome jobs.Outcome, message string) followUp {
	if outcome.Err != nil {
		message = failure.Message(outcome.Err)
	}
	return followUp{problem: message, failures: f.failures + 1, at: outcome.Ended}
}

// verdict is why the manifests are not applied yet.
func (f followUp) verdict() *verdict {
	switch {
	case f.problem != "":
		return &verdict{reason: v1alpha1.ReasonManifestsFailed, message: f.problem}
	case len(f.waiting) > 0:
		return &verdict{
			reason:  v1alpha1.ReasonManifestsPending,
			message: "follow-up manifests wait for kinds that are not served yet: " + strings.Join(f.waiting, ", "),
		}
	}
	return &verdict{reason: v1alpha1.ReasonManifestsPending, message: "applying the follow-up manifests"}
}

// followUps by release. Safe for concurrent use; the zero value is empty.
type followUps struct {
	mu      sync.Mutex
	entries map[string]followUp
}

func (m *followUps) get(release string) followUp {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[release]
}

func (m *followUps) put(release string, entry followUp) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		m.entries = map[string]followUp{}
	}
	m.entries[release] = entry
}

func (m *followUps) forget(release string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, release)
}

// kindsChanged notes that other kinds are served, and lists whom that may help.
func (m *followUps) kindsChanged() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for release, entry := range m.entries {
		if len(entry.waiting) > 0 {
			entry.kindsChanged = true
			m.entries[release] = entry
			out = append(out, release)
		}
	}
	return out
}
