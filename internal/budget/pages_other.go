// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package budget

// releaseProgram has nothing to give back elsewhere.
func releaseProgram() error { return nil }
