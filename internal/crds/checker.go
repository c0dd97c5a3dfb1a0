// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Delays until a definition is looked at again. Objects may be repaired at any time, and nobody watches them.
const (
	firstLook = 5 * time.Second
	maxLook   = 5 * time.Minute
)

// CheckerOptions of a Checker.
type CheckerOptions struct {
	// Wake is called with the bundle when an answer is known or changed, and when it is time to look again. It must not block. Default: nobody
	// is told.
	Wake func(bundle string)
	// Parallel is how many definitions are read and compared at the same time. Default: 2.
	Parallel int
	// Clock for delays. Default: the real one.
	Clock clock.Clock
	// Log for refusals and failures. Default: none.
	Log logr.Logger
}

// Checker compares definitions with the cluster's in the background: schemas, and the live objects where a schema allows less. It keeps
// verdicts and never definitions or objects. It is safe for concurrent use.
type Checker struct {
	options CheckerOptions
	look    func(ctx context.Context, next *Definition) (verdict, error)
	slots   chan struct{}
	started chan struct{}

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // the life of background work, given by Start
	entries map[string]map[entryKey]*entry
	retried map[string]string // the last request of each bundle that Retry followed
}

// entryKey is one asker's question about one definition: it asks about one content at a time.
type entryKey struct{ name, owner string }

// entry is what is known of a question.
type entry struct {
	identity string // of what was compared
	known    bool
	running  bool
	err      error
	attempts int
	// again is when to look again; zero: the answer stays right.
	again time.Time
}

// NewChecker returns a Checker that begins to work with Start.
func NewChecker(config *rest.Config, options CheckerOptions) (*Checker, error) {
	i, err := newInspector(config)
	if err != nil {
		return nil, fmt.Errorf("checker of CustomResourceDefinitions: %w", err)
	}
	return newChecker(i.look, options), nil
}

func newChecker(look func(context.Context, *Definition) (verdict, error), options CheckerOptions) *Checker {
	if options.Parallel <= 0 {
		options.Parallel = 2
	}
	if options.Wake == nil {
		options.Wake = func(string) {}
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	return &Checker{
		options: options,
		look:    look,
		slots:   make(chan struct{}, options.Parallel),
		started: make(chan struct{}),
		entries: map[string]map[entryKey]*entry{},
		retried: map[string]string{},
	}
}

// NeedLeaderElection says that only the leader looks.
func (c *Checker) NeedLeaderElection() bool { return true }

// Start gives background work its life. It implements manager.Runnable; Check may be called before.
func (c *Checker) Start(ctx context.Context) error {
	c.mu.Lock()
	c.ctx = ctx
	c.mu.Unlock()
	close(c.started)
	<-ctx.Done()
	return nil
}

// Check says whether the definition may be sent. It never blocks: done is false while the cluster is looked at, and Wake tells when the
// answer is there. What Decide can settle without schemas is answered at once.
//
// The error is Decide's, with the number of live objects where objects stand in the way; or Terminal with ReasonCRDChangeUnsafe when live
// objects use what the new definition no longer allows; or Retryable with ReasonPrepareFailed when the API server could not be read. The
// last two are looked at again after 5 s, doubling to 5 min, and stay visible meanwhile.
func (c *Checker) Check(bundle string, question Question) (done bool, err error) {
	decision, err := Decide(question)
	refused := failure.ReasonOf(err, "") == v1alpha1.ReasonCRDChangeUnsafe
	changes := decision.Action == ActionUpdate && question.Current.Digest != question.Next.Digest
	key := entryKey{question.Next.Name, question.Owner}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !refused && !changes {
		c.drop(bundle, key)
		return true, err
	}
	e := c.entry(bundle, key, identify(question))
	if !e.running && (!e.known || !e.again.IsZero() && !c.options.Clock.Now().Before(e.again)) {
		e.running = true
		go c.run(bundle, key, e, question.Next)
	}
	return e.known, e.err
}

// identify names what is compared. It changes with the live spec, with status.storedVersions and with the new content.
func identify(q Question) string {
	return fmt.Sprintf("%s %d %q %s", q.Current.UID, q.Current.Generation, q.Current.StoredVersions, q.Next.Digest)
}

// entry returns what is known of a question, which is nothing when the content is another one; the caller holds the lock.
func (c *Checker) entry(bundle string, key entryKey, identity string) *entry {
	if c.entries[bundle] == nil {
		c.entries[bundle] = map[entryKey]*entry{}
	}
	e := c.entries[bundle][key]
	if e == nil || e.identity != identity {
		e = &entry{identity: identity}
		c.entries[bundle][key] = e
	}
	return e
}

// drop forgets one question; the caller holds the lock.
func (c *Checker) drop(bundle string, key entryKey) {
	delete(c.entries[bundle], key)
	if len(c.entries[bundle]) == 0 {
		delete(c.entries, bundle)
	}
}

// Keep forgets what is known for the bundle about definitions that are not in names; nil forgets the bundle.
func (c *Checker) Keep(bundle string, names map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.entries[bundle] {
		if !names[key.name] {
			c.drop(bundle, key)
		}
	}
	if names == nil {
		delete(c.retried, bundle)
	}
}

// Retry forgets every answer for the bundle, once for each request: somebody asked for it.
func (c *Checker) Retry(bundle, request string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retried[bundle] == request {
		return
	}
	c.retried[bundle] = request
	delete(c.entries, bundle)
}

func (c *Checker) run(bundle string, key entryKey, e *entry, next *Definition) {
	<-c.started
	select {
	case c.slots <- struct{}{}:
	case <-c.ctx.Done():
		return
	}
	found, err := c.lookSafely(next)
	<-c.slots
	if c.ctx.Err() != nil {
		return // shutting down says nothing about the definition
	}
	if c.finish(bundle, key, e, found, err) {
		c.options.Wake(bundle)
	}
}

// lookSafely looks. A panic in the code that judges objects becomes an error of that definition, so that one chart does not take the
// operator down.
func (c *Checker) lookSafely(next *Definition) (found verdict, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			found, err = verdict{}, failure.Retryable(v1alpha1.ReasonPrepareFailed,
				"comparing CustomResourceDefinition %s panicked: %v", next.Name, problem)
		}
	}()
	return c.look(c.ctx, next)
}

// finish records an answer and says whether the bundle wants to know: it is the first one, or another one.
func (c *Checker) finish(bundle string, key entryKey, e *entry, found verdict, err error) (tell bool) {
	if err == nil {
		err = found.refusal
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.running = false
	if c.entries[bundle][key] != e {
		return false
	}
	tell = !e.known || failure.Message(e.err) != failure.Message(err)
	if tell && found.refusal != nil {
		e.attempts = 0 // somebody is repairing objects: look sooner
	}
	e.known, e.err, e.again = true, err, time.Time{}
	switch {
	case err != nil:
		delay := min(firstLook<<min(e.attempts, 10), maxLook)
		e.attempts++
		e.again = c.options.Clock.Now().Add(delay)
		c.wakeAfter(bundle, key, e, delay)
		if tell {
			c.options.Log.Info("CustomResourceDefinition is not changed, will look again", "bundle", bundle, "name", key.name, "error", err.Error())
		}
	case found.narrows:
		e.again = c.options.Clock.Now().Add(maxLook) // somebody may use by then what nobody uses now
	}
	return tell
}

// wakeAfter wakes the bundle when it is time to look again, unless nobody asks any more.
func (c *Checker) wakeAfter(bundle string, key entryKey, e *entry, delay time.Duration) {
	timer := c.options.Clock.NewTimer(delay)
	ctx := c.ctx
	go func() {
		defer timer.Stop()
		select {
		case <-timer.C():
		case <-ctx.Done():
			return
		}
		c.mu.Lock()
		current := c.entries[bundle][key] == e
		c.mu.Unlock()
		if current {
			c.options.Wake(bundle)
		}
	}()
}
