// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/graph"
)

// checkKinds finds, for every kind that a release uses, the definition it must
// wait for and the component that guards it.
func (r *PlatformBundleReconciler) checkKinds(scope *bundleScope, c *component) {
	if c.result == nil || c.Trouble != nil {
		return
	}
	for _, gvk := range c.result.Kinds {
		name, owner, found := r.provider(scope, c, gvk)
		if !found {
			c.notServed(scope, gvk)
			return
		}
		if name != "" && !slices.Contains(c.uses, name) {
			c.uses = append(c.uses, name)
		}
		if guards(scope, owner, gvk.Group) && owner != c.Name && !closesCycle(scope, c, owner) {
			c.guardedBy = union(c.guardedBy, []string{owner})
		}
	}
}

// provider finds who serves a kind: the component itself, another one of the
// bundle, the cluster's definitions (name is the CRD's), or the API server itself
// (name is empty).
func (r *PlatformBundleReconciler) provider(scope *bundleScope, c *component, gvk schema.GroupVersionKind) (name, owner string, found bool) {
	for _, other := range append([]*component{c}, scope.components...) {
		if other.result == nil || other.Trouble != nil {
			continue
		}
		for _, definition := range other.result.CRDs {
			if definition.Serves(gvk) {
				return definition.Name, other.Name, true
			}
		}
	}
	if state, ok := scope.definitions.Find(gvk.GroupKind()); ok {
		served := slices.ContainsFunc(state.Versions, func(v crds.Version) bool { return v.Name == gvk.Version && v.Served })
		owner, _ := strings.CutPrefix(state.Owner, scope.bundle.Name+".")
		return state.Name, owner, served
	}
	return "", "", r.Kinds.Has(gvk.GroupVersion().String() + "/" + gvk.Kind)
}

// notServed says that nobody brings a kind, once everybody has been looked at.
func (c *component) notServed(scope *bundleScope, gvk schema.GroupVersionKind) {
	for _, other := range scope.components {
		if other.preparing {
			c.preparing = true
			return
		}
	}
	for _, other := range scope.components {
		if other.Trouble != nil && other.Name != c.Name {
			c.Trouble = failure.Blocked(v1alpha1.ReasonKindNotServed,
				"component %s uses %s in %s, which is not served; it may come with %s, which is held", c.Name, gvk.Kind, gvk.GroupVersion(), other.Name)
			return
		}
	}
	c.Trouble = failure.Terminal(v1alpha1.ReasonKindNotServed,
		"component %s uses %s in %s, which neither the cluster nor a component of the bundle serves; "+
			"add the component that brings it, or set the value of the chart that leaves it out", c.Name, gvk.Kind, gvk.GroupVersion())
}

// guards says whether a component puts a fail-closed webhook before a group.
func guards(scope *bundleScope, owner, group string) bool {
	for _, c := range scope.components {
		if c.Name == owner {
			return slices.Contains(c.guards(), group) || slices.Contains(c.guards(), "*")
		}
	}
	return false
}

// closesCycle says whether waiting for owner would wait for oneself.
func closesCycle(scope *bundleScope, c *component, owner string) bool {
	g := graph.New()
	for _, other := range scope.components {
		g.Add(other.Name, union(other.DependsOn, other.guardedBy)...)
	}
	return g.HasPath(owner, c.Name)
}

// definitionRequests are the definitions to send, first needed first.
func (scope *bundleScope) definitionRequests() []crds.Request {
	byName := map[string]*crds.Definition{}
	for _, c := range scope.components {
		if c.result == nil {
			continue
		}
		for _, definition := range c.result.CRDs {
			byName[c.Name+"/"+definition.Name] = definition
		}
	}
	var out []crds.Request
	for _, request := range scope.plan.EnsureCRDs {
		if definition := byName[request.Component+"/"+request.Name]; definition != nil {
			out = append(out, crds.Request{
				Owner: v1alpha1.ReleaseName(scope.bundle.Name, request.Component), Definition: definition,
			})
		}
	}
	return out
}

// approve writes the desired release of a component.
func (r *PlatformBundleReconciler) approve(ctx context.Context, scope *bundleScope, name string) error {
	index := slices.IndexFunc(scope.components, func(c *component) bool { return c.Name == name })
	c := scope.components[index]
	if c.release == nil {
		release := &v1alpha1.ComponentRelease{
			ObjectMeta: metav1.ObjectMeta{
				Name:   v1alpha1.ReleaseName(scope.bundle.Name, name),
				Labels: map[string]string{v1alpha1.BundleLabel: scope.bundle.Name},
			},
			Spec: *c.spec.DeepCopy(),
		}
		labelShard(release, r.Shard)
		r.annotateStages(release)
		if err := r.Create(ctx, release); err != nil {
			if apierrors.IsAlreadyExists(err) {
				return apierrors.NewConflict(schema.GroupResource{Resource: "componentreleases"}, release.Name, err)
			}
			return fmt.Errorf("create ComponentRelease %s: %w", release.Name, err)
		}
		c.release, scope.releases[name] = release, release
		r.Handoff.Approved(release.Name, r.waitedForDependencies(scope, release.Name))
		return nil
	}
	release := c.release.DeepCopy()
	release.Spec = *c.spec.DeepCopy()
	if release.Labels == nil {
		release.Labels = map[string]string{}
	}
	release.Labels[v1alpha1.BundleLabel] = scope.bundle.Name
	r.annotateStages(release)
	if err := r.Update(ctx, release); err != nil {
		return err
	}
	c.release, scope.releases[name] = release, release
	return nil
}

// waitedForDependencies says whether the last thing that held a release was another
// component.
func (r *PlatformBundleReconciler) waitedForDependencies(scope *bundleScope, release string) bool {
	seen, _ := r.stages.seen(release)
	return slices.ContainsFunc(seen.GatedBy, func(name string) bool { return scope.releases[name] != nil })
}

// retireDefinitions takes the conversion webhook off the definitions that stay
// behind when a release is gone: nothing answers it any more, and their objects
// could not even be listed. Where objects are stored in several versions, only the
// webhook can read them, and the component has to come back for that; where there
// are none, there is nothing to read.
func (r *PlatformBundleReconciler) retireDefinitions(ctx context.Context, scope *bundleScope, release *v1alpha1.ComponentRelease) error {
	for _, ref := range release.Spec.CRDs {
		state, exists := scope.definitions.Get(ref.Name)
		if !exists || state.Owner != release.Name || !state.HasConversionWebhook() {
			continue
		}
		if len(state.StoredVersions) > 1 && !r.unused(ctx, state) {
			continue
		}
		if err := crds.ConversionNone(ctx, r.Client, ref.Name); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

// unused says that a kind has no objects at all. What cannot be listed is used.
func (r *PlatformBundleReconciler) unused(ctx context.Context, definition crds.State) bool {
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(definition.StorageKind().GroupVersion().WithKind(definition.Kind + "List"))
	err := r.APIReader.List(ctx, &list, client.Limit(1))
	return err == nil && len(list.Items) == 0
}
