// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// beyond is how many points after the last write of the undisturbed run are
// tried: the order of writes differs from run to run, and so may their number.
const beyond = 5

// sampled is how many kills of a scenario are tried unless all are.
const sampled = 3

// TestKill kills the operator at the n-th write of a scenario, before or after
// the API server has carried it out. The next one must reach the end state of an
// undisturbed run.
func TestKill(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			all := theStage(t)
			t.Parallel()
			r := all.reference(t, s)
			tab := scores.table("kill", s.Name, len(r.writes))
			for n := 1; n <= len(r.writes)+beyond; n++ {
				for _, variant := range []string{"before", "after"} {
					name := fmt.Sprintf("%d/%s", n, variant)
					if !selected(s.Name, name, sampleKill(n, variant, len(r.writes))) {
						continue
					}
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						w := all.take(t)
						defer tab.try(t, s.Name+"/"+name)()
						killAt(t, w, s, r, n, variant)
					})
				}
			}
		})
	}
}

// sampleKill spreads a few points over a scenario.
func sampleKill(n int, variant string, writes int) bool {
	for i := 1; i <= sampled; i++ {
		if n == (2*i-1)*writes/(2*sampled) {
			return (i%2 == 0) == (variant == "before")
		}
	}
	return false
}

func killAt(t *testing.T, w *world, s scenario, r reference, n int, variant string) {
	t.Helper()
	what := killBefore
	if variant == "after" {
		what = killAfter
	}
	id := w.begin(t, s, func(i int) effect {
		if i == n {
			return what
		}
		return pass
	})
	defer w.clear(t, id)
	process := w.process
	err := eventually(t.Context(), pointTimeout, func(ctx context.Context) error {
		select {
		case <-process.gate.died:
			return nil
		default:
			// A run with fewer writes is over before; then it is killed at rest.
			return w.over(ctx, s, id)
		}
	})
	if err != nil {
		t.Fatalf("write %d is not reached: %v\n%s", n, err, w.explain(t, id))
	}
	if writes := process.gate.counted(); len(writes) >= n {
		t.Logf("killed %s %s", variant, writes[n-1])
	}
	began := time.Now()
	w.replace(t)
	ended := time.Since(began)
	w.expectEnd(t, s, id, r.state)
	t.Logf("the old operator ended within %s, the next recovered within %s",
		ended.Round(time.Millisecond), (time.Since(began) - ended).Round(time.Millisecond))
}
