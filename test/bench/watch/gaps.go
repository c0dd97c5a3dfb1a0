// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"maps"
	"slices"
	"time"
)

// Release names what belongs to one component.
type Release struct {
	// Component as the edges name it; Key is namespace/name of the Helm release.
	Component, Key string
	// Workloads are "Kind namespace/name".
	Workloads []string
}

// Gap is the time that a component was not begun although it could have been.
type Gap struct {
	Component string `json:"component"`
	// Idle is from the moment when everything that it depends on was ready (Helm's
	// record deployed, every workload available) until its own Helm record was seen.
	// Negative when it began before that.
	Idle time.Duration `json:"idle"`
}

// Gaps are those of all components with dependencies (edges: component to what it
// depends on), by component. What never got ready or never began has none.
func Gaps(state State, releases []Release, edges map[string][]string) []Gap {
	ready, begun := map[string]time.Time{}, map[string]time.Time{}
	for _, r := range releases {
		begun[r.Component] = state.Records[r.Key].First
		ready[r.Component] = readySince(state, r)
	}
	var out []Gap
	for _, component := range slices.Sorted(maps.Keys(edges)) {
		var last time.Time
		complete := len(edges[component]) > 0
		for _, dependency := range edges[component] {
			at := ready[dependency]
			complete = complete && !at.IsZero()
			if at.After(last) {
				last = at
			}
		}
		if complete && !begun[component].IsZero() {
			out = append(out, Gap{Component: component, Idle: begun[component].Sub(last)})
		}
	}
	return out
}

// readySince is when the last part of a release was; zero when one is not.
func readySince(state State, r Release) time.Time {
	last := state.Records[r.Key].Deployed
	if last.IsZero() {
		return time.Time{}
	}
	for _, key := range r.Workloads {
		available := state.Workloads[key].Available
		if available.IsZero() {
			return time.Time{}
		}
		if available.After(last) {
			last = available
		}
	}
	return last
}
