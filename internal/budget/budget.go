// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package budget shares out memory among work that needs much of it: charts that are
// rendered and applied. Work says how heavy it is and is let in while the sum of the
// weights stays within the budget, so that big charts take turns and small ones go on
// beside them. It also finds out how much memory the process may use. It imports the
// standard library only.
package budget

import (
	"context"
	"slices"
	"sync"
)

// patience is how many that came later may be let in before a waiter for which there
// is too little left. After that nobody is, until the waiter has had its turn.
const patience = 64

// Budget is the sum of weights, in bytes, that may be at work at the same time. Safe
// for concurrent use.
type Budget struct {
	size int64

	mu     sync.Mutex
	used   int64
	inside int
	open   int       // gates that have somebody waiting and are not full
	queue  []*Ticket // of all gates, first come first
	quiet  *quiet
}

// New makes a budget of that many bytes; 0 or less is one without end.
func New(size int64) *Budget { return &Budget{size: size} }

// Gate makes a way into the budget through which at most parallel go at a time, at
// least one, however light they are. Gates share the budget, and nothing else: one
// that is full holds nobody up at another.
func (b *Budget) Gate(parallel int) *Gate { return &Gate{budget: b, parallel: max(1, parallel)} }

// Gate is a way into a Budget. Safe for concurrent use.
type Gate struct {
	budget   *Budget
	parallel int
	inside   int // guarded by the budget's lock, as waiting is
	waiting  int
}

// Ticket is a place in the queue, and then a part of the budget. Its owner calls Done
// exactly once, whether Wait let it in or not.
type Ticket struct {
	gate      *Gate
	weight    int64
	admitted  chan struct{} // closed when it is let in
	inside    bool
	overtaken int // those let in before it although they came later
}

// Join takes a place in the queue and returns at once. Less than nothing weighs
// nothing; what is heavier than the whole budget has to be alone.
func (g *Gate) Join(weight int64) *Ticket {
	t := &Ticket{gate: g, weight: max(0, weight), admitted: make(chan struct{})}
	b := g.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(b.queue, t)
	g.change(1, 0)
	b.quiet.end()
	b.admit()
	return t
}

// Wait returns nil when the ticket is let in, and the cause of the context's end when
// that comes first. A context that has ended already lets nobody in.
func (t *Ticket) Wait(ctx context.Context) error {
	select {
	case <-t.admitted:
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

// Done gives back the part of the budget, or leaves the queue.
func (t *Ticket) Done() {
	b := t.gate.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.inside {
		t.inside = false
		t.gate.change(0, -1)
		b.inside--
		b.used -= t.weight
	} else {
		b.queue = slices.DeleteFunc(b.queue, func(other *Ticket) bool { return other == t })
		t.gate.change(-1, 0)
	}
	b.admit()
	if b.inside == 0 && len(b.queue) == 0 {
		b.quiet.begin()
	}
}

// admit lets in whoever may come in, in the order of the queue, and looks no further
// than there is a way in: thousands may be waiting. The lock is held.
func (b *Budget) admit() {
	var passed []*Ticket // those that were not let in for want of room
	closed := false      // one of them has been patient for long enough
	for i := 0; i < len(b.queue) && !closed && b.open > 0; {
		t := b.queue[i]
		switch {
		case t.gate.full():
			i++
			continue
		case !b.fits(t):
			passed = append(passed, t)
			closed = t.overtaken >= patience
			i++
			continue
		}
		for _, other := range passed {
			other.overtaken++
			closed = closed || other.overtaken >= patience
		}
		b.queue = slices.Delete(b.queue, i, i+1)
		t.gate.change(-1, 1)
		t.inside = true
		b.inside++
		b.used += t.weight
		close(t.admitted)
	}
}

func (g *Gate) full() bool { return g.inside >= g.parallel }

// change counts who waits and who is inside, and with them the gates through which
// somebody who waits could go. The lock is held.
func (g *Gate) change(waiting, inside int) {
	before := g.waiting > 0 && !g.full()
	g.waiting += waiting
	g.inside += inside
	if after := g.waiting > 0 && !g.full(); before && !after {
		g.budget.open--
	} else if after && !before {
		g.budget.open++
	}
}

// fits says whether there is room, which there always is for one alone.
func (b *Budget) fits(t *Ticket) bool {
	return b.size <= 0 || b.used+t.weight <= b.size || b.used == 0
}

// State is what a Budget is about.
type State struct {
	// Size of the budget in bytes; 0 is one without end.
	Size int64
	// Used is the sum of the weights at work, in bytes.
	Used int64
	// Waiting is how many have not been let in.
	Waiting int
}

// State tells how the budget stands, for metrics and tests.
func (b *Budget) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return State{Size: max(0, b.size), Used: b.used, Waiting: len(b.queue)}
}
