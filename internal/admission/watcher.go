// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// orphanGrace is how long a Service must be missing before its webhook counts as an
// orphan: the watches are not in step, and a release that has just been installed
// may show its configuration before its Service.
const orphanGrace = 2 * time.Second

// Options of a Watcher.
type Options struct {
	// Changed is called when what Obstacle, Own or Orphans say may have changed, and
	// once when the lists are there. It must not block. Default: nobody is told.
	Changed func()
	// Mapper finds the plural of objects without one. It is asked only while a
	// fail-closed webhook cannot answer. Default: plurals are guessed.
	Mapper meta.RESTMapper
	// Log for watches that fail. Default: none.
	Log logr.Logger
	// Client and Metadata to watch with. Default: made from the rest.Config, without
	// client-side rate limit.
	Client   kubernetes.Interface
	Metadata metadata.Interface
}

// Watcher keeps the admission webhooks of the cluster in view. It is safe for
// concurrent use, and no method but Start blocks or calls the API, save through
// Options.Mapper.
type Watcher struct {
	stores  *stores
	changed func()
	log     logr.Logger

	mu      sync.Mutex
	started bool
	synced  bool
	// verdicts are the last ones of the Services that fail-closed webhooks call.
	verdicts map[types.NamespacedName]verdict
	// gone says since when an orphan, by its message, has been seen.
	gone map[string]time.Time
}

// verdict is what matters of a Service.
type verdict struct{ known, answers bool }

// New returns a Watcher that begins to watch with Start. The error is that of making
// the clients.
func New(config *rest.Config, options Options) (*Watcher, error) {
	client, partial := options.Client, options.Metadata
	if client == nil || partial == nil {
		config = rest.CopyConfig(config)
		config.QPS = -1 // the API server has its own fairness
		var err error
		if partial, err = metadata.NewForConfig(config); err != nil {
			return nil, fmt.Errorf("make the client of admission watches: %w", err)
		}
		// EndpointSlices are many: protobuf costs a fraction of JSON.
		config.ContentType = runtime.ContentTypeProtobuf
		config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
		if client, err = kubernetes.NewForConfig(config); err != nil {
			return nil, fmt.Errorf("make the client of admission watches: %w", err)
		}
	}
	stores, err := newStores(client, partial, options.Mapper)
	if err != nil {
		return nil, err
	}
	w := &Watcher{
		stores: stores, changed: options.Changed, log: options.Log,
		verdicts: map[types.NamespacedName]verdict{}, gone: map[string]time.Time{},
	}
	if w.changed == nil {
		w.changed = func() {}
	}
	return w, w.listen()
}

// NeedLeaderElection says that only the leader watches.
func (w *Watcher) NeedLeaderElection() bool { return true }

// Start watches until the context ends. It implements manager.Runnable and can be
// called once.
func (w *Watcher) Start(ctx context.Context) error {
	w.mu.Lock()
	if w.started {
		w.mu.Unlock()
		return errors.New("an admission watcher can be started once")
	}
	w.started = true
	w.mu.Unlock()

	var running sync.WaitGroup
	defer running.Wait()
	for _, informer := range w.stores.all() {
		running.Go(func() { informer.RunWithContext(ctx) })
	}
	for _, informer := range w.stores.all() {
		select {
		case <-informer.HasSyncedChecker().Done():
		case <-ctx.Done():
			return nil
		}
	}
	w.mu.Lock()
	w.synced = true
	w.remember()
	w.mu.Unlock()
	w.changed()
	<-ctx.Done()
	return nil
}

// Obstacle names the first fail-closed webhook, by the name of its configuration,
// that would be asked about one of the objects and cannot answer: its Service is
// gone or has no ready endpoints, or it has no CA bundle. The message is empty when
// there is none. synced is false until everything has been listed; the message is
// empty then.
func (w *Watcher) Obstacle(q Question) (message string, synced bool) {
	if !w.ready() {
		return "", false
	}
	return obstacle(w.stores, q), true
}

// Own says, sorted, what the release's own webhooks lack to answer: those of
// configurations that carry owner in v1alpha1.ReleaseLabel or that are expected, and
// those that call one of the services. An expected configuration must exist. Nil
// means that every one of them can answer. synced is false until everything has been
// listed; there are no problems then.
func (w *Watcher) Own(owner string, services []types.NamespacedName, expected []v1alpha1.WebhookReference) (problems []string, synced bool) {
	if !w.ready() {
		return nil, false
	}
	return own(w.stores, owner, services, expected), true
}

// Registered lists the configurations that belong to no release of ours and whose
// fail-closed webhooks all call Services in a namespace, by name: what a component
// there registered at run time. Nothing before everything has been listed.
func (w *Watcher) Registered(namespace string) []Registration {
	if !w.ready() {
		return nil
	}
	return registered(w.stores, namespace)
}

// Orphans says, one message per configuration and by its name, which fail-closed
// webhooks call a Service that does not exist, and has not for some seconds. It says
// nothing until everything has been listed. When a configuration becomes an orphan,
// Options.Changed is called.
func (w *Watcher) Orphans() []string {
	if !w.ready() {
		return nil
	}
	found := orphans(w.stores)
	w.mu.Lock()
	defer w.mu.Unlock()
	now, since := time.Now(), make(map[string]time.Time, len(found))
	var out []string
	for _, o := range found {
		message := o.String()
		first, seen := w.gone[message]
		if !seen {
			first = now
			time.AfterFunc(orphanGrace, w.changed)
		}
		since[message] = first
		if now.Sub(first) >= orphanGrace {
			out = append(out, message)
		}
	}
	w.gone = since
	return out
}

func (w *Watcher) ready() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.synced
}
