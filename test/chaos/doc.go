// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package chaos kills the operator at every write that it makes to the API
// server and requires that the next one reaches the same end state as an
// undisturbed run; and it makes the API server answer wrongly, late or not at
// all. The operator runs in this process behind a transport that is told when to
// break, on a real API server without controllers. It imports the operator, the
// API, the stand-in charts and a client.
//
// `go test ./test/chaos` tries a sample of the points, the same each time.
// CHAOS=all tries every one; CHAOS_ONLY=upgrade/17/after repeats one. The last
// line of the output is "survived M of N".
package chaos
