// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package dashboard serves one read-only web page about the bundles: the graph of
// their components with live states, and for each component its conditions,
// timeline, history and effective values. It reads what the operator's cache holds
// and has no state of its own; while nobody looks it does nothing. What is shown is
// computed by pure functions (snapshot, layout, detail, mask); the rest is a small
// HTTP server. It may import the API, the pure rooms, internal/helm for the labels
// of Helm's records, and controller-runtime's cache and client.
package dashboard
