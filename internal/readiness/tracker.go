// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// maxUnclaimed bounds the writes that are remembered of objects which no inventory holds: one that has just been written is about to be tracked, but what a
// failed action has written may never be.
const maxUnclaimed = 1000

// Options of a Tracker.
type Options struct {
	// Wake is called with a release when something that may change its verdict happened. It must not block: it runs on the watch's goroutine.
	// Calls are not merged; a work queue does that. Default: nobody is told.
	Wake func(release string)
	// Changed is called when an object of a tracked release appeared, changed or went away after it was first listed, of whatever kind. It must
	// not block either. Default: nobody is told.
	Changed func(release string, change Change)
	// Log for kinds that cannot be watched. Default: none.
	Log logr.Logger
	// Client to watch with. Default: one made from the rest.Config, without client-side rate limit.
	Client dynamic.Interface
	// Metadata client to watch those kinds with whose state readiness does not read. Default: as for Client.
	Metadata metadata.Interface
}

// Tracker keeps the objects of releases in view: one label-selected watch per kind for the whole operator, begun when the first release needs
// the kind and ended with the last. Kinds without a state that readiness reads are watched by their metadata alone. It is safe for concurrent use, and no method but Start and Wait blocks or calls the API.
type Tracker struct {
	cfg    *rest.Config
	mapper meta.RESTMapper
	opts   Options

	mu       sync.Mutex
	ctx      context.Context //nolint:containedctx // the lifetime of the watches, which methods without a context begin
	client   dynamic.Interface
	metadata metadata.Interface
	running  sync.WaitGroup
	stopped  bool
	subs     map[string]*subscription
	byObject map[Object][]*subscription
	users    map[schema.GroupVersionKind]int // subscriptions that need the kind
	watches  map[schema.GroupVersionKind]*kindWatch
	applied  map[Object]Applied // what was written and not shown since
	waits    int
}

// Applied is an object as the API server returned it after a write.
type Applied struct {
	Object
	// UID of the object.
	UID string
	// Generation after the write.
	Generation int64
	// ResourceVersion after the write, by which the watch's echo of it is recognised; empty if unknown. Readiness itself does not need it.
	ResourceVersion string
}

// shownBy says whether the state is the one that was written, or a newer one. Another UID means another object of the name.
func (a Applied) shownBy(u *unstructured.Unstructured) bool {
	return string(u.GetUID()) != a.UID || u.GetGeneration() >= a.Generation
}

// NewTracker returns a Tracker that begins to watch with Start; inventories may be given to it before. The mapper is asked in the background only.
func NewTracker(cfg *rest.Config, mapper meta.RESTMapper, opts Options) *Tracker {
	if opts.Wake == nil {
		opts.Wake = func(string) {}
	}
	if opts.Changed == nil {
		opts.Changed = func(string, Change) {}
	}
	return &Tracker{
		cfg: cfg, mapper: mapper, opts: opts,
		subs: map[string]*subscription{}, byObject: map[Object][]*subscription{},
		users: map[schema.GroupVersionKind]int{}, watches: map[schema.GroupVersionKind]*kindWatch{}, applied: map[Object]Applied{},
	}
}

// NeedLeaderElection says that only the leader watches.
func (t *Tracker) NeedLeaderElection() bool { return true }

// Start watches until the context ends. It implements manager.Runnable and can be called once.
func (t *Tracker) Start(ctx context.Context) error {
	client, partial, err := t.clients()
	if err != nil {
		return fmt.Errorf("make the clients of readiness watches: %w", err)
	}
	t.mu.Lock()
	if t.ctx != nil {
		t.mu.Unlock()
		return errors.New("a readiness tracker can be started once")
	}
	t.ctx, t.client, t.metadata = ctx, client, partial
	for gvk := range t.users {
		t.begin(gvk)
	}
	t.mu.Unlock()

	<-ctx.Done()
	t.mu.Lock()
	t.stopped = true
	t.mu.Unlock()
	t.running.Wait()
	return nil
}

// clients are those of the options, or made from the rest.Config.
func (t *Tracker) clients() (client dynamic.Interface, partial metadata.Interface, err error) {
	client, partial = t.opts.Client, t.opts.Metadata
	if client != nil && partial != nil {
		return client, partial, nil
	}
	cfg := rest.CopyConfig(t.cfg)
	cfg.QPS = -1 // dozens of watches begin at once; the API server has its own fairness
	if client == nil {
		if client, err = dynamic.NewForConfig(cfg); err != nil {
			return nil, nil, err
		}
	}
	if partial == nil {
		partial, err = metadata.NewForConfig(cfg)
	}
	return client, partial, err
}

// Track makes inventory the objects of the release and begins the watches that it needs. The same inventory again changes nothing.
func (t *Tracker) Track(release string, inventory []Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(releaseKey(release), release, inventory, func() { t.opts.Wake(release) })
}

// Forget drops a release, and the watches that nobody else needs.
func (t *Tracker) Forget(release string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sub, ok := t.subs[releaseKey(release)]; ok {
		for _, o := range sub.objects {
			t.shown(o)
		}
	}
	t.drop(releaseKey(release))
}

// KindsChanged makes the tracker look again for kinds that were not served. Call it when a CRD was established or the RESTMapper was reset.
func (t *Tracker) KindsChanged() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.watches {
		w.retry()
	}
}

// Expect tells what was just written, so that an older state that the watch still shows is not taken for the verdict about the new one: until
// the watch has shown the generation, the object counts as waiting.
func (t *Tracker) Expect(objects ...Applied) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.applied) > len(t.byObject)+maxUnclaimed {
		maps.DeleteFunc(t.applied, func(o Object, _ Applied) bool { return t.byObject[o] == nil })
	}
	for _, a := range objects {
		if Watched(a.GroupKind()) && a.Generation > 0 {
			t.applied[a.Object] = a
		}
	}
}

// Status judges the release from what the watches have shown, without any API call. synced is false while the release is not tracked or a
// watch that it needs has not listed its objects yet; the status then says no more than what is known.
func (t *Tracker) Status(release string, rules []Rule) (status Status, synced bool) {
	t.mu.Lock()
	sub, ok := t.subs[releaseKey(release)]
	if !ok {
		t.mu.Unlock()
		return Status{}, false
	}
	snap := t.snapshot(sub)
	t.mu.Unlock()

	status, synced = snap.judge(rules)
	t.settle(snap.seen)
	return status, synced
}
