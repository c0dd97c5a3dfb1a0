// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package measure holds what the benchmarks measure with: a simulated cluster, a
// process whose whole tree is accounted for, counters of the API server and of
// etcd, a forwarder that counts bytes, and the statistics over all of it. What
// reads /proc works on Linux alone. It imports client-go, the client of
// controller-runtime and the standard library.
package measure
