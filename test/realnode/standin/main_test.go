// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"testing"
)

func TestArguments(t *testing.T) {
	tests := []struct {
		reason    string
		arguments []string
		code      int
		want      string
	}{
		{"no mode", nil, 2, "controller, engine, fail-first, get, serve, webhook"},
		{"unknown mode", []string{"dance"}, 2, "the first argument must be one of"},
		{"unknown flag", []string{"serve", "--dance"}, 2, "flag provided but not defined: -dance"},
		{"argument too many", []string{"serve", "away"}, 2, `unexpected argument "away"`},
		{"argument too few", []string{"get", "--expect=x"}, 2, "missing argument URL"},
		{"no number", []string{"fail-first", "two", "http://127.0.0.1"}, 2, "N: "},
		{"webhook without a service", []string{"webhook"}, 2, "missing flag --service"},
		{"no service", []string{"webhook", "--service=guard"}, 2, `"guard" is not NAME.NAMESPACE.svc`},
		{"webhook outside of a pod", []string{"webhook", "--service=guard.apps.svc"}, 1, "this mode runs in a pod"},
		{"engine outside of a pod", []string{"engine", "--service=guard.apps.svc"}, 1, "this mode runs in a pod"},
		{"controller outside of a pod", []string{"controller"}, 1, "this mode runs in a pod"},
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			code, out := play(t.Context(), test.arguments...)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			mustContain(t, out, test.want)
		})
	}
}

func TestTogetherEndsWithTheFirstFailure(t *testing.T) {
	others := 0
	err := together(t.Context(),
		func(context.Context) error { return exitCode(3) },
		func(ctx context.Context) error { <-ctx.Done(); others++; return ctx.Err() })
	if err != exitCode(3) || others != 1 { //nolint:errorlint // the very value, not one that wraps it
		t.Errorf("got %v with %d others ended, want exit code 3 and 1", err, others)
	}
}
