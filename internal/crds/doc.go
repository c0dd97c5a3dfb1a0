// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crds keeps CustomResourceDefinitions for the operator, which owns them in place of the Helm releases that bring them: it parses
// definitions, judges whether one may replace another (by the trimmed state at once, by schemas and live objects in the background), applies
// them in the order in which their kinds are needed, and says which kinds are served. Everything but the Applier, the Checker and
// ConversionNone is pure. It may import the API package, internal/failure, the API machinery with the API server's own code for custom
// resources, and clients, and no Helm.
package crds
