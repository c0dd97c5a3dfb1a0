// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/pods"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// stubEngine plays Helm with a history in memory.
type stubEngine struct {
	mu       sync.Mutex
	now      func() time.Time
	history  []helm.Revision
	objects  []helm.Object
	found    helm.Description
	drifted  []helm.Difference
	examined []string
	marked   []int
	observed int // live reads
	calls    []string
	requests []helm.Request
	fail     error
	// leaves says that what fails leaves a record behind, as it does once Helm has
	// begun to write.
	leaves   bool
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
	s.observed++
	return append([]helm.Revision(nil), s.history...), nil
}

func (s *stubEngine) ObserveNew(ctx context.Context, release helm.Release) ([]helm.Revision, error) {
	return s.Observe(ctx, release)
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
	return s.drifted, nil, s.fail
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
	err := s.note(call)
	s.requests = append(s.requests, request)
	return s.record(err, helm.Revision{Digest: request.Digest})
}

func (s *stubEngine) Rollback(_ context.Context, request helm.RollbackRequest) (helm.Result, error) {
	err := s.note(fmt.Sprintf("rollback to %d", request.To))
	made := helm.Revision{FailedDigest: request.FailedDigest}
	for _, revision := range s.history {
		if revision.Number == request.To {
			made.Digest = revision.Digest
		}
	}
	return s.record(err, made)
}

// record adds a revision the way Helm does: a failed one leaves the deployed one
// deployed.
func (s *stubEngine) record(failed error, made helm.Revision) (helm.Result, error) {
	if failed != nil && !s.leaves {
		return helm.Result{}, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made.Number, made.Holder, made.Changed = 1, s.identity, s.now()
	if len(s.history) > 0 {
		made.Number += s.history[len(s.history)-1].Number
	}
	made.Status = helm.StatusFailed
	if failed == nil {
		made.Status = helm.StatusDeployed
		for i := range s.history {
			if s.history[i].Status == helm.StatusDeployed {
				s.history[i].Status = helm.StatusSuperseded
			}
		}
	}
	s.history = append(s.history, made)
	if failed != nil {
		return helm.Result{}, failed
	}
	return helm.Result{Revision: made.Number, Inventory: s.objects}, nil
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

// recordClient shows the history of an engine in the place of Helm's records, as
// the watch on them does.
type recordClient struct {
	client.Client
	engine *stubEngine
}

func (c *recordClient) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	records, ok := list.(*metav1.PartialObjectMetadataList)
	if !ok {
		return c.Client.List(ctx, list, opts...)
	}
	for _, revision := range c.engine.history {
		number := strconv.Itoa(revision.Number)
		labels := map[string]string{
			"version": number, "status": string(revision.Status), "modifiedAt": strconv.FormatInt(revision.Changed.Unix(), 10),
		}
		if revision.Digest != "" {
			labels[v1alpha1.RevisionLabel], labels[v1alpha1.InputsDigestLabel] = number, revision.Digest
			labels[v1alpha1.HolderLabel], labels[v1alpha1.FailedDigestLabel] = revision.Holder, revision.FailedDigest
		}
		if revision.Ready {
			labels[v1alpha1.ReadyLabel] = number
		}
		records.Items = append(records.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Labels: labels}})
	}
	return nil
}

// stubJobs begins jobs and runs them when it is told to, or never.
type stubJobs struct {
	hold        bool
	interrupted []string

	running  map[string]jobs.Running
	begun    map[string]func(context.Context) (any, error)
	outcomes map[string]jobs.Outcome
	now      func() time.Time
}

func newStubJobs(now func() time.Time) *stubJobs {
	return &stubJobs{
		running: map[string]jobs.Running{}, begun: map[string]func(context.Context) (any, error){},
		outcomes: map[string]jobs.Outcome{}, now: now,
	}
}

func (s *stubJobs) BeginWeighted(release, action, digest string, _ int64, run func(context.Context) (any, error)) bool {
	if _, busy := s.running[release]; busy {
		return false
	}
	s.running[release], s.begun[release] = jobs.Running{Action: action, Digest: digest}, run
	delete(s.outcomes, release)
	return true
}

// finish runs what was begun, and says whether there was anything.
func (s *stubJobs) finish(ctx context.Context) bool {
	if s.hold {
		return false
	}
	worked := len(s.begun) > 0
	for release, run := range s.begun {
		value, err := run(ctx)
		s.end(release, value, err)
	}
	return worked
}

func (s *stubJobs) end(release string, value any, err error) {
	job := s.running[release]
	s.outcomes[release] = jobs.Outcome{Action: job.Action, Digest: job.Digest, Err: err, Value: value, Ended: s.now()}
	delete(s.running, release)
	delete(s.begun, release)
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

func (s *stubJobs) Learned(release string, _ jobs.Outcome) {
	// What was begun in the same pass has not ended, so that the outcome is the one
	// that was learned.
	delete(s.outcomes, release)
}

// stubPods knows the trouble it was told, and notes who asks.
type stubPods struct {
	trouble  map[pods.Workload]string
	followed []pods.Workload
}

func (s *stubPods) Follow(_ string, workloads []pods.Workload) { s.followed = workloads }
func (s *stubPods) Trouble(workload pods.Workload) string      { return s.trouble[workload] }

// stubTracker says what it was told, about everything or about one key.
type stubTracker struct {
	status  readiness.Status
	keyed   map[string]readiness.Status
	tracked map[string][]readiness.Object
	// unsynced says that the watches have not answered.
	unsynced bool
	// onStatus is called whenever a pass looks at the objects.
	onStatus func()
}

func (s *stubTracker) Track(key string, objects []readiness.Object) {
	if s.tracked == nil {
		s.tracked = map[string][]readiness.Object{}
	}
	s.tracked[key] = objects
}

func (s *stubTracker) Forget(key string)         { delete(s.tracked, key) }
func (*stubTracker) Expect(...readiness.Applied) {}
func (s *stubTracker) Status(key string, _ []readiness.Rule) (readiness.Status, bool) {
	if s.onStatus != nil {
		s.onStatus()
	}
	if status, ok := s.keyed[key]; ok {
		return status, true
	}
	return s.status, !s.unsynced
}
