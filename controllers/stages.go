// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/timeline"
)

// stages remembers when components went through the stages before their approval.
// It is told to people and decides nothing: a restart forgets it. The zero value is
// ready to use; safe for concurrent use.
type stages struct {
	mu sync.Mutex
	of map[string]v1alpha1.Timeline
}

// note takes what one pass has seen of a component that is not approved as it is
// wanted.
func (s *stages) note(release string, generation int64, prepared bool, waitsOn []string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, known := s.of[release]
	at := &metav1.MicroTime{Time: now}
	if !known || seen.Generation != generation {
		seen = v1alpha1.Timeline{Generation: generation, Queued: at}
	}
	if prepared && seen.Prepared == nil {
		seen.Prepared = at
	}
	if len(waitsOn) > 0 {
		seen.GatedBy = slices.Clone(waitsOn)
	}
	if s.of == nil {
		s.of = map[string]v1alpha1.Timeline{}
	}
	s.of[release] = seen
}

// seen returns what was noted.
func (s *stages) seen(release string) (v1alpha1.Timeline, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, known := s.of[release]
	return seen, known
}

// done forgets what was noted of a release that is approved as it is wanted.
func (s *stages) done(release string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, release)
}

// forget drops what was seen of a bundle.
func (s *stages) forget(bundle string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for release := range s.of {
		if strings.HasPrefix(release, bundle+".") {
			delete(s.of, release)
		}
	}
}

// noteStages remembers how far the components are that have not been approved as they
// are wanted.
func (r *PlatformBundleReconciler) noteStages(scope *bundleScope) {
	for _, c := range scope.components {
		name := v1alpha1.ReleaseName(scope.bundle.Name, c.Name)
		switch {
		case c.Suspend || c.Trouble != nil:
			continue
		case c.spec != nil && c.release != nil && wantedDigest(*c.spec) == wantedDigest(c.release.Spec):
			r.stages.done(name)
			continue
		}
		var waitsOn []string
		switch wait := scope.plan.Waits[c.Name]; wait.Reason {
		case v1alpha1.ReasonWaitingForDependencies, v1alpha1.ReasonWaitingForKinds:
			waitsOn = wait.On
		case v1alpha1.ReasonAwaitingApproval, v1alpha1.ReasonAwaitingWindow, v1alpha1.ReasonWebhookUnavailable:
			waitsOn = []string{wait.Reason}
		}
		r.stages.note(name, scope.bundle.Generation, c.spec != nil, waitsOn, r.now())
	}
}

// annotateStages writes on a release that is approved now what was seen before.
func (r *PlatformBundleReconciler) annotateStages(release *v1alpha1.ComponentRelease) {
	seen, known := r.stages.seen(release.Name)
	if !known {
		return
	}
	seen.Digest, seen.Approved = wantedDigest(release.Spec), &metav1.MicroTime{Time: r.now()}
	raw, err := json.Marshal(seen)
	if err != nil {
		return // it is told to people and decides nothing
	}
	if release.Annotations == nil {
		release.Annotations = map[string]string{}
	}
	release.Annotations[v1alpha1.TimelineAnnotation] = string(raw)
}

// timeline sums up the newest change of the bundle; what was told before stays while
// another one is under way.
func (scope *bundleScope) timeline() *v1alpha1.BundleTimeline {
	var components []timeline.Component
	for _, name := range sortedKeys(scope.releases) {
		release := scope.releases[name]
		components = append(components, timeline.Component{
			Name: name, DependsOn: union(release.Spec.DependsOn, release.Spec.GuardedBy), Timeline: release.Status.Timeline,
		})
	}
	if sum := timeline.Sum(components); sum != nil {
		return sum
	}
	return scope.bundle.Status.Timeline
}
