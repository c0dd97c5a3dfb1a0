// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command standin is the software of the charts that really run (charts.RunningCharts): one small static program whose first argument
// says what it plays. It imports the standard library only: it speaks to the API server by plain HTTP, so that its image and its memory
// stay small, and so that it shares no fault with what it tests.
//
//	standin serve       an HTTP server that starts slowly, crashes or eats memory when told to
//	standin webhook     serve, and an admission and conversion webhook that injects its own CA
//	standin engine      webhook, but it registers its configurations itself, as policy engines do
//	standin controller  puts a finalizer on custom resources and is the only one to remove it
//	standin get URL     exits with 0 when the URL answers 200: for hooks
//	standin fail-first N URL
//	                    exits with 1 as long as a counter says N or less: for hooks
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// mode is what the program plays. It ends without error when the context does.
type mode func(ctx context.Context, arguments []string, log *log.Logger) error

func modes() map[string]mode {
	return map[string]mode{
		"serve":      serve,
		"webhook":    webhook,
		"engine":     engine,
		"controller": controller,
		"get":        get,
		"fail-first": failFirst,
	}
}

// exitCode ends the program with a code and without a message of its own.
type exitCode int

// Error implements error.
func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// run plays a mode and returns the exit code: 2 for arguments that make no sense.
func run(ctx context.Context, arguments []string, out io.Writer) int {
	logger := log.New(out, "standin: ", log.LstdFlags|log.Lmicroseconds|log.LUTC|log.Lmsgprefix)
	known := modes()
	if len(arguments) == 0 || known[arguments[0]] == nil {
		logger.Printf("the first argument must be one of %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		return 2
	}
	err := known[arguments[0]](ctx, arguments[1:], logger)
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		logger.Printf("%s: %v", arguments[0], err)
		return 2
	}
	if err != nil {
		logger.Printf("%s: %v", arguments[0], err)
		return 1
	}
	return 0
}
