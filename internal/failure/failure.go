// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package failure is the error taxonomy of the operator: every trouble is terminal, blocked or retryable, and carries the reason that a
// condition shows. One error value therefore decides both whether to try again and what to say. It is pure and imports the standard
// library only, so that every other package may import it.
package failure

import (
	"context"
	"errors"
	"fmt"
)

// Class says what can cure a failure.
type Class string

const (
	// ClassTerminal means that only a change of the spec cures it. Trying again with the same inputs gives the same failure.
	ClassTerminal Class = "Terminal"
	// ClassBlocked means that it waits for something outside that its message names (a Secret, a kind, another component). A watch event
	// cures it; backing off does not.
	ClassBlocked Class = "Blocked"
	// ClassRetryable means that time may cure it (an endpoint that does not answer). Try again with backoff.
	ClassRetryable Class = "Retryable"
)

// Error is a failure with its class, the CamelCase reason for a condition, and one sentence for people.
type Error struct {
	// Class says what can cure the failure.
	Class Class
	// Reason is the CamelCase word that a condition shows. It is a constant of the package that raises the failure.
	Reason string
	// Message is a sentence for people. It holds the text of Err already when the format that made it had a %w.
	Message string
	// Err is the cause, for errors.Is and errors.As; nil when there is none.
	Err error
}

// Error returns the message, or the text of the cause when there is no message.
func (e *Error) Error() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Err != nil:
		return e.Err.Error()
	default:
		return e.Reason
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal makes a failure that only a change of the spec cures. The format is that of fmt.Errorf, %w included.
func Terminal(reason, format string, args ...any) *Error {
	return newError(ClassTerminal, reason, format, args...)
}

// Blocked makes a failure that waits for what the message names. The format is that of fmt.Errorf, %w included.
func Blocked(reason, format string, args ...any) *Error {
	return newError(ClassBlocked, reason, format, args...)
}

// Retryable makes a failure that time may cure. The format is that of fmt.Errorf, %w included.
func Retryable(reason, format string, args ...any) *Error {
	return newError(ClassRetryable, reason, format, args...)
}

func newError(class Class, reason, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{Class: class, Reason: reason, Message: err.Error()}
	if cause := errors.Unwrap(err); cause != nil {
		e.Err = cause
	} else if _, several := err.(interface{ Unwrap() []error }); several {
		e.Err = err // several %w: keep them all reachable
	}
	return e
}

// ClassOf returns the class of the outermost Error in err's tree. A cancelled or expired context is Retryable whatever wraps it, since it
// says nothing about the inputs; so is an error of an unknown kind. ClassOf(nil) is "".
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ClassRetryable
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Class != "" {
		return e.Class
	}
	return ClassRetryable
}

// ReasonOf returns the reason of the outermost Error in err's tree that has one, else the fallback. ReasonOf(nil, …) is "".
func ReasonOf(err error, fallback string) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Reason != "" {
		return e.Reason
	}
	return fallback
}
