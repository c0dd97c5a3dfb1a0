// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/groundwork-dev/groundwork/test/bench/scale/plot"
)

// Targets on two cores, drawn as dashed lines.
const (
	targetRate   = 10.0 // releases/s
	targetCPU    = 60.0 // CPU-ms a release
	targetMemory = 100e3
	targetHealed = 1e3 // ms
)

// drawAll draws the curves of a run that was saved, as one SVG file each. Sizes
// that did not finish are left out. It returns what it has written.
func drawAll(data, dir string) ([]string, error) {
	content, err := os.ReadFile(data)
	if err != nil {
		return nil, fmt.Errorf("read the data (run with -curve first): %w", err)
	}
	var results []Result
	if err := json.Unmarshal(content, &results); err != nil {
		return nil, fmt.Errorf("read the data in %s: %w", data, err)
	}
	charts, err := plots(results)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var written []string
	for _, c := range charts {
		path := filepath.Join(dir, c.file)
		if err := draw(c.chart, path); err != nil {
			return written, err
		}
		written = append(written, path)
	}
	return written, nil
}

func draw(c plot.Chart, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	err = c.Write(file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

type namedChart struct {
	file  string
	chart plot.Chart
}

// plots are the pictures of what finished.
func plots(all []Result) ([]namedChart, error) {
	var results []Result
	for _, r := range all {
		if r.Error == "" {
			results = append(results, r)
		}
	}
	if len(results) == 0 {
		return nil, errors.New("no size has finished: there is nothing to draw")
	}
	measured := func(name string, value func(Result) float64) plot.Series {
		s := plot.Series{Name: name}
		for _, r := range results {
			s.Points = append(s.Points, plot.Point{X: float64(r.Releases), Y: max(0, value(r))})
		}
		return s
	}
	target := func(name string, value func(Result) float64) plot.Series {
		s := measured(name, value)
		s.Dashed = true
		return s
	}
	constant := func(v float64) func(Result) float64 { return func(Result) float64 { return v } }
	cpu := func(process string) func(Result) float64 {
		return func(r Result) float64 { return milli * r.Install.CPU[process] / float64(r.Releases) }
	}
	const x = "releases"
	return []namedChart{
		{"throughput.svg", plot.Chart{Title: "Installed releases per second", XLabel: x, YLabel: "releases/s", LogX: true, Series: []plot.Series{
			measured("Groundwork", func(r Result) float64 { return float64(r.Releases) / r.Install.Seconds }),
			target("target", constant(targetRate)),
		}}},
		{"cpu.svg", plot.Chart{Title: "CPU time to install a release", XLabel: x, YLabel: "CPU-ms", LogX: true, Series: []plot.Series{
			measured("operator", cpu("operator")),
			measured("kube-apiserver", cpu("kube-apiserver")),
			measured("etcd", cpu("etcd")),
			measured("rest of the cluster", func(r Result) float64 { return milli * others(r.Install.CPU) / float64(r.Releases) }),
			target("operator's target", constant(targetCPU)),
		}}},
		{"memory.svg", plot.Chart{Title: "Memory of the operator", XLabel: x, YLabel: "MiB", Series: []plot.Series{
			measured("peak RSS", func(r Result) float64 { return max(float64(r.Install.Peak.RSS), r.Install.Highest) / mebi }),
			measured("idle RSS", func(r Result) float64 { return float64(r.Idle.Memory.RSS) / mebi }),
			measured("idle heap", func(r Result) float64 { return r.Idle.Heap / mebi }),
			target("100 kB/release", func(r Result) float64 {
				return (float64(r.Empty.Memory.RSS) + targetMemory*float64(r.Releases)) / mebi
			}),
		}}},
		{"latency.svg", plot.Chart{Title: "One drift among all releases", XLabel: x, YLabel: "ms", LogX: true, Series: []plot.Series{
			measured("healed, p50", func(r Result) float64 { return milli * r.Drift.P50 }),
			measured("healed, p99", func(r Result) float64 { return milli * r.Drift.P99 }),
			target("p99's target", constant(targetHealed)),
		}}},
		{"restart.svg", plot.Chart{Title: "Restart with everything in place", XLabel: x, YLabel: "seconds", Series: []plot.Series{
			measured("all seen, at rest", func(r Result) float64 { return r.Restart.Seconds }),
			measured("CPU seconds", func(r Result) float64 { return r.Restart.CPU }),
		}}},
	}, nil
}
