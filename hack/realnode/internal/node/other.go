// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package node

import "context"

// Up returns ErrUnsupported.
func Up(context.Context, Options) error { return ErrUnsupported }

// Down returns ErrUnsupported.
func Down(context.Context, Options) error { return ErrUnsupported }

// Status returns ErrUnsupported.
func Status(Options) (bool, error) { return false, ErrUnsupported }

// Load returns ErrUnsupported.
func Load(context.Context, Options, []string) error { return ErrUnsupported }

// Exec returns ErrUnsupported.
func Exec(Options, []string) error { return ErrUnsupported }

// Init returns ErrUnsupported.
func Init(string, string) (int, error) { return 1, ErrUnsupported }

// Supervise returns ErrUnsupported.
func Supervise(context.Context, string) error { return ErrUnsupported }
