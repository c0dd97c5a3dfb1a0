// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/window"
)

// consentTo reads who lets changes begin, and whether they may now. Deleting the
// bundle is a word of its own and asks nobody.
func (r *PlatformBundleReconciler) consentTo(scope *bundleScope) error {
	bundle := scope.bundle
	if scope.removing {
		return nil
	}
	scope.consent = plan.Consent{
		Manual:   bundle.Spec.Approval == v1alpha1.ApprovalManual,
		Approved: bundle.Annotations[v1alpha1.ApprovedPlanAnnotation],
		Exempted: bundle.Annotations[v1alpha1.ExemptedPlanAnnotation],
	}
	if bundle.Spec.Maintenance == nil {
		return nil
	}
	opening, err := window.Parse(*bundle.Spec.Maintenance)
	if err != nil {
		return failure.Terminal(v1alpha1.ReasonMaintenanceInvalid, "spec.maintenance.%w", err)
	}
	open, change := opening.At(r.now())
	scope.consent.Closed, scope.windowChange = !open, change
	return nil
}

func (r *PlatformBundleReconciler) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// waitsFor says whether anything waits for this reason.
func (scope *bundleScope) waitsFor(reason string) bool {
	for _, wait := range scope.plan.Waits {
		if wait.Reason == reason {
			return true
		}
	}
	return false
}

// untilWindow is how long to leave a bundle alone that waits for its window; zero
// when it does not.
func (r *PlatformBundleReconciler) untilWindow(scope *bundleScope) time.Duration {
	if !scope.waitsFor(v1alpha1.ReasonAwaitingWindow) {
		return 0
	}
	return max(scope.windowChange.Sub(r.now()), time.Second)
}

// setPlan shows the plan while somebody has to consent to it, or has and it is being
// carried out.
func (scope *bundleScope) setPlan() {
	status := &scope.bundle.Status
	status.Plan, status.NextWindow = nil, nil
	if scope.waitsFor(v1alpha1.ReasonAwaitingWindow) {
		status.NextWindow = &metav1.Time{Time: scope.windowChange.UTC()}
	}
	if len(scope.plan.Changes) == 0 || scope.plan.Digest == "" || !scope.consent.Manual && status.NextWindow == nil {
		return
	}
	shown := &v1alpha1.PlanStatus{Digest: scope.plan.Digest, Approved: scope.plan.Approved, Summary: summaryOf(scope.plan.Changes)}
	for _, change := range scope.plan.Changes {
		shown.Changes = append(shown.Changes, scope.planned(change))
	}
	status.Plan = shown
}

// summaryOf counts changes: "1 install, 2 upgrades".
func summaryOf(changes []plan.Change) string {
	var parts []string
	for _, kind := range []v1alpha1.ChangeKind{v1alpha1.ChangeInstall, v1alpha1.ChangeUpgrade, v1alpha1.ChangeRemove} {
		count := 0
		for _, change := range changes {
			if change.Kind == kind {
				count++
			}
		}
		noun := strings.ToLower(string(kind))
		if kind == v1alpha1.ChangeRemove {
			noun = "removal"
		}
		switch {
		case count == 1:
			parts = append(parts, "1 "+noun)
		case count > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", count, noun))
		}
	}
	return strings.Join(parts, ", ")
}

// planned is a change as people read it.
func (scope *bundleScope) planned(change plan.Change) v1alpha1.PlannedChange {
	out := v1alpha1.PlannedChange{Component: change.Name, Kind: change.Kind}
	release := scope.releases[change.Name]
	if release != nil {
		out.From = release.Spec.Chart.Version
	}
	for _, c := range scope.components {
		if c.Name != change.Name || c.spec == nil {
			continue
		}
		out.To = c.spec.Chart.Version
		if change.Kind == v1alpha1.ChangeUpgrade && release != nil {
			out.What = differences(release.Spec, *c.spec)
		}
	}
	return out
}

// differences names the parts of a release that an upgrade changes, in the order in
// which people ask.
func differences(from, to v1alpha1.ComponentReleaseSpec) []string {
	var out []string
	add := func(differs bool, what string) {
		if differs {
			out = append(out, what)
		}
	}
	add(from.Chart.Version != to.Chart.Version, "version")
	add(from.Chart.Version == to.Chart.Version && from.Chart.Digest != to.Chart.Digest, "chart content")
	add(from.Namespace != to.Namespace || from.ReleaseName != to.ReleaseName, "release name")
	add(from.CatalogVersion != to.CatalogVersion, "catalog")
	add(!equality.Semantic.DeepEqual(from.Defaults, to.Defaults), "catalog defaults")
	add(!equality.Semantic.DeepEqual(from.Wiring, to.Wiring), "wiring")
	add(!equality.Semantic.DeepEqual(from.ValuesFrom, to.ValuesFrom), "valuesFrom")
	add(!equality.Semantic.DeepEqual(from.Values, to.Values), "values")
	add(!equality.Semantic.DeepEqual(from.NamespaceLabels, to.NamespaceLabels), "namespace labels")
	add(!equality.Semantic.DeepEqual(from.Capabilities, to.Capabilities), "kinds of the cluster")
	add(!equality.Semantic.DeepEqual(from.CRDs, to.CRDs), "CRDs")
	add(!sameManifests(from, to), "manifests")
	if len(out) == 0 {
		out = append(out, "referenced values") // the one input that no spec holds
	}
	return out
}

func sameManifests(from, to v1alpha1.ComponentReleaseSpec) bool {
	if len(from.Manifests) != len(to.Manifests) {
		return false
	}
	for i := range from.Manifests {
		if !bytes.Equal(from.Manifests[i].Raw, to.Manifests[i].Raw) {
			return false
		}
	}
	return true
}

// consentVerdict is what a bundle says that waits for somebody's consent.
func (scope *bundleScope) consentVerdict() (verdict, bool) {
	status := scope.bundle.Status
	if status.Plan == nil {
		return verdict{}, false
	}
	rest := ""
	if others := sentenceOf(withoutConsent(status.Components)); others != "" {
		rest = "; " + others
	}
	switch {
	case scope.waitsFor(v1alpha1.ReasonAwaitingApproval):
		return verdict{reason: v1alpha1.ReasonAwaitingApproval, message: fmt.Sprintf(
			"plan %s (%s) awaits approval: kubectl annotate platformbundle %s %s=%[1]s --overwrite%[5]s",
			status.Plan.Digest, status.Plan.Summary, scope.bundle.Name, v1alpha1.ApprovedPlanAnnotation, rest)}, true
	case status.NextWindow != nil:
		return verdict{reason: v1alpha1.ReasonAwaitingWindow, message: fmt.Sprintf(
			"plan %s (%s) waits for the maintenance window, which opens at %s%s",
			status.Plan.Digest, status.Plan.Summary, status.NextWindow.Format(time.RFC3339), rest)}, true
	}
	return verdict{}, false
}

func withoutConsent(components []v1alpha1.ComponentStatus) []v1alpha1.ComponentStatus {
	var out []v1alpha1.ComponentStatus
	for _, c := range components {
		if c.Reason != v1alpha1.ReasonAwaitingApproval && c.Reason != v1alpha1.ReasonAwaitingWindow {
			out = append(out, c)
		}
	}
	return out
}
