// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package chart fetches Helm charts: it picks a version of a range deterministically, gets the archive from an HTTP repository, an OCI
// registry or a folder (or from one mirror for all of them), verifies it, keeps it in a content-addressed cache on disk and loads it.
// Every failure is an internal/failure error with a reason of this package. It judges no chart (library charts and kubeVersion are the
// caller's business), knows nothing of a cluster, and may import Helm's chart packages, oras-go and internal/failure only.
package chart
