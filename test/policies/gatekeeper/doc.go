// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gatekeeper tries the catalog's policy presets with Gatekeeper's own
// library. It is a module of its own, so that Gatekeeper keeps the versions that it
// was released with, and holds tests only.
package gatekeeper
