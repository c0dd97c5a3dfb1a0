// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// fault is what the API server does to some writes in a row. The operator lives.
type fault struct {
	name  string
	what  effect
	times int
}

func faults() []fault {
	var out []fault
	for _, times := range []int{1, 5} {
		out = append(out, fault{"409", conflict, times}, fault{"429", throttle, times}, fault{"500", broken, times},
			fault{"timeout", timeout, times}, fault{"lost", lost, times})
	}
	return append(out, fault{"refused", outage, 1})
}

func (f fault) String() string {
	if f.times == 1 {
		return f.name
	}
	return fmt.Sprintf("%sx%d", f.name, f.times)
}

// faultsPerScenario is how many writes of a scenario each fault hits.
const faultsPerScenario = 4

// TestFault makes the API server answer wrongly, late or not at all in the middle
// of a scenario; the same operator must reach the end state.
func TestFault(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			all := theStage(t)
			t.Parallel()
			r := all.reference(t, s)
			tab := scores.table("fault", s.Name, len(r.writes))
			for i, f := range faults() {
				for _, n := range hits(i, len(r.writes)) {
					name := fmt.Sprintf("%d/%s", n, f)
					if !selected(s.Name, name, sampleFault(s, f) && n == hits(i, len(r.writes))[1]) {
						continue
					}
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						w := all.take(t)
						defer tab.try(t, s.Name+"/"+name)()
						disturb(t, w, s, r, n, f)
					})
				}
			}
		})
	}
}

// hits are the writes that the i-th fault disturbs: spread over the scenario, and
// other ones for each fault.
func hits(i, writes int) []int {
	var out []int
	step := max(1, writes/faultsPerScenario)
	for n := 1 + i%step; n <= writes && len(out) < faultsPerScenario; n += step {
		out = append(out, n)
	}
	return out
}

// sampleFault picks four that do not wait for long.
func sampleFault(s scenario, f fault) bool {
	return slices.Contains([]string{"install 409", "install refused", "upgrade 429", "uninstall 500"}, s.Name+" "+f.String())
}

func disturb(t *testing.T, w *world, s scenario, r reference, n int, f fault) {
	t.Helper()
	id := w.begin(t, s, func(i int) effect {
		if i >= n && i < n+f.times {
			return f.what
		}
		return pass
	})
	defer w.clear(t, id)
	defer func() { w.process.disarm() }()
	process := w.process
	w.expectEnd(t, s, id, r.state)
	writes := process.gate.counted()
	if len(writes) < n {
		t.Skipf("there was no write %d to disturb: runs differ by a few", n)
	}
	t.Logf("disturbed %v", writes[n-1:min(len(writes), n-1+f.times)])
}

// TestRestart stops the API server in the middle of an install and starts it
// again, on the same port and with the same storage.
func TestRestart(t *testing.T) {
	s := scenario{Name: "install", Change: create, Done: ready}
	all := theStage(t)
	for _, fraction := range []int{3, 2} {
		name := fmt.Sprintf("1of%d/restart", fraction)
		if !selected(s.Name, name, false) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			r := all.reference(t, s)
			w := all.take(t)
			defer scores.table("fault", "restart", len(r.writes)).try(t, s.Name+"/"+name)()
			reached := make(chan struct{})
			id := w.begin(t, s, func(n int) effect {
				if n == len(r.writes)/fraction {
					close(reached)
				}
				return pass
			})
			defer w.clear(t, id)
			<-reached
			if err := w.restartServer(); err != nil {
				t.Fatal(err)
			}
			w.expectEnd(t, s, id, r.state)
		})
	}
}

// restartServer ends the API server and starts it again. Open watches keep it from
// ending in an orderly way: then it is killed, which is reported as an error and
// is as good here. If it still ran, its port would not be free for the next.
func (w *world) restartServer() error {
	server := w.server.ControlPlane.GetAPIServer()
	stopped := server.Stop()
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the API server again: %w", errors.Join(err, stopped))
	}
	return nil
}
