// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groundwork-dev/groundwork/internal/budget"
	"github.com/groundwork-dev/groundwork/internal/jobs"
)

// started runs a table inside of a synctest bubble until stop is called; stop
// returns after Start has.
func started(t *testing.T, parallel int) (table *jobs.Table, woken chan string, stop func()) {
	t.Helper()
	woken = make(chan string, 100)
	table = jobs.New(parallel, 0, func(release string) { woken <- release })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- table.Start(ctx) }()
	synctest.Wait()
	return table, woken, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Start: %v", err)
		}
	}
}

func succeed(value any) func(context.Context) (any, error) {
	return func(context.Context) (any, error) { return value, nil }
}

func TestAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, woken, stop := started(t, 2)
		defer stop()
		finish := make(chan struct{})
		if !table.Begin("r", "Install", "d", func(context.Context) (any, error) { <-finish; return 42, nil }) {
			t.Fatal("it did not begin")
		}
		job, running := table.Running("r")
		if !running || job.Action != "Install" || job.Digest != "d" || job.Started.IsZero() {
			t.Errorf("got %+v, %v", job, running)
		}
		if table.Begin("r", "Upgrade", "e", succeed(nil)) {
			t.Error("a second job of the same release began")
		}
		if _, ended := table.Outcome("r"); ended {
			t.Error("an outcome before the end")
		}
		synctest.Wait()
		if len(woken) > 0 {
			t.Error("woken before the end")
		}
		close(finish)
		if got := <-woken; got != "r" {
			t.Errorf("woke %s", got)
		}
		// Whoever is woken finds the outcome, and no job.
		outcome, ended := table.Outcome("r")
		if !ended || outcome.Value != 42 || outcome.Err != nil || outcome.Action != "Install" || outcome.Digest != "d" || outcome.Ended.IsZero() {
			t.Errorf("got %+v, %v", outcome, ended)
		}
		if _, running := table.Running("r"); running {
			t.Error("still running")
		}
	})
}

func TestOutcomeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, woken, stop := started(t, 1)
		defer stop()
		failed := errors.New("no")
		table.Begin("r", "Install", "d", func(context.Context) (any, error) { return nil, failed })
		<-woken
		for range 2 { // reading does not take it away
			if outcome, ended := table.Outcome("r"); !ended || !errors.Is(outcome.Err, failed) {
				t.Fatalf("got %+v, %v", outcome, ended)
			}
		}
		table.Clear("other")
		if _, ended := table.Outcome("r"); !ended {
			t.Error("cleared with another one")
		}
		table.Clear("r")
		if _, ended := table.Outcome("r"); ended {
			t.Error("there after Clear")
		}
		table.Begin("r", "Install", "d", succeed(1))
		<-woken
		first, _ := table.Outcome("r")
		table.Begin("r", "Drift", "d", succeed(2))
		<-woken
		table.Learned("r", first)
		second, ended := table.Outcome("r")
		if !ended || second.Value != 2 {
			t.Errorf("learning of one job forgot the next: %+v, %v", second, ended)
		}
		table.Learned("r", second)
		if _, ended := table.Outcome("r"); ended {
			t.Error("there after Learned")
		}
		table.Begin("r", "Install", "d", succeed(1))
		<-woken
		finish := make(chan struct{})
		table.Begin("r", "Upgrade", "e", func(context.Context) (any, error) { <-finish; return 2, nil })
		if _, ended := table.Outcome("r"); ended {
			t.Error("the next job did not replace the outcome")
		}
		close(finish)
		<-woken
		if outcome, _ := table.Outcome("r"); outcome.Value != 2 {
			t.Errorf("got %+v", outcome)
		}
	})
}

// TestPanic: one chart does not take the operator down, and the error is the
// same each time.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, woken, stop := started(t, 1)
		defer stop()
		table.Begin("r", "Install", "d", func(context.Context) (any, error) { panic(fmt.Errorf("bad template")) })
		<-woken
		outcome, _ := table.Outcome("r")
		var problem *jobs.PanicError
		if !errors.As(outcome.Err, &problem) || outcome.Err.Error() != "the action panicked: bad template" {
			t.Fatalf("got %v", outcome.Err)
		}
		if !strings.Contains(string(problem.Stack), "jobs_test.go") {
			t.Errorf("the stack does not say where: %s", problem.Stack)
		}
		if !table.Begin("r", "Install", "d", succeed(nil)) {
			t.Error("the release is still locked")
		}
		<-woken
	})
}

func TestParallelism(t *testing.T) {
	for _, tc := range []struct{ parallel, want int }{{3, 3}, {1, 1}, {0, 1}} {
		synctest.Test(t, func(t *testing.T) {
			table, woken, stop := started(t, tc.parallel)
			defer stop()
			var now atomic.Int32
			finish := make(chan struct{})
			for i := range 10 {
				table.Begin(fmt.Sprint(i), "Install", "d", func(context.Context) (any, error) {
					now.Add(1)
					<-finish
					return nil, nil
				})
			}
			synctest.Wait()
			if got := int(now.Load()); got != tc.want {
				t.Errorf("parallel %d: %d jobs at a time, want %d", tc.parallel, got, tc.want)
			}
			if _, running := table.Running("9"); !running {
				t.Error("a job that waits for its turn counts as running")
			}
			close(finish)
			for range 10 {
				<-woken
			}
		})
	}
}

// TestGrace: what is under way when the table is told to end may go on for a time.
func TestGrace(t *testing.T) {
	for name, tc := range map[string]struct {
		takes, want time.Duration
		err         error
	}{
		"done in time":   {takes: 5 * time.Second, want: 5 * time.Second},
		"takes too long": {takes: time.Hour, want: 20 * time.Second, err: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table := jobs.New(1, 20*time.Second, func(string) {})
				ctx, cancel := context.WithCancel(t.Context())
				returned := make(chan struct{})
				go func() { defer close(returned); _ = table.Start(ctx) }()
				synctest.Wait()
				table.Begin("r", "Upgrade", "d", func(ctx context.Context) (any, error) {
					select {
					case <-ctx.Done():
						return nil, ctx.Err()
					case <-time.After(tc.takes):
						return nil, nil
					}
				})
				synctest.Wait()
				began := time.Now()
				cancel()
				<-returned
				if took := time.Since(began); took != tc.want {
					t.Errorf("ended after %s, want %s", took, tc.want)
				}
				if outcome, _ := table.Outcome("r"); !errors.Is(outcome.Err, tc.err) {
					t.Errorf("got %v, want %v", outcome.Err, tc.err)
				}
			})
		})
	}
}

// TestTheEnd: no job begins before Start or after the end; those that wait for
// their turn never run; Start returns when those under way have ended.
func TestTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if jobs.New(1, 0, func(string) {}).Begin("r", "Install", "d", succeed(nil)) {
			t.Error("a job began before Start")
		}
		woken := make(chan string, 10)
		table := jobs.New(1, 0, func(release string) { woken <- release })
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan struct{})
		go func() { defer close(returned); _ = table.Start(ctx) }()
		synctest.Wait()
		finish := make(chan struct{})
		table.Begin("first", "Install", "d", func(ctx context.Context) (any, error) {
			<-ctx.Done() // told about the end
			<-finish
			return "done", nil
		})
		synctest.Wait()
		for i := range 5 {
			table.Begin(fmt.Sprint(i), "Install", "d", func(context.Context) (any, error) {
				t.Error("a job ran after the end")
				return nil, nil
			})
		}
		cancel()
		synctest.Wait()
		select {
		case <-returned:
			t.Error("Start returned while a job was under way")
		default:
		}
		if table.Begin("late", "Install", "d", succeed(nil)) {
			t.Error("a job began after the end")
		}
		select {
		case <-table.Over():
			t.Error("over while a job was under way")
		default:
		}
		close(finish)
		<-returned
		<-table.Over()
		if outcome, ended := table.Outcome("first"); !ended || outcome.Value != "done" {
			t.Errorf("the outcome of what was under way: %+v, %v", outcome, ended)
		}
		if outcome, _ := table.Outcome("0"); !errors.Is(outcome.Err, context.Canceled) {
			t.Errorf("the outcome of what never ran: %+v", outcome)
		}
	})
}

// TestManyReleases is for the race detector.
func TestManyReleases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, woken, stop := started(t, 4)
		defer stop()
		if !table.NeedLeaderElection() {
			t.Error("only the leader acts")
		}
		var ran atomic.Int32
		for i := range 50 {
			go func() {
				release := fmt.Sprint(i % 10)
				if !table.Begin(release, "Install", "d", func(context.Context) (any, error) { ran.Add(1); return nil, nil }) {
					woken <- release
				}
				table.Running(release)
				table.Outcome(release)
				table.Clear(release)
			}()
		}
		for range 50 {
			<-woken
		}
		if ran.Load() < 10 {
			t.Errorf("only %d jobs ran", ran.Load())
		}
	})
}

// TestNothingRunsAfterTheEnd: a free slot is no reason to run when the end has
// come at the same moment.
func TestNothingRunsAfterTheEnd(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			table := jobs.New(1, 0, func(string) {})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _ = table.Start(ctx) }()
			synctest.Wait()
			cancel()
			table.Begin("r", "Install", "d", func(context.Context) (any, error) {
				t.Error("a job ran after the end")
				return nil, nil
			})
			synctest.Wait()
		})
	}
}

// TestWeights: big jobs take turns, small ones go on beside them, and one that is
// interrupted while it waits leaves no weight behind.
func TestWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := budget.New(100)
		table := jobs.New(8, 0, func(string) {}, jobs.Within(shared))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- table.Start(ctx) }()
		synctest.Wait()
		var running atomic.Int64
		finish := make(chan struct{})
		heavy := func(weight int64) func(context.Context) (any, error) {
			return func(context.Context) (any, error) {
				running.Add(weight)
				<-finish
				running.Add(-weight)
				return "done", nil
			}
		}
		for release, weight := range map[string]int64{"a": 60, "b": 60, "c": 60} {
			if !table.BeginWeighted(release, "Install", "d", weight, heavy(weight)) {
				t.Fatalf("%s did not begin", release)
			}
		}
		table.BeginWeighted("small", "Install", "d", 40, heavy(40))
		table.Begin("weightless", "Install", "d", heavy(1))
		synctest.Wait()
		if got := running.Load(); got != 101 {
			t.Errorf("%d at work, want one of 60, the one of 40 and the weightless one", got)
		}
		for _, release := range []string{"a", "b", "c"} {
			table.Interrupt(release) // ends those that wait
		}
		synctest.Wait()
		if got := shared.State(); got != (budget.State{Size: 100, Used: 100}) {
			t.Errorf("after the interruption: %+v", got)
		}
		close(finish)
		synctest.Wait()
		if got := shared.State(); got != (budget.State{Size: 100}) {
			t.Errorf("in the end: %+v", got)
		}
		ended := 0
		for _, release := range []string{"a", "b", "c", "small", "weightless"} {
			outcome, known := table.Outcome(release)
			if !known || outcome.Began.IsZero() != errors.Is(outcome.Err, jobs.ErrInterrupted) {
				t.Errorf("%s: %+v", release, outcome)
			}
			if outcome.Value == "done" {
				ended++
			}
		}
		if ended != 3 {
			t.Errorf("%d jobs were done, want 3", ended)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
