// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// Several operators share the bundles of a cluster by the label of a shard. The label
// of a bundle, which people write, says who should act. That of a ComponentRelease says
// who does: it is a token, which only its holder gives away. A bundle that moves is
// dropped at once by the operator that had it; each of its releases when no job runs for
// it any more and what the last one left is written down. The other operator begins when
// it has all of them, or takes those whose operator is proven to be gone.

// Peers says of other shards whether it is proven that nobody acts for them.
type Peers interface {
	Gone(ctx context.Context, name string) (gone bool, again time.Duration, err error)
}

// handover is what a bundle waits for that has come from another shard.
type handover struct {
	message string
	// again is when to look again if nothing happens.
	again time.Duration
}

// receive holds a bundle back that has come from another shard, until all of its
// releases have.
func (r *PlatformBundleReconciler) receive(ctx context.Context, scope *bundleScope) error {
	elsewhere := map[string][]string{}
	for _, name := range sortedKeys(scope.releases) {
		if at := shard.Of(scope.releases[name]); at != r.Shard {
			elsewhere[at] = append(elsewhere[at], name)
		}
	}
	var waits []string
	for _, at := range sortedKeys(elsewhere) {
		gone, again, err := r.Peers.Gone(ctx, at)
		if err != nil {
			return err
		}
		if !gone {
			waits = append(waits, fmt.Sprintf("%s to hand over %s", shard.Words(at), strings.Join(elsewhere[at], ", ")))
			scope.handover = &handover{again: again}
			continue
		}
		for _, name := range elsewhere[at] {
			if err := r.seize(ctx, scope.releases[name], at); err != nil {
				return err
			}
		}
		scope.done = true // the watch shows them as a whole, which wakes the bundle
	}
	if scope.handover != nil {
		scope.done = false
		scope.handover.message = "waiting for " + strings.Join(waits, ", and for ") + "; one that has ended is given up when its lease has run out"
	}
	return nil
}

// seize takes a release whose operator is gone.
func (r *PlatformBundleReconciler) seize(ctx context.Context, release *v1alpha1.ComponentRelease, from string) error {
	if err := passOn(ctx, r.Client, release.DeepCopy(), from, r.Shard); err != nil {
		return client.IgnoreNotFound(err)
	}
	log.FromContext(ctx).Info("Took over a release, its operator is gone", "release", release.Name, "from", shard.Words(from))
	return nil
}

// passOn writes the token of a release; a conflict means that it was not as seen. It
// sends these two fields alone, for the cache holds foreign releases without their specs.
func passOn(ctx context.Context, c client.Client, release *v1alpha1.ComponentRelease, from, to string) error {
	patch := client.MergeFromWithOptions(release.DeepCopy(), client.MergeFromWithOptimisticLock{})
	labelShard(release, to)
	if release.Annotations == nil {
		release.Annotations = map[string]string{}
	}
	release.Annotations[v1alpha1.HandedOverAnnotation] = from
	return c.Patch(ctx, release, patch)
}

// labelShard labels a release; that of the operator without a shard has no label.
func labelShard(release *v1alpha1.ComponentRelease, name string) {
	if name == "" {
		delete(release.Labels, v1alpha1.ShardLabel)
		return
	}
	if release.Labels == nil {
		release.Labels = map[string]string{}
	}
	release.Labels[v1alpha1.ShardLabel] = name
}

// holds says whether this operator acts on a release, and does what is due when it does
// not, or is not to any longer.
func (r *ComponentReleaseReconciler) holds(ctx context.Context, release *v1alpha1.ComponentRelease) (bool, ctrl.Result, error) {
	if r.passed.before(release) {
		return false, ctrl.Result{}, nil // the watch has yet to show that it is not ours any more
	}
	if shard.Of(release) != r.Shard {
		r.forget(release.Name)
		return false, ctrl.Result{}, nil
	}
	bundle := &v1alpha1.PlatformBundle{}
	// Nothing is read but a label, so that a pass copies no bundle.
	err := r.Get(ctx, types.NamespacedName{Name: release.Spec.Bundle}, bundle, client.UnsafeDisableDeepCopy)
	if err != nil {
		return apierrors.IsNotFound(err), ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if to := shard.Of(bundle); to != r.Shard {
		result, err := r.handOver(ctx, release, to)
		return false, result, err
	}
	return true, ctrl.Result{}, nil
}

// handOver gives a release to another shard. A job that runs for it goes on to its end,
// and wakes the release again; what it leaves is written down first.
func (r *ComponentReleaseReconciler) handOver(ctx context.Context, release *v1alpha1.ComponentRelease, to string) (ctrl.Result, error) {
	if _, running := r.Jobs.Running(release.Name); running {
		return ctrl.Result{}, nil
	}
	if _, ended := r.Jobs.Outcome(release.Name); ended {
		scope := newReleaseScope(release)
		if err := r.observe(ctx, scope); err != nil {
			return ctrl.Result{}, err
		}
		scope.timeAction()
		if err := r.patchStatus(ctx, scope); err != nil {
			return ctrl.Result{}, err
		}
		r.tell(ctx, scope)
	}
	err := passOn(ctx, r.Client, release, r.Shard, to)
	switch {
	case apierrors.IsConflict(err):
		return ctrl.Result{RequeueAfter: conflictDelay}, nil
	case err != nil:
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	r.forget(release.Name)
	r.passed.note(release)
	log.FromContext(ctx).Info("Handed over a release", "to", shard.Words(to))
	return ctrl.Result{}, nil
}

// passedOn remembers what was handed over until the watch has shown it: a bundle that
// comes straight back would be acted on by an older state of its releases. The zero
// value is ready to use; safe for concurrent use.
type passedOn struct {
	mu       sync.Mutex
	versions map[string]string
}

func (p *passedOn) note(release *v1alpha1.ComponentRelease) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.versions == nil {
		p.versions = map[string]string{}
	}
	p.versions[release.Name] = release.ResourceVersion
}

// before says that a release is as it was before it was handed over.
func (p *passedOn) before(release *v1alpha1.ComponentRelease) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	version, known := p.versions[release.Name]
	if !known {
		return false
	}
	if order, err := resourceversion.CompareResourceVersion(release.ResourceVersion, version); err == nil && order < 0 {
		return true
	}
	delete(p.versions, release.Name)
	return false
}

func (p *passedOn) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.versions, name)
}

// foreign says that the holder of a record is an operator of another shard that may
// live: not when its shard has given the release up.
func (r *ComponentReleaseReconciler) foreign(release *v1alpha1.ComponentRelease, holder string) bool {
	of := shard.OfHolder(holder)
	giver, given := release.Annotations[v1alpha1.HandedOverAnnotation]
	return holder != "" && of != r.Shard && (!given || of != giver)
}

// own filters the names of objects: those of a shard.
func own[T any, P interface {
	*T
	client.Object
}](items []T, name string) []string {
	var out []string
	for i := range items {
		if object := P(&items[i]); shard.Of(object) == name {
			out = append(out, object.GetName())
		}
	}
	return slices.Clip(out)
}
