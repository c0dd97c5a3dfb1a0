// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// again is how soon a pass follows that only had to write something down first.
const again = 10 * time.Millisecond

// act begins what was decided, after a live read has confirmed it: the watch may
// lag behind our own last action. "Removed" is confirmed too, for nobody looks at
// the release again after that.
func (r *ComponentReleaseReconciler) act(ctx context.Context, scope *releaseScope) error {
	if !acts(scope.decision.Action) && scope.decision.Action != plan.ActionRemoved || scope.blocked != nil {
		return nil
	}
	revisions, err := r.lookAgain(ctx, scope)
	if err != nil {
		return err
	}
	if scope.claimed {
		revisions = nil
	}
	scope.revisions, scope.deployed, scope.objects, scope.known, scope.current = revisions, nil, nil, false, false
	if err := r.judge(ctx, scope); err != nil {
		return err
	}
	if err := r.decide(ctx, scope); err != nil || (!acts(scope.decision.Action) && scope.decision.Action != plan.ActionRemoved) {
		return err
	}
	for _, first := range []func(context.Context, *releaseScope) (bool, error){
		r.takeOver, r.announceAdoption, r.awaitNamespace, r.removeManifests, r.removeWebhooks,
	} {
		if waits, err := first(ctx, scope); waits || err != nil {
			return err
		}
	}
	if acts(scope.decision.Action) {
		r.begin(scope)
	}
	return nil
}

// lookAgain is the live read of the records.
func (r *ComponentReleaseReconciler) lookAgain(ctx context.Context, scope *releaseScope) ([]helm.Revision, error) {
	if scope.decision.Action == plan.ActionInstall && len(scope.revisions) == 0 {
		return r.Engine.ObserveNew(ctx, scope.helm)
	}
	return r.Engine.Observe(ctx, scope.helm)
}

func acts(action plan.Action) bool {
	switch action {
	case plan.ActionInstall, plan.ActionUpgrade, plan.ActionRollback, plan.ActionUninstall, plan.ActionTakeOver:
		return true
	default:
		return false
	}
}

// begin starts the job of a Helm action.
func (r *ComponentReleaseReconciler) begin(scope *releaseScope) {
	if scope.decision.Action == plan.ActionRollback {
		scope.rememberRollout(r.Clock.Now())
	}
	run := call{
		release: scope.release.DeepCopy(), action: scope.decision.Action, revision: scope.decision.Revision, request: r.request(scope),
	}
	scope.begun = r.start(scope, string(run.action), scope.release.Spec.InputsDigest, func(ctx context.Context) (any, error) {
		return r.run(ctx, run)
	})
	if scope.begun {
		scope.objects, scope.deployed = nil, nil
		scope.decision = plan.Decision{Action: plan.ActionWait, Reason: scope.decision.Reason}
	}
}

// start begins a job, at most one in a pass, and none while one was running when
// the pass began: what that one left has not been learned.
func (r *ComponentReleaseReconciler) start(scope *releaseScope, action, digest string, run func(context.Context) (any, error)) bool {
	if scope.busy() || !r.Jobs.BeginWeighted(scope.release.Name, action, digest, r.weight(scope, action), r.counted(action, run)) {
		return false
	}
	scope.running, scope.started = &jobs.Running{Action: action, Digest: digest}, true
	return true
}

// weight is about how much memory a job takes: only those that load a chart are heavy.
func (r *ComponentReleaseReconciler) weight(scope *releaseScope, action string) int64 {
	if r.Weight == nil || (action != string(plan.ActionInstall) && action != string(plan.ActionUpgrade)) {
		return 0
	}
	return r.Weight(scope.release.Spec.Chart.Digest)
}

// rememberRollout keeps why a rollout that Helm calls deployed is rolled back.
func (scope *releaseScope) rememberRollout(now time.Time) {
	status, digest := &scope.release.Status, scope.release.Spec.InputsDigest
	if status.Failure != nil && status.Failure.Digest == digest {
		return
	}
	message := "its objects did not become ready"
	if scope.objects != nil {
		message = scope.objects.message
	}
	status.Failure = &v1alpha1.ReleaseFailure{
		Digest: digest, Action: string(plan.ActionRollout), Generation: scope.release.Generation, Count: 1, Rejections: 1,
		Message: message, LastTime: toTime(now),
	}
}

// takeOver marks a record that nobody works on as failed; the next pass goes on.
func (r *ComponentReleaseReconciler) takeOver(ctx context.Context, scope *releaseScope) (bool, error) {
	if scope.decision.Action != plan.ActionTakeOver {
		return false, nil
	}
	scope.comeBack(again)
	return true, r.Engine.TakeOver(ctx, scope.helm, scope.decision.Revision)
}

// awaitNamespace holds back while the release's namespace is being deleted: every
// write into it would be refused, and what it waits for is worth saying.
func (r *ComponentReleaseReconciler) awaitNamespace(ctx context.Context, scope *releaseScope) (bool, error) {
	if scope.decision.Action == plan.ActionUninstall || scope.decision.Action == plan.ActionRemoved {
		return false, nil
	}
	seen := namespaces()
	err := r.Records.Get(ctx, client.ObjectKey{Name: scope.helm.Namespace}, seen)
	if err != nil || seen.DeletionTimestamp.IsZero() {
		return false, client.IgnoreNotFound(err)
	}
	namespace := &corev1.Namespace{}
	err = r.Get(ctx, client.ObjectKey{Name: scope.helm.Namespace}, namespace)
	if err != nil || namespace.DeletionTimestamp.IsZero() {
		return false, client.IgnoreNotFound(err) // the watch has not shown yet that it is gone
	}
	scope.blocked = &verdict{reason: v1alpha1.ReasonNamespaceTerminating, message: terminating(namespace)}
	return true, nil
}

// terminating says why a namespace is still there, in the API server's words.
func terminating(namespace *corev1.Namespace) string {
	var why []string
	for _, condition := range namespace.Status.Conditions {
		if condition.Status == corev1.ConditionTrue {
			why = append(why, condition.Message)
		}
	}
	if len(why) == 0 {
		why = append(why, "what is in it is being deleted")
	}
	return fmt.Sprintf("namespace %s is being deleted, and the release is made again when it is gone; it waits for: %s",
		namespace.Name, strings.Join(why, "; "))
}

// handle notes that a reconcile request was acted on: an action was begun, or
// there is none to take. Then every object is compared once more.
func (r *ComponentReleaseReconciler) handle(_ context.Context, scope *releaseScope) error {
	if scope.assumed || scope.contested {
		scope.comeBack(watchLag)
	}
	done := scope.decision.Action == plan.ActionNone && scope.decision.Reason != v1alpha1.ReasonSuspended
	if !scope.requested() || scope.blocked != nil || (!scope.begun && !done) {
		return nil
	}
	scope.release.Status.LastHandledReconcileAt = scope.release.Spec.ReconcileRequest
	r.Ledger.All(scope.release.Name)
	r.followUps.forget(scope.release.Name)
	scope.comeBack(again)
	return nil
}

func toTime(t time.Time) metav1.Time { return metav1.NewTime(t.Truncate(time.Second)) }
