// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// concerning lets through what happens to objects of a shard: also that one comes to it,
// or leaves it and must be forgotten.
func concerning(name string) predicate.Predicate {
	ours := func(object client.Object) bool { return shard.Of(object) == name }
	return predicate.Funcs{
		CreateFunc:  func(e event.CreateEvent) bool { return ours(e.Object) },
		UpdateFunc:  func(e event.UpdateEvent) bool { return ours(e.ObjectOld) || ours(e.ObjectNew) },
		DeleteFunc:  func(e event.DeleteEvent) bool { return ours(e.Object) },
		GenericFunc: func(e event.GenericEvent) bool { return ours(e.Object) },
	}
}

// leaving lets through bundles that are found in another shard, or come from one to
// another: their releases may be ours.
func leaving(name string) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(e event.CreateEvent) bool { return shard.Of(e.Object) != name },
		UpdateFunc:  func(e event.UpdateEvent) bool { return shard.Of(e.ObjectOld) != shard.Of(e.ObjectNew) },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// comingAndGoing lets through that an object is made, and that it is gone.
func comingAndGoing() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// releasesOf maps a bundle to its releases that are of a shard.
func releasesOf(reader client.Reader, name string) handler.MapFunc {
	return func(ctx context.Context, bundle client.Object) []reconcile.Request {
		var list v1alpha1.ComponentReleaseList
		err := reader.List(ctx, &list, client.MatchingFields{bundleField: bundle.GetName()}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil
		}
		return requests(own(list.Items, name))
	}
}

// trimForeign keeps of objects of other shards who they are and, of releases, which Helm
// release they claim. One that comes to this shard is sent as a whole again. Nothing may
// be written from the rest but patches of metadata.
func trimForeign(name string) toolscache.TransformFunc {
	return func(object any) (any, error) {
		switch object := object.(type) {
		case *v1alpha1.PlatformBundle:
			object.ManagedFields = nil
			if shard.Of(object) != name {
				object.Annotations, object.Spec, object.Status = nil, v1alpha1.PlatformBundleSpec{}, v1alpha1.PlatformBundleStatus{}
			}
		case *v1alpha1.ComponentRelease:
			object.ManagedFields = nil
			if shard.Of(object) != name {
				object.Annotations, object.Status = nil, v1alpha1.ComponentReleaseStatus{}
				object.Spec = v1alpha1.ComponentReleaseSpec{
					Bundle: object.Spec.Bundle, Component: object.Spec.Component,
					Namespace: object.Spec.Namespace, ReleaseName: object.Spec.ReleaseName,
				}
			}
		}
		return object, nil
	}
}
