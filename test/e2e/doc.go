// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the operator's binary from outside: on a simulated cluster,
// with the rights that config/rbac grants and nothing more, against stand-in
// charts. It imports the API, the stand-in charts and a client, and none of the
// operator's own packages.
//
// `make test-e2e` builds what it needs. By hand, with bin/ built:
//
//	E2E=1 go test ./test/e2e -count 1
//
// E2E_MANAGER names another binary than bin/manager, which is then not built.
package e2e
