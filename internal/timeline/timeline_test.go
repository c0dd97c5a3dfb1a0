// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package timeline_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/timeline"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func at(seconds float64) *metav1.MicroTime {
	return &metav1.MicroTime{Time: start.Add(time.Duration(seconds * float64(time.Second)))}
}

func seconds(s float64) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(s * float64(time.Second))}
}

// ran is a component that was asked for at 0 and looked at until prepared.
func ran(name string, prepared, began, ready float64, dependsOn ...string) timeline.Component {
	return timeline.Component{Name: name, DependsOn: dependsOn, Timeline: &v1alpha1.Timeline{
		Generation: 2, Queued: at(0), Prepared: at(prepared), Began: at(began), Ready: at(ready),
	}}
}

func with(c timeline.Component, change func(*v1alpha1.Timeline)) timeline.Component {
	change(c.Timeline)
	return c
}

func TestSum(t *testing.T) {
	old := with(ran("old", 1, 2, 3), func(t *v1alpha1.Timeline) { t.Generation = 1 })
	for name, tc := range map[string]struct {
		components []timeline.Component
		want       *v1alpha1.BundleTimeline
	}{
		"nothing":            {nil, nil},
		"never seen":         {[]timeline.Component{{Name: "a"}}, nil},
		"under way":          {[]timeline.Component{ran("a", 1, 2, 3), with(ran("b", 1, 2, 3), func(t *v1alpha1.Timeline) { t.Ready = nil })}, nil},
		"not all of it seen": {[]timeline.Component{with(ran("a", 1, 2, 3), func(t *v1alpha1.Timeline) { t.Prepared = nil })}, nil},
		"one": {[]timeline.Component{ran("a", 1, 1.5, 4), old}, &v1alpha1.BundleTimeline{
			Generation: 2, Began: *at(0), Ended: *at(4), Took: seconds(4), Idle: seconds(0.5),
			CriticalPath: []v1alpha1.PathStep{{Component: "a", Idle: seconds(0.5), Took: seconds(2.5)}},
		}},
		"a chain, and what does not matter beside it": {
			[]timeline.Component{
				ran("ingress", 1, 1, 5), ran("issuer", 2, 2, 3), ran("page", 1, 5.25, 8, "ingress", "issuer", "elsewhere"), ran("other", 1, 2, 7),
			},
			&v1alpha1.BundleTimeline{
				Generation: 2, Began: *at(0), Ended: *at(8), Took: seconds(8), Idle: seconds(0.25),
				CriticalPath: []v1alpha1.PathStep{
					{Component: "ingress", Idle: seconds(0), Took: seconds(4)}, {Component: "page", Idle: seconds(0.25), Took: seconds(2.75)},
				},
			},
		},
		"waiting for a person is not idle": {
			[]timeline.Component{with(ran("a", 1, 60.5, 62), func(t *v1alpha1.Timeline) { t.GatedBy, t.Approved = []string{"AwaitingApproval"}, at(60) })},
			&v1alpha1.BundleTimeline{
				Generation: 2, Began: *at(0), Ended: *at(62), Took: seconds(62), Idle: seconds(0.5),
				CriticalPath: []v1alpha1.PathStep{{Component: "a", Idle: seconds(0.5), Took: seconds(1.5)}},
			},
		},
		"what was Ready before the gate opened is not waited for": {
			[]timeline.Component{ran("a", 0, 0.5, 1), ran("b", 3, 3, 6, "a")},
			&v1alpha1.BundleTimeline{
				Generation: 2, Began: *at(0), Ended: *at(6), Took: seconds(6),
				CriticalPath: []v1alpha1.PathStep{{Component: "b", Took: seconds(3)}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, timeline.Sum(tc.components)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
