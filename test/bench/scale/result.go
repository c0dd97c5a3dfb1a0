// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/groundwork-dev/groundwork/test/bench/measure"

// Result is what one size has shown. Times are in seconds unless their name says
// otherwise, memory in bytes.
type Result struct {
	Bundles  int `json:"bundles"`
	Releases int `json:"releases"`
	Replicas int `json:"replicas"`
	// Headless says that the Services had no addresses.
	Headless bool   `json:"headless"`
	CPUs     int    `json:"cpus"`
	Load     string `json:"load"` // of the machine before the start
	// Done are the phases that were finished.
	Done []string `json:"done"`
	// Error says why a run did not finish; the figures up to then stand.
	Error string `json:"error,omitempty"`

	Empty   Idle    `json:"empty"`
	Install Install `json:"install"`
	Idle    Idle    `json:"idle"` // after the quiet
	Quiet   Quiet   `json:"quiet"`
	Drift   Drift   `json:"drift"`
	Restart Restart `json:"restart"`
}

// Idle is the memory of an operator at rest: resident as the kernel sees it,
// without having been asked to give any back; the heap after a collection.
type Idle struct {
	Memory measure.Memory `json:"memory"`
	Heap   float64        `json:"heap"`
}

// Latency of passes or of a queue.
type Latency struct {
	Count float64 `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
}

// Install of all bundles at once, until all are Ready.
type Install struct {
	Seconds float64 `json:"seconds"`
	// CPU seconds of the operator, of the cluster's processes, and of this program.
	CPU     map[string]float64 `json:"cpu"`
	Peak    measure.Memory     `json:"peak"`
	Highest float64            `json:"highest"`
	// Requests of the operator by method.
	Requests map[string]float64 `json:"requests"`
	// Everybody's requests, "VERB resource/subresource".
	Everybody map[string]float64 `json:"everybody"`
	EtcdPuts  float64            `json:"etcdPuts"`
	// Passes and Queue by controller.
	Passes   map[string]Latency `json:"passes"`
	Queue    map[string]Latency `json:"queue"`
	Handoff  Latency            `json:"handoff"`
	Failures float64            `json:"failures"`
	// Tail is how long the operator was busy after all were Ready.
	Tail float64 `json:"tail"`
}

// Quiet is a while in which nothing happens.
type Quiet struct {
	Seconds  float64            `json:"seconds"`
	CPU      float64            `json:"cpu"`
	Requests map[string]float64 `json:"requests"`
	Passes   float64            `json:"passes"`
	// Page is the size of the metrics page in bytes, PageSeconds how long it takes.
	Page        float64 `json:"page"`
	PageSeconds float64 `json:"pageSeconds"`
	// Everybody's requests, the cluster's own housekeeping included.
	Everybody map[string]float64 `json:"everybody"`
}

// Drift is one object after the other changed or deleted.
type Drift struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
	// CPU seconds of the operator for each.
	CPU       float64            `json:"cpu"`
	Requests  map[string]float64 `json:"requests"`
	Everybody map[string]float64 `json:"everybody"`
	Passes    map[string]Latency `json:"passes"`
}

// Restart of a killed operator, until it is at rest.
type Restart struct {
	// Ready is when it says so; Seconds is when everything has been looked at and
	// the operator is at rest.
	Ready    float64            `json:"ready"`
	Seconds  float64            `json:"seconds"`
	CPU      float64            `json:"cpu"`
	Peak     measure.Memory     `json:"peak"`
	Requests map[string]float64 `json:"requests"`
	// Watches it holds open, which are in the requests' GET.
	Watches   float64            `json:"watches"`
	Everybody map[string]float64 `json:"everybody"`
	Passes    map[string]Latency `json:"passes"`
	Idle      Idle               `json:"idle"`
}

// writes among requests by method.
func writes(requests map[string]float64) float64 {
	return requests["POST"] + requests["PUT"] + requests["PATCH"] + requests["DELETE"]
}

// named sums requests by what they are called, without those that the cluster's
// own processes and this program make all the time.
func named(counted measure.Counters) map[string]float64 {
	out := map[string]float64{}
	for request, count := range counted.Requests {
		if request.Resource != "leases" && request.Resource != "" {
			out[request.String()] += count
		}
	}
	return out
}

// latencies of a histogram by the value of a label.
func latencies(page measure.Snapshot, metric, label string) map[string]Latency {
	out := map[string]Latency{}
	for _, name := range []string{"platformbundle", "componentrelease"} {
		out[name] = latency(page.Histogram(metric, measure.Labels{label: name}))
	}
	return out
}

func latency(h measure.Histogram) Latency {
	return Latency{Count: h.Count, Mean: h.Mean(), P50: h.Quantile(0.5), P99: h.Quantile(0.99)}
}

// passes by controller.
func passes(page measure.Snapshot) map[string]Latency {
	return latencies(page, "controller_runtime_reconcile_time_seconds", "controller")
}

// requests by method.
func requests(page measure.Snapshot) map[string]float64 {
	return page.By("rest_client_requests_total", "method", nil)
}
