// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// desk is a budget with everybody who ever came to it.
type desk struct {
	*Budget
	gates []*Gate
	there []*Ticket // waiting or at work, in the order of joining
}

// atWork says whether a ticket has been let in; nothing happens behind the test's back.
func atWork(t *Ticket) bool {
	select {
	case <-t.admitted:
		return true
	default:
		return false
	}
}

func (d *desk) leave(i int) {
	d.there[i].Done()
	d.there = slices.Delete(d.there, i, i+1)
}

// check holds what is promised against what is.
func (d *desk) check(t *rapid.T) {
	var sum int64
	weighty, waiting := 0, 0
	inside := map[*Gate]int{}
	for _, ticket := range d.there {
		if !atWork(ticket) {
			waiting++
			continue
		}
		inside[ticket.gate]++
		if sum += ticket.weight; ticket.weight > 0 {
			weighty++
		}
	}
	if d.size > 0 && sum > d.size && weighty != 1 {
		t.Fatalf("%d of them weigh %d together, with a budget of %d", weighty, sum, d.size)
	}
	for _, gate := range d.gates {
		if inside[gate] > gate.parallel {
			t.Fatalf("%d at a gate for %d", inside[gate], gate.parallel)
		}
	}
	if waiting > 0 && len(inside) == 0 {
		t.Fatal("everybody waits and nobody works")
	}
	if got := d.State(); got != (State{Size: d.size, Used: sum, Waiting: waiting}) {
		t.Fatalf("the state is %+v, but %d are used and %d wait", got, sum, waiting)
	}
	for _, ticket := range d.there {
		if ticket.overtaken > patience {
			t.Fatalf("a ticket was overtaken %d times", ticket.overtaken)
		}
	}
}

// TestBudgetHolds: whoever comes, works, and leaves from work or from the queue, the
// sum of the weights at work is within the budget unless one that is heavier works
// alone, everybody has a turn in the end, and nobody leaves any weight behind.
func TestBudgetHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := desk{Budget: New(rapid.Int64Range(0, 20).Draw(t, "size"))}
		for range rapid.IntRange(1, 3).Draw(t, "gates") {
			d.gates = append(d.gates, d.Gate(rapid.IntRange(1, 6).Draw(t, "parallel")))
		}
		for range rapid.IntRange(0, 200).Draw(t, "events") {
			if len(d.there) == 0 || rapid.Bool().Draw(t, "join") {
				gate := rapid.SampledFrom(d.gates).Draw(t, "gate")
				d.there = append(d.there, gate.Join(rapid.Int64Range(0, 30).Draw(t, "weight")))
			} else {
				d.leave(rapid.IntRange(0, len(d.there)-1).Draw(t, "who")) // interrupted if it still waits
			}
			d.check(t)
		}
		for len(d.there) > 0 {
			i := slices.IndexFunc(d.there, atWork)
			if i < 0 {
				t.Fatal("nobody works, and somebody waits")
			}
			d.leave(i)
			d.check(t)
		}
		if got := d.State(); got != (State{Size: d.size}) {
			t.Fatalf("left behind: %+v", got)
		}
	})
}
