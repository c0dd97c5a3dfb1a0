// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Index answers questions about the definitions of a cluster. The zero Index is an empty cluster; an Index is not changed after it was made.
type Index struct {
	byName map[string]State
	byKind map[schema.GroupKind]State
	// gone are owners that do not count any more.
	gone []string
}

// Without returns the same definitions, of which those that belong to one of these owners belong to nobody.
func (ix Index) Without(owners []string) Index {
	ix.gone = owners
	return ix
}

// owned takes away an owner that does not count.
func (ix Index) owned(s State) State {
	if slices.Contains(ix.gone, s.Owner) {
		s.Owner = ""
	}
	return s
}

// NewIndex indexes the states. When several definitions claim a kind, the one that is established is taken.
func NewIndex(states []State) Index {
	ix := Index{byName: make(map[string]State, len(states)), byKind: make(map[schema.GroupKind]State, len(states))}
	for _, s := range states {
		ix.byName[s.Name] = s
		gk := schema.GroupKind{Group: s.Group, Kind: s.Kind}
		if have, ok := ix.byKind[gk]; !ok || !have.Established {
			ix.byKind[gk] = s
		}
	}
	return ix
}

// Get returns the definition of that name.
func (ix Index) Get(name string) (State, bool) {
	s, ok := ix.byName[name]
	return ix.owned(s), ok
}

// Find returns the definition of that kind.
func (ix Index) Find(gk schema.GroupKind) (State, bool) {
	s, ok := ix.byKind[gk]
	return ix.owned(s), ok
}

// Serves says whether the kind can be used now: its version is served, the definition is established and is not being deleted.
func (ix Index) Serves(gvk schema.GroupVersionKind) bool {
	s, ok := ix.byKind[gvk.GroupKind()]
	return ok && s.Established && !s.Terminating && serves(s.Versions, gvk.Version)
}

// Owner returns the owner (<bundle>.<component>) of the kind's definition, which is empty for one that the operator never applied, and
// whether there is a definition at all.
func (ix Index) Owner(gk schema.GroupKind) (owner string, exists bool) {
	s, ok := ix.Find(gk)
	return s.Owner, ok
}

// Kinds lists every kind and version that can be used now, sorted.
func (ix Index) Kinds() []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, s := range ix.byName {
		if s.Established && !s.Terminating {
			out = append(out, kinds(s.Group, s.Kind, s.Versions)...)
		}
	}
	slices.SortFunc(out, func(a, b schema.GroupVersionKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Version, b.Version))
	})
	return slices.Compact(out)
}

// ExistingKinds lists every kind and version that the states serve now, sorted.
func ExistingKinds(states []State) []schema.GroupVersionKind { return NewIndex(states).Kinds() }
