// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// Jobs that are no Helm actions.
const (
	actionDrift     = "Drift"
	actionManifests = "Manifests"
	actionProbe     = "Probe"
)

// manifestsOf is the key under which the follow-up objects of a release are
// tracked; ReleaseOf is its inverse.
func manifestsOf(release string) string { return release + manifestsSuffix }

const manifestsSuffix = "#manifests"

// ReleaseOf is the release that a key of the tracker belongs to.
func ReleaseOf(key string) string { return strings.TrimSuffix(key, manifestsSuffix) }

// follow is what comes after the objects of a release are ready: its probes, its
// follow-up manifests, and the mark on the record that it was Ready. A release
// that is held where it was rolled back to is marked, too.
func (r *ComponentReleaseReconciler) follow(ctx context.Context, scope *releaseScope) error {
	if scope.deployed == nil || scope.decision.Action != plan.ActionNone || scope.objects == nil {
		return nil
	}
	// The mark comes first: what was good once must not be rolled back later because
	// its manifests or its webhooks kept it from being Ready in time.
	if scope.current && scope.deployed.Digest != "" && !scope.deployed.Ready {
		if err := r.Engine.MarkReady(ctx, scope.helm, scope.deployed.Number); err != nil {
			return err
		}
	}
	if !scope.objects.ready {
		return nil
	}
	if scope.decision.Reason == v1alpha1.ReasonReleased || scope.decision.Reason == v1alpha1.ReasonRolloutTimedOut {
		scope.followUp = r.probe(scope)
		if scope.followUp == nil {
			scope.followUp = r.applyManifests(scope)
		}
		if scope.followUp != nil {
			return nil
		}
		if !isReady(scope.before) {
			r.Handoff.Ready(scope.release.Name)
		}
	}
	return nil
}

// probe proves that the API server accepts what the catalog says it must, once
// for each new inputs.
func (r *ComponentReleaseReconciler) probe(scope *releaseScope) *verdict {
	spec, status := scope.release.Spec, &scope.release.Status
	if len(spec.Probes) == 0 || status.ProbedDigest == spec.InputsDigest {
		return nil
	}
	memory := r.followUps.get(scope.release.Name)
	if missing := r.unservedProbes(scope); len(missing) > 0 {
		r.followUps.put(scope.release.Name, followUp{waiting: missing, at: r.Clock.Now()}) // woken when other kinds are served
		return &verdict{
			reason: v1alpha1.ReasonWaitingForObjects, message: "the component is asked when these kinds are served: " + strings.Join(missing, ", "),
		}
	}
	if len(memory.waiting) > 0 {
		memory = followUp{}
		r.followUps.put(scope.release.Name, memory)
	}
	if wait := memory.wait(r.Clock.Now(), false); wait > 0 {
		scope.comeBack(wait)
	} else {
		r.start(scope, actionProbe, spec.InputsDigest, func(ctx context.Context) (any, error) {
			return nil, r.Manifests.Probe(ctx, spec.Namespace, spec.Probes)
		})
	}
	if memory.problem != "" {
		return &verdict{reason: v1alpha1.ReasonProbeFailed, message: memory.problem}
	}
	return &verdict{reason: v1alpha1.ReasonWaitingForObjects, message: "the API server is asked whether it accepts the component's objects"}
}

// unservedProbes are the kinds of probes that nobody serves yet. What is no object is
// for the probe itself to say.
func (r *ComponentReleaseReconciler) unservedProbes(scope *releaseScope) []string {
	objects, err := manifests.Parse(scope.release.Spec.Component, scope.release.Spec.Probes)
	if err != nil {
		return nil
	}
	return kindNames(manifests.NeededKinds(objects, r.Mapper))
}

// applyManifests applies and prunes the follow-up manifests and waits until they
// are current. What is about to be applied is written to the status first, so that
// nothing is forgotten.
func (r *ComponentReleaseReconciler) applyManifests(scope *releaseScope) *verdict {
	spec, status := scope.release.Spec, &scope.release.Status
	if len(spec.Manifests) == 0 && len(status.Manifests) == 0 {
		return nil
	}
	pending := func(message string) *verdict {
		return &verdict{reason: v1alpha1.ReasonManifestsPending, message: message}
	}
	objects, err := manifests.Parse(spec.Component, spec.Manifests)
	if err != nil {
		return &verdict{reason: v1alpha1.ReasonManifestInvalid, message: failure.Message(err)}
	}
	known, _ := manifests.References(objects, r.Mapper, spec.Namespace)
	if all := manifests.Union(status.Manifests, known); !slices.Equal(all, status.Manifests) {
		status.Manifests = all
		scope.comeBack(again)
		return pending("the follow-up manifests are about to be applied")
	}
	memory := r.followUps.get(scope.release.Name)
	digest := wantedDigest(spec)
	missing := manifests.NeededKinds(objects, r.Mapper)
	if memory.applied == digest && len(missing) > 0 {
		// The definition of a kind was deleted, and its objects with it.
		memory = followUp{waiting: kindNames(missing), at: r.Clock.Now()}
		r.followUps.put(scope.release.Name, memory)
	}
	if memory.applied != digest {
		return r.applyPending(scope, memory, len(missing) > 0, objects, known)
	}
	key := manifestsOf(scope.release.Name)
	r.Tracker.Track(key, trackedObjects(known))
	entry, _ := r.inventories.get(scope.release.Name, scope.helm, scope.deployed.Number)
	state, synced, err := r.look(scope.release, key, entry)
	switch {
	case err != nil:
		return pending(err.Error())
	case !synced:
		return &verdict{unread: r.isFresh(entry), reason: v1alpha1.ReasonManifestsPending, message: "reading the follow-up manifests"}
	case !state.Ready:
		return pending("follow-up manifests: " + state.Message())
	}
	return nil
}

// applyPending begins to apply what is not applied yet, when it is time. One object
// that a dead webhook refuses keeps none of the others back: they may be what brings
// it to life.
func (r *ComponentReleaseReconciler) applyPending(
	scope *releaseScope, memory followUp, unknown bool, objects []*unstructured.Unstructured, known []v1alpha1.ObjectReference,
) *verdict {
	obstacle := ""
	if strings.Contains(memory.problem, webhookFailed) {
		obstacle = r.obstacleTo(scope.release, objects)
	}
	wait := memory.wait(r.Clock.Now(), unknown)
	if memory.obstructed && obstacle == "" {
		wait = 0 // what stood in the way answers again, or is gone
	}
	memory.obstructed = obstacle != ""
	r.followUps.put(scope.release.Name, memory)
	switch {
	case wait > 0:
		scope.comeBack(wait)
	case wait == 0:
		r.sendManifests(scope, objects, known, wantedDigest(scope.release.Spec))
	}
	switch {
	case memory.fresh() && isReady(scope.before):
		return nil // a new process makes sure of what was so before
	case obstacle != "":
		return &verdict{reason: v1alpha1.ReasonWebhookUnavailable, message: obstacle}
	}
	return memory.verdict()
}

// webhookFailed is how the API server begins when an admission webhook did not answer.
const webhookFailed = "failed calling webhook"

// obstacleTo names a fail-closed webhook that would be asked about the follow-up
// manifests of a release and cannot answer.
func (r *ComponentReleaseReconciler) obstacleTo(release *v1alpha1.ComponentRelease, objects []*unstructured.Unstructured) string {
	question := admission.Question{Owner: release.Name}
	for _, object := range objects {
		refs, _ := manifests.References([]*unstructured.Unstructured{object}, r.Mapper, release.Spec.Namespace)
		for _, ref := range refs { // none while its kind is not served
			labels := object.GetLabels()
			if labels == nil {
				labels = map[string]string{} // known to be none
			}
			question.Objects = append(question.Objects, admission.Object{
				GroupVersionKind: object.GroupVersionKind(), Namespace: ref.Namespace, Name: ref.Name, Labels: labels,
			})
		}
	}
	message, _ := r.Admission.Obstacle(question)
	return message
}

// sendManifests begins to apply.
func (r *ComponentReleaseReconciler) sendManifests(
	scope *releaseScope, objects []*unstructured.Unstructured, known []v1alpha1.ObjectReference, digest string,
) {
	request := manifests.Request{
		Owner: scope.release.Name, Namespace: scope.release.Spec.Namespace, Objects: objects,
		Prune: manifests.Gone(scope.release.Status.Manifests, known), AllowDelete: scope.release.Spec.AllowDataLoss,
	}
	r.start(scope, actionManifests, digest, func(ctx context.Context) (any, error) {
		result, err := r.Manifests.Apply(ctx, request)
		return sent{result: result, known: known}, err
	})
}

// sent is what came of applying manifests.
type sent struct {
	result manifests.Result
	known  []v1alpha1.ObjectReference
}

// removed is what came of removing them.
type removed struct{ left []string }

// learnFollowUp takes what a probe or the manifests left.
func (r *ComponentReleaseReconciler) learnFollowUp(scope *releaseScope, outcome jobs.Outcome) {
	status, memory := &scope.release.Status, r.followUps.get(scope.release.Name)
	switch value := outcome.Value.(type) {
	case sent:
		written := appliedManifests(value.result.Applied)
		r.Tracker.Expect(written...)
		r.Ledger.Known(manifestsOf(scope.release.Name), written...)
		memory = memory.learn(value.result, outcome)
		if value.result.Clean() && len(value.result.Left) == 0 && outcome.Err == nil {
			status.Manifests = manifests.Union(value.known, value.result.Protected)
		}
	case removed:
		memory = memory.failed(outcome, "follow-up manifests are being deleted: "+strings.Join(value.left, ", "))
		if outcome.Err == nil && len(value.left) == 0 {
			status.Manifests, memory = nil, followUp{}
		}
	default:
		memory = memory.failed(outcome, "")
		if outcome.Err == nil {
			status.ProbedDigest, memory = outcome.Digest, followUp{}
		}
	}
	r.followUps.put(scope.release.Name, memory)
}

// removeManifests deletes the follow-up objects before the release goes: its
// operator may be needed to let them go. They go as well when somebody else has
// uninstalled the release.
func (r *ComponentReleaseReconciler) removeManifests(_ context.Context, scope *releaseScope) (bool, error) {
	left := scope.release.Status.Manifests
	if scope.release.Spec.Removal == "" || len(left) == 0 {
		return false, nil
	}
	memory := r.followUps.get(scope.release.Name)
	if wait := memory.wait(r.Clock.Now(), false); wait > 0 {
		scope.comeBack(wait)
	} else {
		name, allowed := scope.release.Name, scope.release.Spec.AllowDataLoss
		r.start(scope, actionManifests, "", func(ctx context.Context) (any, error) {
			left, err := r.Manifests.Remove(ctx, name, left, allowed)
			return removed{left: left}, err
		})
	}
	message := memory.problem
	if message == "" {
		message = fmt.Sprintf("deleting %d follow-up manifests before the release", len(left))
	}
	scope.blocked = &verdict{reason: v1alpha1.ReasonUninstalling, message: message}
	scope.decision = plan.Decision{Action: plan.ActionWait, Reason: v1alpha1.ReasonUninstalling}
	return true, nil
}

func kindNames(kinds []schema.GroupVersionKind) []string {
	var out []string
	for _, gvk := range kinds {
		out = append(out, fmt.Sprintf("%s (%s)", gvk.Kind, gvk.GroupVersion()))
	}
	return out
}

func trackedObjects(refs []v1alpha1.ObjectReference) []readiness.Object {
	out := make([]readiness.Object, 0, len(refs))
	for _, ref := range refs {
		out = append(out, readiness.Object{
			GroupVersionKind: schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind), Namespace: ref.Namespace, Name: ref.Name,
		})
	}
	return out
}

func appliedManifests(applied []manifests.Applied) []readiness.Applied {
	out := make([]readiness.Applied, 0, len(applied))
	for _, a := range applied {
		out = append(out, readiness.Applied{
			Object: trackedObjects([]v1alpha1.ObjectReference{a.ObjectReference})[0],
			UID:    a.UID, Generation: a.Generation, ResourceVersion: a.ResourceVersion,
		})
	}
	return out
}
