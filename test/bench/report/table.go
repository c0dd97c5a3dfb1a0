// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/groundwork-dev/groundwork/test/bench/audit"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

// never is what helm and helmfile do about drift.
const never = "never"

// Write writes both tables and the targets.
func Write(out io.Writer, r Results) error {
	fmt.Fprintf(out, "%s\n%s\n\nInstalling everything (medians of %s)\n\n", r.Charts, r.Machine, r.counts())
	if err := r.writeInstall(out); err != nil {
		return err
	}
	fmt.Fprint(out, "\nAfterwards\n\n")
	if err := r.writeAfter(out); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return WriteVerdicts(out, Judge(r))
}

// writeInstall is the first table, one row an installer.
func (r Results) writeInstall(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line(w, "INSTALLER", "WALL", "RATIO", "CPU", "RATIO", "API SERVER", "PEAK", "IDLE", "GAP P50", "MAX", "REQUESTS", "GET/LIST/WATCH/CREATE/UPDATE/PATCH/DELETE",
		"SENT", "RECEIVED", "ETCD WRITES")
	ours := medianOf(r.of(Groundwork, install))
	for _, installer := range Order() {
		costs := r.of(installer, install)
		failure := r.failure(installer, install)
		switch {
		case failure != "":
			line(w, installer, "did not finish: "+failure)
		case len(costs) > 0:
			line(w, append([]string{installer}, r.installCells(installer, medianOf(costs), ours)...)...)
		}
	}
	return w.Flush()
}

func (r Results) installCells(installer string, c, ours Cost) []string {
	idle, p50, longest := "-", "-", "-"
	if installer == Groundwork {
		if all := figures(r, func(run Run) (uint64, bool) { return run.IdleRSS, run.IdleRSS > 0 }); len(all) > 0 {
			idle = megabytes(measure.Median(all))
		}
	}
	if gaps := r.gaps(installer); len(gaps) > 0 && installer != Floor {
		p50, longest = hundredths(measure.Percentile(gaps, 50)), hundredths(gaps[len(gaps)-1])
	}
	return []string{
		seconds(c.Wall), versus(c.Wall, ours.Wall), seconds(c.CPU), versus(c.CPU, ours.CPU), seconds(c.ServerCPU), megabytes(peak(c)), idle, p50, longest,
		fmt.Sprint(c.Requests.Total()), byVerb(c.Requests), megabytes(c.Sent), megabytes(c.Received), fmt.Sprint(c.Puts + c.Deletes),
	}
}

// peak is the larger of the two figures: samples miss short peaks, and the kernel's
// record is about one process alone.
func peak(c Cost) uint64 { return max(c.Peak, c.Highest) }

// writeAfter is the second table.
func (r Results) writeAfter(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line(w, "INSTALLER", "UPGRADE OF ALL", "RATIO", "CPU", "NO-OP", "REQUESTS", "WRITES", "DRIFT P50", "P99", "MAX", "REMOVAL", "RATIO")
	for _, installer := range Order() {
		if installer == Floor || !r.after(installer) {
			continue
		}
		cells := []string{installer}
		cells = append(cells, r.stepCells(installer, upgrade, true)...)
		cells = append(cells, r.noOpCells(installer)...)
		cells = append(cells, r.driftCells(installer)...)
		line(w, append(cells, r.stepCells(installer, removal, false)...)...)
	}
	return w.Flush()
}

// after says whether anything of the second table was done.
func (r Results) after(installer string) bool {
	for _, run := range r.Runs {
		if run.Installer == installer && (run.Upgrade != nil || run.NoOp != nil || run.Pass != nil || run.Quiet != nil || run.Removal != nil || run.Drift != nil) {
			return true
		}
	}
	return false
}

// stepCells are wall clock, its ratio to Groundwork's and perhaps the CPU.
func (r Results) stepCells(installer string, step func(Run) *Cost, withCPU bool) []string {
	cells := []string{"-", "-"}
	if withCPU {
		cells = append(cells, "-")
	}
	costs := r.of(installer, step)
	if failure := r.failure(installer, step); failure != "" {
		cells[0] = "did not finish: " + failure
		return cells
	}
	if len(costs) == 0 {
		return cells
	}
	c := medianOf(costs)
	cells[0], cells[1] = seconds(c.Wall), versus(c.Wall, medianOf(r.of(Groundwork, step)).Wall)
	if withCPU {
		cells[2] = seconds(c.CPU)
	}
	return cells
}

// noOpCells are the time of a no-op, its requests other than watches, and writes.
func (r Results) noOpCells(installer string) []string {
	if installer == Groundwork {
		for _, run := range r.Runs {
			if run.Installer == installer && run.Pass != nil {
				return []string{milliseconds(max(run.Pass.Bundle, run.Pass.Release)) + " (a pass)", fmt.Sprint(run.Pass.Requests), fmt.Sprint(run.Pass.Writes)}
			}
		}
		return []string{"-", "-", "-"}
	}
	if failure := r.failure(installer, noOp); failure != "" {
		return []string{"did not finish: " + failure, "-", "-"}
	}
	costs := r.of(installer, noOp)
	if len(costs) == 0 {
		return []string{"-", "-", "-"}
	}
	c := medianOf(costs)
	return []string{seconds(c.Wall), fmt.Sprint(c.Requests.Total() - c.Requests["watch"]), fmt.Sprint(c.Requests.Writes())}
}

func (r Results) driftCells(installer string) []string {
	if installer != Groundwork {
		return []string{never, never, never}
	}
	healed, unhealed := r.drifts(installer)
	if len(healed) == 0 {
		return []string{"-", "-", "-"}
	}
	longest := hundredths(measure.Percentile(healed, 100))
	if unhealed > 0 {
		longest = fmt.Sprintf("%d of %d not healed", unhealed, unhealed+len(healed))
	}
	return []string{hundredths(measure.Percentile(healed, 50)), hundredths(measure.Percentile(healed, 99)), longest}
}

// counts says how many runs there were of each.
func (r Results) counts() string {
	var out []string
	for _, installer := range Order() {
		if n := len(r.of(installer, install)); n > 0 {
			out = append(out, fmt.Sprintf("%s %d", installer, n))
		}
	}
	return strings.Join(out, ", ")
}

func byVerb(c audit.Counts) string {
	var out []string
	for _, verb := range verbs()[:6] {
		out = append(out, fmt.Sprint(c[verb]))
	}
	return strings.Join(append(out, fmt.Sprint(c["delete"]+c["deletecollection"])), "/")
}

func line(w io.Writer, cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")) }

func seconds(d time.Duration) string      { return fmt.Sprintf("%.1f s", d.Seconds()) }
func hundredths(d time.Duration) string   { return fmt.Sprintf("%.2f s", d.Seconds()) }
func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }
func megabytes(n uint64) string           { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }
func number(n int) string                 { return fmt.Sprint(n) }
func times(f float64) string              { return fmt.Sprintf("%.2f ×", f) }

// versus is how many times another figure is Groundwork's.
func versus(theirs, ours time.Duration) string {
	if ours <= 0 {
		return "-"
	}
	return times(float64(theirs) / float64(ours))
}
