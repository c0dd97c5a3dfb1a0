// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crds keeps CustomResourceDefinitions for the operator, which owns them in place of the Helm releases that bring them: it parses
// definitions, judges whether one may replace another, applies them in the order in which their kinds are needed, and says which kinds are
// served. Everything but the Applier is pure. It may import the API package, internal/failure, apimachinery and the controller-runtime
// client, and no Helm.
package crds
