// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// prepare looks before the leap, without writing anything: values and sources
// are composed, charts are fetched and rendered in the background, kinds and
// definitions are checked.
func (r *PlatformBundleReconciler) prepare(ctx context.Context, scope *bundleScope) error {
	if scope.resolved == nil || scope.trouble != nil {
		return nil
	}
	r.watchReferences(scope)
	if scope.bundle.Spec.Suspend {
		return nil
	}
	if err := r.observeClaims(ctx, scope); err != nil {
		return err
	}
	request := scope.bundle.Annotations[v1alpha1.ReconcileRequestAnnotation]
	if request != scope.bundle.Status.LastHandledReconcileAt && scope.bundle.Status.ObservedGeneration != 0 {
		r.Preparer.Retry(scope.bundle.Name, request)
		r.CRDChecks.Retry(scope.bundle.Name, request)
	}
	keys := r.lookAtAll(scope, request)
	scope.doubtRefusals()
	r.Preparer.Keep(scope.bundle.Name, keys)
	r.CRDChecks.Keep(scope.bundle.Name, scope.broughtNames())
	for _, c := range scope.components {
		r.checkKinds(scope, c)
	}
	if err := r.settleAll(scope); err != nil {
		return err
	}
	for _, c := range scope.components {
		r.checkAdmission(scope, c)
		c.warnOfSize()
		c.warnOfVersion()
	}
	return nil
}

// lookAtAll composes every component and looks at those that are new, and returns the
// keys of what is still needed of that.
func (r *PlatformBundleReconciler) lookAtAll(scope *bundleScope, request string) map[string]bool {
	keys := map[string]bool{}
	for _, resolved := range scope.resolved.Components {
		c := &component{Component: resolved, release: scope.releases[resolved.Name], asked: request, known: scope.recollection.about(resolved.Name)}
		scope.components = append(scope.components, c)
		r.compose(scope, c)
		r.respectPin(scope, c)
		keys[c.key] = true
	}
	has := r.capabilities(scope)
	for _, c := range scope.components {
		if c.Trouble == nil && !c.preparing && !c.Suspend {
			r.look(scope, c, has)
			keys[c.key] = true
		}
		if c.inPlace(scope.definitions) {
			delete(keys, c.key) // what a chart became is large, and nobody asks for it again
		}
	}
	return keys
}

// doubtRefusals takes no refusal of a chart for the last word while others are being
// looked at: some charts refuse a cluster without a kind, and another component may
// turn out to bring it.
func (scope *bundleScope) doubtRefusals() {
	if !slices.ContainsFunc(scope.components, func(c *component) bool { return c.preparing }) {
		return
	}
	for _, c := range scope.components {
		if c.Trouble != nil && c.doubtful {
			c.Trouble, c.preparing = nil, true
		}
	}
}

// watchReferences tells the watcher which Secrets and ConfigMaps matter.
func (r *PlatformBundleReconciler) watchReferences(scope *bundleScope) {
	var wanted []refs.Ref
	for i := range scope.resolved.Components {
		c := &scope.resolved.Components[i]
		wanted = append(wanted, referencesOf(c.ValuesFrom, c.SecretRef)...)
	}
	r.References.SetRefs(scope.bundle.Name, wanted)
}

// compose fills in source, pin, values and key, or the trouble with them. What was
// composed before from the same stands.
func (r *PlatformBundleReconciler) compose(scope *bundleScope, c *component) {
	if from := c.composedFrom(r.References); c.known.from.equal(from) {
		c.composition = c.known.composition
	} else {
		c.composition = composition{}
		r.composeAnew(scope, c)
		from.exists = !c.preparing
		c.known.from, c.known.composition = from, c.composition
	}
	if c.Trouble = c.refused; c.Trouble != nil {
		return
	}
	if trouble := r.checkClaims(scope, c); trouble != nil {
		c.Trouble, c.moved, c.preparing, c.key = trouble, true, false, ""
	}
}

func (r *PlatformBundleReconciler) composeAnew(scope *bundleScope, c *component) {
	c.refused = c.Trouble // what resolving refuses
	if err := c.ask(scope.bundle.Name); err != nil && c.refused == nil {
		c.refused = named(c.Name, asFailure(err))
	}
	if c.refused == nil {
		c.refused = c.checkManifests()
	}
	if c.refused != nil { // it is wrong in the spec, whatever was approved before
		c.moved = true
		return
	}
	source, synced, err := sourceOf(r.References, c.Repository, c.ChartName, c.Constraint, c.SecretRef)
	c.source, c.preparing = source, !synced
	if err == nil && synced {
		c.merged, synced, err = composeValues(r.References, c.Wired(), c.ValuesFrom, c.Values)
		c.preparing = !synced
	}
	if err == nil && synced {
		if missing := c.MissingInput(c.merged); missing != nil {
			c.refused, c.moved = missing, true
			return
		}
		err = c.setKey()
	}
	c.refused = named(c.Name, asFailure(err))
}

// respectPin keeps a result apart that a range gave another version than the one
// that is approved and pinned.
func (r *PlatformBundleReconciler) respectPin(scope *bundleScope, c *component) {
	if c.pinned == nil || c.key == "" {
		return
	}
	if result := r.Preparer.Peek(scope.bundle.Name, c.key); result != nil && result.Chart.Digest != c.pinned.Digest {
		c.key += "@" + c.pinned.Digest
	}
}

// checkClaims refuses to move an installed release and to take one that another
// bundle has.
func (r *PlatformBundleReconciler) checkClaims(scope *bundleScope, c *component) *failure.Error {
	if other, taken := scope.foreign[c.Namespace+"/"+c.ReleaseName]; taken {
		return failure.Terminal(v1alpha1.ReasonReleaseClaimedTwice,
			"spec.components[%s] wants the Helm release %s/%s, which belongs to ComponentRelease %s: set releaseName or namespace",
			c.Name, c.Namespace, c.ReleaseName, other)
	}
	if c.release == nil {
		return nil
	}
	approved := c.release.Spec
	if approved.Namespace != c.Namespace || approved.ReleaseName != c.ReleaseName {
		return failure.Terminal(v1alpha1.ReasonReleaseMoved,
			"spec.components[%s] is installed as Helm release %s/%s and cannot move to %s/%s: set namespace and releaseName back, "+
				"or take the component off the list first, which uninstalls it",
			c.Name, approved.Namespace, approved.ReleaseName, c.Namespace, c.ReleaseName)
	}
	return nil
}

// capabilities answers templates: what the cluster serves, united with every
// kind that the bundle's own CRDs will bring.
func (r *PlatformBundleReconciler) capabilities(scope *bundleScope) func(string) bool {
	brought := map[string]bool{}
	for _, c := range scope.components {
		if c.key == "" {
			continue
		}
		result := r.Preparer.Peek(scope.bundle.Name, c.key)
		if result == nil {
			continue
		}
		for _, definition := range result.CRDs {
			for _, gvk := range definition.Kinds() {
				brought[gvk.GroupVersion().String()] = true
				brought[gvk.GroupVersion().String()+"/"+gvk.Kind] = true
			}
		}
	}
	return func(apiVersion string) bool { return brought[apiVersion] || r.Kinds.Has(apiVersion) }
}

// look takes the approved release as it stands, or asks the preparer.
func (r *PlatformBundleReconciler) look(scope *bundleScope, c *component, has func(string) bool) {
	c.guardedBy = scope.knownGuards(c)
	if c.stands = c.unchanged(has, scope.definitions); c.stands {
		return
	}
	result, err := r.prepared(scope, c, has)
	if err == nil && result != nil {
		var stop *catalog.UpgradeBridge
		if stop, err = c.stop(result.Chart.Version); stop != nil {
			result, err = r.detour(scope, c, *stop, has)
		}
	}
	switch {
	case err != nil:
		var unsure *prepare.UnsureError
		c.doubtful = errors.As(err, &unsure)
		c.Trouble = named(c.Name, asFailure(err))
		c.Trouble.Message = redact(r.References, c.ValuesFrom, c.Trouble.Message)
	case result == nil:
		c.preparing = true
	default:
		c.result, c.guardedBy = result, nil
		c.Trouble = named(c.Name, r.checkResult(scope, c))
	}
}

// prepared asks the preparer for what the chart becomes.
func (r *PlatformBundleReconciler) prepared(scope *bundleScope, c *component, has func(string) bool) (*prepare.Result, error) {
	return r.Preparer.Ensure(scope.bundle.Name, c.key, prepare.Request{
		RenderRequest: helm.RenderRequest{
			Release: helm.Release{Namespace: c.Namespace, Name: c.ReleaseName},
			Source:  c.source, Pinned: c.pinned, Refresh: c.resolvedFor != "", Values: values.Merge(c.merged), Has: has,
		},
		Owner: v1alpha1.ReleaseName(scope.bundle.Name, c.Name), New: c.release == nil, Adopt: c.Adopt,
		Weight: r.weight(c),
	})
}

func (r *PlatformBundleReconciler) weight(c *component) int64 {
	switch {
	case r.Weight == nil:
		return 0
	case c.pinned == nil:
		return r.Weight("")
	}
	return r.Weight(c.pinned.Digest)
}

// knownGuards are the approved guards of a component that are still in the bundle
// and do not, by newer edges, wait for the component themselves.
func (scope *bundleScope) knownGuards(c *component) []string {
	if c.release == nil {
		return nil
	}
	var out []string
	for _, guard := range c.release.Spec.GuardedBy {
		enabled := slices.ContainsFunc(scope.components, func(other *component) bool { return other.Name == guard })
		if enabled && !closesCycle(scope, c, guard) {
			out = append(out, guard)
		}
	}
	return out
}

// settleAll builds the desired releases of what was prepared.
func (r *PlatformBundleReconciler) settleAll(scope *bundleScope) error {
	for _, c := range scope.components {
		if c.result == nil || c.Trouble != nil || c.spec != nil {
			continue
		}
		var references []v1alpha1.CRDReference
		for _, definition := range c.result.CRDs {
			references = append(references, v1alpha1.CRDReference{Name: definition.Name, Digest: definition.Digest})
		}
		slices.SortFunc(references, func(a, b v1alpha1.CRDReference) int { return strings.Compare(a.Name, b.Name) })
		references = slices.CompactFunc(references, func(a, b v1alpha1.CRDReference) bool { return a.Name == b.Name })
		if err := c.settle(c.result.Chart, c.result.Capabilities, references); err != nil {
			c.Trouble = named(c.Name, asFailure(err))
		}
	}
	return nil
}

// asFailure gives every error a class and a reason.
func asFailure(err error) *failure.Error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*failure.Error](err); ok {
		return known
	}
	return failure.Retryable(v1alpha1.ReasonPrepareFailed, "%w", err)
}

// named puts the component before a message that does not name it yet.
func named(component string, trouble *failure.Error) *failure.Error {
	if trouble == nil {
		return nil
	}
	out := *trouble
	out.Message = "component " + component + ": " + failure.Message(trouble)
	return &out
}
