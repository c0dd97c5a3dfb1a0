// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package failure_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

func TestClassAndReason(t *testing.T) {
	t.Parallel()
	terminal := failure.Terminal("ChartNotFound", "no chart %q", "x")
	tests := map[string]struct {
		err    error
		class  failure.Class
		reason string
	}{
		"nil":                       {nil, "", ""},
		"terminal":                  {terminal, failure.ClassTerminal, "ChartNotFound"},
		"blocked":                   {failure.Blocked("SecretMissing", "s"), failure.ClassBlocked, "SecretMissing"},
		"retryable":                 {failure.Retryable("Unreachable", "u"), failure.ClassRetryable, "Unreachable"},
		"wrapped":                   {fmt.Errorf("prepare: %w", terminal), failure.ClassTerminal, "ChartNotFound"},
		"joined":                    {errors.Join(io.EOF, terminal), failure.ClassTerminal, "ChartNotFound"},
		"outermost wins":            {failure.Blocked("Waits", "w: %w", terminal), failure.ClassBlocked, "Waits"},
		"unknown":                   {io.EOF, failure.ClassRetryable, "Fallback"},
		"cancelled":                 {context.Canceled, failure.ClassRetryable, "Fallback"},
		"terminal around a timeout": {failure.Terminal("T", "t: %w", context.DeadlineExceeded), failure.ClassRetryable, "T"},
		"no class":                  {&failure.Error{Reason: "R"}, failure.ClassRetryable, "R"},
		"no reason":                 {&failure.Error{Class: failure.ClassBlocked}, failure.ClassBlocked, "Fallback"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := failure.ClassOf(tc.err); got != tc.class {
				t.Errorf("class = %q, want %q", got, tc.class)
			}
			if got := failure.ReasonOf(tc.err, "Fallback"); got != tc.reason {
				t.Errorf("reason = %q, want %q", got, tc.reason)
			}
		})
	}
}

func TestUnwrapReachesEveryCause(t *testing.T) {
	t.Parallel()
	one := failure.Terminal("R", "read %s: %w", "f", io.ErrUnexpectedEOF)
	if !errors.Is(one, io.ErrUnexpectedEOF) {
		t.Error("one %w: the cause is lost")
	}
	two := failure.Terminal("R", "%w and %w", io.EOF, io.ErrClosedPipe)
	if !errors.Is(two, io.EOF) || !errors.Is(two, io.ErrClosedPipe) {
		t.Error("two %w: a cause is lost")
	}
	if none := failure.Terminal("R", "plain"); none.Unwrap() != nil {
		t.Errorf("no %%w: unexpected cause %v", none.Unwrap())
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  *failure.Error
		want string
	}{
		"message":     {failure.Terminal("R", "100%% of %s", "it"), "100% of it"},
		"only cause":  {&failure.Error{Reason: "R", Err: io.EOF}, "EOF"},
		"only reason": {&failure.Error{Reason: "R"}, "R"},
	}
	for name, tc := range tests {
		if diff := cmp.Diff(tc.want, tc.err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"nil":              {nil, ""},
		"plain":            {io.EOF, "EOF"},
		"twice":            {errors.New("install x: install x: no such host"), "install x: no such host"},
		"three times":      {errors.New("a: a: a: b"), "a: b"},
		"a run":            {errors.New("a: b: a: b: c"), "a: b: c"},
		"not adjacent":     {errors.New("a: b: a: c"), "a: b: a: c"},
		"prefix only":      {errors.New("chart x: chart xy: gone"), "chart x: chart xy: gone"},
		"joined":           {errors.Join(errors.New("a: a: b"), errors.New("c")), "a: b; c"},
		"joined, the same": {errors.Join(io.EOF, io.EOF), "EOF"},
		"tabs and newline": {errors.New("a:\tb\n\n  c \n"), "a: b; c"}, //nolint:revive // the newline at the end is what is tested
		"wrapped failure": {
			fmt.Errorf("fetch: %w", failure.Retryable("R", "fetch: %w", io.EOF)),
			"fetch: EOF",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, failure.Message(tc.err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
