// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/pods"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// helmReleaseField indexes ComponentReleases by namespace/name of their release.
const helmReleaseField = "helmRelease"

// Waker puts objects into a controller's queue from outside of its watches: a job
// that ended, a chart that was rendered, an object that became current. Safe for
// concurrent use; it never blocks.
type Waker struct {
	mu      sync.Mutex
	queue   workqueue.TypedRateLimitingInterface[reconcile.Request]
	pending []string
}

// Wake enqueues an object by name. Before the controller runs it is remembered.
func (w *Waker) Wake(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue == nil {
		w.pending = append(w.pending, name)
		return
	}
	w.queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
}

// Source makes the waker a source of a controller.
func (w *Waker) Source() source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		w.mu.Lock()
		w.queue = queue
		pending := w.pending
		w.pending = nil
		w.mu.Unlock()
		for _, name := range pending {
			w.Wake(name)
		}
		return nil
	})
}

// definitionChanged lets through changes of a definition that a decision could
// depend on.
func definitionChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(*crds.Object)
		after, okAfter := e.ObjectNew.(*crds.Object)
		return !okBefore || !okAfter || !reflect.DeepEqual(before.State(), after.State())
	}}
}

// deletions lets through nothing else: a ComponentRelease that goes may have held
// a Helm release that another bundle waits to claim.
func deletions() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// bundleOf maps a ComponentRelease to its bundle.
func bundleOf(_ context.Context, object client.Object) []reconcile.Request {
	release, ok := object.(*v1alpha1.ComponentRelease)
	if !ok {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: release.Spec.Bundle}}}
}

// everyBundle maps anything to all bundles of a shard.
func everyBundle(reader client.Reader, name string) handler.MapFunc {
	return func(ctx context.Context, _ client.Object) []reconcile.Request {
		var bundles v1alpha1.PlatformBundleList
		if err := reader.List(ctx, &bundles, client.UnsafeDisableDeepCopy); err != nil {
			return nil
		}
		return requests(own(bundles.Items, name))
	}
}

func requests(names []string) []reconcile.Request {
	out := make([]reconcile.Request, 0, len(names))
	for _, name := range names {
		out = append(out, reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
	}
	return out
}

// restDelay gathers changes of definitions for a bundle that is at rest: other tools
// install them by the hundred.
const restDelay = 200 * time.Millisecond

// definitionHandler wakes every bundle of a shard: those on their way at once, for a definition may
// be what they wait for, and those at rest after a moment.
func definitionHandler(reader client.Reader, name string) handler.EventHandler {
	enqueue := func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		var bundles v1alpha1.PlatformBundleList
		if err := reader.List(ctx, &bundles, client.UnsafeDisableDeepCopy); err != nil {
			return
		}
		for i := range bundles.Items {
			bundle := &bundles.Items[i]
			if shard.Of(bundle) != name {
				continue
			}
			request := reconcile.Request{NamespacedName: types.NamespacedName{Name: bundle.Name}}
			if bundle.Status.ObservedGeneration == bundle.Generation && meta.IsStatusConditionTrue(bundle.Status.Conditions, v1alpha1.ConditionReady) {
				queue.AddAfter(request, restDelay)
				continue
			}
			queue.Add(request)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, _ event.CreateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, queue)
		},
		UpdateFunc: func(ctx context.Context, _ event.UpdateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, queue)
		},
		DeleteFunc: func(ctx context.Context, _ event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, queue)
		},
	}
}

// releaseOfRecord maps a Helm record to the ComponentRelease of that release, if it is
// of this shard.
func releaseOfRecord(reader client.Reader, name string) handler.MapFunc {
	list := claims(reader)
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		release, ok := helm.RecordOf(object)
		if !ok {
			return nil
		}
		releases, err := list(ctx, release)
		if err != nil {
			return nil
		}
		return requests(own(releases, name))
	}
}

// releasesIn maps a Namespace to the ComponentReleases of a shard whose release is in it.
func releasesIn(reader client.Reader, name string) handler.MapFunc {
	return func(ctx context.Context, namespace client.Object) []reconcile.Request {
		var releases v1alpha1.ComponentReleaseList
		if err := reader.List(ctx, &releases, client.UnsafeDisableDeepCopy); err != nil {
			return nil
		}
		return requests(own(slices.DeleteFunc(releases.Items, func(release v1alpha1.ComponentRelease) bool {
			return release.Spec.Namespace != namespace.GetName()
		}), name))
	}
}

// ending lets through what happens to an object while it is being deleted, and
// that it is gone.
func ending() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !e.ObjectNew.GetDeletionTimestamp().IsZero()
		},
	}
}

// namespaces is the metadata of Namespaces.
func namespaces() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return object
}

// KindsChanged wakes the releases whose follow-up manifests wait for a kind.
func (r *ComponentReleaseReconciler) KindsChanged(wake func(release string)) {
	for _, release := range r.followUps.kindsChanged() {
		wake(release)
	}
}

// records is the metadata of Secrets, which is all that is watched of them.
func records() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	return object
}

// cachedRevisions reads the revisions of a release from the watch on records.
func (r *ComponentReleaseReconciler) cachedRevisions(ctx context.Context, release helm.Release) ([]helm.Revision, error) {
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	err := r.Records.List(ctx, &list, client.InNamespace(release.Namespace), client.MatchingLabels{"owner": "helm", "name": release.Name})
	if err != nil {
		return nil, err
	}
	return helm.RevisionsFrom(list.Items), nil
}

// WakeOwner wakes whom references belong to: a release's name has a dot, a
// bundle's cannot.
func WakeOwner(owner string, bundles, releases *Waker) {
	if strings.Contains(owner, ".") {
		releases.Wake(owner)
		return
	}
	bundles.Wake(owner)
}

// WakeEverybody wakes all bundles and releases of a shard: an admission webhook has begun
// or ceased to answer, and it may be anybody's. The context is that of the process.
func WakeEverybody(ctx context.Context, reader client.Reader, name string, bundles, releases *Waker) func() {
	return func() {
		var platform v1alpha1.PlatformBundleList
		if err := reader.List(ctx, &platform, client.UnsafeDisableDeepCopy); err == nil {
			for _, bundle := range own(platform.Items, name) {
				bundles.Wake(bundle)
			}
		}
		var list v1alpha1.ComponentReleaseList
		if err := reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err == nil {
			for _, release := range own(list.Items, name) {
				releases.Wake(release)
			}
		}
	}
}

// workloadWaiter is the part of the readiness tracker that hooks wait with.
type workloadWaiter interface {
	Expect(objects ...readiness.Applied)
	Wait(ctx context.Context, release string, objects []readiness.Object, workloadsOnly bool) error
}

// ExplainHooks lets the engine say why the pods of a hook failed. A question that
// is not answered leaves the sentence as it was.
func ExplainHooks(watcher interface {
	Explain(ctx context.Context, workload pods.Workload) (string, error)
}) helm.Explainer {
	return func(ctx context.Context, hook helm.Object) string {
		why, err := watcher.Explain(ctx, pods.Workload{Kind: hook.Kind, Namespace: hook.Namespace, Name: hook.Name})
		if err != nil {
			return ""
		}
		return why
	}
}

// WaitForWorkloads lets hooks of a release wait, by watch, until its workloads run.
func WaitForWorkloads(tracker workloadWaiter) helm.Waiter {
	return func(ctx context.Context, owner string, applied []helm.Applied) error {
		written := ReadinessApplied(applied)
		tracker.Expect(written...)
		objects := make([]readiness.Object, 0, len(written))
		for _, a := range written {
			objects = append(objects, a.Object)
		}
		return tracker.Wait(ctx, owner, objects, true)
	}
}
