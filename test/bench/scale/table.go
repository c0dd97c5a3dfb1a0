// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

// growth says how a figure may change with the number of releases.
type growth int

const (
	total growth = iota // for all releases together: it may grow as they do
	each                // for one release, or one event: it may not grow
	rate                // more is better: it may not fall
	fact                // not judged
)

// tolerance of an exponent: more than it is superlinear.
const tolerance = 0.1

// figure is one row of the table.
type figure struct {
	name   string
	growth growth
	format string
	value  func(Result) float64
}

const (
	milli = 1e3
	mebi  = 1 << 20
	kilo  = 1e3
)

// figures are the rows. Of a phase that a run has not finished they are NaN.
func figures() []figure {
	out := []figure{{"releases", fact, "%.0f", func(r Result) float64 { return float64(r.Releases) }}}
	for _, phase := range []struct {
		name string
		rows []figure
	}{
		{"install", installFigures()}, {"quiet", quietFigures()}, {"drift", driftFigures()}, {"restart", restartFigures()},
	} {
		for _, f := range phase.rows {
			value := f.value
			f.value = func(r Result) float64 {
				if !slices.Contains(r.Done, phase.name) {
					return math.NaN()
				}
				return value(r)
			}
			out = append(out, f)
		}
	}
	return out
}

// perRelease divides by the number of releases.
func perRelease(of func(Result) float64) func(Result) float64 {
	return func(r Result) float64 { return of(r) / float64(r.Releases) }
}

func installFigures() []figure {
	out := []figure{
		{"installed in [s]", total, "%.1f", func(r Result) float64 { return r.Install.Seconds }},
		{"releases/s", rate, "%.1f", func(r Result) float64 { return float64(r.Releases) / r.Install.Seconds }},
		{"operator CPU-ms/release", each, "%.1f", perRelease(func(r Result) float64 { return milli * r.Install.CPU["operator"] })},
		{"kube-apiserver CPU-ms/release", each, "%.1f", perRelease(func(r Result) float64 { return milli * r.Install.CPU["kube-apiserver"] })},
		{"etcd CPU-ms/release", each, "%.1f", perRelease(func(r Result) float64 { return milli * r.Install.CPU["etcd"] })},
		{"rest of the cluster CPU-ms/release", each, "%.1f", perRelease(func(r Result) float64 { return milli * others(r.Install.CPU) })},
		{"this program CPU-ms/release", fact, "%.1f", perRelease(func(r Result) float64 { return milli * r.Install.CPU["bench"] })},
		{"busy after all were Ready [s]", total, "%.1f", func(r Result) float64 { return r.Install.Tail }},
		{"peak RSS [MiB]", total, "%.0f", func(r Result) float64 { return max(float64(r.Install.Peak.RSS), r.Install.Highest) / mebi }},
		{"peak anonymous [MiB]", total, "%.0f", func(r Result) float64 { return float64(r.Install.Peak.Anon) / mebi }},
		{"idle RSS, nothing installed [MiB]", fact, "%.0f", func(r Result) float64 { return float64(r.Empty.Memory.RSS) / mebi }},
		{"requests/release", each, "%.1f", perRelease(func(r Result) float64 { return sum(r.Install.Requests) })},
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		out = append(out, figure{"  " + method + "/release", each, "%.2f", perRelease(func(r Result) float64 { return r.Install.Requests[method] })})
	}
	out = append(out, figure{"etcd puts/release, everybody's", each, "%.1f", perRelease(func(r Result) float64 { return r.Install.EtcdPuts })})
	for _, controller := range []string{"platformbundle", "componentrelease"} {
		out = append(out,
			figure{controller + " passes/release", each, "%.1f", perRelease(func(r Result) float64 { return r.Install.Passes[controller].Count })},
			figure{controller + " pass mean [ms]", each, "%.2f", func(r Result) float64 { return milli * r.Install.Passes[controller].Mean }},
			figure{controller + " pass p50 [ms]", each, "%.2f", func(r Result) float64 { return milli * r.Install.Passes[controller].P50 }},
			figure{controller + " pass p99 [ms]", each, "%.2f", func(r Result) float64 { return milli * r.Install.Passes[controller].P99 }},
			figure{controller + " queue p50 [ms]", fact, "%.1f", func(r Result) float64 { return milli * r.Install.Queue[controller].P50 }},
			figure{controller + " queue p99 [ms]", fact, "%.1f", func(r Result) float64 { return milli * r.Install.Queue[controller].P99 }},
		)
	}
	return append(out, []figure{
		{"hand-off p50 [ms]", fact, "%.0f", func(r Result) float64 { return milli * r.Install.Handoff.P50 }},
		{"hand-off p99 [ms]", fact, "%.0f", func(r Result) float64 { return milli * r.Install.Handoff.P99 }},
		{"failures", fact, "%.0f", func(r Result) float64 { return r.Install.Failures }},
	}...)
}

func quietFigures() []figure {
	return []figure{
		{"idle RSS [MiB]", total, "%.0f", func(r Result) float64 { return float64(r.Idle.Memory.RSS) / mebi }},
		{"idle heap [MiB]", total, "%.1f", func(r Result) float64 { return r.Idle.Heap / mebi }},
		{"idle RSS/release [kB]", each, "%.1f", perRelease(func(r Result) float64 { return more(r.Idle.Memory.RSS, r.Empty.Memory.RSS) / kilo })},
		{"idle heap/release [kB]", each, "%.1f", perRelease(func(r Result) float64 { return (r.Idle.Heap - r.Empty.Heap) / kilo })},
		{"a minute of quiet: CPU-ms", total, "%.0f", func(r Result) float64 { return milli * 60 * r.Quiet.CPU / r.Quiet.Seconds }},
		{"  writes", fact, "%.0f", func(r Result) float64 { return writes(r.Quiet.Requests) }},
		{"  GETs, watches included", fact, "%.0f", func(r Result) float64 { return r.Quiet.Requests["GET"] }},
		{"  passes", fact, "%.0f", func(r Result) float64 { return r.Quiet.Passes }},
		{"metrics page [kB]", total, "%.0f", func(r Result) float64 { return r.Quiet.Page / kilo }},
		{"metrics page [ms]", total, "%.0f", func(r Result) float64 { return milli * r.Quiet.PageSeconds }},
	}
}

func driftFigures() []figure {
	return []figure{
		{"drift healed p50 [ms]", each, "%.0f", func(r Result) float64 { return milli * r.Drift.P50 }},
		{"drift healed p99 [ms]", each, "%.0f", func(r Result) float64 { return milli * r.Drift.P99 }},
		{"drift healed max [ms]", fact, "%.0f", func(r Result) float64 { return milli * r.Drift.Max }},
		{"CPU-ms/drift", each, "%.1f", func(r Result) float64 { return milli * r.Drift.CPU }},
		{"requests/drift", each, "%.1f", func(r Result) float64 { return sum(r.Drift.Requests) / float64(max(1, r.Drift.Count)) }},
	}
}

func restartFigures() []figure {
	return []figure{
		{"restart: probe answers after [s]", fact, "%.1f", func(r Result) float64 { return r.Restart.Ready }},
		{"  all seen, at rest after [s]", total, "%.1f", func(r Result) float64 { return r.Restart.Seconds }},
		{"  CPU-ms/release", each, "%.1f", func(r Result) float64 { return milli * r.Restart.CPU / float64(r.Releases) }},
		{"  writes", fact, "%.0f", func(r Result) float64 { return writes(r.Restart.Requests) }},
		{"  GETs that are no open watch", total, "%.0f", func(r Result) float64 { return r.Restart.Requests["GET"] - r.Restart.Watches }},
		{"  watches", fact, "%.0f", func(r Result) float64 { return r.Restart.Watches }},
		{"  peak RSS [MiB]", total, "%.0f", func(r Result) float64 { return float64(r.Restart.Peak.RSS) / mebi }},
		{"  idle RSS [MiB]", total, "%.0f", func(r Result) float64 { return float64(r.Restart.Idle.Memory.RSS) / mebi }},
		{"  idle heap/release [kB]", each, "%.1f", func(r Result) float64 { return (r.Restart.Idle.Heap - r.Empty.Heap) / float64(r.Releases) / kilo }},
	}
}

func sum(counts map[string]float64) float64 {
	var out float64
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out += counts[name]
	}
	return out
}

// others are the cluster's processes beside the two that have rows of their own.
func others(cpu map[string]float64) float64 {
	return sum(cpu) - cpu["operator"] - cpu["kube-apiserver"] - cpu["etcd"] - cpu["bench"]
}

func more(now, before uint64) float64 { return float64(now) - float64(before) }

// exponent of a figure between two sizes; NaN where it cannot be said.
func (f figure) exponent(from, to Result) float64 {
	return measure.Exponent(float64(from.Releases), f.value(from), float64(to.Releases), f.value(to))
}

// superlinear says whether an exponent is more than the figure's growth allows.
func (f figure) superlinear(exponent float64) bool {
	switch f.growth {
	case total:
		return exponent > 1+tolerance
	case each:
		return exponent > tolerance
	case rate:
		return exponent < -tolerance
	case fact:
	}
	return false
}

// printTable prints a row for each figure, a column for each size, and one for the
// growth between two sizes: the slope on double logarithmic paper, with a ! where
// that is superlinear.
func printTable(out io.Writer, results []Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	header := []string{"bundles"}
	for i, r := range results {
		if i > 0 {
			header = append(header, "growth")
		}
		header = append(header, fmt.Sprint(r.Bundles))
	}
	_, _ = fmt.Fprintln(w, strings.Join(header, "\t")+"\t")
	for _, f := range figures() {
		row := []string{f.name}
		for i, r := range results {
			if i > 0 {
				row = append(row, f.grown(results[i-1], r))
			}
			row = append(row, f.text(r))
		}
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := 1; i < len(results); i++ {
		_, _ = fmt.Fprintln(out, marginal(results[i-1], results[i]))
	}
	for _, r := range results {
		services := "headless Services"
		if !r.Headless {
			services = "Services with addresses"
		}
		note := fmt.Sprintf("%d bundles: %d pods a release, %s, %d CPUs, load before: %s", r.Bundles, r.Replicas, services, r.CPUs, r.Load)
		if r.Error != "" {
			note += "; did not finish: " + r.Error
		}
		_, _ = fmt.Fprintln(out, note)
	}
	return nil
}

// marginal is what each release beyond the smaller size costs in memory: without
// what the first ones bring along, such as code that is mapped when it is first run.
func marginal(from, to Result) string {
	more := float64(to.Releases - from.Releases)
	if !slices.Contains(from.Done, "quiet") || !slices.Contains(to.Done, "quiet") || more == 0 {
		return fmt.Sprintf("memory of each release between %d and %d: not measured", from.Releases, to.Releases)
	}
	rss := (float64(to.Idle.Memory.RSS) - float64(from.Idle.Memory.RSS)) / more / kilo
	heap := (to.Idle.Heap - from.Idle.Heap) / more / kilo
	return fmt.Sprintf("memory of each release between %d and %d, idle: %.1f kB resident, %.1f kB of heap", from.Releases, to.Releases, rss, heap)
}

// detailRows bounds each list of printDetails.
const detailRows = 25

// printDetails prints the most frequent requests to the API server, everybody's:
// of the installation and the restart for each release, of the drift for each one,
// of the quiet as they are.
func printDetails(out io.Writer, results []Result) {
	for _, r := range results {
		phases := []struct {
			name string
			by   float64
			of   map[string]float64
		}{
			{"installation, for each release", float64(r.Releases), r.Install.Everybody},
			{fmt.Sprintf("quiet, in %.0f s", r.Quiet.Seconds), 1, r.Quiet.Everybody},
			{"drift, for each", float64(max(1, r.Drift.Count)), r.Drift.Everybody},
			{"restart, for each release", float64(r.Releases), r.Restart.Everybody},
		}
		for _, phase := range phases {
			_, _ = fmt.Fprintf(out, "\n%d bundles: requests of everybody: %s\n", r.Bundles, phase.name)
			names := slices.SortedFunc(maps.Keys(phase.of), func(a, b string) int {
				return cmp.Or(cmp.Compare(phase.of[b], phase.of[a]), strings.Compare(a, b))
			})
			for _, name := range names[:min(detailRows, len(names))] {
				_, _ = fmt.Fprintf(out, "%10.2f  %s\n", phase.of[name]/phase.by, name)
			}
		}
	}
}

func (f figure) text(r Result) string {
	value := f.value(r)
	if math.IsNaN(value) {
		return "-"
	}
	return fmt.Sprintf(f.format, value)
}

func (f figure) grown(from, to Result) string {
	exponent := f.exponent(from, to)
	if f.growth == fact || math.IsNaN(exponent) {
		return ""
	}
	text := fmt.Sprintf("%.2f", exponent)
	if f.superlinear(exponent) {
		text += "!"
	}
	return text
}
