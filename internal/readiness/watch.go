// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

const (
	// unservedRetryFirst and unservedRetryLongest bound the delay after which a kind that is not served is looked for without being told: discovery
	// lags a little behind an established CRD, and nothing announces the end of that.
	unservedRetryFirst   = 250 * time.Millisecond
	unservedRetryLongest = time.Minute

	byService = "service"
)

// events is what a kind's watch tells the tracker.
type events interface {
	// objectChanged: an object appeared, changed in more than its resourceVersion, or went away.
	objectChanged(gvk schema.GroupVersionKind, u *unstructured.Unstructured)
	// objectWritten: somebody wrote more than the status of an object, or deleted it.
	objectWritten(change Change)
	// kindChanged: the watch has synced, or its kind is no longer served.
	kindChanged(gvk schema.GroupVersionKind)
}

// kindWatch is the one watch of a kind, restarted when the kind comes and goes.
type kindWatch struct {
	gvk      schema.GroupVersionKind
	client   dynamic.Interface
	metadata metadata.Interface
	mapper   meta.RESTMapper
	log      logr.Logger
	events   events
	cancel   context.CancelFunc
	kick     chan struct{} // holds one: kinds have changed

	mu       sync.Mutex
	store    cache.Indexer // nil until synced
	unserved bool
	trouble  string // why it is not synced, if it is known
}

// view is what a watch knows at one moment.
type view struct {
	store    cache.Indexer
	unserved bool
	trouble  string
}

func (w *kindWatch) view() view {
	w.mu.Lock()
	defer w.mu.Unlock()
	return view{w.store, w.unserved, w.trouble}
}

// retry looks for the kind again if it was not served.
func (w *kindWatch) retry() {
	if !w.view().unserved {
		return
	}
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// run watches until the context ends.
func (w *kindWatch) run(ctx context.Context) {
	delay := unservedRetryFirst
	for ctx.Err() == nil {
		mapping, err := w.mapper.RESTMapping(w.gvk.GroupKind(), w.gvk.Version)
		if err == nil {
			if w.follow(ctx, mapping.Resource) {
				delay = unservedRetryFirst
			}
		} else {
			w.failed(err)
		}
		timer := time.NewTimer(delay)
		select {
		case <-ctx.Done():
		case <-w.kick:
			delay = unservedRetryFirst
		case <-timer.C:
			delay = min(2*delay, unservedRetryLongest)
		}
		timer.Stop()
	}
}

// failed records why the kind cannot be watched.
func (w *kindWatch) failed(err error) {
	unserved := meta.IsNoMatchError(err)
	w.mu.Lock()
	changed := w.unserved != unserved || (!unserved && w.trouble != err.Error())
	w.unserved, w.trouble, w.store = unserved, err.Error(), nil
	w.mu.Unlock()
	if !changed {
		return
	}
	w.log.Info("Cannot watch a kind yet", "kind", w.gvk.String(), "error", err.Error())
	w.events.kindChanged(w.gvk)
}

// follow runs one informer until the context ends or the server does not know the resource. It says whether the informer had synced.
func (w *kindWatch) follow(ctx context.Context, resource schema.GroupVersionResource) (synced bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	informer, err := w.informer(resource, cancel)
	if err != nil {
		w.failed(err)
		return false
	}
	// The mapper may be behind the server: a kind that was not served stays so until the server has answered.
	var done sync.WaitGroup
	done.Go(func() {
		select {
		case <-informer.HasSyncedChecker().Done():
			w.mu.Lock()
			w.store, w.unserved, w.trouble = informer.GetIndexer(), false, ""
			w.mu.Unlock()
			w.events.kindChanged(w.gvk)
		case <-ctx.Done():
		}
	})
	informer.RunWithContext(ctx)
	cancel(nil)
	done.Wait()

	synced = w.view().store != nil
	if cause := context.Cause(ctx); meta.IsNoMatchError(cause) {
		w.failed(cause)
	}
	return synced
}

func (w *kindWatch) informer(resource schema.GroupVersionResource, stop context.CancelCauseFunc) (cache.SharedIndexInformer, error) {
	source, example := w.source(resource)
	informer := cache.NewSharedIndexInformerWithOptions(source, example,
		cache.SharedIndexInformerOptions{Indexers: w.indexers(), ObjectDescription: w.gvk.String()})
	if err := informer.SetTransform(trim); err != nil {
		return nil, fmt.Errorf("watch %s: %w", w.gvk.Kind, err)
	}
	if err := informer.SetWatchErrorHandlerWithContext(w.onError(stop)); err != nil {
		return nil, fmt.Errorf("watch %s: %w", w.gvk.Kind, err)
	}
	if _, err := informer.AddEventHandler(w.handler()); err != nil {
		return nil, fmt.Errorf("watch %s: %w", w.gvk.Kind, err)
	}
	return informer, nil
}

// source lists and watches whole objects where a verdict reads them, and metadata alone where it does not: no Secret is ever read.
func (w *kindWatch) source(resource schema.GroupVersionResource) (source cache.ListerWatcher, example runtime.Object) {
	if !readWhole(w.gvk.GroupKind()) {
		partial := w.metadata.Resource(resource)
		return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				options.LabelSelector = v1alpha1.ReleaseLabel
				return partial.List(ctx, options)
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
				options.LabelSelector = v1alpha1.ReleaseLabel
				return partial.Watch(ctx, options)
			},
		}, w.metadata), &metav1.PartialObjectMetadata{}
	}
	selector := v1alpha1.ReleaseLabel
	if w.gvk.GroupKind() == storageClassKind {
		selector = "" // claims are judged by classes of others
	}
	whole := w.client.Resource(resource)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = selector
			return whole.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
			options.LabelSelector = selector
			return whole.Watch(ctx, options)
		},
	}, w.client), &unstructured.Unstructured{}
}

// indexers find EndpointSlices by their Service, and webhook configurations by those that they call.
func (w *kindWatch) indexers() cache.Indexers {
	switch gk := w.gvk.GroupKind(); {
	case gk == endpointSliceKind:
		return cache.Indexers{byService: func(obj any) ([]string, error) {
			u, ok := obj.(*unstructured.Unstructured)
			if !ok {
				return nil, nil
			}
			return []string{u.GetNamespace() + "/" + u.GetLabels()[serviceNameLabel]}, nil
		}}
	case webhookConfiguration(gk):
		return cache.Indexers{byService: func(obj any) ([]string, error) {
			u, ok := obj.(*unstructured.Unstructured)
			if !ok {
				return nil, nil
			}
			var called []string
			for _, h := range readWebhooks(u) {
				called = append(called, h.namespace+"/"+h.service)
			}
			return called, nil
		}}
	}
	return cache.Indexers{}
}

// onError stops the informer when the server does not know the resource, and says everything else once.
func (w *kindWatch) onError(stop context.CancelCauseFunc) cache.WatchErrorHandlerWithContext {
	return func(_ context.Context, _ *cache.Reflector, err error) {
		switch {
		case apierrors.IsNotFound(err):
			stop(&meta.NoKindMatchError{GroupKind: w.gvk.GroupKind(), SearchedVersions: []string{w.gvk.Version}})
			return
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return // a watch ends now and then; the informer begins again
		}
		w.mu.Lock()
		news := w.trouble != err.Error()
		w.unserved, w.trouble = false, err.Error()
		synced := w.store != nil
		w.mu.Unlock()
		if !news {
			return
		}
		w.log.Info("A watch failed and is tried again", "kind", w.gvk.String(), "error", err.Error())
		if !synced {
			w.events.kindChanged(w.gvk)
		}
	}
}

func (w *kindWatch) handler() cache.ResourceEventHandler {
	changed := func(obj any) {
		if u, ok := obj.(*unstructured.Unstructured); ok {
			w.events.objectChanged(w.gvk, u)
		}
	}
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, initial bool) {
			if initial { // the end of the initial list is told once, by kindChanged
				return
			}
			changed(obj)
			w.written(obj, false)
		},
		UpdateFunc: func(old, obj any) {
			if wrote(old, obj) {
				w.written(obj, false)
			}
			before, ok := old.(*unstructured.Unstructured)
			after, ok2 := obj.(*unstructured.Unstructured)
			if ok && ok2 && sameState(before, after) {
				return
			}
			changed(obj)
		},
		DeleteFunc: func(obj any) {
			if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
				obj = gone.Obj
			}
			changed(obj)
			w.written(obj, true)
		},
	}
}
