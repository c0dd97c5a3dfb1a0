// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/groundwork-dev/groundwork/internal/jobs"
)

// The interrupt ends waiting; the context that the job writes with goes on.
func TestInterruptEndsWaitingOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, woken, stop := started(t, 1)
		defer stop()
		if table.Interrupt("r") {
			t.Error("there is nothing to interrupt")
		}
		var writing error
		table.Begin("r", "Upgrade", "d", func(ctx context.Context) (any, error) {
			waiting, stop := jobs.Waiting(ctx)
			defer stop()
			<-waiting.Done()
			<-jobs.Interrupted(ctx)
			writing = ctx.Err()
			return "partial", context.Cause(waiting)
		})
		synctest.Wait()
		if !table.Interrupt("r") {
			t.Error("the job was not told")
		}
		<-woken
		outcome, _ := table.Outcome("r")
		if !errors.Is(outcome.Err, jobs.ErrInterrupted) {
			t.Errorf("it ended with %v", outcome.Err)
		}
		if outcome.Value != "partial" {
			t.Errorf("the value of a failed action is lost: %v", outcome.Value)
		}
		if writing != nil {
			t.Errorf("its writes were stopped: %v", writing)
		}
	})
}

func TestInterruptBeforeTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, woken, stop := started(t, 1)
		defer stop()
		finish := make(chan struct{})
		table.Begin("first", "Install", "d", func(context.Context) (any, error) { <-finish; return nil, nil })
		synctest.Wait()
		ran := false
		table.Begin("second", "Install", "d", func(context.Context) (any, error) { ran = true; return nil, nil })
		synctest.Wait()
		table.Interrupt("second")
		if got := <-woken; got != "second" {
			t.Errorf("woke %s", got)
		}
		outcome, _ := table.Outcome("second")
		if ran || !errors.Is(outcome.Err, jobs.ErrInterrupted) || !outcome.Began.IsZero() {
			t.Errorf("ran %v, %+v", ran, outcome)
		}
		close(finish)
		<-woken
	})
}

func TestAnInterruptHoldsForLaterWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, woken, stop := started(t, 1)
		defer stop()
		goOn := make(chan struct{})
		table.Begin("r", "Upgrade", "d", func(ctx context.Context) (any, error) {
			<-goOn // it writes
			waiting, stop := jobs.Waiting(ctx)
			defer stop()
			return nil, context.Cause(waiting)
		})
		synctest.Wait()
		table.Interrupt("r")
		close(goOn)
		<-woken
		if outcome, _ := table.Outcome("r"); !errors.Is(outcome.Err, jobs.ErrInterrupted) {
			t.Errorf("it waits after it was interrupted: %v", outcome.Err)
		}
	})
}

func TestWaitingOutsideOfAJob(t *testing.T) {
	waiting, stop := jobs.Waiting(t.Context())
	if waiting.Err() != nil || jobs.Interrupted(t.Context()) != nil {
		t.Error("interrupted by nobody")
	}
	stop()
	if errors.Is(context.Cause(waiting), jobs.ErrInterrupted) {
		t.Error("stopping is no interrupt")
	}
}
