// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

// shownDifferences is how many changing values an adoption lists.
const shownDifferences = 20

// announceAdoption tells, before anything is changed, what becomes of a Helm
// release that somebody else installed under the component's name. It is written
// to the status first; the pass after that goes on.
func (r *ComponentReleaseReconciler) announceAdoption(ctx context.Context, scope *releaseScope) (bool, error) {
	if !adopting(scope) || scope.release.Status.Adopted != "" || scope.decision.Action == plan.ActionUninstall {
		return false, nil
	}
	last := scope.revisions[len(scope.revisions)-1].Number
	found, err := r.Engine.Describe(ctx, scope.helm, last)
	if err != nil {
		return false, err
	}
	scope.release.Status.Adopted = adoption(scope, last, found)
	scope.decision = plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonAdopting}
	scope.comeBack(again)
	return true, nil
}

// adopting says that a release exists and that no revision of it is ours, nor
// ever was.
func adopting(scope *releaseScope) bool {
	return len(scope.revisions) > 0 && scope.release.Status.ReadyDigest == "" &&
		!slices.ContainsFunc(scope.revisions, func(revision helm.Revision) bool { return revision.Digest != "" })
}

// adoption is the sentence about what is taken over and what changes.
func adoption(scope *releaseScope, revision int, found helm.Description) string {
	spec := scope.release.Spec
	text := fmt.Sprintf("takes over Helm release %s, revision %d of chart %s %s", scope.helm, revision, found.ChartName, found.ChartVersion)
	if found.ChartName != spec.Chart.Name || found.ChartVersion != spec.Chart.Version {
		text += fmt.Sprintf("; the chart becomes %s %s", spec.Chart.Name, spec.Chart.Version)
	}
	secret := func(from v1alpha1.ValuesReference) bool { return from.Kind == refs.Secret }
	changes := helm.Differences(found.Values, scope.merged, helm.DifferenceOptions{
		MaskAll: slices.ContainsFunc(spec.ValuesFrom, secret), Limit: shownDifferences,
	})
	if len(changes) == 0 {
		return text + "; no value changes"
	}
	return text + "; values that change: " + strings.Join(changes, ", ")
}
