// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"context"
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// informers count the handlers of each kind; one kind may fail.
type informers struct {
	cache.Informers

	bundles, releases informer
	failure           error
}

func (i *informers) GetInformer(_ context.Context, object client.Object, _ ...cache.InformerGetOption) (cache.Informer, error) {
	if _, ok := object.(*v1alpha1.PlatformBundle); ok {
		return &i.bundles, nil
	}
	return &i.releases, i.failure
}

type informer struct {
	cache.Informer

	handlers map[toolscache.ResourceEventHandlerRegistration]toolscache.ResourceEventHandler
}

type registration struct {
	toolscache.ResourceEventHandlerRegistration

	_ int // so that no two have one address
}

func (i *informer) AddEventHandler(h toolscache.ResourceEventHandler) (toolscache.ResourceEventHandlerRegistration, error) {
	if i.handlers == nil {
		i.handlers = map[toolscache.ResourceEventHandlerRegistration]toolscache.ResourceEventHandler{}
	}
	r := &registration{}
	i.handlers[r] = h
	return r, nil
}

func (i *informer) RemoveEventHandler(r toolscache.ResourceEventHandlerRegistration) error {
	delete(i.handlers, r)
	return nil
}

// shards is a cache with a bundle and a release of each shard.
type shards struct{ client.Reader }

func (shards) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	for _, shard := range []string{"", "a"} {
		meta := metav1.ObjectMeta{Name: "in" + shard}
		if shard != "" {
			meta.Labels = map[string]string{v1alpha1.ShardLabel: shard}
		}
		switch list := list.(type) {
		case *v1alpha1.PlatformBundleList:
			list.Items = append(list.Items, v1alpha1.PlatformBundle{ObjectMeta: meta})
		case *v1alpha1.ComponentReleaseList:
			list.Items = append(list.Items, v1alpha1.ComponentRelease{ObjectMeta: meta})
		}
	}
	return nil
}

func TestWorldIsOneShard(t *testing.T) {
	t.Parallel()
	for _, shard := range []string{"", "a"} {
		world, err := Source{Shard: shard, Reader: shards{}}.World(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(world.Bundles) != 1 || world.Bundles[0].Name != "in"+shard || len(world.Releases) != 1 || world.Releases[0].Name != "in"+shard {
			t.Errorf("shard %q shows %v and %v", shard, world.Bundles, world.Releases)
		}
	}
}

func TestWatchCacheIsThereOnlyWhileItIsNeeded(t *testing.T) {
	t.Parallel()
	i := &informers{}
	changes := 0
	stop, err := WatchCache(i)(t.Context(), func() { changes++ })
	if err != nil || len(i.bundles.handlers) != 1 || len(i.releases.handlers) != 1 {
		t.Fatalf("%d and %d handlers, %v", len(i.bundles.handlers), len(i.releases.handlers), err)
	}
	version := func(v string) *v1alpha1.ComponentRelease {
		return &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{ResourceVersion: v}}
	}
	for _, h := range i.releases.handlers {
		h.OnAdd(version("1"), false)
		h.OnUpdate(version("1"), version("2"))
		h.OnUpdate(version("2"), version("2")) // a resync
		h.OnDelete(toolscache.DeletedFinalStateUnknown{})
	}
	if changes != 3 {
		t.Errorf("%d changes, want 3", changes)
	}
	stop()
	if len(i.bundles.handlers)+len(i.releases.handlers) != 0 {
		t.Error("handlers are left")
	}
	i.failure = errors.New("no such kind")
	if _, err := WatchCache(i)(t.Context(), func() {}); !errors.Is(err, i.failure) || len(i.bundles.handlers) != 0 {
		t.Errorf("after a failure: %v, %d handlers are left", err, len(i.bundles.handlers))
	}
}
