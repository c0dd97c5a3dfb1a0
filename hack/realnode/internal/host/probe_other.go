// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package host

import "errors"

var errNotLinux = errors.New("only on Linux")

func isRoot() bool { return false }

func probeInside(string, ...string) error { return errNotLinux }

func tryCgroups() error { return errNotLinux }

// Probe fails: there are no namespaces to try.
func Probe(bool) error { return errNotLinux }
