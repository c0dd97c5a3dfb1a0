// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package report turns what the bench measured into medians, tables and verdicts. It
// is pure: the standard library, and the statistics and counts of the bench.
package report

import (
	"slices"
	"time"

	"github.com/groundwork-dev/groundwork/test/bench/audit"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
	"github.com/groundwork-dev/groundwork/test/bench/watch"
)

// Installers, in the order of the tables.
const (
	Groundwork = "Groundwork"
	Helm       = "helm"
	Helmfile   = "helmfile"
	Floor      = "floor"
)

// Order is that of the rows.
func Order() []string { return []string{Groundwork, Helmfile, Helm, Floor} }

// Cost is what one step of an installer took.
type Cost struct {
	// Wall is from the command, or the object that asks for it, until everything is as
	// it must be.
	Wall time.Duration `json:"wall"`
	// CPU of the installer and of the API server.
	CPU       time.Duration `json:"cpu"`
	ServerCPU time.Duration `json:"serverCPU"`
	// Peak is the highest sum of resident memory over the installer's processes in any
	// sample, Highest the kernel's own record of the largest of them; bytes.
	Peak    uint64 `json:"peak"`
	Highest uint64 `json:"highest"`
	// Requests of the installer alone, by verb; nil when they were not counted.
	Requests audit.Counts `json:"requests,omitempty"`
	// Sorts of them, by verb and resource; see audit.Sorts.
	Sorts map[string]int `json:"sorts,omitempty"`
	// Sent to the API server and Received from it, in bytes, encrypted as they were.
	Sent     uint64 `json:"sent"`
	Received uint64 `json:"received"`
	// Puts and Deletes of etcd, everybody's.
	Puts    int `json:"puts"`
	Deletes int `json:"deletes"`
	// Failure says what is missing; empty: nothing is.
	Failure string `json:"failure,omitempty"`
}

// Quiet is a window in which nothing happened.
type Quiet struct {
	Window time.Duration `json:"window"`
	// Requests other than watches, and the writes among them. Without leases and the
	// questions of a protected metrics endpoint, neither of which the bench has.
	Requests int `json:"requests"`
	Writes   int `json:"writes"`
	// CPU of the installer in it.
	CPU time.Duration `json:"cpu"`
}

// Pass is a reconcile pass that finds nothing to do.
type Pass struct {
	// Bundle and Release are the means of the two controllers, over so many passes.
	Bundle   time.Duration `json:"bundle"`
	Release  time.Duration `json:"release"`
	Bundles  int           `json:"bundles"`
	Releases int           `json:"releases"`
	// Requests other than watches that these passes sent, and the writes among them.
	Requests int `json:"requests"`
	Writes   int `json:"writes"`
}

// Drift is how long changes of somebody else's lasted.
type Drift struct {
	// Healed took so long, from the response to the change until the watch showed the
	// old value, one for each.
	Healed []time.Duration `json:"healed"`
	// Unhealed are the changes that lasted longer than the bench waits.
	Unhealed []string `json:"unhealed,omitempty"`
}

// Handoff is the operator's own word about its idle gaps.
type Handoff struct {
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Count int           `json:"count"`
}

// Run is one installer on one fresh cluster.
type Run struct {
	Installer string `json:"installer"`
	Number    int    `json:"number"`
	// Load is the machine's one-minute load average at the beginning.
	Load float64 `json:"load"`

	Install Cost        `json:"install"`
	Gaps    []watch.Gap `json:"gaps,omitempty"`
	// IdleRSS is the resident memory after the quiet window; Groundwork alone has one.
	IdleRSS uint64   `json:"idleRSS,omitempty"`
	Handoff *Handoff `json:"handoff,omitempty"`
	// The second table; nil: not done.
	Pass    *Pass  `json:"pass,omitempty"`
	Quiet   *Quiet `json:"quiet,omitempty"`
	NoOp    *Cost  `json:"noOp,omitempty"`
	Upgrade *Cost  `json:"upgrade,omitempty"`
	Drift   *Drift `json:"drift,omitempty"`
	Removal *Cost  `json:"removal,omitempty"`
}

// Results are everything that one command measured.
type Results struct {
	// Charts says which charts; Machine which machine; both in words.
	Charts  string    `json:"charts"`
	Machine string    `json:"machine"`
	Began   time.Time `json:"began"`
	Runs    []Run     `json:"runs"`
	// Targets are the verdicts, for whoever reads the file.
	Targets []Verdict `json:"targets,omitempty"`
}

// of are the runs of an installer in which a step was done and did not fail.
func (r Results) of(installer string, step func(Run) *Cost) []Cost {
	var out []Cost
	for _, run := range r.Runs {
		if run.Installer != installer {
			continue
		}
		if cost := step(run); cost != nil && cost.Failure == "" {
			out = append(out, *cost)
		}
	}
	return out
}

// failure is the first one of a step of an installer.
func (r Results) failure(installer string, step func(Run) *Cost) string {
	for _, run := range r.Runs {
		if cost := step(run); run.Installer == installer && cost != nil && cost.Failure != "" {
			return cost.Failure
		}
	}
	return ""
}

// Steps of a run.
func install(r Run) *Cost { return &r.Install }
func upgrade(r Run) *Cost { return r.Upgrade }
func noOp(r Run) *Cost    { return r.NoOp }
func removal(r Run) *Cost { return r.Removal }

// median is the median of one figure over costs.
func median[N measure.Number](costs []Cost, figure func(Cost) N) N {
	var all []N
	for _, cost := range costs {
		all = append(all, figure(cost))
	}
	return measure.Median(all)
}

// medianOf is the cost whose every figure is the median over costs.
func medianOf(costs []Cost) Cost {
	out := Cost{
		Wall:      median(costs, func(c Cost) time.Duration { return c.Wall }),
		CPU:       median(costs, func(c Cost) time.Duration { return c.CPU }),
		ServerCPU: median(costs, func(c Cost) time.Duration { return c.ServerCPU }),
		Peak:      median(costs, func(c Cost) uint64 { return c.Peak }),
		Highest:   median(costs, func(c Cost) uint64 { return c.Highest }),
		Sent:      median(costs, func(c Cost) uint64 { return c.Sent }),
		Received:  median(costs, func(c Cost) uint64 { return c.Received }),
		Puts:      median(costs, func(c Cost) int { return c.Puts }),
		Deletes:   median(costs, func(c Cost) int { return c.Deletes }),
	}
	for _, verb := range verbs() {
		if n := median(costs, func(c Cost) int { return c.Requests[verb] }); n > 0 {
			if out.Requests == nil {
				out.Requests = audit.Counts{}
			}
			out.Requests[verb] = n
		}
	}
	return out
}

// verbs in the order of the table.
func verbs() []string {
	return []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
}

// gaps are all idle gaps of an installer, over all of its runs.
func (r Results) gaps(installer string) []time.Duration {
	var out []time.Duration
	for _, run := range r.Runs {
		if run.Installer == installer && run.Install.Failure == "" {
			for _, gap := range run.Gaps {
				out = append(out, gap.Idle)
			}
		}
	}
	slices.Sort(out)
	return out
}

// drifts are all healed changes of an installer, and how many were not.
func (r Results) drifts(installer string) (healed []time.Duration, unhealed int) {
	for _, run := range r.Runs {
		if run.Installer == installer && run.Drift != nil {
			healed = append(healed, run.Drift.Healed...)
			unhealed += len(run.Drift.Unhealed)
		}
	}
	return healed, unhealed
}

// figures collects one figure of Groundwork's runs that have it.
func figures[N any](r Results, of func(Run) (N, bool)) []N {
	var out []N
	for _, run := range r.Runs {
		if run.Installer != Groundwork {
			continue
		}
		if figure, ok := of(run); ok {
			out = append(out, figure)
		}
	}
	return out
}
