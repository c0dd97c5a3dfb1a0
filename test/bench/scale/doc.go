// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command scale measures what bundles cost as there are more and more of them.
//
//	go run ./test/bench/scale -bundles 20
//	go run ./test/bench/scale -curve 20,100,500 -profiles
//	go run ./test/bench/scale -plot docs/performance   # draws what was measured last
//
// Each size gets a simulated cluster of its own and one operator as a process of
// its own. A bundle is ten releases in a namespace, in two layers: each of the
// second five depends on one of the first. All are releases of one small chart
// (ConfigMap, ServiceAccount, Service, Deployment) with values of their own. The
// Deployments have no pods unless -replicas says so: what is measured is the
// operator and the API server, and not how fast one machine plays the scheduler and
// the kubelets of thousands of pods; the Deployment controller still has to
// report each one, and the operator has to wait for it. The Services are headless
// unless -addresses says so: for each with an address the API server counts all that
// it has given, to update a metric (ipallocator.Allocator.Used), which makes it take
// the longer the more Services there are, whoever creates them.
//
// The phases: everything is created at once until all bundles are Ready, which is
// checked against Helm's records and the Deployments; a minute of quiet; fifty
// objects changed or deleted one after the other; the operator is killed, and
// another one finds everything in place. An operator is at rest when it has used
// less than 40 ms of CPU time in two seconds. Idle memory is what is resident after 20
// seconds of rest, or after the quiet: nobody asks the operator to give any back, but
// it does so by itself after ten. The heap is what is left after a collection, asked
// for at /debug/pprof/heap?gc=1 once the resident memory has been read.
//
// It prints a row for each figure; between two sizes the slope on double
// logarithmic paper says how the figure grows (1: as the number of releases does),
// with a ! where that is superlinear. Percentiles of passes and queues are read off
// Prometheus histograms, and no finer than their buckets.
//
// It imports what the tests share (test/charts, test/bench/measure), the API and
// clients.
package main
