// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/test/bench/audit"
	"github.com/groundwork-dev/groundwork/test/bench/watch"
)

const s = time.Second

// good is a result that meets every target.
func good() Results {
	ours := func(wall time.Duration) Run {
		return Run{
			Installer: Groundwork, IdleRSS: 70 << 20, Handoff: &Handoff{P50: 20 * time.Millisecond, P99: 60 * time.Millisecond, Count: 2},
			Install: Cost{Wall: wall, CPU: 8 * s, ServerCPU: 20 * s, Peak: 150 << 20, Highest: 160 << 20, Requests: audit.Counts{"get": 100, "patch": 50, "watch": 7}, Puts: 900, Deletes: 10},
			Gaps:    []watch.Gap{{Component: "a", Idle: 30 * time.Millisecond}, {Component: "b", Idle: 40 * time.Millisecond}},
			Pass:    &Pass{Bundle: 400 * time.Microsecond, Release: 100 * time.Microsecond},
			Quiet:   &Quiet{Window: 10 * time.Minute},
			Upgrade: &Cost{Wall: 10 * s}, Removal: &Cost{Wall: 5 * s}, Drift: &Drift{Healed: []time.Duration{s / 10, s / 5}},
		}
	}
	return Results{Charts: "Charts: real", Machine: "Machine: 2 cores", Runs: []Run{
		ours(17 * s), ours(18 * s), ours(30 * s),
		{Installer: Helmfile, Install: Cost{Wall: 36 * s, CPU: 16 * s}, Upgrade: &Cost{Wall: 30 * s}, NoOp: &Cost{Wall: 12 * s, Requests: audit.Counts{"get": 10, "watch": 3, "create": 2}}},
		{Installer: Floor, Install: Cost{Wall: 15 * s}},
	}}
}

func verdict(t *testing.T, r Results, about string) Verdict {
	t.Helper()
	for _, v := range Judge(r) {
		if strings.Contains(v.Target, about) {
			return v
		}
	}
	t.Fatalf("no target about %q", about)
	return Verdict{}
}

func TestJudge(t *testing.T) {
	for _, v := range Judge(good()) {
		if v.Word() != "met" {
			t.Errorf("%s: %s %s", v.Target, v.Measured, v.Word())
		}
	}
	for _, v := range Judge(Results{}) {
		if v.Word() != "unknown" || v.Measured != "not measured" {
			t.Errorf("nothing was measured, and %s: %s %s", v.Target, v.Measured, v.Word())
		}
	}
	tests := map[string]struct {
		about  string
		change func(*Results)
		want   Verdict
	}{
		"the median counts": {"wall clock ≤ 20", func(r *Results) { r.Runs[0].Install.Wall = 21 * s },
			Verdict{"wall clock ≤ 20.0 s", "21.0 s", false, true}},
		"in time, but too near to helmfile": {"helmfile", func(r *Results) { r.Runs[3].Install.Wall = 20 * s },
			Verdict{"wall clock ≤ 0.6 × helmfile", "0.90 ×", false, true}},
		"helmfile did not finish": {"helmfile", func(r *Results) { r.Runs[3].Install.Failure = "no" },
			Verdict{"wall clock ≤ 0.6 × helmfile", "not measured", false, false}},
		"one of ours did not finish": {"wall clock ≤ 20", func(r *Results) { r.Runs[2].Install.Failure = "no" },
			Verdict{"wall clock ≤ 20.0 s", "not measured", false, false}},
		"a pass that asks": {"non-watch requests ≤ 0", func(r *Results) { r.Runs[1].Pass.Requests = 1 },
			Verdict{"no-op pass: non-watch requests ≤ 0", "1", false, true}},
		"a window that is too short proves nothing": {"quiet", func(r *Results) {
			for i := range 3 {
				r.Runs[i].Quiet.Window = time.Minute
			}
		}, Verdict{"non-watch requests and writes in 10m0s of quiet ≤ 0", "0 in 1m0s", true, false}},
		"but it refutes": {"quiet", func(r *Results) {
			for i := range 3 {
				r.Runs[i].Quiet = &Quiet{Window: time.Minute, Requests: 1}
			}
		}, Verdict{"non-watch requests and writes in 10m0s of quiet ≤ 0", "3 in 1m0s", false, true}},
		"drift that stays": {"drift", func(r *Results) { r.Runs[0].Drift.Unhealed = []string{"x"} },
			Verdict{"drift healed, p99 ≤ 1.0 s", "0.20 s, 1 of 7 not healed", false, true}},
		"no hand-off was seen": {"hand-off", func(r *Results) {
			for i := range 3 {
				r.Runs[i].Handoff = &Handoff{}
			}
		}, Verdict{"hand-off p99 ≤ 100.00 ms", "not measured", false, false}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := good()
			tt.change(&r)
			if diff := cmp.Diff(tt.want, verdict(t, r, tt.about)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	r := good()
	r.Runs = append(r.Runs, Run{Installer: Helm, Install: Cost{Failure: "out of time; missing: release a/b"}})
	var out strings.Builder
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(out.String()) {
		// Cells are two spaces apart or more.
		var cells []string
		for cell := range strings.SplitSeq(strings.TrimSpace(line), "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				cells = append(cells, cell)
			}
		}
		if len(cells) > 1 {
			rows[cells[0]] = append(rows[cells[0]], strings.Join(cells[1:], " | "))
		}
	}
	want := map[string][]string{
		Groundwork: {
			"18.0 s | 1.00 × | 8.0 s | 1.00 × | 20.0 s | 160.0 MB | 70.0 MB | 0.03 s | 0.04 s | 157 | 100/0/7/0/0/50/0 | 0.0 MB | 0.0 MB | 910",
			"10.0 s | 1.00 × | 0.0 s | 0.40 ms (a pass) | 0 | 0 | 0.10 s | 0.20 s | 0.20 s | 5.0 s | 1.00 ×",
		},
		Helmfile: {
			"36.0 s | 2.00 × | 16.0 s | 2.00 × | 0.0 s | 0.0 MB | - | - | - | 0 | 0/0/0/0/0/0/0 | 0.0 MB | 0.0 MB | 0",
			"30.0 s | 3.00 × | 0.0 s | 12.0 s | 12 | 2 | never | never | never | - | -",
		},
		Helm: {"did not finish: out of time; missing: release a/b"},
	}
	for installer, lines := range want {
		if diff := cmp.Diff(lines, rows[installer]); diff != "" {
			t.Errorf("%s: %s", installer, diff)
		}
	}
}

func TestMedianOf(t *testing.T) {
	got := medianOf([]Cost{
		{Wall: 1 * s, Peak: 30, Requests: audit.Counts{"get": 5}}, {Wall: 9 * s, Peak: 10, Requests: audit.Counts{"get": 7, "list": 1}},
		{Wall: 2 * s, Peak: 20, Requests: audit.Counts{"get": 6}},
	})
	if diff := cmp.Diff(Cost{Wall: 2 * s, Peak: 20, Requests: audit.Counts{"get": 6}}, got); diff != "" {
		t.Error(diff)
	}
}
