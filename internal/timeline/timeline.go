// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package timeline sums up when the components of a change went through their stages:
// what the end waited for, and how much of that time nobody used. It is pure and
// imports the API.
package timeline

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Component is one component of a bundle with the timeline of its newest change.
type Component struct {
	// Name in the bundle.
	Name string
	// DependsOn as approved.
	DependsOn []string
	// Timeline may be nil.
	Timeline *v1alpha1.Timeline
}

// Sum returns the summary of the newest generation that changed anything, nil when
// there is none or it has not come to its end. A component whose stages were not all
// seen does not count.
func Sum(components []Component) *v1alpha1.BundleTimeline {
	changed, ok := newest(components)
	if !ok {
		return nil
	}
	out := &v1alpha1.BundleTimeline{Generation: changed[0].Timeline.Generation}
	out.Began, out.Ended = *changed[0].Timeline.Queued, *changed[0].Timeline.Ready
	var gate time.Time // nothing begins before everything has been looked at
	for _, c := range changed {
		t := c.Timeline
		if t.Queued.Before(&out.Began) {
			out.Began = *t.Queued
		}
		if out.Ended.Before(t.Ready) {
			out.Ended = *t.Ready
		}
		gate = later(gate, t.Prepared.Time)
	}
	out.Took = metav1.Duration{Duration: out.Ended.Sub(out.Began.Time)}
	for _, step := range path(changed, gate) {
		out.CriticalPath = append(out.CriticalPath, step)
		out.Idle.Duration += step.Idle.Duration
	}
	return out
}

// newest are the components that the newest generation changed, sorted by name; false
// when one of them has not come to its end.
func newest(components []Component) ([]Component, bool) {
	var generation int64
	for _, c := range components {
		if c.Timeline != nil {
			generation = max(generation, c.Timeline.Generation)
		}
	}
	var out []Component
	for _, c := range components {
		if c.Timeline == nil || c.Timeline.Generation != generation {
			continue
		}
		if c.Timeline.Ready == nil {
			return nil, false
		}
		if c.Timeline.Queued != nil && c.Timeline.Prepared != nil && c.Timeline.Began != nil {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	return out, len(out) > 0
}

// path walks back from the component that was Ready last, each time to the dependency
// that was Ready last.
func path(changed []Component, gate time.Time) []v1alpha1.PathStep {
	byName := map[string]Component{}
	last := changed[0]
	for _, c := range changed {
		byName[c.Name] = c
		if last.Timeline.Ready.Before(c.Timeline.Ready) {
			last = c
		}
	}
	var out []v1alpha1.PathStep
	for range changed { // edges make no cycle; should they, this ends
		before, depends := waitedFor(last, byName)
		could := later(gate, last.Timeline.Queued.Time)
		if depends {
			could = later(could, before.Timeline.Ready.Time)
		}
		if approved := last.Timeline.Approved; approved != nil && gatedElsewhere(last) {
			could = later(could, approved.Time)
		}
		out = append(out, v1alpha1.PathStep{
			Component: last.Name,
			Idle:      metav1.Duration{Duration: max(0, last.Timeline.Began.Sub(could))},
			Took:      metav1.Duration{Duration: last.Timeline.Ready.Sub(last.Timeline.Began.Time)},
		})
		if !depends || before.Timeline.Ready.Time.Before(gate) {
			break
		}
		last = before
	}
	slices.Reverse(out)
	return out
}

// gatedElsewhere says that the last thing a component waited for was none of its
// dependencies: definitions, a webhook, a person's approval. When that ended is not
// known, but its approval came at once.
func gatedElsewhere(c Component) bool {
	return slices.ContainsFunc(c.Timeline.GatedBy, func(name string) bool { return !slices.Contains(c.DependsOn, name) })
}

// waitedFor is the dependency that was Ready last.
func waitedFor(c Component, byName map[string]Component) (Component, bool) {
	var out Component
	found := false
	for _, name := range slices.Sorted(slices.Values(c.DependsOn)) {
		dependency, changed := byName[name]
		if changed && (!found || out.Timeline.Ready.Before(dependency.Timeline.Ready)) {
			out, found = dependency, true
		}
	}
	return out, found
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
