// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// PlatformBundleReconciler resolves a bundle, prepares its components, and
// approves them one after the other as their turn comes. It never calls Helm.
type PlatformBundleReconciler struct {
	client.Client
	// APIReader reads past the cache, before what cannot be taken back.
	APIReader client.Reader
	// Recorder of events.
	Recorder events.EventRecorder
	// Catalogs that this operator brings.
	Catalogs *catalog.Set
	// References to Secrets and ConfigMaps.
	References References
	// Preparer of charts.
	Preparer Preparer
	// Kinds of the cluster.
	Kinds Kinds
	// CRDs applies definitions.
	CRDs CRDApplier
	// CRDChecks compares definitions with the cluster's.
	CRDChecks CRDChecker
	// Usage counts live objects of kinds that are to lose their operator.
	Usage Usage
	// Admission knows which webhooks cannot answer.
	Admission Admission
	// KindsChanged is called after the served kinds changed; nil is allowed.
	KindsChanged func()
	// Now is the clock that maintenance windows are judged by; nil is the system's.
	Now    func() time.Time
	stages stages
	// Weight is about how many bytes of memory work with the chart of a content digest
	// takes, which is empty for one that is not known; nil weighs nothing.
	Weight func(digest string) int64
	// StatusInterval is the least time between two writes of a status that only tells
	// how far things are. Zero: each is written.
	StatusInterval time.Duration
	pace           pace
	// recollections of earlier passes.
	recollections recollections
	// snapshot of the definitions.
	snapshot definitionBook
	// Handoff measures how fast dependents start; nil measures nothing.
	Handoff *Handoff
	// Shard whose bundles are reconciled; empty are those without one.
	Shard string
	// Peers are the operators of other shards.
	Peers Peers
}

// +kubebuilder:rbac:groups=platform.groundwork.dev,resources=platformbundles,verbs=get;list;watch;update;patch
// +kubebuilder:rbac:groups=platform.groundwork.dev,resources=platformbundles/status,verbs=get;update;patch
// +kubebuilder:rbac:groups=platform.groundwork.dev,resources=platformbundles/finalizers,verbs=update
// +kubebuilder:rbac:groups=platform.groundwork.dev,resources=componentreleases,verbs=get;list;watch;create;update;patch;delete
// +kubebuilder:rbac:groups=platform.groundwork.dev,resources=componentreleases/status,verbs=get;update;patch

// bundleScope is what the steps of one pass share. Each field says when it is set.
type bundleScope struct {
	// bundle being reconciled; its status is written at the end.
	bundle *v1alpha1.PlatformBundle
	// before is the bundle as fetched.
	before *v1alpha1.PlatformBundle
	// releases of this bundle by component; set by observe.
	releases map[string]*v1alpha1.ComponentRelease
	// recollection of what earlier passes found; set by observe.
	recollection *recollection
	// listed are the components of the bundle and its profiles; set by observe.
	listed []v1alpha1.Component
	// foreign releases of other bundles that have the Helm release of a component, by
	// that; set by prepare.
	foreign map[string]string
	// definitions of the cluster; set by observe.
	definitions crds.Index
	// resolved bundle; set by resolve, nil when the spec as a whole cannot be right.
	resolved *resolve.Bundle
	// trouble of the bundle as a whole; set by resolve.
	trouble error
	// components under work, sorted by name; set by prepare.
	components []*component
	// consent that changes need, and when the maintenance window opens or closes next;
	// set by resolve.
	consent      plan.Consent
	windowChange time.Time
	// plan; set by plan.
	plan plan.Plan
	// missingCRDs of each release, which keep it from being Ready; set by plan.
	missingCRDs map[string][]string
	// losses of releases that are to be removed, by component; set by plan.
	losses map[string]losses
	// uncounted is why some of them are not known; set by plan.
	uncounted []string
	// removing says that the bundle is being deleted with all of its releases.
	removing bool
	// orphans are fail-closed webhooks whose Service is gone; set by observe.
	orphans []string
	// failedCRDs are definitions that the API server refuses, with why; set by plan.
	failedCRDs map[string]error
	// handover is what the bundle waits for before anything else; set by receive.
	handover *handover
	// retry asks for another pass in a moment.
	retry bool
	// done ends the pass without a status: the object is gone, or an event that is on its
	// way begins another one.
	done bool
}

// bundleStep is one step of the pipeline. An error ends the pass and is retried
// with backoff; the status is written all the same.
type bundleStep struct {
	name string
	run  func(context.Context, *bundleScope) error
}

func (r *PlatformBundleReconciler) steps() []bundleStep {
	return []bundleStep{
		{"observe", r.observe},
		{"receive", r.receive},
		{"finalize", r.finalize},
		{"resolve", r.resolve},
		{"prepare", r.prepare},
		{"plan", r.plan},
		{"apply", r.apply},
	}
}

// Reconcile implements reconcile.Reconciler.
func (r *PlatformBundleReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	bundle := &v1alpha1.PlatformBundle{}
	if err := r.Get(ctx, request.NamespacedName, bundle); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if shard.Of(bundle) != r.Shard {
		r.forget(request.Name)
		return ctrl.Result{}, nil
	}
	scope := &bundleScope{bundle: bundle, before: bundle.DeepCopy()}
	var failed error
	for _, step := range r.steps() {
		if failed = step.run(ctx, scope); failed != nil || scope.done || scope.handover != nil {
			break
		}
	}
	// A conflict means that the cache has not caught up with a write, ours included.
	if apierrors.IsConflict(failed) {
		return ctrl.Result{RequeueAfter: conflictDelay}, nil
	}
	if scope.done {
		return ctrl.Result{}, failed
	}
	summarizeBundle(scope, r.Catalogs.Newest(), failed)
	result := ctrl.Result{RequeueAfter: r.again(scope)}
	if left := r.pace.left(bundle.Name, r.now(), r.StatusInterval); left > 0 && bundleProgress(scope.before.Status, bundle.Status) {
		if result.RequeueAfter == 0 || left < result.RequeueAfter {
			result.RequeueAfter = left
		}
		return result, failed
	}
	return result, errors.Join(failed, r.patchStatus(ctx, scope))
}

// again is how long to leave a bundle alone if nothing happens; zero is until then.
func (r *PlatformBundleReconciler) again(scope *bundleScope) time.Duration {
	switch {
	case scope.retry:
		return conflictDelay
	case scope.handover != nil:
		return scope.handover.again
	default:
		return r.untilWindow(scope)
	}
}

// patchStatus writes the status if it changed, and the events that follow from
// the change after it was written.
func (r *PlatformBundleReconciler) patchStatus(ctx context.Context, scope *bundleScope) error {
	if equality.Semantic.DeepEqual(scope.before.Status, scope.bundle.Status) {
		return nil
	}
	// Only the status subresource is sent; conditions are ours alone.
	// The answer is read into a copy: parts of the status are the cache's own.
	if err := r.Status().Patch(ctx, scope.bundle.DeepCopy(), client.MergeFrom(scope.before)); err != nil {
		return client.IgnoreNotFound(err)
	}
	r.pace.wrote(scope.bundle.Name, r.now())
	r.recordEvents(scope)
	return nil
}

// forget drops what is kept in memory for a bundle that is gone.
func (r *PlatformBundleReconciler) forget(name string) {
	r.stages.forget(name)
	r.recollections.forget(name)
	r.pace.forget(name)
	r.References.SetRefs(name, nil)
	r.Preparer.Keep(name, nil)
	r.CRDs.Ensure(name, nil)
	r.CRDChecks.Keep(name, nil)
	r.Usage.Set(name, nil)
}
