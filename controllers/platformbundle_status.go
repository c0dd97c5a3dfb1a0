// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// summarizeBundle computes the whole status from the scope. It is pure apart
// from writing into the scope's bundle. Failed is the error that ended the pass.
func summarizeBundle(scope *bundleScope, newestCatalog string, failed error) {
	bundle := scope.bundle
	status := &bundle.Status
	status.ObservedGeneration = bundle.Generation
	status.NewerCatalogVersion = ""
	if status.CatalogVersion != "" && status.CatalogVersion != newestCatalog {
		status.NewerCatalogVersion = newestCatalog
	}
	if failed != nil {
		setVerdict(bundle, verdict{reason: v1alpha1.ReasonReconcileError, message: failed.Error()})
		return
	}
	if scope.handover != nil {
		setVerdict(bundle, verdict{reason: v1alpha1.ReasonHandingOver, message: scope.handover.message})
		return
	}
	if scope.trouble != nil {
		status.Plan, status.NextWindow = nil, nil
		setVerdict(bundle, verdict{
			stalled: true, reason: failure.ReasonOf(scope.trouble, v1alpha1.ReasonReconcileError), message: failure.Message(scope.trouble),
		})
		return
	}
	status.Components = scope.componentStatuses()
	ready := 0
	for _, c := range status.Components {
		if c.State == v1alpha1.StateReady {
			ready++
		}
	}
	status.Ready = fmt.Sprintf("%d/%d", ready, len(scope.resolved.Components))
	scope.setPlan()
	if ready == len(status.Components) { // or the end would be told between two components
		status.Timeline = scope.timeline()
	}
	setVerdict(bundle, scope.verdict(ready))
	setMaintained(bundle)
	setAdmission(bundle, scope.orphans)
	if scope.settled() {
		status.LastHandledReconcileAt = bundle.Annotations[v1alpha1.ReconcileRequestAnnotation]
	}
}

// settled says that every component has been looked at since the last request.
func (scope *bundleScope) settled() bool {
	return !slices.ContainsFunc(scope.components, func(c *component) bool { return c.preparing })
}

// componentStatuses are those of enabled components and of releases on their way
// out, sorted by name.
func (scope *bundleScope) componentStatuses() []v1alpha1.ComponentStatus {
	var out []v1alpha1.ComponentStatus
	listed := map[string]bool{}
	for _, c := range scope.components {
		listed[c.Name] = true
		out = append(out, scope.componentStatus(c))
	}
	if scope.bundle.Spec.Suspend {
		return suspended(scope)
	}
	for _, name := range sortedKeys(scope.releases) {
		if !listed[name] && !slices.Contains(scope.plan.Forget, name) {
			out = append(out, scope.removalStatus(scope.releases[name], scope.plan.Waits[name]))
		}
	}
	slices.SortFunc(out, func(a, b v1alpha1.ComponentStatus) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func suspended(scope *bundleScope) []v1alpha1.ComponentStatus {
	var out []v1alpha1.ComponentStatus
	for _, c := range scope.resolved.Components {
		entry := v1alpha1.ComponentStatus{
			Name: c.Name, State: v1alpha1.StateSuspended, Reason: v1alpha1.ReasonSuspended, Lifecycle: c.Lifecycle,
		}
		if release := scope.releases[c.Name]; release != nil {
			entry.Version = release.Spec.Chart.Version
			if isReady(release) {
				entry.State, entry.Reason = v1alpha1.StateReady, v1alpha1.ReasonReady
			}
		}
		out = append(out, entry)
	}
	return out
}

// componentStatus tells the story of one enabled component. The first of these
// that holds is told: suspended, trouble, ready, waiting, and what its release
// says.
func (scope *bundleScope) componentStatus(c *component) v1alpha1.ComponentStatus {
	out := v1alpha1.ComponentStatus{Name: c.Name, Lifecycle: c.Lifecycle, Warning: c.warning}
	if c.release != nil {
		out.Version = c.release.Spec.Chart.Version
	}
	if c.spec != nil {
		out.Version = c.spec.Chart.Version
	}
	wait, waits := scope.plan.Waits[c.Name]
	switch {
	case c.Suspend && c.release != nil && isReady(c.release):
		out.State, out.Reason, out.Message = v1alpha1.StateReady, v1alpha1.ReasonSuspended, "suspend is set for this component: it is left as it is, which is Ready"
	case c.Suspend:
		out.State, out.Reason, out.Message = v1alpha1.StateSuspended, v1alpha1.ReasonSuspended, "suspend is set for this component"
	case c.Trouble != nil:
		out.State, out.Reason, out.Message = v1alpha1.StateHeld, c.Trouble.Reason, failure.Message(c.Trouble)
	case c.readyAsWanted() && len(scope.missingCRDs[c.Name]) > 0:
		out.State, out.Reason = v1alpha1.StateProgressing, v1alpha1.ReasonWaitingForKinds
		out.Message = scope.explain(plan.Wait{Reason: v1alpha1.ReasonWaitingForKinds, On: scope.missingCRDs[c.Name]})
	case c.readyAsWanted():
		out.State, out.Reason = v1alpha1.StateReady, v1alpha1.ReasonReady
	case waits:
		out.State, out.Reason, out.Message = waitState(wait), wait.Reason, scope.explain(wait)
	case c.preparing:
		out.State, out.Reason = v1alpha1.StatePreparing, v1alpha1.ReasonPreparing
	case c.release != nil:
		out.State, out.Reason, out.Message = releaseStory(c.release)
	default:
		out.State, out.Reason = v1alpha1.StateWaiting, v1alpha1.ReasonProgressing
	}
	out.Message, out.Warning = cut(out.Message, maxComponentMessage), cut(out.Warning, maxComponentMessage)
	return out
}

// readyAsWanted says whether the release is Ready at the desired inputs. While
// these are being looked at again, what was approved counts, so that a restarted
// operator does not show a running platform as unready.
func (c *component) readyAsWanted() bool {
	if c.release == nil || !isReady(c.release) {
		return false
	}
	if c.spec == nil {
		return c.preparing && !c.moved
	}
	return wantedDigest(c.release.Spec) == wantedDigest(*c.spec)
}

// explain says what is waited for, and why a definition does not come.
func (scope *bundleScope) explain(wait plan.Wait) string {
	message := waitMessage(wait)
	if wait.Reason != v1alpha1.ReasonWaitingForKinds {
		return message
	}
	for _, name := range wait.On {
		if err := scope.failedCRDs[name]; err != nil {
			return message + ": " + failure.Message(err)
		}
		if state, ok := scope.definitions.Get(name); ok && state.Problem != "" {
			return message + ": the API server does not accept " + name + ": " + state.Problem
		}
	}
	return message
}

func waitState(wait plan.Wait) v1alpha1.ComponentState {
	switch wait.Reason {
	case v1alpha1.ReasonPreparing:
		return v1alpha1.StatePreparing
	case v1alpha1.ReasonHeld:
		return v1alpha1.StateHeld
	case v1alpha1.ReasonWaitingForDependents, v1alpha1.ReasonUninstalling:
		return v1alpha1.StateRemoving
	case v1alpha1.ReasonDataLoss:
		return v1alpha1.StateHeld
	default:
		return v1alpha1.StateWaiting
	}
}

func waitMessage(wait plan.Wait) string {
	on := listNames(wait.On)
	switch wait.Reason {
	case v1alpha1.ReasonPreparing:
		if on == "" {
			return "its chart is being fetched and rendered"
		}
		return "waits until " + on + " has been checked; nothing is written before that"
	case v1alpha1.ReasonHeld:
		return "held until the spec of " + on + " is corrected"
	case v1alpha1.ReasonWaitingForKinds:
		return "waits until these CRDs are established: " + on
	case v1alpha1.ReasonWaitingForDependents:
		return "is removed after " + on
	case v1alpha1.ReasonSuspended:
		return "suspend is set"
	case v1alpha1.ReasonUninstalling:
		return "is being uninstalled before it can be installed again"
	case v1alpha1.ReasonWebhookUnavailable:
		return strings.Join(wait.On, "; ")
	case v1alpha1.ReasonAwaitingApproval:
		return "waits for the approval of plan " + on
	case v1alpha1.ReasonAwaitingWindow:
		return "waits for the maintenance window"
	default:
		return "waits for " + on
	}
}

// listNames lists at most five names.
func listNames(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// releaseStory reads state, reason and message from the release's Ready condition.
func releaseStory(release *v1alpha1.ComponentRelease) (v1alpha1.ComponentState, string, string) {
	ready := meta.FindStatusCondition(release.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.ObservedGeneration != release.Generation {
		if release.Status.Revision > 0 {
			return v1alpha1.StateUpgrading, v1alpha1.ReasonUpgrading, ""
		}
		return v1alpha1.StateInstalling, v1alpha1.ReasonInstalling, ""
	}
	state := v1alpha1.StateProgressing
	switch ready.Reason {
	case v1alpha1.ReasonInstalling:
		state = v1alpha1.StateInstalling
	case v1alpha1.ReasonUpgrading:
		state = v1alpha1.StateUpgrading
	case v1alpha1.ReasonRollingBack:
		state = v1alpha1.StateUpgrading
	case v1alpha1.ReasonReleasedExternally, v1alpha1.ReasonRolledBack:
		state = v1alpha1.StateHeld
	case v1alpha1.ReasonInstallFailed, v1alpha1.ReasonUpgradeFailed, v1alpha1.ReasonUninstallFailed, v1alpha1.ReasonObjectsFailed,
		v1alpha1.ReasonRollbackFailed, v1alpha1.ReasonRolloutTimedOut, v1alpha1.ReasonManifestsFailed,
		v1alpha1.ReasonProbeFailed:
		state = v1alpha1.StateFailed
	case v1alpha1.ReasonSuspended:
		state = v1alpha1.StateSuspended
	case v1alpha1.ReasonWebhookUnavailable:
		state = v1alpha1.StateWaiting
	}
	return state, ready.Reason, ready.Message
}

func (scope *bundleScope) removalStatus(release *v1alpha1.ComponentRelease, wait plan.Wait) v1alpha1.ComponentStatus {
	out := v1alpha1.ComponentStatus{
		Name: release.Spec.Component, Version: release.Spec.Chart.Version,
		State: v1alpha1.StateRemoving, Reason: v1alpha1.ReasonUninstalling,
	}
	switch {
	case wait.Reason == v1alpha1.ReasonPreparing && len(wait.On) == 0:
		out.Reason, out.Message = wait.Reason, "the live objects of its kinds are being counted before it is removed"
		if len(scope.uncounted) > 0 {
			out.Message += "; " + strings.Join(scope.uncounted, "; ") + "; mend that, or name the kinds in allowDataLoss"
		}
	case wait.Reason == v1alpha1.ReasonDataLoss:
		out.State, out.Reason, out.Message = v1alpha1.StateHeld, wait.Reason, scope.losses[out.Name].refusal(out.Name, scope.removing)
	case wait.Reason == v1alpha1.ReasonAwaitingApproval || wait.Reason == v1alpha1.ReasonAwaitingWindow:
		out.State, out.Reason, out.Message = v1alpha1.StateWaiting, wait.Reason, waitMessage(wait)
	case wait.Reason != "":
		out.Reason, out.Message = wait.Reason, waitMessage(wait)
	case release.Spec.Removal != "":
		if _, reason, message := releaseStory(release); reason != v1alpha1.ReasonInstalling && reason != v1alpha1.ReasonUpgrading {
			out.Reason, out.Message = reason, message
		}
	}
	return out
}

// setAdmission says whether the cluster has webhooks that lock it.
func setAdmission(bundle *v1alpha1.PlatformBundle, orphans []string) {
	if len(orphans) == 0 {
		setCondition(bundle, v1alpha1.ConditionAdmissionAvailable, metav1.ConditionTrue, v1alpha1.ReasonWebhooksAnswer,
			"every fail-closed admission webhook has a Service")
		return
	}
	setCondition(bundle, v1alpha1.ConditionAdmissionAvailable, metav1.ConditionFalse, v1alpha1.ReasonWebhookUnavailable, strings.Join(orphans, "; "))
}

// setMaintained says whether the platform rests on components without a future.
func setMaintained(bundle *v1alpha1.PlatformBundle) {
	var notes []string
	for _, c := range bundle.Status.Components {
		if c.Lifecycle != "" {
			notes = append(notes, c.Name+": "+c.Lifecycle)
		}
	}
	if len(notes) == 0 {
		setCondition(bundle, v1alpha1.ConditionMaintained, metav1.ConditionTrue, v1alpha1.ReasonMaintained, "every component is active upstream")
		return
	}
	setCondition(bundle, v1alpha1.ConditionMaintained, metav1.ConditionFalse, v1alpha1.ReasonRetired, strings.Join(notes, "; "))
}

// isReady says whether a release is Ready at exactly what was approved.
func isReady(release *v1alpha1.ComponentRelease) bool {
	return release.Status.ReadyDigest == wantedDigest(release.Spec) &&
		meta.IsStatusConditionTrue(release.Status.Conditions, v1alpha1.ConditionReady)
}
