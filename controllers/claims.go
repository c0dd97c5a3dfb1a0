// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// claim gives way to an older claim of another bundle on the same Helm release. Bundles
// refuse what they see claimed; two that claim at the same moment, in operators of two
// shards above all, do not see each other. The younger one then touches nothing, the
// records of the other least of all, and its removal is that of the object alone.
func (r *ComponentReleaseReconciler) claim(ctx context.Context, scope *releaseScope) error {
	if r.rivals == nil {
		return nil
	}
	rivals, err := r.rivals(ctx, scope.helm)
	if err != nil {
		return fmt.Errorf("list the claims on Helm release %s: %w", scope.helm, err)
	}
	for i := range rivals {
		rival := &rivals[i]
		if rival.Spec.Bundle == scope.release.Spec.Bundle {
			continue
		}
		if !older(rival, scope.release) {
			r.awaitRival(scope, rival)
			continue
		}
		r.Jobs.Interrupt(scope.release.Name) // begun before the other claim was seen
		scope.claimed, scope.revisions = true, nil
		if scope.release.Spec.Removal == "" {
			scope.blocked = &verdict{
				stalled: true, reason: v1alpha1.ReasonReleaseClaimedTwice,
				message: fmt.Sprintf("Helm release %s belongs to %s, which claimed it first; give this component another releaseName or namespace, or take it off the list",
					scope.helm, rival.Name),
			}
		}
		return nil
	}
	return nil
}

// awaitRival waits for what a younger claim has begun before it was seen: its record
// carries this process' name, and would be taken for that of a process that died.
func (r *ComponentReleaseReconciler) awaitRival(scope *releaseScope, rival *v1alpha1.ComponentRelease) {
	if _, running := r.Jobs.Running(rival.Name); !running {
		return
	}
	scope.contested = true
	scope.blocked = &verdict{
		reason:  v1alpha1.ReasonProgressing,
		message: fmt.Sprintf("%s, which claimed Helm release %s later, is still at work on it", rival.Name, scope.helm),
	}
}

// older orders claims: by age, which counts in seconds, and then by name.
func older(a, b *v1alpha1.ComponentRelease) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return strings.Compare(a.Name, b.Name) < 0
}

// claims lists the ComponentReleases of a Helm release from a cache that has the index.
// They are not to be changed.
func claims(reader client.Reader) func(ctx context.Context, release helm.Release) ([]v1alpha1.ComponentRelease, error) {
	return func(ctx context.Context, release helm.Release) ([]v1alpha1.ComponentRelease, error) {
		var list v1alpha1.ComponentReleaseList
		err := reader.List(ctx, &list, client.MatchingFields{helmReleaseField: release.String()}, client.UnsafeDisableDeepCopy)
		return list.Items, err
	}
}

// rivalsOf maps a ComponentRelease to the others of a shard that claim the same Helm
// release.
func rivalsOf(reader client.Reader, name string) handler.MapFunc {
	list := claims(reader)
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		release, ok := object.(*v1alpha1.ComponentRelease)
		if !ok {
			return nil
		}
		all, err := list(ctx, helm.Release{Namespace: release.Spec.Namespace, Name: release.Spec.ReleaseName})
		if err != nil {
			return nil
		}
		return requests(slices.DeleteFunc(own(all, name), func(rival string) bool { return rival == release.Name }))
	}
}
