// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// applyTimeout bounds one request, so that a lost connection does not hold a place for ever.
const applyTimeout = time.Minute

// Client is the part of a controller-runtime client that the Applier uses.
type Client interface {
	Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error
}

// Options of an Applier.
type Options struct {
	// Parallel is how many definitions are sent at the same time. Default: 2; more make the API server slower, not faster.
	Parallel int
	// FieldManager of the server-side apply. Default: v1alpha1.FieldManager.
	FieldManager string
	// Wake is called with the owner given to Ensure when an apply fails, when one succeeds after a failure, and when the last one of the
	// queue is done. It must not block. What was applied is seen by the watch of definitions. Default: nobody is told.
	Wake func(owner string)
	// Log for failures. Default: none.
	Log logr.Logger
	// Clock for backoff. Default: the real one.
	Clock clock.WithTicker
}

// Applier applies definitions in the background, in the order in which they are given, few at a time. It is safe for concurrent use.
type Applier struct {
	client Client
	opts   Options
	poke   chan struct{} // holds one: something changed in the book

	mu   sync.Mutex
	book *book
}

// NewApplier returns an Applier that begins to work with Start.
func NewApplier(c Client, opts Options) *Applier {
	if opts.Parallel <= 0 {
		opts.Parallel = 2
	}
	if opts.FieldManager == "" {
		opts.FieldManager = v1alpha1.FieldManager
	}
	if opts.Wake == nil {
		opts.Wake = func(string) {}
	}
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	return &Applier{client: c, opts: opts, poke: make(chan struct{}, 1), book: newBook()}
}

// Ensure makes requests the queue of the owner, in order of need, and returns at once. Pass what Decide wants created or updated: what was
// not sent yet and is no longer in the list is dropped; what is being sent, or was sent with the same content and is still in the list, is
// not sent again (for a minute; the watch shows it long before). A failed one is tried again with exponential backoff, 0.5 s to 30 s.
func (a *Applier) Ensure(owner string, requests []Request) {
	a.mu.Lock()
	a.book.replace(owner, requests, a.opts.Clock.Now())
	a.mu.Unlock()
	a.signal()
}

// Errors returns the last error of every definition of the owner that could not be applied yet, by name. Each is Retryable with
// ReasonCRDApplyFailed.
func (a *Applier) Errors(owner string) map[string]error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.book.errors(owner)
}

// Pending says whether the definition of that name is queued, being sent, or to be tried again.
func (a *Applier) Pending(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.book.pending(name)
}

// NeedLeaderElection says that only the leader applies.
func (a *Applier) NeedLeaderElection() bool { return true }

// Start works until the context ends, then waits for requests under way. It implements manager.Runnable.
func (a *Applier) Start(ctx context.Context) error {
	var jobs sync.WaitGroup
	defer jobs.Wait()
	slots := make(chan struct{}, a.opts.Parallel)
	for ctx.Err() == nil {
		now := a.opts.Clock.Now() // one moment for both, or a job that falls due between them is forgotten
		a.launch(ctx, now, slots, &jobs)
		if !a.waitForWork(ctx, now) {
			break
		}
	}
	return nil
}

// launch starts jobs while there are free slots and jobs that are due.
func (a *Applier) launch(ctx context.Context, now time.Time, slots chan struct{}, jobs *sync.WaitGroup) {
	for {
		select {
		case slots <- struct{}{}:
		default:
			return
		}
		a.mu.Lock()
		j := a.book.take(now)
		a.mu.Unlock()
		if j == nil {
			<-slots
			return
		}
		jobs.Go(func() {
			a.run(ctx, j)
			<-slots
			a.signal()
		})
	}
}

// waitForWork blocks until something changed or a failed job is due. It returns false when the context has ended.
func (a *Applier) waitForWork(ctx context.Context, now time.Time) bool {
	a.mu.Lock()
	due, retry := a.book.nextDue(now)
	a.mu.Unlock()
	var timer <-chan time.Time
	if retry {
		t := a.opts.Clock.NewTimer(max(0, due.Sub(a.opts.Clock.Now())))
		defer t.Stop()
		timer = t.C()
	}
	select {
	case <-ctx.Done():
		return false
	case <-a.poke:
		return true
	case <-timer:
		return true
	}
}

func (a *Applier) run(ctx context.Context, j *job) {
	err := a.apply(ctx, j)
	if err != nil && ctx.Err() != nil {
		return // shutting down says nothing about the definition
	}
	if err != nil {
		a.opts.Log.Info("CustomResourceDefinition was not applied, will retry", "name", j.def.Name, "owner", j.owner, "error", err.Error())
	}
	a.mu.Lock()
	tell := a.book.finish(j, err, a.opts.Clock.Now())
	a.mu.Unlock()
	if tell {
		a.opts.Wake(j.queue)
	}
}

// apply sends the bytes as they are and reads no more than the metadata of the answer.
func (a *Applier) apply(ctx context.Context, j *job) error {
	manifest, err := j.def.Manifest(j.owner)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	answer := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: j.def.Name}}
	answer.SetGroupVersionKind(GVK)
	err = a.client.Patch(ctx, answer, client.RawPatch(types.ApplyPatchType, manifest), client.ForceOwnership,
		client.FieldOwner(a.opts.FieldManager))
	if err != nil {
		return failure.Retryable(v1alpha1.ReasonCRDApplyFailed, "apply CustomResourceDefinition %s: %w", j.def.Name, err)
	}
	return nil
}

func (a *Applier) signal() {
	select {
	case a.poke <- struct{}{}:
	default:
	}
}
