// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// checkManifests refuses follow-up objects that could not be applied.
func (c *component) checkManifests() *failure.Error {
	_, err := manifests.Parse(c.Name, c.Manifests)
	return asFailure(err)
}

// stop is the version that an upgrade from what is approved has to pass through,
// nil for none.
func (c *component) stop(target string) (*catalog.UpgradeBridge, error) {
	if c.release == nil {
		return nil, nil
	}
	approved := c.release.Spec.Chart
	bridge, refused := c.Bridge(resolve.Installed{
		Version: approved.Version, Constraint: approved.Constraint, Ready: isReady(c.release),
	}, target)
	if refused != nil {
		return nil, refused
	}
	if bridge != nil {
		c.warning = resolve.Stop(*bridge, target)
	}
	return bridge, nil
}

// detour prepares the stop instead of the target.
func (r *PlatformBundleReconciler) detour(
	scope *bundleScope, c *component, bridge catalog.UpgradeBridge, has func(string) bool,
) (*prepare.Result, error) {
	c.Constraint, c.source.Version = bridge.Via, bridge.Via
	if err := c.ask(scope.bundle.Name); err != nil {
		return nil, err
	}
	if err := c.setKey(); err != nil {
		return nil, err
	}
	return r.prepared(scope, c, has)
}

// checkResult refuses what would lose data: definitions that live objects do not
// fit, and an upgrade whose manifest lacks claims or namespaces of the old one.
func (r *PlatformBundleReconciler) checkResult(scope *bundleScope, c *component) *failure.Error {
	if trouble := scope.checkData(c); trouble != nil {
		return trouble
	}
	owner := v1alpha1.ReleaseName(scope.bundle.Name, c.Name)
	var refused []*failure.Error
	for _, definition := range c.result.CRDs {
		question := crds.Question{Owner: owner, Next: definition}
		if state, ok := scope.definitions.Get(definition.Name); ok {
			question.Current = &state
			question.Need = versionsUsed(c.result.Kinds, state)
		}
		done, err := r.CRDChecks.Check(scope.bundle.Name, question)
		c.preparing = c.preparing || !done
		if err != nil {
			refused = append(refused, asFailure(err))
		}
	}
	return together(refused)
}

// together is the first of several refusals with the messages of the next ones:
// whoever mends the first should know what comes after it.
func together(refused []*failure.Error) *failure.Error {
	const told = 3
	if len(refused) == 0 {
		return nil
	}
	out := *refused[0]
	var messages []string
	for _, one := range refused[:min(told, len(refused))] {
		messages = append(messages, failure.Message(one))
	}
	out.Message = strings.Join(messages, "; ")
	if more := len(refused) - told; more > 0 {
		out.Message += fmt.Sprintf("; and %d more of its definitions", more)
	}
	return &out
}

// checkData refuses an upgrade that leaves out claims, namespaces, or follow-up
// manifests that are data, which would be deleted, or stay without anybody's care.
func (scope *bundleScope) checkData(c *component) *failure.Error {
	if c.release == nil {
		return nil
	}
	kept := map[v1alpha1.ObjectReference]bool{}
	for _, object := range c.result.Objects {
		kept[v1alpha1.ObjectReference{
			APIVersion: object.GroupVersion().String(), Kind: object.Kind, Namespace: object.Namespace, Name: object.Name,
		}] = true
	}
	lost := slices.DeleteFunc(slices.Clone(c.release.Status.Data), func(ref v1alpha1.ObjectReference) bool { return kept[ref] })
	if kept := keptManifests(c.release); len(kept) > 0 {
		for _, other := range scope.components { // an object may move
			kept = manifests.Without(kept, manifests.Listed(other.Manifests, other.Namespace))
		}
		lost = append(lost, kept...)
	}
	found := dataLosses(lost, c.AllowDataLoss)
	if len(found) == 0 {
		return nil
	}
	return failure.Terminal(v1alpha1.ReasonDataLoss,
		"the upgrade to %s would delete %s; keep them in the values, or name their kinds in allowDataLoss",
		c.result.Chart.Version, strings.Join(found.texts(), ", "))
}

func versionsUsed(kinds []schema.GroupVersionKind, state crds.State) []string {
	var out []string
	for _, gvk := range kinds {
		if gvk.Group == state.Group && gvk.Kind == state.Kind {
			out = append(out, gvk.Version)
		}
	}
	return out
}

// broughtNames are the definitions that anybody of the bundle brings.
func (scope *bundleScope) broughtNames() map[string]bool {
	out := map[string]bool{}
	for _, c := range scope.components {
		if c.result == nil {
			continue
		}
		for _, definition := range c.result.CRDs {
			out[definition.Name] = true
		}
	}
	return out
}

// checkAdmission finds a fail-closed webhook that would be asked about the
// objects of a release that is to be written, and cannot answer.
func (r *PlatformBundleReconciler) checkAdmission(scope *bundleScope, c *component) {
	if c.result == nil || c.spec == nil || c.Trouble != nil || (c.release != nil && c.release.Spec.InputsDigest == c.spec.InputsDigest) {
		return
	}
	question := admission.Question{
		Owner:           v1alpha1.ReleaseName(scope.bundle.Name, c.Name),
		NamespaceLabels: map[string]map[string]string{c.Namespace: c.NamespaceLabels},
	}
	for _, object := range c.result.Objects {
		if object.Group == "" && object.Kind == "Service" {
			question.OwnServices = append(question.OwnServices, types.NamespacedName{Namespace: object.Namespace, Name: object.Name})
		}
		question.Objects = append(question.Objects, admission.Object{
			GroupVersionKind: object.GroupVersionKind, Namespace: object.Namespace, Name: object.Name,
		})
	}
	message, synced := r.Admission.Obstacle(question)
	c.obstacle = message
	c.preparing = c.preparing || !synced
}

// warnOfSize says that the record of the release is close to what Kubernetes keeps.
func (c *component) warnOfSize() {
	if c.warning == "" && c.result != nil {
		c.warning = c.result.RecordWarning()
	}
}

// warnOfVersion says that the catalog was tested with another version.
func (c *component) warnOfVersion() {
	if c.warning != "" || c.spec == nil || c.TestedVersion == "" || c.TestedVersion == c.spec.Chart.Version {
		return
	}
	c.warning = fmt.Sprintf("version %s is not the one that catalog %s was tested with, %s",
		c.spec.Chart.Version, c.CatalogVersion, c.TestedVersion)
}
