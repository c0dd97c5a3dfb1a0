// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/usage"
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

func (s *stubPreparer) Ensure(_, _ string, request prepare.Request) (*prepare.Result, error) {
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

// stubChecks finds every change of a definition safe, or looks at it still.
type stubChecks struct {
	pending bool
	refuse  error
}

func (s *stubChecks) Check(string, crds.Question) (bool, error) { return !s.pending, s.refuse }
func (*stubChecks) Keep(string, map[string]bool)                {}
func (*stubChecks) Retry(string, string)                        {}

// stubUsage counts what it was told.
type stubUsage struct {
	asked  []usage.Kind
	counts []usage.Count
	listed bool
}

func (s *stubUsage) Set(_ string, kinds []usage.Kind)   { s.asked = kinds }
func (s *stubUsage) Count(string) ([]usage.Count, bool) { return s.counts, s.listed }

// stubAdmission knows the obstacles it was told.
type stubAdmission struct {
	obstacle string
	own      []string
}

func (s *stubAdmission) Obstacle(admission.Question) (string, bool) { return s.obstacle, true }
func (s *stubAdmission) Orphans() []string                          { return nil }
func (s *stubAdmission) Own(string, []types.NamespacedName, []v1alpha1.WebhookReference) ([]string, bool) {
	return s.own, true
}

// stubManifests notes what it was asked to apply.
type stubManifests struct {
	calls  []string
	result manifests.Result
	left   []string
	fail   error
}

func (s *stubManifests) Apply(_ context.Context, request manifests.Request) (manifests.Result, error) {
	call := "apply"
	for _, object := range request.Objects {
		call += " " + object.GetName()
	}
	for _, ref := range request.Prune {
		call += " -" + ref.Name
	}
	s.calls = append(s.calls, call)
	return s.result, s.fail
}

func (s *stubManifests) Remove(_ context.Context, _ string, refs []v1alpha1.ObjectReference, _ []string) ([]string, error) {
	s.calls = append(s.calls, fmt.Sprintf("remove %d", len(refs)))
	return s.left, s.fail
}

func (s *stubManifests) Probe(context.Context, string, []apiextensionsv1.JSON) error {
	s.calls = append(s.calls, "probe")
	return s.fail
}

// stubEngine plays Helm with a history in memory.
type stubEngine struct {
	mu       sync.Mutex
	history  []helm.Revision
	objects  []helm.Object
	found    helm.Description
	drifted  []helm.Difference
	examined []string
	marked   []int
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
	return s.objects, nil
}

func (s *stubEngine) Describe(context.Context, helm.Release, int) (helm.Description, error) {
	return s.found, nil
}

func (s *stubEngine) Drift(_ context.Context, request helm.DriftRequest) ([]helm.Difference, []helm.Applied, error) {
	what := "all"
	if request.Objects != nil {
		what = fmt.Sprint(len(request.Objects))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.examined = append(s.examined, fmt.Sprintf("%s of %d, correct %v", what, request.Revision, request.Correct))
	return s.drifted, nil, nil
}

func (s *stubEngine) MarkReady(_ context.Context, _ helm.Release, revision int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.history {
		if s.history[i].Number == revision {
			s.history[i].Ready = true
		}
	}
	s.marked = append(s.marked, revision)
	return nil
}

func (s *stubEngine) Rollback(_ context.Context, request helm.RollbackRequest) (helm.Result, error) {
	if err := s.note(fmt.Sprintf("rollback to %d", request.To)); err != nil {
		return helm.Result{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made := helm.Revision{
		Number: len(s.history) + 1, Status: helm.StatusDeployed, FailedDigest: request.FailedDigest, Holder: s.identity, Changed: time.Now(),
	}
	for i := range s.history {
		if s.history[i].Number == request.To {
			made.Digest = s.history[i].Digest
		}
		if s.history[i].Status == helm.StatusDeployed {
			s.history[i].Status = helm.StatusSuperseded
		}
	}
	s.history = append(s.history, made)
	return helm.Result{Revision: made.Number}, nil
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

func (s *stubEngine) Uninstall(context.Context, helm.UninstallRequest) error {
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
	hold        bool
	interrupted []string

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

func (s *stubJobs) Interrupt(release string) bool {
	s.interrupted = append(s.interrupted, release)
	return true
}

func (s *stubJobs) Clear(release string) { delete(s.outcomes, release) }

func (s *stubJobs) Learned(release string, outcome jobs.Outcome) {
	if s.outcomes[release].Action == outcome.Action && s.outcomes[release].Ended.Equal(outcome.Ended) {
		delete(s.outcomes, release)
	}
}

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
