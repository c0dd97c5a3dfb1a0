// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package usage

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
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// unservedRetryFirst and unservedRetryLongest bound the delay after which a kind that
// is not served is looked for without being told: discovery lags a little behind an
// established CRD, and nothing announces the end of that.
const (
	unservedRetryFirst   = 250 * time.Millisecond
	unservedRetryLongest = time.Minute
)

// events is what a kind's watch tells the Counter.
type events interface {
	// objectChanged tells the release labels of an object's states; nil for one that
	// does not exist.
	objectChanged(gvk schema.GroupVersionKind, before, after *string)
	// kindChanged: the watch has synced, its kind is not served, or it is in trouble.
	kindChanged(gvk schema.GroupVersionKind)
}

// kindWatch is the one watch of a kind, restarted when the kind comes and goes.
type kindWatch struct {
	gvk    schema.GroupVersionKind
	client metadata.Interface
	mapper meta.RESTMapper
	log    logr.Logger
	events events
	cancel context.CancelFunc
	kick   chan struct{} // holds one: kinds have changed

	mu sync.Mutex
	v  view
}

// view is what a watch knows at one moment.
type view struct {
	store    cache.Store // nil until synced
	unserved bool
	trouble  string // why it is not synced, if it is known
}

func (w *kindWatch) view() view {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.v
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
		resource, err := w.resource()
		switch {
		case err != nil:
			w.failed(err)
		case w.follow(ctx, resource):
			delay = unservedRetryFirst
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

// resource maps the kind. Any version will do where the one that was asked for is not
// served any more: every version shows every object.
func (w *kindWatch) resource() (schema.GroupVersionResource, error) {
	mapping, err := w.mapper.RESTMapping(w.gvk.GroupKind(), w.gvk.Version)
	if meta.IsNoMatchError(err) {
		mapping, err = w.mapper.RESTMapping(w.gvk.GroupKind())
	}
	if err != nil {
		return schema.GroupVersionResource{}, err
	}
	return mapping.Resource, nil
}

// failed records why the kind cannot be watched.
func (w *kindWatch) failed(err error) {
	next := view{unserved: meta.IsNoMatchError(err), trouble: err.Error()}
	w.mu.Lock()
	changed := w.v.unserved != next.unserved || (!next.unserved && w.v.trouble != next.trouble)
	w.v = next
	w.mu.Unlock()
	if changed {
		w.log.Info("Cannot watch a kind yet", "kind", w.gvk.String(), "error", err.Error())
		w.events.kindChanged(w.gvk)
	}
}

// follow runs one informer until the context ends or the server does not know the
// resource. It says whether the informer had synced.
func (w *kindWatch) follow(ctx context.Context, resource schema.GroupVersionResource) (synced bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	informer, err := w.informer(resource, cancel)
	if err != nil {
		w.failed(err)
		return false
	}
	var done sync.WaitGroup
	done.Go(func() {
		select {
		case <-informer.HasSyncedChecker().Done():
			w.mu.Lock()
			w.v = view{store: informer.GetStore()}
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
	informer := metadatainformer.NewFilteredMetadataInformer(w.client, resource, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()
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

// onError stops the informer when the server does not know the resource, and says
// everything else once.
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
		news := w.v.trouble != err.Error()
		w.v.unserved, w.v.trouble = false, err.Error()
		synced := w.v.store != nil
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
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, initial bool) {
			if !initial { // the end of the initial list is told once, by kindChanged
				w.events.objectChanged(w.gvk, nil, release(obj))
			}
		},
		UpdateFunc: func(old, obj any) { w.events.objectChanged(w.gvk, release(old), release(obj)) },
		DeleteFunc: func(obj any) { w.events.objectChanged(w.gvk, release(obj), nil) },
	}
}

// release returns the release label of an object, empty when it has none.
func release(obj any) *string {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	o, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return nil
	}
	label := o.Labels[v1alpha1.ReleaseLabel]
	return &label
}
