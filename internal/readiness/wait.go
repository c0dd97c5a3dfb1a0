// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"fmt"
)

// Wait blocks until the objects are current, by kstatus and webhooks alone, and is woken by events. The objects need not be tracked. With
// workloadsOnly just those that run containers count: Deployments, StatefulSets, DaemonSets and Pods. When the context ends first, the error
// wraps its cause and names what is not current.
func (t *Tracker) Wait(ctx context.Context, release string, objs []Object, workloadsOnly bool) error {
	wanted := make([]Object, 0, len(objs))
	for _, o := range objs {
		if workload(o.GroupKind()) || (!workloadsOnly && Watched(o.GroupKind())) {
			wanted = append(wanted, o)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	changed := make(chan struct{}, 1)
	sub, end := t.await(wanted, func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer end()
	for {
		t.mu.Lock()
		snap := t.snapshot(sub)
		t.mu.Unlock()
		status, synced := snap.judge(nil)
		t.settle(snap.seen)
		if synced && status.Ready {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the objects of release %s: %s: %w", release, status.Message(), context.Cause(ctx))
		}
	}
}

// await subscribes for the time of one wait.
func (t *Tracker) await(objects []Object, notify func()) (*subscription, func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waits++
	key := waitKey(t.waits)
	t.put(key, "", objects, notify)
	return t.subs[key], func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.drop(key)
	}
}
