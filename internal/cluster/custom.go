// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/restmapper"
)

// served are kinds with all that is asked about them. It is kept by API group, because
// definitions come one by one, and in a cluster with two thousand of them making
// everything anew for each would take minutes.
type served struct {
	mapper meta.RESTMapper
	// names are "group/version" and "group/version/Kind".
	names map[string]bool
}

// byGroup sorts kinds by API group; their order stays.
func byGroup(kinds []CustomKind) map[string][]CustomKind {
	out := map[string][]CustomKind{}
	for _, kind := range kinds {
		out[kind.GVK.Group] = append(out[kind.GVK.Group], kind)
	}
	return out
}

// noteGone keeps which custom resources are not served any more, and says whether what
// discovery found looks different for that; the caller holds the lock.
func (k *Kinds) noteGone(was, is map[string][]CustomKind) bool {
	changed := false
	for group, kinds := range was {
		for _, kind := range kinds {
			if !slices.Contains(is[group], kind) && !k.gone[kind.resource()] {
				k.gone[kind.resource()], changed = true, true
			}
		}
	}
	for group, kinds := range is {
		for _, kind := range kinds {
			if slices.Contains(was[group], kind) || !k.gone[kind.resource()] {
				continue
			}
			delete(k.gone, kind.resource())
			changed = true
		}
	}
	return changed
}

// rebuildBase is about what discovery found; the caller holds the lock.
func (k *Kinds) rebuildBase() {
	groups := k.withoutGone()
	names := map[string]bool{}
	for _, group := range groups {
		for _, v := range group.Group.Versions {
			names[v.GroupVersion] = true
			for _, resource := range group.VersionedResources[v.Version] {
				names[v.GroupVersion+"/"+resource.Kind] = true
			}
		}
	}
	k.base = served{mapper: restmapper.NewDiscoveryRESTMapper(groups), names: names}
}

// rebuildCustom is about the groups of custom kinds that differ; the caller holds the
// lock. Who has the mapper goes on with what it was.
func (k *Kinds) rebuildCustom(was, is map[string][]CustomKind) {
	next := make(map[string]served, len(is))
	for group, kinds := range is {
		if known, there := k.byGroup[group]; there && slices.Equal(was[group], kinds) {
			next[group] = known
			continue
		}
		next[group] = servedBy(kinds)
	}
	k.byGroup = next
	k.mapper = meta.FirstHitRESTMapper{MultiRESTMapper: meta.MultiRESTMapper{groupMapper(next), k.base.mapper}}
}

func servedBy(kinds []CustomKind) served {
	mapper, names := meta.NewDefaultRESTMapper(preferred(kinds)), map[string]bool{}
	for _, kind := range kinds {
		scope := meta.RESTScopeRoot
		if kind.Namespaced {
			scope = meta.RESTScopeNamespace
		}
		mapper.AddSpecific(kind.GVK, kind.resource(), kind.resource(), scope)
		names[kind.GVK.GroupVersion().String()] = true
		names[kind.GVK.GroupVersion().String()+"/"+kind.GVK.Kind] = true
	}
	return served{mapper: mapper, names: names}
}

// preferred are the versions in the order in which the API server prefers them,
// for questions that name none.
func preferred(kinds []CustomKind) []schema.GroupVersion {
	var out []schema.GroupVersion
	for _, kind := range kinds {
		out = append(out, kind.GVK.GroupVersion())
	}
	slices.SortFunc(out, func(a, b schema.GroupVersion) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), apiversion.CompareKubeAwareVersionStrings(b.Version, a.Version))
	})
	return slices.Compact(out)
}

// groupMapper asks the mapper of the group, and those of all groups, in their order,
// where none is named.
type groupMapper map[string]served

func (m groupMapper) of(group string) meta.MultiRESTMapper {
	if known, there := m[group]; there {
		return meta.MultiRESTMapper{known.mapper}
	}
	if group != "" {
		return nil
	}
	out := make(meta.MultiRESTMapper, 0, len(m))
	for _, group := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[group].mapper)
	}
	return out
}

// KindFor implements meta.RESTMapper.
func (m groupMapper) KindFor(resource schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	return m.of(resource.Group).KindFor(resource)
}

// KindsFor implements meta.RESTMapper.
func (m groupMapper) KindsFor(resource schema.GroupVersionResource) ([]schema.GroupVersionKind, error) {
	return m.of(resource.Group).KindsFor(resource)
}

// ResourceFor implements meta.RESTMapper.
func (m groupMapper) ResourceFor(resource schema.GroupVersionResource) (schema.GroupVersionResource, error) {
	return m.of(resource.Group).ResourceFor(resource)
}

// ResourcesFor implements meta.RESTMapper.
func (m groupMapper) ResourcesFor(resource schema.GroupVersionResource) ([]schema.GroupVersionResource, error) {
	return m.of(resource.Group).ResourcesFor(resource)
}

// RESTMapping implements meta.RESTMapper, without a look at other groups.
func (m groupMapper) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	known, there := m[kind.Group]
	if !there {
		return nil, &meta.NoKindMatchError{GroupKind: kind, SearchedVersions: versions}
	}
	return known.mapper.RESTMapping(kind, versions...)
}

// RESTMappings implements meta.RESTMapper, without a look at other groups.
func (m groupMapper) RESTMappings(kind schema.GroupKind, versions ...string) ([]*meta.RESTMapping, error) {
	known, there := m[kind.Group]
	if !there {
		return nil, &meta.NoKindMatchError{GroupKind: kind, SearchedVersions: versions}
	}
	return known.mapper.RESTMappings(kind, versions...)
}

// ResourceSingularizer implements meta.RESTMapper.
func (m groupMapper) ResourceSingularizer(resource string) (string, error) {
	return m.of("").ResourceSingularizer(resource)
}
