// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	admissioninformers "k8s.io/client-go/informers/admissionregistration/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	discoveryinformers "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// byService is the index of EndpointSlices by namespace/service.
const byService = "service"

// stores are the caches of the watches; they implement world.
type stores struct {
	validating cache.SharedIndexInformer
	mutating   cache.SharedIndexInformer
	services   cache.SharedIndexInformer
	slices     cache.SharedIndexInformer
	namespaces cache.SharedIndexInformer
	mapper     meta.RESTMapper // may be nil
}

func newStores(client kubernetes.Interface, partial metadata.Interface, mapper meta.RESTMapper) (*stores, error) {
	s := &stores{
		validating: admissioninformers.NewValidatingWebhookConfigurationInformer(client, 0, cache.Indexers{}),
		mutating:   admissioninformers.NewMutatingWebhookConfigurationInformer(client, 0, cache.Indexers{}),
		services:   coreinformers.NewServiceInformer(client, metav1.NamespaceAll, 0, cache.Indexers{}),
		slices: discoveryinformers.NewEndpointSliceInformer(client, metav1.NamespaceAll, 0, cache.Indexers{
			byService: func(obj any) ([]string, error) {
				if s, ok := obj.(*slice); ok && s.service != "" {
					return []string{s.Namespace + "/" + s.service}, nil
				}
				return nil, nil
			},
		}),
		namespaces: metadatainformer.NewFilteredMetadataInformer(partial, corev1.SchemeGroupVersion.WithResource("namespaces"),
			metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer(),
		mapper: mapper,
	}
	for _, informer := range s.all() {
		if err := informer.SetTransform(trim); err != nil {
			return nil, fmt.Errorf("watch admission: %w", err)
		}
	}
	return s, nil
}

func (s *stores) all() []cache.SharedIndexInformer {
	return []cache.SharedIndexInformer{s.validating, s.mutating, s.services, s.slices, s.namespaces}
}

// configurations implements world.
func (s *stores) configurations() []*configuration {
	var out []*configuration
	for _, informer := range []cache.SharedIndexInformer{s.validating, s.mutating} {
		for _, obj := range informer.GetIndexer().List() {
			if c, ok := obj.(*configuration); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

// endpoints implements world.
func (s *stores) endpoints(name types.NamespacedName) (ready int, external, known bool) {
	obj, known, err := s.services.GetIndexer().GetByKey(name.String())
	if err != nil || !known {
		return 0, false, false
	}
	if found, ok := obj.(*service); ok && found.external {
		return 0, true, true
	}
	objs, err := s.slices.GetIndexer().ByIndex(byService, name.String())
	if err != nil {
		return 0, false, true // only an unknown index fails
	}
	for _, obj := range objs {
		if part, ok := obj.(*slice); ok {
			ready += part.ready
		}
	}
	return ready, false, true
}

// namespace implements world.
func (s *stores) namespace(name string) (labels map[string]string, known bool) {
	obj, known, err := s.namespaces.GetIndexer().GetByKey(name)
	if err != nil || !known {
		return nil, false
	}
	m, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return nil, false
	}
	return m.Labels, true
}

// resource implements world.
func (s *stores) resource(o Object) string {
	if s.mapper != nil {
		if mapping, err := s.mapper.RESTMapping(o.GroupKind(), o.Version); err == nil {
			return mapping.Resource.Resource
		}
	}
	plural, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind)
	return plural.Resource
}
