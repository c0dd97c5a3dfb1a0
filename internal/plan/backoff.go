// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"hash/fnv"
	"time"
)

// unlessTooEarly waits out the delay after failed attempts at the same action and
// inputs: an install that keeps failing does not delay the removal. A reconcile
// that is asked for does not wait.
func (in ReleaseInput) unlessTooEarly(d Decision) Decision {
	failure := in.Failure
	if d.Action == ActionRollback {
		failure = in.RollbackFailure
	}
	if in.Requested || failure == nil || failure.Count == 0 || failure.Digest != in.Digest {
		return d
	}
	if failure.Action != "" && failure.Action != d.Action {
		return d
	}
	delay := Jittered(failure.Count, in.Seed)
	if failure.Since >= delay {
		return d
	}
	return Decision{Action: ActionWait, Reason: failedReason(d.Action), Revision: d.Revision, After: delay - failure.Since}
}

// Delay is the time between the count-th failure in a row and the next attempt,
// before it is spread.
func Delay(count int) time.Duration {
	delay := firstDelay
	for range count - 1 {
		if delay *= 2; delay >= maxDelay {
			return maxDelay
		}
	}
	return delay
}

// Jittered is the delay spread by up to a fifth, so that releases that failed
// together are not tried again together. It follows from seed and count, hence it
// is the same at every look. An empty seed spreads nothing.
func Jittered(count int, seed string) time.Duration {
	delay := Delay(count)
	if seed == "" {
		return delay
	}
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s/%d", seed, count) // a hash does not fail
	return delay - delay/5 + time.Duration(h.Sum32()%400)*(delay/1000)
}
