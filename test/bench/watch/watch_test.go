// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func empty() State { return State{map[string]Record{}, map[string]Workload{}} }

func TestRecords(t *testing.T) {
	labels := func(version, status string) map[string]string {
		return map[string]string{"owner": "helm", "name": "a", "version": version, "status": status}
	}
	s := empty()
	s.record("ns", labels("1", "pending-install"), at(1))
	s.record("ns", labels("1", "deployed"), at(3))
	s.record("ns", labels("1", "deployed"), at(4)) // a label of somebody's
	want := Record{First: at(1), Deployed: at(3), Revision: 1, Status: "deployed"}
	if diff := cmp.Diff(want, s.Records["ns/a"]); diff != "" {
		t.Error(diff)
	}
	s.record("ns", labels("2", "pending-upgrade"), at(5))
	s.record("ns", labels("1", "superseded"), at(6))
	want = Record{First: at(1), Revision: 2, Status: "pending-upgrade"}
	if diff := cmp.Diff(want, s.Records["ns/a"]); diff != "" {
		t.Error("an old revision speaks for the release", diff)
	}
	s.forgotten("ns", labels("1", "superseded"))
	if len(s.Records) != 1 {
		t.Error("the history's end made the release vanish")
	}
	s.forgotten("ns", labels("2", "uninstalled"))
	if len(s.Records) != 0 {
		t.Error("the release is still there")
	}
}

func TestBegin(t *testing.T) {
	o := &Observer{state: empty()}
	o.state.record("ns", map[string]string{"name": "a", "version": "1", "status": "deployed"}, at(1))
	o.Begin()
	o.state.record("ns", map[string]string{"name": "a", "version": "2", "status": "pending-upgrade"}, at(9))
	if got := o.State().Records["ns/a"]; !got.First.Equal(at(9)) || !got.Deployed.IsZero() {
		t.Errorf("the phase before shows: %+v", got)
	}
}

func TestRollout(t *testing.T) {
	deployment := func(generation, observed int64, updated, available, all int32) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "d", Generation: generation},
			Spec:       appsv1.DeploymentSpec{Replicas: new(int32(2))},
			Status:     appsv1.DeploymentStatus{ObservedGeneration: observed, UpdatedReplicas: updated, AvailableReplicas: available, Replicas: all},
		}
	}
	tests := map[string]struct {
		object any
		key    string
		want   bool
	}{
		"complete":             {deployment(2, 2, 2, 2, 2), "Deployment ns/d", true},
		"spec not yet seen":    {deployment(3, 2, 2, 2, 2), "Deployment ns/d", false},
		"old pods still there": {deployment(2, 2, 2, 2, 3), "Deployment ns/d", false},
		"one is not available": {deployment(2, 2, 2, 1, 2), "Deployment ns/d", false},
		"stateful set": {&appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s", Generation: 1},
			Status:     appsv1.StatefulSetStatus{ObservedGeneration: 1, UpdatedReplicas: 1, ReadyReplicas: 1},
		}, "StatefulSet ns/s", true},
		"daemon set that was not looked at": {&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "d"}}, "DaemonSet ns/d", false},
		"something else":                    {"", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			key, _, available := rollout(tt.object)
			if key != tt.key || available != tt.want {
				t.Errorf("%q %t, want %q %t", key, available, tt.key, tt.want)
			}
		})
	}
}

func TestAvailableSince(t *testing.T) {
	object := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s", Generation: 1},
		Status:     appsv1.StatefulSetStatus{ObservedGeneration: 1, UpdatedReplicas: 1, ReadyReplicas: 1},
	}
	const key = "StatefulSet ns/s"
	s := empty()
	s.workload(object, at(1))
	s.workload(object, at(2))
	if !s.Workloads[key].Available.Equal(at(1)) {
		t.Errorf("an event without a change moved it: %v", s.Workloads[key])
	}
	object.Generation, object.Status.ObservedGeneration = 2, 2
	s.workload(object, at(3))
	if !s.Workloads[key].Available.Equal(at(3)) {
		t.Errorf("a new spec is available since the old one was: %v", s.Workloads[key])
	}
}

func TestMissing(t *testing.T) {
	s := empty()
	s.Records["ns/a"] = Record{Status: "deployed"}
	s.Records["ns/b"] = Record{Status: "pending-install"}
	s.Workloads["Deployment ns/a"] = Workload{Available: at(1)}
	got := s.Missing(Expected{
		Releases:  []string{"ns/a", "ns/b", "ns/c"},
		Workloads: []string{"Deployment ns/a", "Deployment ns/b"},
	})
	want := []string{"Deployment ns/b", "release ns/b (pending-install)", "release ns/c (not there)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGaps(t *testing.T) {
	s := empty()
	s.Records["ns/a"] = Record{First: at(0), Deployed: at(2)}
	s.Records["ns/b"] = Record{First: at(0), Deployed: at(5)}
	s.Records["ns/c"] = Record{First: at(9), Deployed: at(11)}
	s.Records["ns/d"] = Record{First: at(1)}
	s.Workloads["Deployment ns/a"] = Workload{Available: at(7)}
	releases := []Release{
		{Component: "a", Key: "ns/a", Workloads: []string{"Deployment ns/a"}}, {Component: "b", Key: "ns/b"},
		{Component: "c", Key: "ns/c"}, {Component: "d", Key: "ns/d"}, {Component: "e", Key: "ns/e"},
	}
	got := Gaps(s, releases, map[string][]string{
		"c": {"a", "b"}, // a's workload at 7 is the last
		"b": {"a"},      // began before
		"e": {"a"},      // never began
		"a": {"d"},      // d never got ready
	})
	want := []Gap{{"b", -7 * time.Second}, {"c", 2 * time.Second}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
