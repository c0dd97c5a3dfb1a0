// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package readiness says whether the objects of a release are current: by kstatus, by the endpoints and CA bundles of admission webhooks, and
// by rules in CEL. Judge is pure and gets its objects handed in; Tracker feeds it from label-selected watches of trimmed objects and wakes
// whoever waits. It may import the API package, internal/failure, kstatus, cel-go, apimachinery and client-go, and neither Helm nor
// controller-runtime.
package readiness
