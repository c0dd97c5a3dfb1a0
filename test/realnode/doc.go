// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package realnode tests what users deploy, where it runs: the operator as two
// pods from dist/install.yaml on a real Kubernetes node (hack/realnode), with the
// rights of its ServiceAccount, installing charts whose pods, hooks, webhooks and
// claims are real (test/charts, served by a pod). The suite runs when REALNODE is
// set (`make realnode-test`) and skips, with a line that says why, on a machine
// that cannot run a node.
package realnode
