// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
)

// ErrInterrupted is why a job that was told by Table.Interrupt ended. It says
// nothing against the inputs of the job.
var ErrInterrupted = errors.New("interrupted: the inputs changed")

// interruptKey finds the second signal of a job in its context.
type interruptKey struct{}

// withInterrupt gives a context the second signal. It does not end the context:
// what a job writes, it finishes.
func withInterrupt(ctx context.Context) (context.Context, context.CancelFunc) {
	signal, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	return context.WithValue(ctx, interruptKey{}, signal), interrupt
}

// Interrupted is closed when the job that the context belongs to is to stop
// waiting, or has ended; nil, which blocks for ever, outside of a job.
func Interrupted(ctx context.Context) <-chan struct{} {
	signal, ok := ctx.Value(interruptKey{}).(context.Context)
	if !ok {
		return nil
	}
	return signal.Done()
}

// Waiting is the context to wait with inside of a job: it ends with ctx, and also,
// with the cause ErrInterrupted, when the job is interrupted. The caller calls
// stop when it has waited.
func Waiting(ctx context.Context) (waiting context.Context, stop context.CancelFunc) {
	waiting, cancel := context.WithCancelCause(ctx)
	signal, ok := ctx.Value(interruptKey{}).(context.Context)
	if !ok {
		return waiting, func() { cancel(nil) }
	}
	if signal.Err() != nil {
		cancel(ErrInterrupted)
	}
	unhook := context.AfterFunc(signal, func() { cancel(ErrInterrupted) })
	return waiting, func() {
		unhook()
		cancel(nil)
	}
}
