// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plan decides and does nothing else: Bundle turns what is wanted,
// prepared and observed of a bundle into actions and reasons to wait; Release
// does the same for one Helm release. Both are pure functions of their input,
// without client, context or clock, so that they can be tested by tables,
// properties and simulated traces. It imports internal/graph, internal/failure
// and the API only.
package plan
