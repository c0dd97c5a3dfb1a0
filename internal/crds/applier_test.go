// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// server stands for the API server: it records what is sent, and answers when it is told to.
type server struct {
	t     *testing.T
	delay time.Duration // of every answer

	mu      sync.Mutex
	sent    []string // "<name> <owner>"
	running int
	peak    int
	fail    map[string]int // answers that fail, by name
}

func (s *server) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
	if _, ok := obj.(*metav1.PartialObjectMetadata); !ok {
		s.t.Errorf("the answer is decoded into %T", obj)
	}
	raw, err := patch.Data(obj)
	if err != nil || patch.Type() != types.ApplyPatchType {
		s.t.Errorf("patch of type %s: %v", patch.Type(), err)
	}
	var options client.PatchOptions
	options.ApplyOptions(opts)
	if options.FieldManager != v1alpha1.FieldManager || options.Force == nil || !*options.Force {
		s.t.Errorf("options = %+v, want a forced apply by %s", options, v1alpha1.FieldManager)
	}
	var body struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		s.t.Errorf("body: %v", err)
	}
	s.mu.Lock()
	s.sent = append(s.sent, body.Metadata.Name+" "+body.Metadata.Labels[v1alpha1.CRDOwnerLabel])
	s.running++
	s.peak = max(s.peak, s.running)
	fails := s.fail[obj.GetName()] > 0
	if fails {
		s.fail[obj.GetName()]--
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	select {
	case <-time.After(s.delay):
	case <-ctx.Done():
		return ctx.Err()
	}
	if fails {
		return errors.New("refused")
	}
	return nil
}

// take returns what was sent since the last call.
func (s *server) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

func definition(t *testing.T, plural string) *Definition {
	t.Helper()
	return mustParse(t, strings.ReplaceAll(widgets, "widgets", plural))
}

func requests(t *testing.T, plurals ...string) []Request {
	t.Helper()
	var out []Request
	for _, p := range plurals {
		out = append(out, Request{Owner: "week1." + p, Definition: definition(t, p)})
	}
	return out
}

// fixture is an Applier at work in a bubble of virtual time.
type fixture struct {
	*Applier
	server *server
	mu     sync.Mutex
	woken  []string
}

func start(t *testing.T, options Options, fail map[string]int) *fixture {
	t.Helper()
	f := &fixture{server: &server{t: t, delay: time.Second, fail: fail}}
	options.Wake = func(owner string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.woken = append(f.woken, owner)
	}
	f.Applier = NewApplier(f.server, options)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Start: %v", err)
		}
	})
	return f
}

func (f *fixture) wakes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	woken := f.woken
	f.woken = nil
	return woken
}

// pass lets virtual time go by, and everything settle.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func expectSent(t *testing.T, f *fixture, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.server.take()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestApplierOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, Options{Parallel: 1}, nil)
		f.Ensure("week1", requests(t, "a", "b", "c", "d"))
		pass(time.Second / 2)
		// Only "a" is on its way: the new order holds for the rest, and what is not asked for any more is not sent.
		f.Ensure("week1", requests(t, "d", "a", "c"))
		if !f.Pending("a.example.com") || !f.Pending("c.example.com") || f.Pending("b.example.com") {
			t.Error("pending is not {a, c, d}")
		}
		pass(5 * time.Second)
		expectSent(t, f, "a.example.com week1.a", "d.example.com week1.d", "c.example.com week1.c")
		if f.Pending("a.example.com") || f.Pending("c.example.com") {
			t.Error("still pending when all were sent")
		}
		if diff := cmp.Diff([]string{"week1"}, f.wakes()); diff != "" {
			t.Errorf("wakes at the end of the queue (-want +got):\n%s", diff)
		}
	})
}

func TestApplierSendsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, Options{Parallel: 1}, nil)
		for range 3 {
			f.Ensure("week1", requests(t, "a", "b"))
			pass(2 * time.Second)
		}
		expectSent(t, f, "a.example.com week1.a", "b.example.com week1.b")

		// Another content is sent, and so is the same content under another owner.
		changed := mustParse(t, strings.ReplaceAll(strings.ReplaceAll(widgets, "widgets", "a"), "a < b", "new"))
		f.Ensure("week1", []Request{{Owner: "week1.a", Definition: changed}, {Owner: "week1.x", Definition: definition(t, "b")}})
		pass(2 * time.Second)
		expectSent(t, f, "a.example.com week1.a", "b.example.com week1.x")

		// What the caller saw and stopped asking for is sent again when it is asked for again: somebody deleted it.
		f.Ensure("week1", nil)
		f.Ensure("week1", requests(t, "a"))
		pass(2 * time.Second)
		expectSent(t, f, "a.example.com week1.a")

		// It is sent again, too, when it never shows up for the caller.
		f.Ensure("week1", requests(t, "a"))
		pass(rememberDone)
		expectSent(t, f)
		f.Ensure("week1", requests(t, "a"))
		pass(2 * time.Second)
		expectSent(t, f, "a.example.com week1.a")
	})
}

func TestApplierParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, Options{}, nil)
		f.Ensure("week1", requests(t, "a", "b", "c", "d", "e"))
		pass(time.Minute)
		if f.server.peak != 2 || len(f.server.take()) != 5 {
			t.Errorf("peak = %d, want 2 at a time and 5 in all", f.server.peak)
		}
		// One definition is never on its way twice, whoever asks for it.
		f.server.peak = 0
		shared := definition(t, "shared")
		f.Ensure("week1", []Request{{Owner: "week1.x", Definition: shared}})
		f.Ensure("week2", []Request{{Definition: shared}})
		pass(time.Minute)
		if f.server.peak != 1 {
			t.Errorf("peak = %d for one definition", f.server.peak)
		}
		got := f.server.take()
		slices.Sort(got) // either may be the first
		if diff := cmp.Diff([]string{"shared.example.com week1.x", "shared.example.com week2"}, got); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

func TestApplierOwnersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, Options{Parallel: 1}, nil)
		f.Ensure("week1", requests(t, "a", "b", "c"))
		synctest.Wait()
		f.Ensure("week2", requests(t, "x", "z"))
		pass(time.Minute)
		got := f.server.take()
		want := []string{"a.example.com week1.a", "x.example.com week1.x", "b.example.com week1.b", "z.example.com week1.z", "c.example.com week1.c"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

func TestApplierRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, Options{Parallel: 1}, map[string]int{"a.example.com": 3})
		began := time.Now()
		f.Ensure("week1", requests(t, "a", "b"))
		pass(1100 * time.Millisecond)
		err := f.Errors("week1")["a.example.com"]
		if failure.ReasonOf(err, "") != v1alpha1.ReasonCRDApplyFailed || failure.ClassOf(err) != failure.ClassRetryable {
			t.Fatalf("error = %v", err)
		}
		if !strings.Contains(err.Error(), "a.example.com") || !strings.Contains(err.Error(), "refused") {
			t.Errorf("message = %q", err)
		}
		if !slices.Equal(f.wakes(), []string{"week1"}) || !f.Pending("a.example.com") {
			t.Error("a failure does not wake, or is not pending")
		}
		if len(f.Errors("week2")) != 0 {
			t.Error("the error shows for another owner")
		}
		// "b" goes ahead while "a" backs off; asking again does not hurry or forget the failure.
		f.Ensure("week1", requests(t, "a", "b"))
		pass(time.Minute)
		expectSent(t, f, "a.example.com week1.a", "b.example.com week1.b", "a.example.com week1.a", "a.example.com week1.a", "a.example.com week1.a")
		if len(f.Errors("week1")) != 0 || f.Pending("a.example.com") {
			t.Error("errors or pending after success")
		}
		if got := f.wakes(); len(got) != 3 { // two more failures, and the recovery, which also ends the queue
			t.Errorf("%d wakes, want 3", len(got))
		}
		if time.Since(began) < 4*time.Second+backoff(2)+backoff(3) {
			t.Error("tried again without backoff")
		}
	})
}

func TestApplierShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t, delay: time.Hour}
		a := NewApplier(s, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- a.Start(ctx) }()
		a.Ensure("week1", requests(t, "a"))
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Start: %v", err)
		}
		if len(a.Errors("week1")) != 0 {
			t.Error("shutting down is told as a failure of the definition")
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	for i := 1; i <= 8; i++ {
		got = append(got, backoff(i))
	}
	want := []time.Duration{
		500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delays (-want +got):\n%s", diff)
	}
}
