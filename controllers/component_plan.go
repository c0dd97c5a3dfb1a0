// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// planned is the component as the planner sees it.
func (c *component) planned(definitions crds.Index) plan.Component {
	out := plan.Component{
		Name: c.Name, DependsOn: union(c.DependsOn, c.guardedBy),
		SpecChanged: c.specChanged(), RequestChanged: c.moved || c.release == nil,
		Preparing: c.preparing, Trouble: c.Trouble, Suspended: c.Suspend, Uses: c.uses,
	}
	if c.spec != nil {
		out.Digest = wantedDigest(*c.spec)
	}
	if c.obstacle != "" {
		out.Obstacles = []string{c.obstacle}
	}
	if c.result != nil {
		for _, definition := range c.result.CRDs {
			state, exists := definitions.Get(definition.Name)
			out.CRDs = append(out.CRDs, plan.CRD{
				Name: definition.Name, Digest: definition.Digest, Late: exists && crds.ConversionChanges(state, definition),
			})
		}
	}
	return out
}

// eachDefinition calls f with the name of every CRD the component brings or uses.
func (c *component) eachDefinition(f func(name string)) {
	for _, name := range c.uses {
		f(name)
	}
	if c.result != nil {
		for _, definition := range c.result.CRDs {
			f(definition.Name)
		}
	}
}

func noteDefinition(into map[string]plan.CRDState, definitions crds.Index, name string) {
	state, ok := definitions.Get(name)
	if !ok {
		return
	}
	into[name] = plan.CRDState{
		Established: state.Established && !state.Terminating, Digest: state.Digest, Owner: state.Owner,
		Terminating: state.Terminating, Failed: state.Problem != "",
	}
}

// releaseState is an approved release as the planner sees it.
func releaseState(release *v1alpha1.ComponentRelease) plan.ReleaseState {
	var brought []string
	for _, ref := range release.Spec.CRDs {
		brought = append(brought, ref.Name)
	}
	return plan.ReleaseState{
		Name: release.Spec.Component, DependsOn: release.Spec.DependsOn, GuardedBy: release.Spec.GuardedBy, CRDs: brought,
		Digest: wantedDigest(release.Spec), Ready: isReady(release),
		Removing: release.Spec.Removal != "", Removed: release.Status.Removed,
		Suspended: release.Spec.Suspend, PolicyEngine: release.Spec.PolicyEngine,
	}
}

// wantedDigest names what must be true for a release to be Ready.
func wantedDigest(spec v1alpha1.ComponentReleaseSpec) string { return manifests.WantedDigest(spec) }
