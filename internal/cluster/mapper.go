// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// lookup asks the mapper, and once more after a refresh when it knows nothing.
func lookup[T any](k *Kinds, ask func(meta.RESTMapper) (T, error)) (T, error) {
	out, err := ask(k.current())
	if meta.IsNoMatchError(err) && k.refresh() {
		out, err = ask(k.current())
		k.helped(!meta.IsNoMatchError(err))
	}
	return out, err
}

// KindFor implements meta.RESTMapper.
func (k *Kinds) KindFor(resource schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	return lookup(k, func(m meta.RESTMapper) (schema.GroupVersionKind, error) { return m.KindFor(resource) })
}

// KindsFor implements meta.RESTMapper.
func (k *Kinds) KindsFor(resource schema.GroupVersionResource) ([]schema.GroupVersionKind, error) {
	return lookup(k, func(m meta.RESTMapper) ([]schema.GroupVersionKind, error) { return m.KindsFor(resource) })
}

// ResourceFor implements meta.RESTMapper.
func (k *Kinds) ResourceFor(input schema.GroupVersionResource) (schema.GroupVersionResource, error) {
	return lookup(k, func(m meta.RESTMapper) (schema.GroupVersionResource, error) { return m.ResourceFor(input) })
}

// ResourcesFor implements meta.RESTMapper.
func (k *Kinds) ResourcesFor(input schema.GroupVersionResource) ([]schema.GroupVersionResource, error) {
	return lookup(k, func(m meta.RESTMapper) ([]schema.GroupVersionResource, error) { return m.ResourcesFor(input) })
}

// RESTMapping implements meta.RESTMapper.
func (k *Kinds) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	return lookup(k, func(m meta.RESTMapper) (*meta.RESTMapping, error) { return m.RESTMapping(gk, versions...) })
}

// RESTMappings implements meta.RESTMapper.
func (k *Kinds) RESTMappings(gk schema.GroupKind, versions ...string) ([]*meta.RESTMapping, error) {
	return lookup(k, func(m meta.RESTMapper) ([]*meta.RESTMapping, error) { return m.RESTMappings(gk, versions...) })
}

// ResourceSingularizer implements meta.RESTMapper.
func (k *Kinds) ResourceSingularizer(resource string) (string, error) {
	return k.current().ResourceSingularizer(resource)
}
