// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// conflictDelay lets the cache catch up after a conflicting write.
const conflictDelay = 50 * time.Millisecond

// bundleField indexes ComponentReleases by their bundle.
const bundleField = "bundle"

// observe reads the bundle's releases and the definitions, from the cache. What comes
// from there is not copied: nobody changes it.
func (r *PlatformBundleReconciler) observe(ctx context.Context, scope *bundleScope) error {
	var releases v1alpha1.ComponentReleaseList
	if err := r.List(ctx, &releases, client.MatchingFields{bundleField: scope.bundle.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("list ComponentReleases: %w", err)
	}
	scope.orphans = r.Admission.Orphans()
	scope.releases = map[string]*v1alpha1.ComponentRelease{}
	for i := range releases.Items {
		scope.releases[releases.Items[i].Spec.Component] = &releases.Items[i]
	}
	scope.recollection = r.recollections.recall(scope.bundle, scope.stickyCatalog(), r.Catalogs)
	scope.listed = scope.recollection.listed
	return r.observeDefinitions(ctx, scope)
}

// observeDefinitions reads the definitions and tells everybody which kinds they
// serve, before anything is decided from them.
func (r *PlatformBundleReconciler) observeDefinitions(ctx context.Context, scope *bundleScope) error {
	var list crds.ObjectList
	if err := r.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("list CustomResourceDefinitions: %w", err)
	}
	definitions, owners, changed := r.snapshot.take(list.Items, r.Kinds.SetCustom)
	if changed && r.KindsChanged != nil {
		r.KindsChanged()
	}
	// A definition whose component is gone was kept and may be taken over. The
	// bundle's own components count before they are approved.
	var gone []string
	for _, owner := range owners {
		exists, err := r.ownerExists(ctx, scope, owner)
		if err != nil {
			return err
		}
		if !exists {
			gone = append(gone, owner)
		}
	}
	scope.definitions = definitions.Without(gone)
	return nil
}

// ownerExists says whether the owner of a definition is a release, or about to be.
func (r *PlatformBundleReconciler) ownerExists(ctx context.Context, scope *bundleScope, owner string) (bool, error) {
	bundle, component, _ := strings.Cut(owner, ".")
	if bundle == scope.bundle.Name {
		enabled := slices.ContainsFunc(scope.listed, func(c v1alpha1.Component) bool { return c.Name == component && c.IsEnabled() })
		return enabled || scope.releases[component] != nil, nil
	}
	err := r.Get(ctx, client.ObjectKey{Name: owner}, &v1alpha1.ComponentRelease{}, client.UnsafeDisableDeepCopy)
	return err == nil, client.IgnoreNotFound(err)
}

// observeClaims finds the releases of other bundles that have a Helm release which
// this one wants. A claim that is younger than the bundle's own gives way by itself.
func (r *PlatformBundleReconciler) observeClaims(ctx context.Context, scope *bundleScope) error {
	scope.foreign = map[string]string{}
	list := claims(r.Client)
	for i := range scope.resolved.Components {
		c := &scope.resolved.Components[i]
		release := helm.Release{Namespace: c.Namespace, Name: c.ReleaseName}
		rivals, err := list(ctx, release)
		if err != nil {
			return fmt.Errorf("list the claims on Helm release %s: %w", release, err)
		}
		own := scope.releases[c.Name]
		holds := own != nil && own.Spec.Namespace == c.Namespace && own.Spec.ReleaseName == c.ReleaseName
		for j := range rivals {
			rival := &rivals[j]
			if rival.Spec.Bundle != scope.bundle.Name && (!holds || older(rival, own)) {
				scope.foreign[release.String()] = rival.Name
			}
		}
	}
	return nil
}

// finalize holds a bundle until its deletionPolicy has been carried out. Orphan
// deletes our own bookkeeping and nothing else.
func (r *PlatformBundleReconciler) finalize(ctx context.Context, scope *bundleScope) error {
	bundle := scope.bundle
	if bundle.DeletionTimestamp.IsZero() {
		if !controllerutil.AddFinalizer(bundle, v1alpha1.BundleFinalizer) {
			return nil
		}
		return r.patchMetadata(ctx, scope)
	}
	if !controllerutil.ContainsFinalizer(bundle, v1alpha1.BundleFinalizer) {
		scope.done = true
		return nil
	}
	if deletes(bundle) {
		scope.removing = true
		if len(scope.releases) > 0 {
			return nil
		}
	} else if err := r.orphan(ctx, scope); err != nil {
		return err
	}
	// What was approved a moment ago may not be in the cache yet.
	if left, err := r.liveReleases(ctx, bundle.Name); err != nil || left > 0 {
		scope.retry = true
		return err
	}
	scope.done = true
	r.forget(bundle.Name)
	controllerutil.RemoveFinalizer(bundle, v1alpha1.BundleFinalizer)
	return client.IgnoreNotFound(r.patchMetadata(ctx, scope))
}

// liveReleases counts the bundle's ComponentReleases past the cache.
func (r *PlatformBundleReconciler) liveReleases(ctx context.Context, bundle string) (int, error) {
	var list v1alpha1.ComponentReleaseList
	if err := r.APIReader.List(ctx, &list, client.MatchingLabels{v1alpha1.BundleLabel: bundle}); err != nil {
		return 0, fmt.Errorf("list ComponentReleases: %w", err)
	}
	return len(list.Items), nil
}

func (r *PlatformBundleReconciler) orphan(ctx context.Context, scope *bundleScope) error {
	for _, name := range sortedKeys(scope.releases) {
		if err := r.Delete(ctx, scope.releases[name]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete ComponentRelease %s: %w", scope.releases[name].Name, err)
		}
	}
	return nil
}

// patchMetadata writes the finalizers with an optimistic lock and keeps the
// status of the pass.
func (r *PlatformBundleReconciler) patchMetadata(ctx context.Context, scope *bundleScope) error {
	patch := client.MergeFromWithOptions(scope.before, client.MergeFromWithOptimisticLock{})
	status := scope.bundle.Status.DeepCopy()
	if err := r.Patch(ctx, scope.bundle, patch); err != nil {
		return err
	}
	scope.before = scope.bundle.DeepCopy()
	scope.bundle.Status = *status
	return nil
}

// resolve turns the spec into components. What cannot be right as a whole stalls
// the bundle and changes nothing.
func (r *PlatformBundleReconciler) resolve(_ context.Context, scope *bundleScope) error {
	scope.resolved, scope.trouble = scope.recollection.resolved, scope.recollection.trouble
	if scope.resolved != nil {
		scope.bundle.Status.CatalogVersion = scope.resolved.CatalogVersion
	} else if scope.removing {
		// A catalog that is not there any more must not keep a bundle from going.
		scope.resolved, scope.trouble = &resolve.Bundle{}, nil
	}
	if scope.trouble == nil {
		scope.trouble = r.consentTo(scope)
	}
	return nil
}

// stickyCatalog is the catalog that the bundle was resolved with before. A bundle
// that was restored without its status finds it on its releases.
func (scope *bundleScope) stickyCatalog() string {
	if sticky := scope.bundle.Status.CatalogVersion; sticky != "" {
		return sticky
	}
	for _, name := range sortedKeys(scope.releases) {
		if sticky := scope.releases[name].Spec.CatalogVersion; sticky != "" {
			return sticky
		}
	}
	return ""
}

// plan decides; it is pure.
func (r *PlatformBundleReconciler) plan(_ context.Context, scope *bundleScope) error {
	if scope.trouble != nil || scope.bundle.Spec.Suspend {
		return nil
	}
	in := plan.Input{Bundle: scope.bundle.Name, CRDs: map[string]plan.CRDState{}, Consent: scope.consent}
	for _, c := range scope.components {
		in.Components = append(in.Components, c.planned(scope.definitions))
		c.eachDefinition(func(name string) { noteDefinition(in.CRDs, scope.definitions, name) })
	}
	for _, name := range sortedKeys(scope.releases) {
		state := releaseState(scope.releases[name])
		in.Releases = append(in.Releases, state)
		for _, crd := range state.CRDs {
			noteDefinition(in.CRDs, scope.definitions, crd)
		}
	}
	scope.failedCRDs = r.CRDs.Errors(scope.bundle.Name)
	for name := range scope.failedCRDs {
		state := in.CRDs[name]
		state.Failed = true
		in.CRDs[name] = state
	}
	scope.noteKinds(in.Releases)
	r.countLosses(scope, in.Releases)
	scope.plan = plan.Bundle(in)
	scope.missingCRDs = map[string][]string{}
	for _, state := range in.Releases {
		scope.missingCRDs[state.Name] = in.MissingCRDs(state)
	}
	return nil
}

// apply carries out the plan: definitions in the background, approvals, removals
// and our own bookkeeping.
func (r *PlatformBundleReconciler) apply(ctx context.Context, scope *bundleScope) error {
	if scope.trouble != nil {
		return nil
	}
	if err := r.suspend(ctx, scope); err != nil || scope.bundle.Spec.Suspend {
		return err
	}
	r.CRDs.Ensure(scope.bundle.Name, scope.definitionRequests())
	r.noteStages(scope)
	for _, name := range scope.plan.Approve {
		if err := r.approve(ctx, scope, name); err != nil {
			return err
		}
	}
	for _, name := range scope.plan.Remove {
		release := scope.releases[name].DeepCopy()
		release.Spec.Removal = v1alpha1.RemovalUninstall
		release.Spec.AllowDataLoss = slices.Sorted(slices.Values(scope.allowDataLoss(name)))
		if err := r.Update(ctx, release); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("mark ComponentRelease %s for removal: %w", release.Name, err)
		}
		scope.releases[name] = release
	}
	for _, name := range scope.plan.Forget {
		if err := r.retireDefinitions(ctx, scope, scope.releases[name]); err != nil {
			return err
		}
		if err := r.Delete(ctx, scope.releases[name]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete ComponentRelease %s: %w", scope.releases[name].Name, err)
		}
	}
	return nil
}

// suspend stops the releases of a suspended bundle, or of suspended components.
// Approving a component resumes it; what is not listed any more is resumed here,
// or it could never be removed.
func (r *PlatformBundleReconciler) suspend(ctx context.Context, scope *bundleScope) error {
	listed, stop := map[string]bool{}, map[string]bool{}
	for _, c := range scope.listed {
		listed[c.Name] = !scope.removing
		stop[c.Name] = c.Suspend && !scope.removing
	}
	for _, name := range sortedKeys(scope.releases) {
		release := scope.releases[name]
		want := stop[name] || scope.bundle.Spec.Suspend
		if want == release.Spec.Suspend || (!want && listed[name] && release.Spec.Removal == "") {
			continue
		}
		release = release.DeepCopy()
		release.Spec.Suspend = want
		if err := r.Update(ctx, release); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("suspend or resume ComponentRelease %s: %w", release.Name, err)
		}
		scope.releases[name] = release
	}
	return nil
}
