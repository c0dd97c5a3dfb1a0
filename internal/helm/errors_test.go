// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/internal/helm"
)

func TestTransient(t *testing.T) {
	resource := schema.GroupResource{Resource: "configmaps"}
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"Refused":      {&url.Error{Op: "Get", URL: "https://x", Err: errors.New("connection refused")}, true},
		"Conflict":     {apierrors.NewConflict(resource, "a", errors.New("modified")), true},
		"TooMany":      {apierrors.NewTooManyRequests("later", 1), true},
		"Internal":     {apierrors.NewInternalError(errors.New("boom")), true},
		"Unavailable":  {apierrors.NewServiceUnavailable("down"), true},
		"Invalid":      {apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "a", nil), false},
		"Forbidden":    {apierrors.NewForbidden(resource, "a", errors.New("no")), false},
		"HookTimedOut": {fmt.Errorf("hook Job a/b: %w", context.DeadlineExceeded), false},
		"Joined":       {errors.New(`cannot patch "a" with kind Widget: Patch "https://x": read tcp: connection timed out && cannot patch "b" with kind Service: Service "b" is invalid`), true},
		"Many":         {helm.Translate(errors.New("4 errors occurred:\n\t* a is bad\n\t* b is bad\n\t* c is bad\n\t* z: connection refused")), true},
		"ToldByPods":   {helm.Told(errors.New("job check failed: BackoffLimitExceeded"), "container a ended: dial tcp: connection refused"), false},
		"Text":         {errors.New("timed out waiting for the condition"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := helm.Transient(fmt.Errorf("cannot patch: %w", tc.err)); got != tc.want {
				t.Errorf("%v: %v", tc.err, got)
			}
		})
	}
}

func TestManyErrorsAreAFew(t *testing.T) {
	joined := "failed to install: 5 errors occurred:\n\t* e is bad\n\t* c is bad\n\t* a is bad\n\t* d is bad\n\t* b is bad\n\n"
	for text, want := range map[string]string{
		joined: "5 errors: a is bad; b is bad; c is bad; and 2 more",
		"cannot patch: 2 errors occurred:\n\t* b\n\t* a":                    "cannot patch: 2 errors: a; b",
		"3 errors occurred:\n\t* b: schedule \"0 * * * *\"\n\t* c\n\t* a\n": "3 errors: a; b: schedule \"0 * * * *\"; c",
		"1 error occurred:\n\t* a is bad\n\n":                               "a is bad",
		"no errors occurred":                                                "no errors occurred",
	} {
		if got := helm.Translate(errors.New(text)).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestALongErrorIsAbridged: a template can fail with a text of any length, which would
// not fit into a status.
func TestALongErrorIsAbridged(t *testing.T) {
	text := "execution error at (a.yaml:1:4): " + strings.Repeat("the kettle is dry; ", 5000) + "ü: at last"
	got := helm.Translate(errors.New(text)).Error()
	if len(got) > 2048 || !strings.HasPrefix(got, "execution error at (a.yaml:1:4): the") || !strings.HasSuffix(got, "ü: at last") ||
		!strings.Contains(got, " bytes ...] ") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	if short := strings.Repeat("x", 2048); helm.Translate(errors.New(short)).Error() != short {
		t.Error("a text that fits is changed")
	}
}
