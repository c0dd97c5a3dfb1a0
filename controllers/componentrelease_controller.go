// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// ComponentReleaseReconciler makes one Helm release match one approved spec. It
// knows neither order nor catalog nor CRDs.
type ComponentReleaseReconciler struct {
	client.Client
	// Records reads the metadata of Helm's records from the watch on them.
	Records client.Reader
	// Recorder of events.
	Recorder events.EventRecorder
	// References to Secrets and ConfigMaps.
	References References
	// Engine runs Helm.
	Engine Engine
	// Jobs holds what runs.
	Jobs Jobs
	// Tracker watches the objects of releases.
	Tracker Tracker
	// Identity of this process.
	Identity string
	// Shard whose releases are made true; empty are those without one.
	Shard string
	// Handoff measures how fast dependents start; nil measures nothing.
	Handoff *Handoff
	// Metrics counts what is done; nil counts nothing.
	Metrics Metrics
	// Weight is about how many bytes of memory work with the chart of a content digest
	// takes; nil weighs nothing.
	Weight func(digest string) int64
	// StatusInterval is the least time between two writes of a status that only tells
	// how far things are. Zero: each is written.
	StatusInterval time.Duration
	pace           pace
	// Clock for backoff and the age of records.
	Clock clock.PassiveClock
	// Mapper finds out which kinds live in namespaces.
	Mapper meta.RESTMapper
	// Manifests applies follow-up objects.
	Manifests Manifests
	// Pods says why pods do not run.
	Pods Pods
	// Admission knows which webhooks cannot answer.
	Admission Admission
	// Ledger of drift.
	Ledger Ledger
	// followUps is what is remembered of what follows a release.
	followUps followUps
	// inventories of revisions, a cache of what Helm's records hold.
	inventories inventoryCache
	// passed are releases that were handed over to another shard a moment ago.
	passed passedOn
	// rivals lists who claims a Helm release, from the cache; set by SetupWithManager.
	rivals func(ctx context.Context, release helm.Release) ([]v1alpha1.ComponentRelease, error)
}

// The operator installs arbitrary charts, RBAC included, so it holds what they
// need: everything. config/rbac says how to narrow this down.
// +kubebuilder:rbac:groups=*,resources=*,verbs=*
// +kubebuilder:rbac:urls=*,verbs=*

// releaseScope is what the steps of one pass share. Each field says when it is set.
type releaseScope struct {
	// release being reconciled; its status is written at the end.
	release *v1alpha1.ComponentRelease
	// before is the release as fetched.
	before *v1alpha1.ComponentRelease
	// helm names the Helm release.
	helm helm.Release
	// merged values; set by compose.
	merged values.Values
	// blocked is why nothing may be done with these inputs; set by compose.
	blocked *verdict
	// running is the job under way, as it was when the pass began or as the pass
	// itself began it; set by observe and by whoever starts one.
	running *jobs.Running
	// outcome of the last job; set by observe.
	outcome *jobs.Outcome
	// revisions from the watch on records; set by observe.
	revisions []helm.Revision
	// claimed says that somebody else's bundle has the Helm release; set by claim.
	claimed bool
	// deployed is the newest revision when Helm calls it deployed; set by judge.
	deployed *helm.Revision
	// objects is the verdict about those of the newest revision, and known says that
	// every one of them has been looked at; set by judge.
	objects *verdict
	known   bool
	// current says that every object of the newest revision is current, whatever its
	// admission webhooks, its probes and its manifests do; set by judge.
	current bool
	// decision; set by decide, again by act after a live read.
	decision plan.Decision
	// begun says that a Helm action was begun in this pass; set by act. Started says
	// that of any job.
	begun, started bool
	// contested says that another bundle's claim on the Helm release still has a job; set
	// by claim.
	contested bool
	// assumed says that a revision was taken from memory, because the watch lags behind;
	// set by observe.
	assumed bool
	// followUp is why what follows the release is not there yet; set by follow.
	followUp *verdict
	// news are events to record after the status was written.
	news []news
	// requeue is when to come back if nothing happens; 0 is never.
	requeue time.Duration
}

// news is an event in the making.
type news struct{ reason, note string }

func (scope *releaseScope) tell(reason, note string) {
	scope.news = append(scope.news, news{reason: reason, note: note})
}

func newReleaseScope(release *v1alpha1.ComponentRelease) *releaseScope {
	return &releaseScope{
		release: release,
		before:  release.DeepCopy(),
		helm:    helm.Release{Namespace: release.Spec.Namespace, Name: release.Spec.ReleaseName},
	}
}

// requested says that somebody asked for a reconcile that was not acted on yet.
func (scope *releaseScope) requested() bool {
	asked := scope.release.Spec.ReconcileRequest
	return asked != "" && asked != scope.release.Status.LastHandledReconcileAt
}

func (scope *releaseScope) busy() bool { return scope.running != nil }

// comeBack asks for another pass, at the latest after d.
func (scope *releaseScope) comeBack(d time.Duration) {
	if d > 0 && (scope.requeue == 0 || d < scope.requeue) {
		scope.requeue = d
	}
}

type releaseStep struct {
	name string
	run  func(context.Context, *releaseScope) error
}

func (r *ComponentReleaseReconciler) steps() []releaseStep {
	return []releaseStep{
		{"compose", r.compose},
		{"observe", r.observe},
		{"claim", r.claim},
		{"judge", r.judge},
		{"decide", r.decide},
		{"act", r.act},
		{"follow", r.follow},
		{"drift", r.drift},
		{"handle", r.handle},
	}
}

// Reconcile implements reconcile.Reconciler.
func (r *ComponentReleaseReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	release := &v1alpha1.ComponentRelease{}
	if err := r.Get(ctx, request.NamespacedName, release); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if holds, result, err := r.holds(ctx, release); !holds || err != nil {
		return result, err
	}
	scope := newReleaseScope(release)
	if release.Status.ObservedGeneration == 0 {
		// An object without a status is new or was restored: the request is an old one.
		release.Status.LastHandledReconcileAt = release.Spec.ReconcileRequest
	}
	beginTimeline(release)
	var failed error
	for _, step := range r.steps() {
		if failed = step.run(ctx, scope); failed != nil {
			break
		}
	}
	scope.timeAction()
	summarizeRelease(scope, failed)
	if scope.nothingNew() {
		return ctrl.Result{RequeueAfter: scope.requeue}, failed
	}
	if left := r.pace.left(release.Name, r.Clock.Now(), r.StatusInterval); left > 0 && scope.mayBeToldLater() {
		scope.comeBack(left)
		return ctrl.Result{RequeueAfter: scope.requeue}, failed
	}
	if err := r.patchStatus(ctx, scope); err != nil {
		return ctrl.Result{}, errors.Join(failed, err)
	}
	r.tell(ctx, scope)
	return ctrl.Result{RequeueAfter: scope.requeue}, failed
}

// tell counts and logs what a pass has learned and written down, and forgets it.
func (r *ComponentReleaseReconciler) tell(ctx context.Context, scope *releaseScope) {
	r.count(scope)
	if scope.outcome != nil {
		logOutcome(ctx, *scope.outcome, scope.release.Status.Failure)
		r.Jobs.Learned(scope.release.Name, *scope.outcome)
	}
}

// nothingNew says that a Helm action goes on as the status has it: how far its record is will be
// told when it has ended.
func (scope *releaseScope) nothingNew() bool {
	before, after := scope.before.Status, scope.release.Status
	return scope.busy() && acts(plan.Action(scope.running.Action)) && !scope.started && len(scope.news) == 0 && sameStory(before.Conditions, after.Conditions) && releaseProgress(before, after)
}

// mayBeToldLater says that nothing is lost when the status is not written now: how a Helm
// action ended is kept until it is, unless this pass has begun another job, and learning
// it once more changes nothing. What came of other jobs is learned once.
func (scope *releaseScope) mayBeToldLater() bool {
	return !scope.started && len(scope.news) == 0 && (scope.outcome == nil || scope.outcome.Err == nil && acts(plan.Action(scope.outcome.Action))) &&
		releaseProgress(scope.before.Status, scope.release.Status)
}

func (r *ComponentReleaseReconciler) patchStatus(ctx context.Context, scope *releaseScope) error {
	if !equality.Semantic.DeepEqual(scope.before.Status, scope.release.Status) {
		if err := r.Status().Patch(ctx, scope.release, client.MergeFrom(scope.before)); err != nil {
			return client.IgnoreNotFound(err)
		}
		r.pace.wrote(scope.release.Name, r.Clock.Now())
		r.recordChange(scope)
	}
	r.recordNews(scope)
	return nil
}

// forget drops what is kept in memory for a release that is gone.
func (r *ComponentReleaseReconciler) forget(name string) {
	r.References.SetRefs(name, nil)
	r.Tracker.Forget(name)
	r.Tracker.Forget(manifestsOf(name))
	r.Pods.Follow(name, nil)
	r.Ledger.Forget(name)
	r.Ledger.Forget(manifestsOf(name))
	r.followUps.forget(name)
	r.pace.forget(name)
	r.inventories.forget(name)
	r.passed.forget(name)
	r.Jobs.Clear(name)
	r.Handoff.Forget(name)
	if r.Metrics != nil {
		r.Metrics.Forget(name)
	}
}
