// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// Options of a Ledger.
type Options struct {
	// Clock that says when an object is due. Default: the real one.
	Clock clock.PassiveClock
	// Wake is called with a release that has something to examine now. It must not block. Default: nobody is told.
	Wake func(release string)
}

// Ledger is the memory of all releases. It is safe for concurrent use. Losing it costs one examination of everything: All at the start.
type Ledger struct {
	opts Options

	mu    sync.Mutex
	books map[string]*book
}

// NewLedger returns an empty Ledger.
func NewLedger(opts Options) *Ledger {
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	if opts.Wake == nil {
		opts.Wake = func(string) {}
	}
	return &Ledger{opts: opts, books: map[string]*book{}}
}

// Changed notes that a watch has shown a change, and wakes the release if the object can be examined now. What the ledger knows as our own write,
// and anything older, changes nothing.
func (l *Ledger) Changed(release string, change readiness.Change) {
	l.update(release, func(b *book, _ time.Time) {
		e := b.entry(change.Object)
		if !stale(change, e.known) {
			e.due, e.change = true, &change
		}
	})
}

// Known tells what was written by ourselves. Call it as soon as a write has returned; an examination's own writes are given to Learn.
func (l *Ledger) Known(release string, written ...readiness.Applied) {
	l.update(release, func(b *book, _ time.Time) { b.know(written) })
}

// Released tells that a revision was written as a whole, which put every object back: what was found before is forgotten, and only changes since
// remain to be examined. Which objects flap is not forgotten. Objects that were not written, because they are no part of the release any more for
// example, are forgotten when there is nothing to be said about them: names that change with every revision must not add up.
func (l *Ledger) Released(release string, written ...readiness.Applied) {
	l.update(release, func(b *book, now time.Time) {
		b.know(written)
		b.all, b.backoff = false, backoff{}
		for _, e := range b.objects {
			e.finding = nil
			if e.change == nil {
				e.due = false // it was due for being unknown
			}
		}
		kept := make(map[readiness.Object]bool, len(written)+len(b.taken))
		for _, a := range written {
			kept[a.Object] = true
		}
		for _, o := range b.taken { // an examination is under way
			kept[o] = true
		}
		maps.DeleteFunc(b.objects, func(o readiness.Object, e *entry) bool { return !kept[o] && e.idle(now) })
	})
}

// All makes every object of the release due, whatever was found before, and wakes it: at the start of the operator, when a reconcile is asked for, and
// when the mode or the ignore rules change.
func (l *Ledger) All(release string) {
	l.update(release, func(b *book, _ time.Time) { b.all, b.backoff = true, backoff{} })
}

// KindsChanged makes due what could not be compared and may be comparable now: its kind was not served, for example.
func (l *Ledger) KindsChanged() {
	l.mu.Lock()
	releases := slices.Sorted(maps.Keys(l.books))
	l.mu.Unlock()
	for _, release := range releases {
		l.update(release, func(b *book, now time.Time) {
			for _, e := range b.objects {
				if e.finding != nil && e.finding.Unknown != "" && e.finding.Retry {
					e.due = true
					e.pace.retry(now)
				}
			}
		})
	}
}

// Forget drops a release.
func (l *Ledger) Forget(release string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.books, release)
}

// Due says whether Begin would return something.
func (l *Ledger) Due(release string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.books[release]
	return ok && b.ready(l.opts.Clock.Now())
}

// Begin takes out what is to be examined now, sorted; all says that it is every object of the release. Nothing at all is neither. Each Begin that
// returned something must be followed by Learn or Failed, until which there is nothing more.
func (l *Ledger) Begin(release string) (objects []readiness.Object, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.books[release]
	now := l.opts.Clock.Now()
	if !ok || !b.ready(now) {
		return nil, false
	}
	for o, e := range b.objects {
		// Everything includes what is backed off: somebody asked for it.
		if b.all || e.ready(now) {
			if e.due && !b.all {
				e.paced().looked(now)
			}
			e.due, e.change = false, nil
			objects = append(objects, o)
		}
	}
	slices.SortFunc(objects, compareObjects)
	b.begun, b.wasAll, b.taken, b.all = true, b.all, objects, false
	if b.wasAll {
		return nil, true
	}
	return objects, false
}

// Learn ends an examination: what was found, and what it wrote. Objects that were examined and are not among the findings are as they were released.
func (l *Ledger) Learn(release string, found []Finding, written ...readiness.Applied) {
	l.update(release, func(b *book, now time.Time) {
		if !b.begun {
			return // it was forgotten meanwhile
		}
		for _, o := range b.taken {
			e := b.entry(o)
			e.finding = nil
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Object == o && f.Unknown != "" }) {
				e.pace.settled(now)
			}
		}
		for _, f := range found {
			e := b.entry(f.Object)
			if !f.Corrected || f.Unknown != "" { // there is nothing to be said about what was put back
				e.finding = &f
			}
			switch {
			case f.Corrected:
				e.put = &f
				e.paced().putBack(now)
			case f.Unknown != "" && f.Retry:
				e.paced().failed(now)
				e.due = true
			}
		}
		b.know(written)
		b.begun, b.taken, b.wasAll, b.backoff = false, nil, false, backoff{}
	})
}

// Failed ends an examination that could not be made. The same is due again, after ten seconds at first and five minutes at last.
func (l *Ledger) Failed(release string) {
	l.update(release, func(b *book, now time.Time) {
		if !b.begun {
			return
		}
		for _, o := range b.taken {
			b.entry(o).due = true
		}
		b.all = b.all || b.wasAll
		b.begun, b.taken, b.wasAll = false, nil, false
		b.backoff.next(now)
	})
}

// After is the time until something that is backed off can be examined, or an object that flapped counts as calm: look again then. 0 is nothing. What is
// due now does not count.
func (l *Ledger) After(release string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.books[release]
	if !ok {
		return 0
	}
	now := l.opts.Clock.Now()
	next := time.Duration(0)
	sooner := func(at time.Time) {
		if d := at.Sub(now); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	if b.all || slices.ContainsFunc(b.entries(), func(e *entry) bool { return e.due }) {
		sooner(b.backoff.until)
	}
	for _, e := range b.objects {
		if e.due {
			sooner(e.notBefore())
		}
		if e.pace == nil {
			continue
		}
		sooner(e.pace.notBefore) // although nothing may be due then: a change until then wakes nobody
		if e.pace.flapping(now) {
			sooner(e.pace.calmAt())
		}
	}
	return next
}

// update changes a book under the lock, and wakes the release if that has made something ready which was not before.
func (l *Ledger) update(release string, change func(b *book, now time.Time)) {
	l.mu.Lock()
	b, ok := l.books[release]
	if !ok {
		b = &book{objects: map[readiness.Object]*entry{}}
		l.books[release] = b
	}
	now := l.opts.Clock.Now()
	before := b.ready(now)
	change(b, now)
	wake := !before && b.ready(now)
	l.mu.Unlock()
	if wake {
		l.opts.Wake(release)
	}
}
