// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster knows which kinds the API server serves, from one discovery
// at start-up and the watch on custom resource definitions after that, so that
// nobody repeats discovery per action. It imports client-go and apimachinery.
package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/restmapper"
)

// refreshInterval bounds how often a kind that nobody knows makes us ask the
// API server again; it doubles up to maxRefreshInterval while asking does not help.
// Aggregated API servers are the only ones that can appear without a custom resource
// definition telling us, and while a platform comes up it is definitions that are
// missing.
const (
	refreshInterval    = time.Second
	maxRefreshInterval = 16 * time.Second
)

// CustomKind is one kind that an established custom resource definition serves.
type CustomKind struct {
	// GVK of the kind, in a served version.
	GVK schema.GroupVersionKind
	// Plural resource name.
	Plural string
	// Namespaced says whether objects live in namespaces.
	Namespaced bool
}

func (k CustomKind) resource() schema.GroupVersionResource {
	return k.GVK.GroupVersion().WithResource(k.Plural)
}

// Kinds is a meta.RESTMapper and the list of served API versions. It is safe for
// concurrent use.
type Kinds struct {
	client discovery.DiscoveryInterface
	now    func() time.Time

	mu     sync.RWMutex
	groups []*restmapper.APIGroupResources
	custom []CustomKind
	// gone are custom resources that discovery has seen and that are not served
	// any more.
	gone      map[schema.GroupVersionResource]bool
	mapper    meta.RESTMapper
	base      served
	byGroup   map[string]served // of custom kinds
	refreshed time.Time
	interval  time.Duration // until it may be asked again
	version   *apiversion.Info
}

var _ meta.RESTMapper = (*Kinds)(nil)

// NewKinds discovers the API server once. The error is that of discovery.
func NewKinds(client discovery.DiscoveryInterface) (*Kinds, error) {
	k := &Kinds{client: client, now: time.Now, interval: refreshInterval, gone: map[schema.GroupVersionResource]bool{}}
	info, err := client.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("read the API server's version: %w", err)
	}
	k.version = info
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.discover(); err != nil {
		return nil, err
	}
	k.rebuild()
	return k, nil
}

// ServerVersion is the API server's version at start-up.
func (k *Kinds) ServerVersion() apiversion.Info { return *k.version }

// SetCustom replaces the kinds of established custom resource definitions. The
// caller is the watch on them. It reports whether anything changed.
func (k *Kinds) SetCustom(kinds []CustomKind) bool {
	kinds = slices.Clone(kinds)
	slices.SortFunc(kinds, func(a, b CustomKind) int {
		return cmp.Or(strings.Compare(a.GVK.Group, b.GVK.Group), strings.Compare(a.GVK.Version, b.GVK.Version), strings.Compare(a.GVK.Kind, b.GVK.Kind))
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.Equal(kinds, k.custom) {
		return false
	}
	was, is := byGroup(k.custom), byGroup(kinds)
	k.custom = kinds
	if k.noteGone(was, is) {
		k.rebuildBase()
	}
	k.rebuildCustom(was, is)
	return true
}

// Has answers a question as templates ask it: "group/version", or
// "group/version/Kind".
func (k *Kinds) Has(apiVersion string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	group, _, _ := strings.Cut(apiVersion, "/")
	return k.base.names[apiVersion] || k.byGroup[group].names[apiVersion]
}

// APIVersions lists everything that Has answers with true, sorted.
func (k *Kinds) APIVersions() []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := slices.Collect(maps.Keys(k.base.names))
	for _, group := range k.byGroup {
		out = slices.AppendSeq(out, maps.Keys(group.names))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// discover asks the API server; the caller holds the lock. Groups whose
// aggregated API server does not answer are left out.
func (k *Kinds) discover() error {
	groups, err := restmapper.GetAPIGroupResources(k.client)
	if err != nil {
		return fmt.Errorf("discover the kinds that the API server serves: %w", err)
	}
	k.groups = groups
	k.refreshed = k.now()
	return nil
}

// rebuild makes everything anew; the caller holds the lock.
func (k *Kinds) rebuild() {
	k.rebuildBase()
	k.rebuildCustom(nil, byGroup(k.custom))
}

// withoutGone is what discovery found, less the custom resources that have gone
// since, and less the versions that nothing is left of.
func (k *Kinds) withoutGone() []*restmapper.APIGroupResources {
	if len(k.gone) == 0 {
		return k.groups
	}
	out := make([]*restmapper.APIGroupResources, 0, len(k.groups))
	for _, group := range k.groups {
		kept := &restmapper.APIGroupResources{Group: group.Group, VersionedResources: map[string][]metav1.APIResource{}}
		kept.Group.Versions = nil
		for _, v := range group.Group.Versions {
			all := group.VersionedResources[v.Version]
			left := slices.DeleteFunc(slices.Clone(all), func(r metav1.APIResource) bool {
				plural, _, _ := strings.Cut(r.Name, "/") // subresources go with their resource
				return k.gone[schema.GroupVersionResource{Group: group.Group.Name, Version: v.Version, Resource: plural}]
			})
			if len(left) > 0 || len(all) == 0 {
				kept.Group.Versions = append(kept.Group.Versions, v)
				kept.VersionedResources[v.Version] = left
			}
		}
		out = append(out, kept)
	}
	return out
}

// refresh discovers again unless that was done a moment ago.
func (k *Kinds) refresh() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now().Sub(k.refreshed) < k.interval {
		return false
	}
	if err := k.discover(); err != nil {
		k.refreshed = k.now()
		return false
	}
	k.rebuild()
	return true
}

// helped notes whether asking again told a kind that was not known.
func (k *Kinds) helped(yes bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if yes {
		k.interval = refreshInterval
		return
	}
	k.interval = min(2*k.interval, maxRefreshInterval)
}

func (k *Kinds) current() meta.RESTMapper {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.mapper
}
