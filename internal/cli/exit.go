// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
)

// Exit codes, for pipelines.
const (
	// ExitOK: the answer is yes: nothing to complain of, everything Ready, no change.
	ExitOK = 0
	// ExitNo: the answer is no: there are mistakes, something is not Ready, or
	// something would change.
	ExitNo = 1
	// ExitFailed: there is no answer: bad flags, an unreadable file, no cluster.
	ExitFailed = 2
)

// ExitError carries an exit code. Err may be nil: everything has been said.
type ExitError struct {
	Code int
	Err  error
}

// Error implements error.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *ExitError) Unwrap() error { return e.Err }

// Failed says that there is no answer. An error that has an exit code keeps it; nil
// stays nil.
func Failed(err error) error {
	if _, coded := errors.AsType[*ExitError](err); err == nil || coded {
		return err
	}
	return &ExitError{Code: ExitFailed, Err: err}
}

// No says that the answer is no, and that it has been printed.
func No() error { return &ExitError{Code: ExitNo} }

// Code prints what is left to say about an error, and returns the exit code. An error
// without one of its own is cobra's, about flags and arguments.
func Code(err error, w io.Writer) int {
	if err == nil {
		return ExitOK
	}
	code := ExitFailed
	if exit, coded := errors.AsType[*ExitError](err); coded {
		code = exit.Code
		if exit.Err == nil {
			return code
		}
	}
	fmt.Fprintln(w, "error:", err)
	return code
}
