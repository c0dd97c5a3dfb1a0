// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
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
		"Text":         {errors.New("timed out waiting for the condition"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := helm.Transient(fmt.Errorf("cannot patch: %w", tc.err)); got != tc.want {
				t.Errorf("%v: %v", tc.err, got)
			}
		})
	}
}
