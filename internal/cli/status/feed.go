// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// retryAfter is how long a connection that broke is left alone.
const retryAfter = time.Second

// snapshot is what is known at one moment. A nil bundle with a nil err was deleted.
type snapshot struct {
	bundle   *v1alpha1.PlatformBundle
	releases []v1alpha1.ComponentRelease
	// err says that nothing newer is known for now; it is tried again.
	err error
}

// feed reads a bundle and its releases and sends what it knows whenever it changed, at
// most as often as somebody receives; until the context ends.
func feed(ctx context.Context, c client.WithWatch, name string) <-chan snapshot {
	out := make(chan snapshot)
	go func() {
		for ctx.Err() == nil {
			f := feeder{client: c, name: name, out: out, releases: map[string]v1alpha1.ComponentRelease{}}
			err := f.run(ctx)
			if err == nil {
				continue // watches end now and then
			}
			select {
			case out <- snapshot{err: err}:
			case <-ctx.Done():
			}
			retry := time.NewTimer(retryAfter)
			select {
			case <-retry.C:
			case <-ctx.Done():
			}
			retry.Stop()
		}
	}()
	return out
}

// feeder is one connection.
type feeder struct {
	client   client.WithWatch
	name     string
	out      chan<- snapshot
	bundle   *v1alpha1.PlatformBundle
	releases map[string]v1alpha1.ComponentRelease
}

// run lists, and then watches from there, until one of the watches ends.
func (f *feeder) run(ctx context.Context) error {
	var bundles v1alpha1.PlatformBundleList
	if err := f.client.List(ctx, &bundles); err != nil {
		return err
	}
	for i := range bundles.Items {
		if bundles.Items[i].Name == f.name {
			f.bundle = &bundles.Items[i]
		}
	}
	ours := client.MatchingLabels{v1alpha1.BundleLabel: f.name}
	var releases v1alpha1.ComponentReleaseList
	if err := f.client.List(ctx, &releases, ours); err != nil {
		return err
	}
	for _, release := range releases.Items {
		f.releases[release.Name] = release
	}
	bundleEvents, err := f.client.Watch(ctx, &v1alpha1.PlatformBundleList{}, from(bundles.ResourceVersion))
	if err != nil {
		return err
	}
	defer bundleEvents.Stop()
	releaseEvents, err := f.client.Watch(ctx, &v1alpha1.ComponentReleaseList{}, ours, from(releases.ResourceVersion))
	if err != nil {
		return err
	}
	defer releaseEvents.Stop()
	return f.pump(ctx, bundleEvents.ResultChan(), releaseEvents.ResultChan())
}

// from begins a watch where a list ended.
func from(version string) client.ListOption {
	return &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: version}}
}

// pump takes events and sends what they lead to.
func (f *feeder) pump(ctx context.Context, bundles, releases <-chan watch.Event) error {
	out := f.out
	for {
		var event watch.Event
		var open bool
		select {
		case <-ctx.Done():
			return nil
		case out <- f.snapshot():
			out = nil // until something changes
			continue
		case event, open = <-bundles:
		case event, open = <-releases:
		}
		if !open {
			return nil
		}
		if err := f.take(event); err != nil {
			return err
		}
		out = f.out
	}
}

func (f *feeder) snapshot() snapshot {
	s := snapshot{bundle: f.bundle}
	for _, name := range slices.Sorted(maps.Keys(f.releases)) {
		s.releases = append(s.releases, f.releases[name])
	}
	return s
}

// take remembers what an event says. One that is too old begins a new connection.
func (f *feeder) take(event watch.Event) error {
	switch object := event.Object.(type) {
	case *v1alpha1.PlatformBundle:
		if object.Name != f.name {
			return nil
		}
		f.bundle = object
		if event.Type == watch.Deleted {
			f.bundle = nil
		}
	case *v1alpha1.ComponentRelease:
		if object.Spec.Bundle != f.name {
			return nil
		}
		f.releases[object.Name] = *object
		if event.Type == watch.Deleted {
			delete(f.releases, object.Name)
		}
	default:
		if event.Type == watch.Bookmark {
			return nil
		}
		return fmt.Errorf("watch platformbundle %s: %w", f.name, apierrors.FromObject(event.Object))
	}
	return nil
}
