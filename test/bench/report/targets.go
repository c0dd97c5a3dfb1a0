// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

// Verdict is one target and what became of it.
type Verdict struct {
	// Target in words, such as "wall clock ≤ 20 s".
	Target string `json:"target"`
	// Measured in the same unit; "not measured" when it was not.
	Measured string `json:"measured"`
	// Met is false as well when it was not measured.
	Met bool `json:"met"`
	// Known says whether it was measured.
	Known bool `json:"known"`
}

// Word is met, missed or unknown.
func (v Verdict) Word() string {
	switch {
	case !v.Known:
		return "unknown"
	case v.Met:
		return "met"
	default:
		return "missed"
	}
}

// Limits of the targets, as the design states them for thirteen real charts on two
// cores.
const (
	maxWall     = 20 * time.Second
	maxHelmfile = 0.6
	maxFloor    = 1.25
	maxPeak     = 200 << 20
	maxIdle     = 80 << 20
	maxCPU      = 10 * time.Second
	maxHandoff  = 100 * time.Millisecond
	maxPass     = time.Millisecond
	maxDrift    = time.Second
	minQuiet    = 10 * time.Minute
)

// Judge compares Groundwork with the targets.
func Judge(r Results) []Verdict {
	return slices.Concat(r.judgeInstall(), r.judgeAfter())
}

func (r Results) judgeInstall() []Verdict {
	costs := r.of(Groundwork, install)
	// A run that did not finish is worse than any figure.
	known := len(costs) > 0 && r.failure(Groundwork, install) == ""
	cost := medianOf(costs)
	out := []Verdict{
		atMost("wall clock ≤ "+seconds(maxWall), cost.Wall, maxWall, known, seconds),
		r.ratio(Helmfile, maxHelmfile, known),
		r.ratio(Floor, maxFloor, known),
		atMost("peak memory ≤ "+megabytes(maxPeak), cost.Highest, maxPeak, known, megabytes),
	}
	idle := figures(r, func(run Run) (uint64, bool) { return run.IdleRSS, run.IdleRSS > 0 })
	out = append(out,
		atMost("idle memory ≤ "+megabytes(maxIdle), measure.Median(idle), maxIdle, len(idle) > 0, megabytes),
		atMost("CPU ≤ "+seconds(maxCPU), cost.CPU, maxCPU, known, seconds))
	handoff := figures(r, func(run Run) (time.Duration, bool) {
		if run.Handoff == nil || run.Handoff.Count == 0 {
			return 0, false
		}
		return run.Handoff.P99, true
	})
	return append(out, atMost("hand-off p99 ≤ "+milliseconds(maxHandoff), measure.Median(handoff), maxHandoff, len(handoff) > 0, milliseconds))
}

func (r Results) judgeAfter() []Verdict {
	passes := figures(r, func(run Run) (Pass, bool) {
		if run.Pass == nil {
			return Pass{}, false
		}
		return *run.Pass, true
	})
	var times []time.Duration
	requests, writes := 0, 0
	for _, p := range passes {
		times = append(times, max(p.Bundle, p.Release))
		requests, writes = requests+p.Requests, writes+p.Writes
	}
	out := []Verdict{
		atMost("no-op pass ≤ "+milliseconds(maxPass), measure.Median(times), maxPass, len(times) > 0, milliseconds),
		atMost("no-op pass: non-watch requests ≤ 0", requests, 0, len(passes) > 0, number),
		atMost("no-op pass: writes ≤ 0", writes, 0, len(passes) > 0, number),
		r.quiet(),
	}
	healed, unhealed := r.drifts(Groundwork)
	p99 := measure.Percentile(healed, 99)
	drift := atMost("drift healed, p99 ≤ "+seconds(maxDrift), p99, maxDrift, len(healed)+unhealed > 0, hundredths)
	if unhealed > 0 {
		drift.Met = false
		drift.Measured += fmt.Sprintf(", %d of %d not healed", unhealed, unhealed+len(healed))
	}
	return append(out, drift)
}

// quiet judges the windows of quiet; they must be long enough for the target.
func (r Results) quiet() Verdict {
	out := Verdict{Target: fmt.Sprintf("non-watch requests and writes in %s of quiet ≤ 0", minQuiet), Measured: "not measured"}
	longest, requests := time.Duration(0), 0
	for _, q := range figures(r, func(run Run) (*Quiet, bool) { return run.Quiet, run.Quiet != nil }) {
		longest, requests = max(longest, q.Window), requests+q.Requests
		out.Known = true
	}
	if out.Known {
		out.Measured = fmt.Sprintf("%d in %s", requests, longest)
		out.Met = requests == 0
		// A shorter window can refute, but not prove.
		out.Known = longest >= minQuiet || requests > 0
	}
	return out
}

// ratio judges the wall clock against another installer's in the same command.
func (r Results) ratio(other string, limit float64, known bool) Verdict {
	theirs := medianOf(r.of(other, install)).Wall
	ours := medianOf(r.of(Groundwork, install)).Wall
	quotient := 0.0
	if theirs > 0 {
		quotient = float64(ours) / float64(theirs)
	}
	return atMost(fmt.Sprintf("wall clock ≤ %g × %s", limit, other), quotient, limit, known && theirs > 0, times)
}

// atMost compares a figure with its limit.
func atMost[N int | uint64 | float64 | time.Duration](target string, measured, limit N, known bool, format func(N) string) Verdict {
	if !known {
		return Verdict{Target: target, Measured: "not measured"}
	}
	return Verdict{Target: target, Measured: format(measured), Met: measured <= limit, Known: true}
}

// WriteVerdicts lists them.
func WriteVerdicts(out io.Writer, verdicts []Verdict) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line(w, "TARGET", "MEASURED", "")
	for _, v := range verdicts {
		line(w, v.Target, v.Measured, v.Word())
	}
	return w.Flush()
}
