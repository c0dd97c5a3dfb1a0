// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package jobs runs Helm actions outside of the reconcilers: a job is started,
// never waited for, and wakes its release when it ends. There is at most one per
// release. The table of running jobs is the one piece of memory of the operator;
// it is a lock and a progress bar, never the truth, which is read from Helm's
// storage. It imports the budget room and the standard library.
package jobs

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/groundwork-dev/groundwork/internal/budget"
)

// Outcome is how a job ended.
type Outcome struct {
	// Action that was run.
	Action string
	// Digest that it was run for.
	Digest string
	// Err of the action, nil for success.
	Err error
	// Began is when it got its turn, and Ended when it was over. Began is zero when
	// it never got one.
	Began, Ended time.Time
	// number of the job, so that learning of one forgets no other.
	number uint64
	// Value that the action returned, also when it returned an error.
	Value any
}

// Running is a job under way.
type Running struct {
	// Action being run.
	Action string
	// Digest it is run for.
	Digest string
	// Started is when it was asked for; it may wait for its turn.
	Started time.Time
}

// Table holds the jobs of this process. Safe for concurrent use.
type Table struct {
	gate  *budget.Gate
	grace time.Duration
	wake  func(release string)
	now   func() time.Time

	mu       sync.Mutex
	ctx      context.Context //nolint:containedctx // the life of the jobs, made by Start
	stopping context.Context //nolint:containedctx // ends before ctx: no job begins any more
	closed   bool
	running  map[string]entry
	outcomes map[string]Outcome
	ended    uint64        // jobs so far
	over     chan struct{} // closed when the last one has ended
	group    sync.WaitGroup
}

// entry is a job under way and how to interrupt its waiting.
type entry struct {
	Running
	interrupt context.CancelFunc
}

// Option changes how a Table works.
type Option func(*Table, int)

// Within lets jobs in by what they weigh, too: see BeginWeighted. The budget may be
// shared with others. Default: one without end.
func Within(shared *budget.Budget) Option {
	return func(t *Table, parallel int) { t.gate = shared.Gate(parallel) }
}

// New makes a table that runs at most parallel jobs at a time, at least one, and
// calls wake with the release when one ends. Wake must not block. When the operator
// is told to end, what runs may go on for the grace: a Helm action that is cut off
// leaves a failed revision behind, and is done again by the successor.
func New(parallel int, grace time.Duration, wake func(release string), options ...Option) *Table {
	t := &Table{
		gate:     budget.New(0).Gate(parallel),
		grace:    grace,
		wake:     wake,
		now:      time.Now,
		running:  map[string]entry{},
		outcomes: map[string]Outcome{},
		over:     make(chan struct{}),
	}
	for _, option := range options {
		option(t, parallel)
	}
	return t
}

// NeedLeaderElection says that only the leader acts.
func (t *Table) NeedLeaderElection() bool { return true }

// Start gives jobs their life. When the context ends no job begins any more, those
// under way have the grace to end, and it returns when they have. It implements
// manager.Runnable.
func (t *Table) Start(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	t.mu.Lock()
	t.ctx, t.stopping = life, ctx
	t.mu.Unlock()
	<-ctx.Done()
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	timer := time.AfterFunc(t.grace, end)
	defer timer.Stop()
	t.group.Wait()
	close(t.over)
	return nil
}

// Over is closed when the table was told to end and the last job has: what jobs
// work with must live until then.
func (t *Table) Over() <-chan struct{} { return t.over }

// Begin starts a job that weighs nothing: see BeginWeighted.
func (t *Table) Begin(release, action, digest string, run func(context.Context) (any, error)) bool {
	return t.BeginWeighted(release, action, digest, 0, run)
}

// BeginWeighted starts a job unless the release has one or the table is not running,
// and says whether it did. The job gets its turn, in the order of these calls, when
// there are fewer than parallel and the budget has room for its weight: about as many
// bytes as it takes, for which budget.Weight has a rule. Lighter jobs may go first.
func (t *Table) BeginWeighted(release, action, digest string, weight int64, run func(context.Context) (any, error)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, busy := t.running[release]; busy || t.closed || t.ctx == nil {
		return false
	}
	ctx, interrupt := withInterrupt(t.ctx)
	t.running[release] = entry{
		Running:   Running{Action: action, Digest: digest, Started: t.now()},
		interrupt: interrupt,
	}
	delete(t.outcomes, release)
	ticket := t.gate.Join(weight)
	t.group.Go(func() {
		defer interrupt()
		t.finish(release, t.run(ctx, ticket, Outcome{Action: action, Digest: digest}, run))
	})
	return true
}

// Running returns the job of a release.
func (t *Table) Running(release string) (Running, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	job, ok := t.running[release]
	return job.Running, ok
}

// Interrupt ends the waiting of a release's job, because what it waits for is not
// wanted any more, and says whether there is such a job. A job that has not had its
// turn yet ends at once; one that writes goes on until it would wait. Its outcome
// is an error that wraps ErrInterrupted, unless it had nothing left to wait for.
func (t *Table) Interrupt(release string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	job, ok := t.running[release]
	if ok {
		job.interrupt()
	}
	return ok
}

// Outcome returns how the last job of a release ended, until Clear or the next
// job: it stays while writing it down fails.
func (t *Table) Outcome(release string) (Outcome, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	outcome, ok := t.outcomes[release]
	return outcome, ok
}

// Learned forgets an outcome that was written down. That of a newer job, which may
// have begun and ended meanwhile, stays.
func (t *Table) Learned(release string, outcome Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outcomes[release].number == outcome.number {
		delete(t.outcomes, release)
	}
}

// Clear forgets the outcome of a release.
func (t *Table) Clear(release string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.outcomes, release)
}

// run waits for the job's turn and takes it.
func (t *Table) run(ctx context.Context, ticket *budget.Ticket, outcome Outcome, run func(context.Context) (any, error)) Outcome {
	defer ticket.Done()
	waiting, stop := Waiting(ctx)
	defer stop()
	turn, end := context.WithCancelCause(waiting)
	defer end(nil)
	unhook := context.AfterFunc(t.stopping, func() { end(context.Cause(t.stopping)) })
	defer unhook()
	outcome.Err = ticket.Wait(turn)
	if outcome.Err == nil {
		outcome.Err = context.Cause(t.stopping) // the end is told a moment later to turn
	}
	if outcome.Err != nil {
		return outcome
	}
	outcome.Began = t.now()
	outcome.Value, outcome.Err = guard(ctx, run)
	return outcome
}

// finish writes down how a job ended, and tells.
func (t *Table) finish(release string, outcome Outcome) {
	t.mu.Lock()
	outcome.Ended = t.now()
	delete(t.running, release)
	t.ended++
	outcome.number = t.ended
	t.outcomes[release] = outcome
	t.mu.Unlock()
	t.wake(release)
}

// PanicError is the panic of an action. Its text is the same each time, fit for a
// status; the stack is for the log.
type PanicError struct {
	// Value that was passed to panic.
	Value any
	// Stack of the goroutine.
	Stack []byte
}

// Error names the value and nothing else.
func (e *PanicError) Error() string { return fmt.Sprintf("the action panicked: %v", e.Value) }

// guard turns a panic of a template engine or a chart into an error of that
// release, so that one chart does not take the operator down.
func guard(ctx context.Context, run func(context.Context) (any, error)) (value any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = &PanicError{Value: problem, Stack: debug.Stack()}
		}
	}()
	return run(ctx)
}
