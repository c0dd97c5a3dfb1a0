// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"slices"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// history writes down when things happened to a bundle, as resourceVersions: they
// count all writes to the cluster in their order, which times in full seconds do not.
type history struct {
	mu       sync.Mutex
	ready    map[string]int64 // component: first time Ready
	recorded map[string]int64 // namespace/release: first Helm record
	removing map[string]int64 // component: removal approved
	gone     map[string]int64 // component: release and objects gone
	states   map[string][]v1alpha1.ComponentState
}

// follow starts a history; it ends with the spec's node.
func follow(ctx context.Context, bundle string) *history {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	DeferCleanup(cancel)
	h := &history{
		ready: map[string]int64{}, recorded: map[string]int64{}, removing: map[string]int64{}, gone: map[string]int64{},
		states: map[string][]v1alpha1.ComponentState{},
	}
	records := &metav1.PartialObjectMetadataList{}
	records.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	h.watch(ctx, records, client.MatchingLabels{"owner": "helm"})
	h.watch(ctx, &v1alpha1.ComponentReleaseList{}, client.MatchingLabels{v1alpha1.BundleLabel: bundle})
	h.watch(ctx, &v1alpha1.PlatformBundleList{}, client.MatchingFields{"metadata.name": bundle})
	return h
}

func (h *history) watch(ctx context.Context, list client.ObjectList, opts ...client.ListOption) {
	GinkgoHelper()
	w, err := k8s.Watch(ctx, list, opts...)
	Expect(err).NotTo(HaveOccurred())
	go func() {
		defer w.Stop()
		for event := range w.ResultChan() {
			if object, ok := event.Object.(client.Object); ok {
				h.note(event.Type, object)
			}
		}
	}()
}

func (h *history) note(kind watch.EventType, object client.Object) {
	defer GinkgoRecover()
	h.mu.Lock()
	defer h.mu.Unlock()
	at := harness.VersionOf(object.GetResourceVersion())
	switch o := object.(type) {
	case *metav1.PartialObjectMetadata:
		first(h.recorded, o.Namespace+"/"+o.Labels["name"], at, kind == watch.Added)
	case *v1alpha1.ComponentRelease:
		name := o.Spec.Component
		first(h.ready, name, at, meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady))
		first(h.removing, name, at, o.Spec.Removal != "")
		first(h.gone, name, at, o.Status.Removed)
	case *v1alpha1.PlatformBundle:
		h.noteBundle(o)
	}
}

func (h *history) noteBundle(bundle *v1alpha1.PlatformBundle) {
	for _, c := range bundle.Status.Components {
		if known := h.states[c.Name]; len(known) == 0 || known[len(known)-1] != c.State {
			h.states[c.Name] = append(known, c.State)
		}
	}
}

func first(events map[string]int64, key string, at int64, happened bool) {
	if _, known := events[key]; happened && !known {
		events[key] = at
	}
}

// expectInstallOrder holds every release against its dependencies: none may have
// a Helm record before all of them were Ready.
func (h *history) expectInstallOrder(releases map[string]v1alpha1.ComponentRelease) {
	GinkgoHelper()
	edges := 0
	for name, release := range releases {
		for _, dependency := range slices.Concat(release.Spec.DependsOn, release.Spec.GuardedBy) {
			key := release.Spec.Namespace + "/" + release.Spec.ReleaseName
			// The watches are independent of each other: wait for both events.
			Eventually(h.event(h.recorded, key)).ShouldNot(BeZero(), "no Helm record of %s was seen", name)
			Eventually(h.event(h.ready, dependency)).ShouldNot(BeZero(), "%s was never seen Ready", dependency)
			Expect(h.event(h.recorded, key)()).To(BeNumerically(">", h.event(h.ready, dependency)()),
				"%s was started before %s was Ready", name, dependency)
			edges++
		}
	}
	Expect(edges).To(BeNumerically(">", 0), "there was no dependency to look at")
}

// expectRemovalOrder holds every release that went against those that depended on it.
func (h *history) expectRemovalOrder(releases map[string]v1alpha1.ComponentRelease, removed ...string) {
	GinkgoHelper()
	for _, name := range removed {
		Eventually(h.event(h.gone, name)).ShouldNot(BeZero(), "%s was never reported as removed", name)
	}
	for _, name := range removed {
		for _, dependency := range slices.Concat(releases[name].Spec.DependsOn, releases[name].Spec.GuardedBy) {
			if slices.Contains(removed, dependency) {
				Expect(h.event(h.removing, dependency)()).To(BeNumerically(">", h.event(h.gone, name)()),
					"%s was removed before %s, which depends on it, was gone", dependency, name)
			}
		}
	}
}

func (h *history) event(events map[string]int64, key string) func() int64 {
	return func() int64 {
		h.mu.Lock()
		defer h.mu.Unlock()
		return events[key]
	}
}

func (h *history) statesOf(component string) []v1alpha1.ComponentState {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.states[component])
}
