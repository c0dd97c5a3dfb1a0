// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package budget_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/budget"
)

// in says whether a ticket has been let in.
func in(t *testing.T, ticket *budget.Ticket) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- ticket.Wait(ctx) }()
	synctest.Wait()
	cancel()
	return <-result == nil
}

// expectIn checks who has been let in, in the order of joining.
func expectIn(t *testing.T, tickets []*budget.Ticket, want ...bool) {
	t.Helper()
	var got []bool
	for _, ticket := range tickets {
		got = append(got, in(t, ticket))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("let in (-want +got):\n%s", diff)
	}
}

func join(gate *budget.Gate, weights ...int64) (out []*budget.Ticket) {
	for _, weight := range weights {
		out = append(out, gate.Join(weight))
	}
	return out
}

func TestWeights(t *testing.T) {
	for name, tc := range map[string]struct {
		size     int64
		parallel int
		weights  []int64
		want     []bool
	}{
		"within the budget":                       {10, 9, []int64{4, 6}, []bool{true, true}},
		"over the budget":                         {10, 9, []int64{4, 7}, []bool{true, false}},
		"a small one goes past a big one":         {10, 9, []int64{4, 7, 3}, []bool{true, false, true}},
		"a heavier one than the budget, alone":    {10, 9, []int64{50, 1}, []bool{true, false}},
		"it waits until it is alone":              {10, 9, []int64{1, 50}, []bool{true, false}},
		"nothing weighs nothing":                  {10, 9, []int64{10, 0, -5}, []bool{true, true, true}},
		"but counts at the gate":                  {10, 2, []int64{0, 0, 0}, []bool{true, true, false}},
		"a budget without end":                    {0, 9, []int64{1 << 60, 1 << 60}, []bool{true, true}},
		"a gate for none is a gate for one":       {10, 0, []int64{1, 1}, []bool{true, false}},
		"those of one weight in their own order":  {10, 9, []int64{5, 6, 5, 5}, []bool{true, false, true, false}},
		"weightless beside the heaviest of them":  {10, 9, []int64{50, 0}, []bool{true, false}},
		"weightless ones do not keep it from all": {10, 9, []int64{0, 50, 1}, []bool{true, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				expectIn(t, join(budget.New(tc.size).Gate(tc.parallel), tc.weights...), tc.want...)
			})
		})
	}
}

func TestRoomIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(10)
		tickets := join(b.Gate(9), 6, 7, 8, 4)
		expectIn(t, tickets, true, false, false, true)
		tickets[0].Done()
		expectIn(t, tickets[1:], false, false, true)
		tickets[3].Done()
		expectIn(t, tickets[1:3], true, false)
		tickets[1].Done()
		expectIn(t, tickets[2:3], true)
		tickets[2].Done()
		if got := b.State(); got != (budget.State{Size: 10}) {
			t.Errorf("left behind: %+v", got)
		}
	})
}

// TestGatesShareTheBudgetOnly: a full gate holds nobody up at another.
func TestGatesShareTheBudgetOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(10)
		narrow, wide := b.Gate(1), b.Gate(9)
		expectIn(t, join(narrow, 1, 1), true, false)
		many := make([]int64, 200)
		for _, ticket := range join(wide, many...)[:9] {
			if !in(t, ticket) {
				t.Fatal("held up by another gate")
			}
		}
		expectIn(t, join(b.Gate(1), 10, 9, 0), false, true, false)
	})
}

// TestNobodyStarves: however many small ones come, the big one has its turn, and
// until then not even one more of them.
func TestNobodyStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(10)
		gate := b.Gate(1000)
		small := []*budget.Ticket{gate.Join(1)}
		big := gate.Join(10)
		passed := 0
		for range 1000 {
			next := gate.Join(1)
			small[0].Done() // the next one is there before this one goes: there is never nobody
			small = append(small[1:], next)
			if in(t, big) {
				break
			}
			passed++
		}
		if !in(t, big) || in(t, small[0]) {
			t.Fatalf("after %d small ones: the big one is in: %t, the last small one: %t", passed, in(t, big), in(t, small[0]))
		}
		if passed != 64 {
			t.Errorf("%d small ones went past it, want 64", passed)
		}
		big.Done()
		expectIn(t, small, true)
	})
}

// TestManyAtOnce: room for many at the same moment does not make them pass by.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(1000)
		gate := b.Gate(1000)
		first, second := gate.Join(999), gate.Join(1)
		big, small := gate.Join(1000), join(gate, slices.Repeat([]int64{1}, 100)...)
		first.Done()
		if got := b.State(); got.Used != 1+64 {
			t.Errorf("%d small ones went past the big one at once, want 64", got.Used-1)
		}
		second.Done()
		for _, ticket := range small[:64] {
			ticket.Done()
		}
		expectIn(t, []*budget.Ticket{big, small[64]}, true, false)
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(10)
		gate := b.Gate(9)
		first := gate.Join(10)
		why := errors.New("not wanted any more")
		ctx, cancel := context.WithCancelCause(t.Context())
		waiter, behind := gate.Join(10), gate.Join(10)
		result := make(chan error)
		go func() { defer waiter.Done(); result <- waiter.Wait(ctx) }()
		synctest.Wait()
		cancel(why)
		if err := <-result; !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		first.Done()
		expectIn(t, []*budget.Ticket{behind}, true)
		if err := behind.Wait(ctx); !errors.Is(err, why) {
			t.Errorf("a context that has ended let somebody in: %v", err)
		}
	})
}

// TestConcurrentUse is for the race detector, and counts.
func TestConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(100)
		gates := []*budget.Gate{b.Gate(3), b.Gate(50)}
		var inside, done atomic.Int64
		var group sync.WaitGroup
		for i := range 300 {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(50+i)*time.Millisecond)
				defer cancel()
				weight := int64(i%40 + 1)
				ticket := gates[i%2].Join(weight)
				defer ticket.Done()
				if ticket.Wait(ctx) != nil {
					return
				}
				if now := inside.Add(weight); now > 100 {
					t.Errorf("%d at work", now)
				}
				<-time.After(time.Duration(i%7) * time.Millisecond)
				inside.Add(-weight)
				done.Add(1)
			})
		}
		group.Wait()
		if got := b.State(); got != (budget.State{Size: 100}) || done.Load() < 100 {
			t.Errorf("left behind %+v; %d of 300 were let in", got, done.Load())
		}
	})
}
