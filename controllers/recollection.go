// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"reflect"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// recollections hold, for each bundle, what the pure parts of its last pass found and
// what they found it from: a pass after which nothing has changed resolves, merges and
// digests nothing. It is a cache, never the truth: whatever is recalled is a function of
// what it is compared by. The zero value is ready to use; safe for concurrent use, while
// one recollection belongs to the one pass of its bundle.
type recollections struct {
	mu sync.Mutex
	of map[string]*recollection
}

// resolvedFrom is all that resolving a bundle depends on, next to the operator's
// catalogs. A generation stands for the spec that the API server gave it to.
type resolvedFrom struct {
	uid        types.UID
	generation int64
	sticky     string
	removing   bool
}

// recollection is about one generation of a bundle.
type recollection struct {
	from resolvedFrom
	// listed, resolved and trouble are what came of it; nobody changes them.
	listed   []v1alpha1.Component
	resolved *resolve.Bundle
	trouble  error
	// components by name.
	components map[string]*composed
}

// recall returns what is known about a bundle as it is now. What is known about
// another generation is forgotten.
func (r *recollections) recall(bundle *v1alpha1.PlatformBundle, sticky string, catalogs *catalog.Set) *recollection {
	from := resolvedFrom{uid: bundle.UID, generation: bundle.Generation, sticky: sticky, removing: deletes(bundle)}
	r.mu.Lock()
	known := r.of[bundle.Name]
	r.mu.Unlock()
	if known != nil && known.from == from && bundle.UID != "" {
		return known
	}
	known = &recollection{from: from, components: map[string]*composed{}}
	spec := bundle.Spec
	known.listed, _ = resolve.Listed(spec, sticky, catalogs) // what is wrong with the list is said by Resolve
	if from.removing {
		spec = v1alpha1.PlatformBundleSpec{CatalogVersion: spec.CatalogVersion}
	}
	known.resolved, known.trouble = resolve.Resolve(spec, sticky, catalogs)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[string]*recollection{}
	}
	r.of[bundle.Name] = known
	return known
}

// forget drops what is known about a bundle that is gone.
func (r *recollections) forget(bundle string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of, bundle)
}

// deletes says that a bundle is being deleted with all of its releases.
func deletes(bundle *v1alpha1.PlatformBundle) bool {
	return !bundle.DeletionTimestamp.IsZero() && bundle.Spec.DeletionPolicy == v1alpha1.DeletionPolicyDelete
}

// about returns what is known about a component, which may be nothing.
func (r *recollection) about(component string) *composed {
	known := r.components[component]
	if known == nil {
		known = &composed{}
		r.components[component] = known
	}
	return known
}

// composed is what is known about one component of one generation.
type composed struct {
	from        composedFrom
	composition composition
	settled     settled
	compared    compared
}

// composedFrom is all that composing a component depends on, next to its resolved
// self. Exists tells it from the zero value.
type composedFrom struct {
	exists   bool
	approved identity
	asked    string
	contents []referenced
}

// identity stands for the spec of an object.
type identity struct {
	uid        types.UID
	generation int64
}

func identityOf(release *v1alpha1.ComponentRelease) identity {
	if release == nil {
		return identity{}
	}
	return identity{uid: release.UID, generation: release.Generation}
}

// referenced is what a reference led to.
type referenced struct {
	content       refs.Content
	found, synced bool
}

func (f composedFrom) equal(other composedFrom) bool {
	return f.exists && other.exists && f.approved == other.approved && f.asked == other.asked && reflect.DeepEqual(f.contents, other.contents)
}

// composedFrom reads everything that the component refers to.
func (c *component) composedFrom(references References) composedFrom {
	out := composedFrom{exists: true, approved: identityOf(c.release), asked: c.asked}
	for _, ref := range referencesOf(c.ValuesFrom, c.SecretRef) {
		var one referenced
		one.content, one.found, one.synced = references.Get(ref)
		out.contents = append(out.contents, one)
	}
	return out
}

// settled is the desired release that was built last, and from what.
type settled struct {
	request           *v1alpha1.ComponentReleaseSpec
	pinned            chart.Resolved
	answers           []v1alpha1.CapabilityAnswer
	definitions       []v1alpha1.CRDReference
	guardedBy, guards []string
	spec              *v1alpha1.ComponentReleaseSpec
}

func (s settled) from(other settled) bool {
	return s.spec != nil && s.request == other.request && s.pinned == other.pinned &&
		slices.Equal(s.answers, other.answers) && slices.Equal(s.definitions, other.definitions) &&
		slices.Equal(s.guardedBy, other.guardedBy) && slices.Equal(s.guards, other.guards)
}

// compared is the last comparison of a desired release with the approved one.
type compared struct {
	spec     *v1alpha1.ComponentReleaseSpec
	approved identity
	differs  bool
}

// differs compares the desired release with the approved one, once for each pair.
func (k *composed) differs(spec *v1alpha1.ComponentReleaseSpec, release *v1alpha1.ComponentRelease) bool {
	approved := identityOf(release)
	if k.compared.spec != spec || k.compared.approved != approved || approved.uid == "" {
		k.compared = compared{spec: spec, approved: approved, differs: !equality.Semantic.DeepEqual(*spec, release.Spec)}
	}
	return k.compared.differs
}
