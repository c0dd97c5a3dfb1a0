// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package charts builds stand-ins for the catalog's charts: Helm charts of the same names, versions and shape (CRDs, hooks, webhook
// configurations, workloads, sizes) as upstream's, with none of their software. Tests, the e2e suite and a quickstart without internet
// install them. It also serves them, by HTTP and as an OCI registry on loopback, and makes small charts for single tests. RunningCharts are others:
// their pods really run, on a real node, and are trouble of all kinds. It imports
// Helm's chart packages and the standard library only, so that it shares no fault with what it tests.
package charts
