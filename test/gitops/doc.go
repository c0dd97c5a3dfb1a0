// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gitops tests that GitOps tools keep a bundle as Git says without a fight
// with the operator, with the tools' own engines: Flux's ResourceManager
// (github.com/fluxcd/pkg/ssa), the diff of Argo CD (github.com/argoproj/gitops-engine)
// and a Lua machine like the one of its health checks. The cluster is simulated, the
// operator is the real binary, charts are stand-ins. It is a module of its own since
// these engines bring half of Kubernetes with them. "make test-gitops" runs it.
package gitops
