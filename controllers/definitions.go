// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
)

// definitionBook keeps the definitions of the cluster indexed between passes: with two
// thousand of them, building the index costs more than all the rest of a pass. The zero
// value is ready to use; safe for concurrent use.
type definitionBook struct {
	mu       sync.Mutex
	versions map[string]string // resource versions by name
	index    crds.Index
	owners   []string
}

// take indexes the definitions unless they are those of the last time. What they serve
// is told before anybody gets the index, and changed is the answer. Owners are those
// that the definitions name, sorted.
func (b *definitionBook) take(objects []crds.Object, tell func([]cluster.CustomKind) bool) (index crds.Index, owners []string, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.same(objects) {
		return b.index, b.owners, false
	}
	b.versions = make(map[string]string, len(objects))
	states := make([]crds.State, 0, len(objects))
	var kinds []cluster.CustomKind
	named := map[string]bool{}
	for i := range objects {
		b.versions[objects[i].Name] = objects[i].ResourceVersion
		state := objects[i].State()
		states = append(states, state)
		kinds = append(kinds, servedKinds(state)...)
		if state.Owner != "" {
			named[state.Owner] = true
		}
	}
	b.index, b.owners = crds.NewIndex(states), slices.Sorted(maps.Keys(named))
	return b.index, b.owners, tell(kinds)
}

// same says whether these are the definitions that were indexed; the caller holds the
// lock.
func (b *definitionBook) same(objects []crds.Object) bool {
	if b.versions == nil || len(objects) != len(b.versions) {
		return false
	}
	for i := range objects {
		if b.versions[objects[i].Name] != objects[i].ResourceVersion {
			return false
		}
	}
	return true
}

func servedKinds(state crds.State) []cluster.CustomKind {
	if !state.Established || state.Terminating {
		return nil
	}
	var out []cluster.CustomKind
	for _, version := range state.Versions {
		if version.Served {
			out = append(out, cluster.CustomKind{
				GVK:    schema.GroupVersionKind{Group: state.Group, Version: version.Name, Kind: state.Kind},
				Plural: state.Plural, Namespaced: state.Namespaced,
			})
		}
	}
	return out
}
