// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package drift remembers which objects of which releases must be compared with what was released, what was found, and how often each was put
// back, so that a changed object is examined alone and at once, the echo of our own write is not examined at all, and somebody who keeps
// changing an object is reported and not fought for ever. It compares nothing itself and calls nobody but Wake. It may import the API package,
// internal/readiness for the words of its watches, and a clock; neither Helm nor a client.
package drift
