// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kyverno tries the catalog's policy presets with Kyverno's own library. It
// is a module of its own, so that Kyverno keeps the versions that it was released
// with, and holds tests only.
package kyverno
