// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// lookups gives templates their "lookup" over the shared mapper. Helm's own
// discovers per call, and fails for a kind that is not served yet, which is what
// a chart asks for whose CRDs are about to be applied: there, nothing is found.
type lookups struct {
	client dynamic.Interface
	mapper meta.RESTMapper

	mu  sync.Mutex
	err error
}

// GetClientFor implements engine.ClientProvider.
func (l *lookups) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	gvk := schema.FromAPIVersionAndKind(apiVersion, kind)
	mapping, err := l.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		return nothing{resource: gvk.GroupKind()}, false, nil
	}
	if err != nil {
		return nil, false, l.remember(err)
	}
	namespaced := mapping.Scope.Name() == meta.RESTScopeNameNamespace
	return &remembering{NamespaceableResourceInterface: l.client.Resource(mapping.Resource), lookups: l}, namespaced, nil
}

// Err is the first error that says nothing about the chart: the API server did
// not answer. Rendering again may succeed.
func (l *lookups) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *lookups) remember(err error) error {
	if err == nil || apierrors.IsNotFound(err) {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
	return err
}

// remembering notes errors of reads.
type remembering struct {
	dynamic.NamespaceableResourceInterface
	lookups *lookups
}

// Namespace implements dynamic.NamespaceableResourceInterface.
func (r *remembering) Namespace(namespace string) dynamic.ResourceInterface {
	return &rememberingIn{ResourceInterface: r.NamespaceableResourceInterface.Namespace(namespace), lookups: r.lookups}
}

// Get implements dynamic.ResourceInterface.
func (r *remembering) Get(ctx context.Context, name string, options metav1.GetOptions, sub ...string) (*unstructured.Unstructured, error) {
	object, err := r.NamespaceableResourceInterface.Get(ctx, name, options, sub...)
	return object, r.lookups.remember(err)
}

// List implements dynamic.ResourceInterface.
func (r *remembering) List(ctx context.Context, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	list, err := r.NamespaceableResourceInterface.List(ctx, options)
	return list, r.lookups.remember(err)
}

// rememberingIn is the same within one namespace.
type rememberingIn struct {
	dynamic.ResourceInterface
	lookups *lookups
}

// Get implements dynamic.ResourceInterface.
func (r *rememberingIn) Get(ctx context.Context, name string, options metav1.GetOptions, sub ...string) (*unstructured.Unstructured, error) {
	object, err := r.ResourceInterface.Get(ctx, name, options, sub...)
	return object, r.lookups.remember(err)
}

// List implements dynamic.ResourceInterface.
func (r *rememberingIn) List(ctx context.Context, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	list, err := r.ResourceInterface.List(ctx, options)
	return list, r.lookups.remember(err)
}

// nothing is a kind that is not served: every read finds nothing. Templates only
// read, so the writing half is left nil.
type nothing struct {
	dynamic.NamespaceableResourceInterface
	resource schema.GroupKind
}

// Namespace implements dynamic.NamespaceableResourceInterface.
func (n nothing) Namespace(string) dynamic.ResourceInterface { return n }

// Get implements dynamic.ResourceInterface.
func (n nothing) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{Group: n.resource.Group, Resource: n.resource.Kind}, name)
}

// List implements dynamic.ResourceInterface.
func (n nothing) List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{Group: n.resource.Group, Resource: n.resource.Kind}, "")
}
