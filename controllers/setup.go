// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// How many bundles and ComponentReleases are looked at side by side. The work in a
// pass is small, but it ends with writes that the API server takes its time for, and
// nobody should queue behind these.
const (
	bundleWorkers  = 8
	releaseWorkers = 16
)

// CacheOptions are those of the manager of a shard: of Secrets only Helm's records, and
// of these only metadata; of definitions only what decisions need; of the bundles and
// releases of other shards only who they are and what they claim.
func CacheOptions(name string) cache.Options {
	return cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			records():      {Label: helm.RecordSelector()},
			&crds.Object{}: {Transform: crds.Trim},

			&v1alpha1.PlatformBundle{}:   {Transform: trimForeign(name)},
			&v1alpha1.ComponentRelease{}: {Transform: trimForeign(name)},
		},
	}
}

// ClientOptions are the manager's: Secrets and ConfigMaps are never cached whole,
// and of what is read once in a while no cache is begun.
func ClientOptions() client.Options {
	return client.Options{Cache: &client.CacheOptions{
		DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}, &corev1.Namespace{}, &corev1.Service{}},
	}}
}

// SetupWithManager registers the controller, its watches and its index.
func (r *PlatformBundleReconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager, waker *Waker) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.ComponentRelease{}, bundleField, func(object client.Object) []string {
		release, ok := object.(*v1alpha1.ComponentRelease)
		if !ok {
			return nil
		}
		return []string{release.Spec.Bundle}
	})
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("platformbundle").
		// Own status writes come back on purpose: a pass may have been computed from a
		// cache that had not seen the write before it, and found nothing to change.
		For(&v1alpha1.PlatformBundle{}, builder.WithPredicates(concerning(r.Shard))).
		Watches(&v1alpha1.ComponentRelease{}, handler.EnqueueRequestsFromMapFunc(bundleOf), builder.WithPredicates(concerning(r.Shard))).
		Watches(&v1alpha1.ComponentRelease{}, handler.EnqueueRequestsFromMapFunc(everyBundle(mgr.GetClient(), r.Shard)),
			builder.WithPredicates(deletions())).
		Watches(&crds.Object{}, definitionHandler(mgr.GetClient(), r.Shard),
			builder.WithPredicates(definitionChanged())).
		WatchesRawSource(waker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: bundleWorkers}).
		WithLogConstructor(logConstructor(mgr.GetLogger(), "platformbundle")).
		Complete(r)
}

// SetupWithManager registers the controller, its watches and its index.
func (r *ComponentReleaseReconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager, waker *Waker) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.ComponentRelease{}, helmReleaseField, func(object client.Object) []string {
		release, ok := object.(*v1alpha1.ComponentRelease)
		if !ok {
			return nil
		}
		return []string{helm.Release{Namespace: release.Spec.Namespace, Name: release.Spec.ReleaseName}.String()}
	})
	if err != nil {
		return err
	}
	r.rivals = claims(mgr.GetClient())
	return ctrl.NewControllerManagedBy(mgr).
		Named("componentrelease").
		// Own status writes come back, as for bundles.
		For(&v1alpha1.ComponentRelease{}, builder.WithPredicates(concerning(r.Shard))).
		Watches(&v1alpha1.ComponentRelease{}, handler.EnqueueRequestsFromMapFunc(rivalsOf(mgr.GetClient(), r.Shard)),
			builder.WithPredicates(comingAndGoing())).
		Watches(&v1alpha1.PlatformBundle{}, handler.EnqueueRequestsFromMapFunc(releasesOf(mgr.GetClient(), r.Shard)),
			builder.WithPredicates(leaving(r.Shard))).
		WatchesMetadata(records(), handler.EnqueueRequestsFromMapFunc(releaseOfRecord(mgr.GetClient(), r.Shard))).
		WatchesMetadata(namespaces(), handler.EnqueueRequestsFromMapFunc(releasesIn(mgr.GetClient(), r.Shard)), builder.WithPredicates(ending())).
		WatchesRawSource(waker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: releaseWorkers}).
		WithLogConstructor(logConstructor(mgr.GetLogger(), "componentrelease")).
		Complete(r)
}
