// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/groundwork-dev/groundwork/test/bench/report"
)

// say tells what a step took.
func (o options) say(what string, c report.Cost) {
	text := cmp.Or(c.Failure, "all there")
	o.log("  %s in %.1f s, CPU %.1f s, API server %.1f s, peak %.1f MB, %d requests: %s",
		what, c.Wall.Seconds(), c.CPU.Seconds(), c.ServerCPU.Seconds(), float64(max(c.Peak, c.Highest))/(1<<20), c.Requests.Total(), text)
}

// save writes the results so far as JSON.
func save(o options, results report.Results) error {
	results.Targets = report.Judge(results)
	raw, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.out, "bench.json"), append(raw, '\n'), 0o600)
}

// publish writes the JSON file and the tables.
func publish(o options, results report.Results) error {
	if err := save(o, results); err != nil {
		return err
	}
	o.log("results in %s", filepath.Join(o.out, "bench.json"))
	return report.Write(os.Stdout, results)
}

// machine says on what it ran.
func machine() string {
	return fmt.Sprintf("Machine: %d cores, %s/%s, load average %.2f when it began", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, load())
}

// load is the one-minute load average; 0 where it cannot be read.
func load() float64 {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var out float64
	if _, err := fmt.Sscan(string(raw), &out); err != nil {
		return 0
	}
	return out
}
