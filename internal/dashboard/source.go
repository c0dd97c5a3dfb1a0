// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// Source is where the page's content comes from. It writes nothing and asks the API
// server nothing that the cache knows.
type Source struct {
	// Version of the operator.
	Version string
	// Shard whose bundles are shown; empty are those without one.
	Shard string
	// Reader is the operator's cache. Required.
	Reader client.Reader
	// Catalogs and Lookup as in World.
	Catalogs *catalog.Set
	Lookup   Lookup
}

// World reads what there is. The error says which kind could not be listed.
func (s Source) World(ctx context.Context) (World, error) {
	var bundles v1alpha1.PlatformBundleList
	if err := s.Reader.List(ctx, &bundles); err != nil {
		return World{}, fmt.Errorf("list PlatformBundles: %w", err)
	}
	var releases v1alpha1.ComponentReleaseList
	if err := s.Reader.List(ctx, &releases); err != nil {
		return World{}, fmt.Errorf("list ComponentReleases: %w", err)
	}
	bundles.Items = slices.DeleteFunc(bundles.Items, func(b v1alpha1.PlatformBundle) bool { return b.Labels[v1alpha1.ShardLabel] != s.Shard })
	releases.Items = slices.DeleteFunc(releases.Items, func(r v1alpha1.ComponentRelease) bool { return r.Labels[v1alpha1.ShardLabel] != s.Shard })
	return World{
		Version: s.Version, Bundles: bundles.Items, Releases: releases.Items, Catalogs: s.Catalogs, Lookup: s.Lookup,
	}, nil
}

// Detail reads the details of a component; false when there is none.
func (s Source) Detail(ctx context.Context, bundle, component string) (Detail, bool, error) {
	world, err := s.World(ctx)
	if err != nil {
		return Detail{}, false, err
	}
	var revisions []helm.Revision
	if release := world.releasesOf(bundle)[component]; release != nil {
		if revisions, err = s.revisions(ctx, release.Spec); err != nil {
			return Detail{}, false, err
		}
	}
	detail, found := Describe(world, bundle, component, revisions)
	return detail, found, nil
}

// revisions are read from the metadata of Helm's records, which is all of them that
// the cache holds.
func (s Source) revisions(ctx context.Context, spec v1alpha1.ComponentReleaseSpec) ([]helm.Revision, error) {
	var records metav1.PartialObjectMetadataList
	records.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	err := s.Reader.List(ctx, &records, client.InNamespace(spec.Namespace), client.MatchingLabels{"owner": "helm", "name": spec.ReleaseName})
	if err != nil {
		return nil, fmt.Errorf("list the Helm records of %s/%s: %w", spec.Namespace, spec.ReleaseName, err)
	}
	return helm.RevisionsFrom(records.Items), nil
}

// Watch calls changed, which must not block, when something has changed that a page
// shows, until stop is called.
type Watch func(ctx context.Context, changed func()) (stop func(), err error)

// WatchCache watches bundles and releases by the handlers of the operator's own
// informers: no watch is added, and none of it is there while nobody looks.
func WatchCache(informers cache.Informers) Watch {
	return func(ctx context.Context, changed func()) (func(), error) {
		var stops []func()
		stop := func() {
			for _, s := range stops {
				s()
			}
		}
		for _, object := range []client.Object{&v1alpha1.PlatformBundle{}, &v1alpha1.ComponentRelease{}} {
			informer, err := informers.GetInformer(ctx, object)
			if err != nil {
				stop()
				return nil, fmt.Errorf("watch %T: %w", object, err)
			}
			registration, err := informer.AddEventHandler(handler(changed))
			if err != nil {
				stop()
				return nil, fmt.Errorf("watch %T: %w", object, err)
			}
			stops = append(stops, func() { _ = informer.RemoveEventHandler(registration) }) // gone already: the cache has ended
		}
		return stop, nil
	}
}

// handler tells about every change; a resync, which repeats what is known, is none.
func handler(changed func()) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { changed() },
		UpdateFunc: func(before, after any) {
			a, okA := before.(client.Object)
			b, okB := after.(client.Object)
			if !okA || !okB || a.GetResourceVersion() != b.GetResourceVersion() {
				changed()
			}
		},
		DeleteFunc: func(any) { changed() },
	}
}
