// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package topology is the picture of a bundle that the commands share which draw one:
// its components with their state, since when they are in it, and what each depends
// on. It is pure; it imports the API, the catalog, and what resolves a bundle.
package topology

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/graph"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// Node is one component of a bundle.
type Node struct {
	// Name in the bundle.
	Name string `json:"name"`
	// Version of the chart; empty when nobody knows it yet.
	Version string `json:"version,omitempty"`
	// State is empty for a bundle that comes from a file.
	State v1alpha1.ComponentState `json:"state,omitempty"`
	// Reason and Message are the status' own.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Since is when it came into the state; zero when nobody knows.
	Since time.Time `json:"since,omitzero"`
	// Took is the time from Helm's beginning until it was Ready, of the newest change
	// of this bundle; zero when it is not Ready or was not part of that.
	Took time.Duration `json:"-"`
	// DependsOn are other components of the picture, sorted.
	DependsOn []string `json:"dependsOn,omitempty"`
	// Lifecycle and Warning are the status' own.
	Lifecycle string `json:"lifecycle,omitempty"`
	Warning   string `json:"warning,omitempty"`
	// ReadyAt is when the newest change of the component was Ready; zero for not yet.
	ReadyAt time.Time `json:"-"`
}

// Picture is a bundle with its edges.
type Picture struct {
	// Name of the bundle.
	Name string
	// Nodes, sorted by name.
	Nodes []Node
}

// Live is the picture of a bundle of a cluster. Edges come from the releases, and from
// resolving the spec for components that have none yet; catalogs may lack the bundle's
// version, and then those edges are only the ones that the spec names.
func Live(bundle *v1alpha1.PlatformBundle, releases []v1alpha1.ComponentRelease, catalogs *catalog.Set) Picture {
	byName := map[string]*v1alpha1.ComponentRelease{}
	for i := range releases {
		byName[releases[i].Spec.Component] = &releases[i]
	}
	edges := wanted(bundle, catalogs)
	out := Picture{Name: bundle.Name}
	generation := newest(releases)
	for _, c := range bundle.Status.Components {
		node := Node{
			Name: c.Name, Version: c.Version, State: c.State, Reason: c.Reason, Message: c.Message,
			Lifecycle: c.Lifecycle, Warning: c.Warning, DependsOn: edges[c.Name],
		}
		release := byName[c.Name]
		if release != nil {
			node.DependsOn = slices.Concat(node.DependsOn, release.Spec.DependsOn, release.Spec.GuardedBy)
			node.times(release, generation)
		}
		node.Since = since(bundle, release, c.State)
		out.Nodes = append(out.Nodes, node)
	}
	out.tidy()
	return out
}

// Planned is the picture of a bundle that nobody has installed: no states, and a
// message where a component cannot be right. The error says why the spec cannot be
// resolved.
func Planned(bundle *v1alpha1.PlatformBundle, catalogs *catalog.Set) (Picture, error) {
	resolved, err := resolve.Resolve(bundle.Spec, bundle.Status.CatalogVersion, catalogs)
	if err != nil {
		return Picture{}, err
	}
	out := Picture{Name: bundle.Name}
	for _, c := range resolved.Components {
		node := Node{Name: c.Name, Version: c.Constraint, DependsOn: slices.Clone(c.DependsOn), Lifecycle: c.Lifecycle}
		if c.Trouble != nil {
			node.Message = failure.Message(c.Trouble)
		}
		out.Nodes = append(out.Nodes, node)
	}
	out.tidy()
	return out, nil
}

// wanted are the edges of the spec.
func wanted(bundle *v1alpha1.PlatformBundle, catalogs *catalog.Set) map[string][]string {
	out := map[string][]string{}
	if catalogs != nil {
		if resolved, err := resolve.Resolve(bundle.Spec, bundle.Status.CatalogVersion, catalogs); err == nil {
			for _, c := range resolved.Components {
				out[c.Name] = c.DependsOn
			}
			return out
		}
	}
	for _, c := range bundle.Spec.Components {
		out[c.Name] = c.DependsOn
	}
	return out
}

// newest is the newest generation of the bundle that changed any release.
func newest(releases []v1alpha1.ComponentRelease) int64 {
	var out int64
	for i := range releases {
		if t := releases[i].Status.Timeline; t != nil {
			out = max(out, t.Generation)
		}
	}
	return out
}

// times reads when the newest change of a release was Ready, and how long it took.
func (n *Node) times(release *v1alpha1.ComponentRelease, generation int64) {
	t := release.Status.Timeline
	if t == nil || t.Ready == nil {
		return
	}
	n.ReadyAt = t.Ready.Time
	if n.State == v1alpha1.StateReady && t.Began != nil && t.Generation == generation {
		n.Took = t.Ready.Sub(t.Began.Time)
	}
}

// since is when a component came into its state. The status of a bundle has no times,
// so it is the newest event that is known to begin such a state.
func since(bundle *v1alpha1.PlatformBundle, release *v1alpha1.ComponentRelease, state v1alpha1.ComponentState) time.Time {
	changed := turned(bundle.CreationTimestamp.Time, bundle.Status.Conditions)
	if release == nil || state == v1alpha1.StateWaiting || state == v1alpha1.StatePreparing {
		return changed
	}
	began := turned(release.CreationTimestamp.Time, release.Status.Conditions)
	if state == v1alpha1.StateFailed && release.Status.Failure != nil {
		return release.Status.Failure.LastTime.Time
	}
	stages := release.Status.Timeline
	if stages == nil {
		return began
	}
	if stages.Ready != nil {
		if state == v1alpha1.StateReady {
			return later(stages.Ready.Time, began)
		}
		return began // the stages are those of an earlier change
	}
	switch state {
	case v1alpha1.StateProgressing:
		return firstOf(began, stages.Released)
	case v1alpha1.StateInstalling, v1alpha1.StateUpgrading:
		return firstOf(began, stages.Began, stages.Approved)
	default:
		return began
	}
}

// turned is when the condition Ready came into its state, and not before another time.
func turned(earliest time.Time, conditions []metav1.Condition) time.Time {
	if ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady); ready != nil {
		return later(earliest, ready.LastTransitionTime.Time)
	}
	return earliest
}

// firstOf is the first stage that was reached, or else another time.
func firstOf(otherwise time.Time, stages ...*metav1.MicroTime) time.Time {
	for _, at := range stages {
		if at != nil {
			return at.Time
		}
	}
	return otherwise
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tidy sorts the picture and drops edges to what is not in it.
func (p *Picture) tidy() {
	slices.SortFunc(p.Nodes, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	there := map[string]bool{}
	for _, n := range p.Nodes {
		there[n.Name] = true
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		n.DependsOn = slices.DeleteFunc(n.DependsOn, func(d string) bool { return !there[d] || d == n.Name })
		slices.Sort(n.DependsOn)
		n.DependsOn = slices.Compact(n.DependsOn)
	}
}

// Graph has an edge from each component to what it depends on.
func (p Picture) Graph() *graph.Graph {
	out := graph.New()
	for _, n := range p.Nodes {
		out.Add(n.Name, n.DependsOn...)
	}
	return out
}

// Edges are the dependencies of each component; unless all are asked for, without those
// that follow from others.
func (p Picture) Edges(all bool) map[string][]string {
	g := p.Graph()
	out := map[string][]string{}
	for _, n := range p.Nodes {
		for _, d := range n.DependsOn {
			follows := slices.ContainsFunc(n.DependsOn, func(other string) bool {
				return other != d && g.HasPath(other, d) && !g.HasPath(d, other)
			})
			if all || !follows {
				out[n.Name] = append(out[n.Name], d)
			}
		}
	}
	return out
}

// Layers are the components by the length of the longest path to one that depends on
// nothing, each layer sorted by name. Releases can name edges of two generations that
// form a cycle; what is in one comes last.
func (p Picture) Layers() [][]string {
	depth := p.Depths()
	if len(depth) == 0 {
		return nil
	}
	out := make([][]string, slices.Max(slices.Collect(maps.Values(depth)))+1)
	for _, n := range p.Nodes {
		out[depth[n.Name]] = append(out[depth[n.Name]], n.Name)
	}
	return out
}

// Depths are the lengths of the longest paths to a component that depends on nothing.
func (p Picture) Depths() map[string]int {
	dependsOn, depth := map[string][]string{}, map[string]int{}
	for _, n := range p.Nodes {
		dependsOn[n.Name], depth[n.Name] = n.DependsOn, 0
	}
	for round := range len(p.Nodes) { // enough for every path without a cycle
		moved := false
		for _, n := range p.Nodes {
			for _, d := range dependsOn[n.Name] {
				if at := min(depth[d]+1, len(p.Nodes)-1); at > depth[n.Name] && round < len(p.Nodes)-1 {
					depth[n.Name], moved = at, true
				}
			}
		}
		if !moved {
			break
		}
	}
	return compact(depth)
}

// compact leaves no layer empty, which only a cycle makes.
func compact(depth map[string]int) map[string]int {
	used := slices.Compact(slices.Sorted(maps.Values(depth)))
	for name, at := range depth {
		depth[name], _ = slices.BinarySearch(used, at)
	}
	return depth
}
