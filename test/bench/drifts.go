// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/test/bench/drift"
	"github.com/groundwork-dev/groundwork/test/bench/inputs"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
	"github.com/groundwork-dev/groundwork/test/bench/report"
)

const (
	// healLimit is how long the bench waits for one change to be put back.
	healLimit = 15 * time.Second
	// driftSeed makes two runs change the same things.
	driftSeed = 2026
)

// drifts changes one field of one installed object after the other, as somebody with
// kubectl would, and sees how long each change lasts.
func (g *groundwork) drifts(ctx context.Context, set *inputs.Set, n int) (*report.Drift, error) {
	var objects []map[string]any
	var owners []inputs.Object
	for _, r := range set.Releases {
		for _, o := range r.Objects {
			objects, owners = append(objects, o.Content), append(owners, o)
		}
	}
	out := &report.Drift{}
	for i, picked := range drift.Pick(rand.New(rand.NewPCG(driftSeed, 0)), objects, n) {
		lasted, err := g.heals(ctx, owners[picked.Object], picked.Change)
		if err != nil {
			return nil, err
		}
		if lasted >= healLimit {
			text := owners[picked.Object].Key() + " " + picked.Change.String()
			out.Unhealed = append(out.Unhealed, text)
			g.o.log("  drift %d of %d was not put back: %s", i+1, n, text)
			continue
		}
		out.Healed = append(out.Healed, lasted)
	}
	return out, nil
}

// heals makes one change and returns how long it lasted; healLimit when too long.
func (g *groundwork) heals(ctx context.Context, o inputs.Object, change drift.Change) (time.Duration, error) {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion(o.APIVersion)
	object.SetKind(o.Kind)
	key := client.ObjectKey{Name: o.Name}
	if scoped, err := g.w.client.IsObjectNamespaced(object); err != nil || scoped {
		key.Namespace = o.Namespace
	}
	if err := g.w.client.Get(ctx, key, object); err != nil {
		return 0, fmt.Errorf("read %s: %w", o.Key(), err)
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(object.GroupVersionKind())
	list.SetKind(object.GetKind() + "List")
	events, err := measure.WatchOne(ctx, g.w.client, list, key)
	if err != nil {
		return 0, fmt.Errorf("drift of %s: %w", o.Kind, err)
	}
	defer events.Stop()
	err = g.w.client.Patch(ctx, object, client.RawPatch("application/merge-patch+json", change.Patch()), client.FieldOwner("somebody"))
	changed := time.Now()
	if apierrors.IsInvalid(err) {
		return 0, fmt.Errorf("change %s %s: %w", o.Key(), change, err)
	}
	if err != nil {
		return 0, err
	}
	return lasted(ctx, events, change, object.GetResourceVersion(), changed)
}

// lasted waits until a version after the changed one has the field as it was.
func lasted(ctx context.Context, events apiwatch.Interface, change drift.Change, changedVersion string, changed time.Time) (time.Duration, error) {
	limit := time.NewTimer(healLimit)
	defer limit.Stop()
	seen := false
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-limit.C:
			return healLimit, nil
		case event, open := <-events.ResultChan():
			object, ok := event.Object.(*unstructured.Unstructured)
			if !open || !ok {
				return 0, fmt.Errorf("the watch of a changed object ended: %v", event.Object)
			}
			seen = seen || object.GetResourceVersion() == changedVersion
			if seen && !change.Made(object.Object) {
				return time.Since(changed), nil
			}
		}
	}
}
