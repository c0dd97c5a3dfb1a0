// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package prepare looks before the leap: it fetches, verifies and renders charts
// in the background, bounded, and keeps what was learnt by key. It writes
// nothing; losing its results costs a render and nothing else. It imports the
// helm, chart, crds and failure rooms and the API.
package prepare

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/budget"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// Delays between attempts at what time may cure.
const (
	firstDelay = 2 * time.Second
	maxDelay   = 5 * time.Minute
)

// Renderer renders a chart and looks at what is there, without writing;
// internal/helm.Engine is one.
type Renderer interface {
	Render(ctx context.Context, request helm.RenderRequest) (*helm.Rendered, error)
	Observe(ctx context.Context, release helm.Release) ([]helm.Revision, error)
	Conflicts(ctx context.Context, release helm.Release, objects []helm.Object, owner string) ([]helm.Conflict, error)
}

// Request asks what a component would become.
type Request struct {
	helm.RenderRequest
	// Owner is the ComponentRelease.
	Owner string
	// New says that nothing was approved for it yet. Objects of a new component that
	// exist already are refused, unless a Helm release of the name exists, too.
	New bool
	// Adopt takes over those that belong to no release.
	Adopt bool
	// Weight is about how many bytes of memory the work takes; see budget.Weight.
	Weight int64
}

// Result is what was learnt about one component.
type Result struct {
	// Chart as resolved.
	Chart chart.Resolved
	// CRDs that the chart brings.
	CRDs []*crds.Definition
	// Kinds that the release's objects and hooks use.
	Kinds []schema.GroupVersionKind
	// Objects of the release, without hooks and CRDs.
	Objects []helm.Object
	// Capabilities that the templates asked for, with the answers given.
	Capabilities []v1alpha1.CapabilityAnswer
	// Guarded are API groups behind a fail-closed webhook of the component.
	Guarded []string
	// RecordBytes is what the release's record will take of helm.RecordLimit; 0 when
	// that is below helm.RecordNear for certain.
	RecordBytes int
}

// RecordWarning is a sentence about a record that is close to the limit, for people;
// empty when it is not. The percentage is rounded down, so that it stays the same
// for charts that render differently every time.
func (r *Result) RecordWarning() string {
	if r.RecordBytes < helm.RecordNear {
		return ""
	}
	return fmt.Sprintf("the record of the release takes %d %% of the 1 MiB that Kubernetes keeps in a Secret: a later version of the chart, or "+
		"larger values, may be refused", r.RecordBytes*100/helm.RecordLimit)
}

// Holds says whether every answer that was given is still the right one.
func (r *Result) Holds(has func(string) bool) bool {
	for _, answer := range r.Capabilities {
		if has(answer.APIVersion) != answer.Available {
			return false
		}
	}
	return true
}

// Options of a Preparer.
type Options struct {
	// Gate lets renders in. Default: two at a time, whatever they weigh.
	Gate *budget.Gate
	// Wake is called with the owner when a result or an error is there, and when
	// it is time to try again. It must not block.
	Wake func(owner string)
	// Clock for backoff. Default: the real one.
	Clock clock.Clock
}

// Preparer prepares components in the background. Safe for concurrent use.
type Preparer struct {
	renderer Renderer
	options  Options

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // the life of background work, given by Start
	started chan struct{}
	entries map[string]map[string]*entry // by owner and key
	retried map[string]string            // the last request of each owner that Retry followed
}

// entry is one key's state. A result stays while its render is repeated.
type entry struct {
	result   *Result
	err      error
	running  bool
	attempts int
	retryAt  time.Time
	// asked are the questions of the render that failed, with their answers.
	asked map[string]bool
	// dropped entries are nobody's any more and go when their render has ended.
	dropped bool
}

// New makes a Preparer that begins to work with Start.
func New(renderer Renderer, options Options) *Preparer {
	if options.Gate == nil {
		options.Gate = budget.New(0).Gate(2)
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	return &Preparer{
		renderer: renderer,
		options:  options,
		started:  make(chan struct{}),
		entries:  map[string]map[string]*entry{},
		retried:  map[string]string{},
	}
}

// NeedLeaderElection says that only the leader prepares.
func (p *Preparer) NeedLeaderElection() bool { return true }

// Start gives background work its life. It implements manager.Runnable.
func (p *Preparer) Start(ctx context.Context) error {
	p.mu.Lock()
	p.ctx = ctx
	p.mu.Unlock()
	close(p.started)
	<-ctx.Done()
	return nil
}

// Peek returns the last result of a key, whatever answers it was rendered with;
// nil when there is none.
func (p *Preparer) Peek(owner, key string) *Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[owner][key]; e != nil {
		return e.result
	}
	return nil
}

// Ensure returns the result of a key if there is one whose answers hold, or else
// begins to make it. Both nil means that it is being made. An error that time may
// cure stays visible while the next attempt runs; it is tried again with
// exponential backoff.
func (p *Preparer) Ensure(owner, key string, request Request) (*Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	byKey := p.entries[owner]
	if byKey == nil {
		byKey = map[string]*entry{}
		p.entries[owner] = byKey
	}
	e := byKey[key]
	if e == nil {
		e = &entry{}
		byKey[key] = e
	}
	if e.result != nil && e.err == nil && e.result.Holds(request.Has) {
		return e.result, nil
	}
	e.dropped = false
	if e.outdated(request.Has) {
		e.err = nil
	}
	terminal := e.err != nil && failure.ClassOf(e.err) == failure.ClassTerminal
	if !e.running && !terminal && !p.options.Clock.Now().Before(e.retryAt) {
		e.running = true
		go p.run(owner, key, e, request)
	}
	return nil, e.told()
}

// UnsureError is a terminal failure of a render that was told of kinds that the
// cluster does not serve: with them it might have succeeded.
type UnsureError struct{ Err error }

// Error is that of the failure.
func (e *UnsureError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *UnsureError) Unwrap() error { return e.Err }

// told is the error as the owner gets it.
func (e *entry) told() error {
	if e.err == nil || failure.ClassOf(e.err) != failure.ClassTerminal {
		return e.err
	}
	for _, available := range e.asked {
		if !available {
			return &UnsureError{Err: e.err}
		}
	}
	return e.err
}

// outdated says that the render failed with answers that are not right any more:
// a chart may refuse a cluster without a kind that another component brings.
func (e *entry) outdated(has func(string) bool) bool {
	if e.err == nil || e.running || failure.ClassOf(e.err) != failure.ClassTerminal {
		return false
	}
	for question, answer := range e.asked {
		if has(question) != answer {
			return true
		}
	}
	return false
}

// Keep drops every key of the owner that is not in keys; none drops the owner.
func (p *Preparer) Keep(owner string, keys map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, e := range p.entries[owner] {
		e.dropped = !keys[key]
		if e.dropped && !e.running {
			delete(p.entries[owner], key)
		}
	}
	if len(p.entries[owner]) == 0 {
		delete(p.entries, owner)
	}
	if keys == nil {
		delete(p.retried, owner)
	}
}

// Retry forgets errors and backoff of the owner, once for each request: somebody
// asked for it.
func (p *Preparer) Retry(owner, request string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.retried[owner] == request {
		return
	}
	p.retried[owner] = request
	for _, e := range p.entries[owner] {
		e.err, e.attempts, e.retryAt = nil, 0, time.Time{}
	}
}

func (p *Preparer) run(owner, key string, e *entry, request Request) {
	<-p.started
	ticket := p.options.Gate.Join(request.Weight)
	defer ticket.Done()
	_ = ticket.Wait(p.ctx) // nothing can be fetched after the end, which is an error of its own
	asked := map[string]bool{}
	if has := request.Has; has != nil {
		request.Has = func(question string) bool {
			answer := has(question)
			asked[question] = answer
			return answer
		}
	}
	result, err := p.prepare(p.ctx, request)
	p.finish(owner, key, e, result, err, asked)
	p.options.Wake(owner)
}

// prepare renders one chart. A panic of a template engine or a chart becomes an
// error of that component, so that one chart does not take the operator down.
func (p *Preparer) prepare(ctx context.Context, request Request) (result *Result, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			result, err = nil, failure.Terminal(v1alpha1.ReasonRenderFailed, "rendering the chart panicked: %v", problem)
		}
	}()
	rendered, err := p.renderer.Render(ctx, request.RenderRequest)
	if err != nil {
		return nil, err
	}
	result = &Result{
		Chart:        rendered.Chart,
		Kinds:        rendered.Kinds(),
		Objects:      rendered.Objects,
		Capabilities: rendered.Capabilities,
		Guarded:      rendered.Guarded,
		RecordBytes:  rendered.RecordBytes,
	}
	for _, manifest := range rendered.CRDs {
		definition, err := crds.Parse(manifest)
		if err != nil {
			return nil, err
		}
		result.CRDs = append(result.CRDs, definition)
	}
	return result, p.refuseExisting(ctx, request, result.Objects)
}

func (p *Preparer) finish(owner, key string, e *entry, result *Result, err error, asked map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.running, e.err, e.asked = false, nil, asked
	if e.dropped {
		delete(p.entries[owner], key)
		if len(p.entries[owner]) == 0 {
			delete(p.entries, owner)
		}
		return
	}
	if err == nil {
		e.result, e.attempts, e.retryAt = result, 0, time.Time{}
		return
	}
	if _, known := errors.AsType[*failure.Error](err); !known {
		err = failure.Retryable(v1alpha1.ReasonPrepareFailed, "%w", err)
	}
	e.err = err
	if failure.ClassOf(err) == failure.ClassTerminal {
		return
	}
	delay := min(firstDelay<<min(e.attempts, 10), maxDelay)
	e.attempts++
	e.retryAt = p.options.Clock.Now().Add(delay)
	p.wakeAfter(owner, delay)
}

// wakeAfter wakes the owner when it is time for the next attempt.
func (p *Preparer) wakeAfter(owner string, delay time.Duration) {
	timer := p.options.Clock.After(delay)
	ctx := p.ctx
	go func() {
		select {
		case <-timer:
			p.options.Wake(owner)
		case <-ctx.Done():
		}
	}()
}
