// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// World is what the operator's cache holds about bundles.
type World struct {
	// Version of the operator.
	Version string
	// Bundles and Releases in any order.
	Bundles  []v1alpha1.PlatformBundle
	Releases []v1alpha1.ComponentRelease
	// Catalogs tell about components that have no release yet; nil tells nothing.
	Catalogs *catalog.Set
	// Lookup returns the content of a referenced object; nil knows none.
	Lookup Lookup
}

// Snapshot computes what the page shows. It is pure: the same world gives the same
// view, whatever the order in it.
func Snapshot(world World) View {
	out := View{Version: world.Version, Bundles: []Bundle{}}
	for i := range world.Bundles {
		out.Bundles = append(out.Bundles, world.bundle(&world.Bundles[i]))
	}
	slices.SortFunc(out.Bundles, func(a, b Bundle) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// releasesOf are the releases of a bundle by component.
func (w World) releasesOf(bundle string) map[string]*v1alpha1.ComponentRelease {
	out := map[string]*v1alpha1.ComponentRelease{}
	for i := range w.Releases {
		if w.Releases[i].Spec.Bundle == bundle {
			out[w.Releases[i].Spec.Component] = &w.Releases[i]
		}
	}
	return out
}

// resolvedOf are the components of a bundle as they are written, by name; none when
// they cannot be resolved, which its status tells.
func (w World) resolvedOf(bundle *v1alpha1.PlatformBundle) map[string]resolve.Component {
	out := map[string]resolve.Component{}
	if w.Catalogs == nil {
		return out
	}
	resolved, err := resolve.Resolve(*bundle.Spec.DeepCopy(), bundle.Status.CatalogVersion, w.Catalogs)
	if err != nil {
		return out
	}
	for _, c := range resolved.Components {
		out[c.Name] = c
	}
	return out
}

func (w World) bundle(bundle *v1alpha1.PlatformBundle) Bundle {
	status := bundle.Status
	releases := w.releasesOf(bundle.Name)
	missing := slices.ContainsFunc(status.Components, func(c v1alpha1.ComponentStatus) bool { return releases[c.Name] == nil })
	var resolved map[string]resolve.Component
	if missing || !settledBundle(status) {
		resolved = w.resolvedOf(bundle)
	}
	s := w.scrubberOf(status, releases, resolved)
	out := Bundle{
		Name: bundle.Name, State: bundleState(bundle), Ready: status.Ready, Catalog: status.CatalogVersion,
		NewerCatalog: status.NewerCatalogVersion, Behind: status.ObservedGeneration < bundle.Generation,
		Approval: string(bundle.Spec.Approval), Plan: planOf(bundle), Summary: summaryOf(status.Timeline), Components: []Component{},
	}
	if ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady); ready != nil {
		out.Reason, out.Message = ready.Reason, s.text(ready.Message)
	}
	if status.NextWindow != nil {
		out.NextWindow = &status.NextWindow.Time
	}
	for _, c := range conditionsOf(status.Conditions, s) {
		if c.Type != v1alpha1.ConditionReady && c.Type != v1alpha1.ConditionReconciling && c.Status != string(metav1.ConditionTrue) {
			out.Conditions = append(out.Conditions, c)
		}
	}
	dependsOn := map[string][]string{}
	for _, c := range status.Components {
		dependsOn[c.Name] = edgesOf(c.Name, releases[c.Name], resolved)
	}
	for _, c := range status.Components {
		dependsOn[c.Name] = slices.DeleteFunc(dependsOn[c.Name], func(on string) bool { _, known := dependsOn[on]; return !known })
		out.Components = append(out.Components, componentOf(c, releases[c.Name], dependsOn[c.Name], out.Summary, s))
		for _, text := range []string{c.Lifecycle, c.Warning} {
			if text != "" {
				out.Warnings = append(out.Warnings, Warning{Component: c.Name, Text: s.text(text)})
			}
		}
	}
	slices.SortFunc(out.Components, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	out.Graph = Layout(dependsOn)
	return out
}

// settledBundle says that there is nothing in the status to look behind.
func settledBundle(status v1alpha1.PlatformBundleStatus) bool {
	return meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady)
}

// scrubberOf knows the secrets of all components of a bundle, where there are
// messages that could quote them. What is Ready says nothing.
func (w World) scrubberOf(
	status v1alpha1.PlatformBundleStatus, releases map[string]*v1alpha1.ComponentRelease, resolved map[string]resolve.Component,
) *scrubber {
	s := &scrubber{}
	if settledBundle(status) {
		return s
	}
	for _, c := range status.Components {
		layersOf(releases[c.Name], resolved[c.Name], w.Lookup).teach(s)
	}
	return s
}

// edgesOf is what a component waits for: as approved, or as written when it has not
// been approved yet.
func edgesOf(name string, release *v1alpha1.ComponentRelease, resolved map[string]resolve.Component) []string {
	var out []string
	if release != nil {
		out = slices.Concat(release.Spec.DependsOn, release.Spec.GuardedBy)
	} else {
		out = slices.Clone(resolved[name].DependsOn)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func componentOf(
	c v1alpha1.ComponentStatus, release *v1alpha1.ComponentRelease, dependsOn []string, summary *Summary, s *scrubber,
) Component {
	out := Component{
		Name: c.Name, Version: c.Version, State: c.State, Reason: c.Reason, Message: s.text(c.Message), DependsOn: dependsOn,
		Warns: c.Warning != "" || c.Lifecycle != "",
	}
	if summary != nil {
		out.Critical = slices.ContainsFunc(summary.Path, func(step Step) bool { return step.Component == c.Name })
	}
	if release == nil {
		return out
	}
	out.Namespace = release.Spec.Namespace
	out.Revision = release.ResourceVersion
	out.Stages = stagesOf(release.Status.Timeline)
	if ready := meta.FindStatusCondition(release.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		out.Since = &ready.LastTransitionTime.Time
	}
	return out
}

// bundleState is the Ready condition in one word.
func bundleState(bundle *v1alpha1.PlatformBundle) string {
	conditions := bundle.Status.Conditions
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case bundle.DeletionTimestamp != nil:
		return BundleRemoving
	case ready == nil:
		return BundleWorking
	case bundle.Spec.Suspend || ready.Reason == v1alpha1.ReasonSuspended:
		return BundleSuspended
	case ready.Status == metav1.ConditionTrue:
		return BundleReady
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled):
		return BundleStalled
	case ready.Reason == v1alpha1.ReasonAwaitingApproval || ready.Reason == v1alpha1.ReasonAwaitingWindow:
		return BundleAwaiting
	}
	return BundleWorking
}

func conditionsOf(conditions []metav1.Condition, s *scrubber) []Condition {
	var out []Condition
	for _, c := range conditions {
		out = append(out, Condition{
			Type: c.Type, Status: string(c.Status), Reason: c.Reason, Message: s.text(c.Message), Since: c.LastTransitionTime.Time,
		})
	}
	slices.SortFunc(out, func(a, b Condition) int { return strings.Compare(a.Type, b.Type) })
	return out
}

// planOf is the plan with the command that lets it begin: an approval, or an
// exemption from the window.
func planOf(bundle *v1alpha1.PlatformBundle) *Plan {
	shown := bundle.Status.Plan
	if shown == nil {
		return nil
	}
	out := &Plan{Digest: shown.Digest, Summary: shown.Summary, Approved: shown.Approved, Changes: shown.Changes, Waits: "approval"}
	annotation := v1alpha1.ApprovedPlanAnnotation
	if shown.Approved || bundle.Spec.Approval != v1alpha1.ApprovalManual {
		out.Waits, annotation = "window", v1alpha1.ExemptedPlanAnnotation
	}
	if out.Waits == "window" && bundle.Status.NextWindow == nil {
		out.Waits = "" // approved, and being carried out
		return out
	}
	out.Command = fmt.Sprintf("kubectl annotate --overwrite platformbundle %s %s=%s", bundle.Name, annotation, shown.Digest)
	return out
}

func summaryOf(timeline *v1alpha1.BundleTimeline) *Summary {
	if timeline == nil {
		return nil
	}
	out := &Summary{Began: timeline.Began.Time, TookMS: timeline.Took.Milliseconds(), IdleMS: timeline.Idle.Milliseconds()}
	for _, step := range timeline.CriticalPath {
		out.Path = append(out.Path, Step{Component: step.Component, IdleMS: step.Idle.Milliseconds(), TookMS: step.Took.Milliseconds()})
	}
	return out
}

func stagesOf(timeline *v1alpha1.Timeline) *Stages {
	if timeline == nil {
		return nil
	}
	at := func(t *metav1.MicroTime) *time.Time {
		if t == nil {
			return nil
		}
		return &t.Time
	}
	out := &Stages{
		Generation: timeline.Generation,
		Queued:     at(timeline.Queued), Prepared: at(timeline.Prepared), Approved: at(timeline.Approved),
		Began: at(timeline.Began), Released: at(timeline.Released), Ready: at(timeline.Ready), GatedBy: timeline.GatedBy,
	}
	if timeline.Hooks != nil {
		out.HooksMS = timeline.Hooks.Milliseconds()
	}
	return out
}
