// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"time"

	"golang.org/x/sync/singleflight"
)

// share runs fn once for all callers that ask for one key at the same time. The work belongs to none of them: a caller whose context
// ends goes away, and the work goes on for the others, up to the timeout.
func share[T any](
	ctx context.Context, group *singleflight.Group, key string, timeout time.Duration, fn func(context.Context) (T, error),
) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	results := group.DoChan(key, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		return fn(own)
	})
	select {
	case <-ctx.Done():
		return zero, ctx.Err()
	case result := <-results:
		if result.Err != nil {
			return zero, result.Err
		}
		return result.Val.(T), nil
	}
}
