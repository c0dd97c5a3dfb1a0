// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

// stubPreparer gives every chart a result at once, or the error it was told.
type stubPreparer struct {
	errors      map[string]error // by chart
	pending     map[string]bool  // by chart
	definitions map[string][]*crds.Definition
	guarded     map[string][]string
	kinds       map[string][]schema.GroupVersionKind
	calls       int
}

func (s *stubPreparer) Peek(string, string) *prepare.Result { return nil }
func (s *stubPreparer) Keep(string, map[string]bool)        {}
func (s *stubPreparer) Retry(string, string)                {}

func (s *stubPreparer) Ensure(_, _ string, request helm.RenderRequest) (*prepare.Result, error) {
	s.calls++
	name := request.Source.Name
	if err := s.errors[name]; err != nil {
		return nil, err
	}
	if s.pending[name] {
		return nil, nil
	}
	return &prepare.Result{
		Chart: chart.Resolved{
			Repository: request.Source.Repository, Name: name, Version: request.Source.Version, Digest: "sha256:" + name + request.Source.Version,
		},
		CRDs: s.definitions[name], Guarded: s.guarded[name], Kinds: s.kinds[name],
	}, nil
}

// stubReferences holds the objects it was given.
type stubReferences map[refs.Ref]refs.Content

func (stubReferences) SetRefs(string, []refs.Ref) {}

func (s stubReferences) Get(ref refs.Ref) (refs.Content, bool, bool) {
	content, found := s[ref]
	return content, found, true
}

// stubKinds serves what the API server itself serves.
type stubKinds struct{}

func (stubKinds) Has(string) bool                     { return false }
func (stubKinds) SetCustom([]cluster.CustomKind) bool { return false }

// stubApplier notes what it was asked to apply.
type stubApplier struct{ asked []string }

func (s *stubApplier) Errors(string) map[string]error { return nil }
func (s *stubApplier) Ensure(_ string, requests []crds.Request) {
	s.asked = nil
	for _, request := range requests {
		s.asked = append(s.asked, request.Owner+" "+request.Definition.Name)
	}
}

// stubEngine plays Helm with a history in memory.
type stubEngine struct {
	mu       sync.Mutex
	history  []helm.Revision
	calls    []string
	fail     error
	identity string
}

func (s *stubEngine) note(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	return s.fail
}

func (s *stubEngine) Observe(context.Context, helm.Release) ([]helm.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]helm.Revision(nil), s.history...), nil
}

func (s *stubEngine) Inventory(context.Context, helm.Release, int) ([]helm.Object, error) {
	return nil, nil
}

func (s *stubEngine) TakeOver(_ context.Context, _ helm.Release, revision int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf("take over %d", revision))
	for i := range s.history {
		if s.history[i].Number == revision {
			s.history[i].Status = helm.StatusFailed
		}
	}
	return nil
}

func (s *stubEngine) Install(_ context.Context, request helm.Request) (helm.Result, error) {
	return s.deploy("install", request)
}

func (s *stubEngine) Upgrade(_ context.Context, request helm.Request) (helm.Result, error) {
	return s.deploy("upgrade", request)
}

func (s *stubEngine) deploy(call string, request helm.Request) (helm.Result, error) {
	if err := s.note(call); err != nil {
		return helm.Result{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.history {
		s.history[i].Status = helm.StatusSuperseded
	}
	number := len(s.history) + 1
	s.history = append(s.history, helm.Revision{
		Number: number, Status: helm.StatusDeployed, Digest: request.Digest, Holder: s.identity, Changed: time.Now(),
	})
	return helm.Result{Revision: number}, nil
}

func (s *stubEngine) Uninstall(context.Context, helm.Release, string, time.Duration) error {
	if err := s.note("uninstall"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = nil
	return nil
}

// stubJobs runs a job at once, or keeps it running until told otherwise.
type stubJobs struct {
	hold     bool
	running  map[string]jobs.Running
	outcomes map[string]jobs.Outcome
	now      func() time.Time
}

func (s *stubJobs) Begin(release, action, digest string, run func(context.Context) (any, error)) bool {
	if s.hold {
		s.running[release] = jobs.Running{Action: action, Digest: digest}
		return true
	}
	value, err := run(context.Background()) //nolint:forbidigo // a job outlives the reconcile that began it.
	s.outcomes[release] = jobs.Outcome{Action: action, Digest: digest, Err: err, Value: value, Ended: s.now()}
	return true
}

func (s *stubJobs) Running(release string) (jobs.Running, bool) {
	job, ok := s.running[release]
	return job, ok
}

func (s *stubJobs) Outcome(release string) (jobs.Outcome, bool) {
	outcome, ok := s.outcomes[release]
	return outcome, ok
}

func (s *stubJobs) Clear(release string) { delete(s.outcomes, release) }

// stubTracker says what it was told.
type stubTracker struct{ status readiness.Status }

func (*stubTracker) Track(string, []readiness.Object) {}
func (*stubTracker) Forget(string)                    {}
func (*stubTracker) Expect(...readiness.Applied)      {}
func (s *stubTracker) Status(string, []readiness.Rule) (readiness.Status, bool) {
	return s.status, true
}

// recorder notes events.
type recorder struct {
	mu    sync.Mutex
	notes []string
}

func (r *recorder) Eventf(_, _ runtime.Object, kind, reason, _, note string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, kind+" "+reason+" "+fmt.Sprintf(note, args...))
}

// staleReader shows one bundle as it was.
type staleReader struct {
	client.Client
	bundle *v1alpha1.PlatformBundle
}

func (s *staleReader) Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	if out, ok := into.(*v1alpha1.PlatformBundle); ok {
		s.bundle.DeepCopyInto(out)
		return nil
	}
	return s.Client.Get(ctx, key, into, opts...)
}
