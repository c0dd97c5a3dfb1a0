// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers holds the two reconcilers: PlatformBundle, which resolves,
// prepares, plans and approves, and ComponentRelease, which makes one Helm
// release true. Each is a declared list of short steps over a scope: observe,
// decide (in internal/plan, pure), act; then one status computed from the scope
// and written once. It may import every internal package; nothing here calls the
// Helm SDK.
package controllers
