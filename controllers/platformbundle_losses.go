// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/graph"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/usage"
)

// loss is what a removal would lose of one kind, or leave without its operator.
type loss struct {
	kind  string
	total int
	names []string
	// released says that it is part of the release itself.
	released bool
}

func (l loss) String() string {
	names := strings.Join(l.names, ", ")
	if more := l.total - len(l.names); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%d %s (%s)", l.total, l.kind, names)
}

// losses are those of one component, sorted by kind.
type losses []loss

func (l losses) texts() []string {
	var out []string
	for _, entry := range l {
		out = append(out, entry.String())
	}
	return out
}

// refusal is the sentence that says why a component stays and how to let it go.
// What is part of the release itself is made again when it is deleted; it can only
// be given up. Whole says that the bundle goes, with all that it lists.
func (l losses) refusal(component string, whole bool) string {
	var kinds []string
	deletable := true
	for _, entry := range l {
		kinds = append(kinds, entry.kind)
		deletable = deletable && !entry.released
	}
	cure := "keep the component listed with enabled: false and allowDataLoss"
	if whole {
		cure = "set allowDataLoss of the component"
	}
	if deletable {
		cure = "delete them, or " + cure
	}
	return fmt.Sprintf("%s is not removed, because these objects would be lost or left without their operator: %s; %s: [%s]",
		component, strings.Join(l.texts(), ", "), cure, strings.Join(slices.Compact(kinds), ", "))
}

// countLosses finds, for every release that is not wanted any more, what goes
// with it: live custom resources of its kinds that neither the release itself, nor
// one that is removed after it, nor a controller made, and the claims and namespaces of the release itself. What
// allowDataLoss names does not count.
func (r *PlatformBundleReconciler) countLosses(scope *bundleScope, releases []plan.ReleaseState) {
	scope.losses = map[string]losses{}
	leaving := scope.leaving(releases)
	edges := graph.New()
	for _, state := range releases {
		edges.Add(state.Name, union(state.DependsOn, state.KindsOf)...)
	}
	var kinds []usage.Kind
	for name, release := range leaving {
		// What is removed after it cannot go before it: its objects have no say, unless it
		// is not going to be removed at all.
		excluded := []string{release.Name}
		for other := range leaving {
			if other != name && edges.HasPath(name, other) && scope.goes(leaving[other]) {
				excluded = append(excluded, leaving[other].Name)
			}
		}
		slices.Sort(excluded)
		for _, gvk := range scope.ownedKinds(release) {
			kinds = append(kinds, usage.Kind{GroupVersionKind: gvk, Excluded: strings.Join(excluded, ",")})
		}
	}
	r.Usage.Set(scope.bundle.Name, kinds)
	counts, synced := r.Usage.Count(scope.bundle.Name)
	for i := range releases {
		release := leaving[releases[i].Name]
		if release == nil {
			continue
		}
		found := scope.lossesOf(release, counts)
		scope.losses[releases[i].Name] = found
		releases[i].AtRisk = found.texts()
		releases[i].Counting = !synced && len(scope.ownedKinds(release)) > 0
	}
	scope.uncounted = r.Usage.Trouble(scope.bundle.Name)
}

// noteKinds finds whose kinds the follow-up manifests of a release have: that
// operator is needed until they are gone.
func (scope *bundleScope) noteKinds(states []plan.ReleaseState) {
	bringer := map[schema.GroupKind]string{}
	edges := graph.New()
	for _, state := range states {
		edges.Add(state.Name, union(state.DependsOn, state.GuardedBy)...)
		for _, name := range state.CRDs {
			if definition, exists := scope.definitions.Get(name); exists {
				bringer[schema.GroupKind{Group: definition.Group, Kind: definition.Kind}] = state.Name
			}
		}
	}
	for i := range states {
		user := states[i].Name
		for _, ref := range scope.releases[user].Status.Manifests {
			owner, known := bringer[schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind).GroupKind()]
			if !known || owner == user || edges.HasPath(owner, user) {
				continue
			}
			edges.Add(user, owner)
			states[i].KindsOf = union(states[i].KindsOf, []string{owner})
		}
	}
}

// leaving are the releases that are to be removed and not on their way yet.
func (scope *bundleScope) leaving(states []plan.ReleaseState) map[string]*v1alpha1.ComponentRelease {
	out := map[string]*v1alpha1.ComponentRelease{}
	for _, state := range states {
		wanted := slices.ContainsFunc(scope.components, func(c *component) bool { return c.Name == state.Name })
		if !wanted && !state.Removing {
			out[state.Name] = scope.releases[state.Name]
		}
	}
	return out
}

// ownedKinds are the kinds whose definitions belong to a release and that nobody
// has given up, each in a version that is served.
func (scope *bundleScope) ownedKinds(release *v1alpha1.ComponentRelease) []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	given := scope.allowDataLoss(release.Spec.Component)
	for _, ref := range release.Spec.CRDs {
		state, exists := scope.definitions.Get(ref.Name)
		// A definition that has lost its label is still ours, unless another one's.
		if !exists || (state.Owner != release.Name && state.Owner != "") || slices.Contains(given, state.Kind) {
			continue
		}
		at := slices.IndexFunc(state.Versions, func(v crds.Version) bool { return v.Served })
		if at >= 0 {
			out = append(out, schema.GroupVersionKind{Group: state.Group, Version: state.Versions[at].Name, Kind: state.Kind})
		}
	}
	return out
}

func (scope *bundleScope) lossesOf(release *v1alpha1.ComponentRelease, counts []usage.Count) losses {
	allowed := scope.allowDataLoss(release.Spec.Component)
	var out losses
	owned := scope.ownedKinds(release)
	for _, count := range counts {
		if slices.Contains(owned, count.GroupVersionKind) && count.Total > 0 {
			out = append(out, loss{kind: count.Kind, total: count.Total, names: count.Names})
		}
	}
	out = append(out, dataLosses(slices.Concat(release.Status.Data, keptManifests(release)), allowed)...)
	slices.SortStableFunc(out, func(a, b loss) int { return strings.Compare(a.kind, b.kind) })
	return out
}

// goes says that nothing of its own keeps a release from being removed in its turn.
func (scope *bundleScope) goes(release *v1alpha1.ComponentRelease) bool {
	own := slices.Concat(release.Status.Data, keptManifests(release))
	return !release.Spec.Suspend && len(dataLosses(own, scope.allowDataLoss(release.Spec.Component))) == 0
}

// keptManifests are the follow-up objects of a release that are data, of those that it
// may have applied.
func keptManifests(release *v1alpha1.ComponentRelease) []v1alpha1.ObjectReference {
	kept := manifests.Data(release.Spec.Manifests, release.Spec.Namespace)
	return manifests.Without(kept, manifests.Without(kept, release.Status.Manifests))
}

// dataLosses are the objects that count as data by themselves, by kind.
func dataLosses(data []v1alpha1.ObjectReference, allowed []string) losses {
	byKind := map[string][]string{}
	for _, ref := range data {
		if slices.Contains(allowed, ref.Kind) {
			continue
		}
		name := ref.Name
		if ref.Namespace != "" {
			name = ref.Namespace + "/" + name
		}
		byKind[ref.Kind] = append(byKind[ref.Kind], name)
	}
	const most = 3
	var out losses
	for _, kind := range sortedKeys(byKind) {
		names := byKind[kind]
		slices.Sort(names)
		out = append(out, loss{kind: kind, total: len(names), names: names[:min(most, len(names))], released: true})
	}
	return out
}

// allowDataLoss is what the spec gives up of a component, whether it is enabled
// or not: deleting the whole bundle asks the enabled ones, too.
func (scope *bundleScope) allowDataLoss(component string) []string {
	for _, c := range scope.listed {
		if c.Name == component {
			return c.AllowDataLoss
		}
	}
	return nil
}
