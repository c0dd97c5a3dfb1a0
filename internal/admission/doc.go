// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package admission knows every admission webhook configuration of the cluster,
// whoever made it, and whether the Services behind the fail-closed ones can
// answer: what would hold up a write before it is tried, what a release's own
// webhooks still lack, and what refuses writes for a Service that is gone. It
// watches webhook configurations, Services, EndpointSlices and the labels of
// Namespaces, and keeps of each no more than the verdicts need. It imports
// client-go, the API types and api/v1alpha1.
package admission
