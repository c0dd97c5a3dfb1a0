// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package usage counts the live objects of kinds that somebody is about to lose:
// what a bundle did not create itself when the component that serves the kind is to
// be removed. It watches metadata only, begins a watch when the first owner asks for
// the kind and ends it with the last. It imports client-go and api/v1alpha1.
package usage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// maxNames is how many objects a Count names.
const maxNames = 3

// Options of a Counter.
type Options struct {
	// Wake is called with an owner when one of its counts may have changed, and when
	// all of its kinds have been listed. It must not block; calls are not merged.
	// Default: nobody is told.
	Wake func(owner string)
	// Log for kinds that cannot be watched. Default: none.
	Log logr.Logger
	// Client to watch with. Default: made from the rest.Config, without client-side
	// rate limit.
	Client metadata.Interface
}

// Kind is what an owner wants counted.
type Kind struct {
	schema.GroupVersionKind
	// Excluded are ComponentReleases whose own objects, labelled with their names, do
	// not count: the names, sorted, with commas between them. Empty: every object counts.
	Excluded string
}

// Count is the answer for one Kind.
type Count struct {
	schema.GroupVersionKind
	// Total number of objects that count, those that are being deleted included. It
	// is zero for a kind that is not served.
	Total int
	// Names of the first three, sorted, as namespace/name or name.
	Names []string
}

// Counter counts objects by watch. It is safe for concurrent use, and no method but
// Start blocks or calls the API.
type Counter struct {
	mapper meta.RESTMapper
	wake   func(owner string)
	log    logr.Logger
	client metadata.Interface

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // the lifetime of the watches, which methods without a context begin
	stopped bool
	running sync.WaitGroup
	owners  map[string][]Kind
	watches map[schema.GroupVersionKind]*kindWatch
}

// New returns a Counter that begins to watch with Start; Set may be called before.
// The mapper is asked in the background only. The error is that of making the client.
func New(config *rest.Config, mapper meta.RESTMapper, options Options) (*Counter, error) {
	if options.Client == nil {
		config = rest.CopyConfig(config)
		config.QPS = -1 // the API server has its own fairness
		var err error
		if options.Client, err = metadata.NewForConfig(config); err != nil {
			return nil, fmt.Errorf("make the client that counts objects: %w", err)
		}
	}
	if options.Wake == nil {
		options.Wake = func(string) {}
	}
	return &Counter{
		mapper: mapper, wake: options.Wake, log: options.Log, client: options.Client,
		owners: map[string][]Kind{}, watches: map[schema.GroupVersionKind]*kindWatch{},
	}, nil
}

// NeedLeaderElection says that only the leader watches.
func (c *Counter) NeedLeaderElection() bool { return true }

// Start watches until the context ends. It implements manager.Runnable and can be
// called once.
func (c *Counter) Start(ctx context.Context) error {
	c.mu.Lock()
	if c.ctx != nil {
		c.mu.Unlock()
		return errors.New("a usage counter can be started once")
	}
	c.ctx = ctx
	c.adjust() //nolint:contextcheck // it begins watches with the context that was just kept
	c.mu.Unlock()

	<-ctx.Done()
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.running.Wait()
	return nil
}

// Set says what an owner wants counted, in place of what it wanted before; nothing
// ends its watches. The same kinds again change nothing.
func (c *Counter) Set(owner string, kinds []Kind) {
	kinds = slices.Clone(kinds)
	slices.SortFunc(kinds, func(a, b Kind) int { return strings.Compare(a.key(), b.key()) })
	kinds = slices.Compact(kinds)
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Equal(c.owners[owner], kinds) {
		return
	}
	if len(kinds) == 0 {
		delete(c.owners, owner)
	} else {
		c.owners[owner] = kinds
	}
	c.adjust()
}

func (k Kind) key() string {
	return strings.Join([]string{k.Group, k.Kind, k.Version, k.Excluded}, "/")
}

// Count answers what Set asked, sorted by group and kind. synced is false while the
// owner has asked for nothing or a kind has not been listed yet; the counts then are
// those that are known. Trouble says why a list does not come.
func (c *Counter) Count(owner string) (counts []Count, synced bool) {
	c.mu.Lock()
	kinds := c.owners[owner]
	views := make([]view, len(kinds))
	for i, k := range kinds {
		if w := c.watches[k.GroupVersionKind]; w != nil {
			views[i] = w.view()
		}
	}
	c.mu.Unlock()
	synced = len(kinds) > 0
	for i, k := range kinds {
		switch v := views[i]; {
		case v.store != nil:
			counts = append(counts, count(v.store, k))
		case v.unserved:
			counts = append(counts, Count{GroupVersionKind: k.GroupVersionKind})
		default:
			synced = false
		}
	}
	return counts, synced
}

// Trouble says, sorted, which of the owner's kinds cannot be listed and why: for
// example, a conversion webhook that does not answer. A kind that is not served is no
// trouble.
func (c *Counter) Trouble(owner string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, k := range c.owners[owner] {
		w := c.watches[k.GroupVersionKind]
		if w == nil {
			continue
		}
		if v := w.view(); v.store == nil && !v.unserved && v.trouble != "" {
			out = append(out, fmt.Sprintf("cannot list %s: %s", k.GroupKind(), v.trouble))
		}
	}
	return slices.Compact(out)
}

// KindsChanged makes the Counter look again for kinds that were not served. Call it
// when a CRD was established or the RESTMapper was reset.
func (c *Counter) KindsChanged() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.watches {
		w.retry()
	}
}

// adjust begins the watches that are missing and ends those that nobody needs. The
// lock is held.
func (c *Counter) adjust() {
	if c.ctx == nil || c.stopped {
		return
	}
	needed := map[schema.GroupVersionKind]bool{}
	for _, kinds := range c.owners {
		for _, k := range kinds {
			needed[k.GroupVersionKind] = true
		}
	}
	for gvk, w := range c.watches {
		if !needed[gvk] {
			w.cancel()
			delete(c.watches, gvk)
		}
	}
	for gvk := range needed {
		if c.watches[gvk] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(c.ctx)
		w := &kindWatch{gvk: gvk, client: c.client, mapper: c.mapper, log: c.log, events: c, cancel: cancel, kick: make(chan struct{}, 1)}
		c.watches[gvk] = w
		c.running.Go(func() {
			defer cancel()
			w.run(ctx)
		})
	}
}

// objectChanged implements events: it wakes the owners for whom one of the states of
// the object counts and the other does not.
func (c *Counter) objectChanged(gvk schema.GroupVersionKind, before, after *string) {
	c.tell(func(k Kind) bool {
		return k.GroupVersionKind == gvk && (before != nil && k.counts(*before)) != (after != nil && k.counts(*after))
	})
}

// kindChanged implements events. While other kinds of an owner are being listed
// there is nothing to say to it.
func (c *Counter) kindChanged(gvk schema.GroupVersionKind) {
	c.tell(func(k Kind) bool { return k.GroupVersionKind == gvk })
}

// tell wakes the owners with a kind that the news is about.
func (c *Counter) tell(about func(Kind) bool) {
	var told []string
	c.mu.Lock()
	for owner, kinds := range c.owners {
		if slices.ContainsFunc(kinds, about) && c.settled(kinds) {
			told = append(told, owner)
		}
	}
	c.mu.Unlock()
	for _, owner := range told {
		c.wake(owner)
	}
}

// settled says whether every kind is either listed or known to be in trouble.
func (c *Counter) settled(kinds []Kind) bool {
	return !slices.ContainsFunc(kinds, func(k Kind) bool {
		w := c.watches[k.GroupVersionKind]
		if w == nil {
			return true
		}
		v := w.view()
		return v.store == nil && !v.unserved && v.trouble == ""
	})
}
