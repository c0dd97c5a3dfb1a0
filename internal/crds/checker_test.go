// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// watchman is a Checker whose looks are counted and answered by the test, on the clock of a synctest bubble.
type watchman struct {
	*Checker
	mu    sync.Mutex
	looks []string // names of what was looked at
	wakes []string
	peak  int
	busy  int

	answer func(next *Definition) (verdict, error)
	delay  time.Duration
}

func newWatchman(t *testing.T) *watchman {
	t.Helper()
	w := &watchman{answer: func(*Definition) (verdict, error) { return verdict{}, nil }}
	w.Checker = newChecker(w.inspect, CheckerOptions{Wake: func(bundle string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.wakes = append(w.wakes, bundle)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Start: %v", err)
		}
	})
	return w
}

func (w *watchman) inspect(ctx context.Context, next *Definition) (verdict, error) {
	w.mu.Lock()
	w.looks = append(w.looks, next.Name)
	w.busy++
	w.peak = max(w.peak, w.busy)
	answer := w.answer
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.busy--
		w.mu.Unlock()
	}()
	if w.delay > 0 {
		select {
		case <-time.After(w.delay):
		case <-ctx.Done():
			return verdict{}, ctx.Err()
		}
	}
	return answer(next)
}

func (w *watchman) answers(v verdict, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = func(*Definition) (verdict, error) { return v, err }
}

// counted returns how many looks and wakes there were since it was asked last.
func (w *watchman) counted() (looks, wakes int) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	looks, wakes = len(w.looks), len(w.wakes)
	w.looks, w.wakes = nil, nil
	return looks, wakes
}

func ask(change func(*State)) Question {
	return Question{Owner: "week1.widgets", Current: new(held(change)), Next: new(next())}
}

func (w *watchman) expect(t *testing.T, q Question, done bool, want string) {
	t.Helper()
	got, err := w.Check("week1", q)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if got != done || text != want {
		t.Errorf("Check = %t, %q; want %t, %q", got, text, done, want)
	}
}

func (w *watchman) expectCounts(t *testing.T, looks, wakes int) {
	t.Helper()
	if gotLooks, gotWakes := w.counted(); gotLooks != looks || gotWakes != wakes {
		t.Errorf("%d looks and %d wakes, want %d and %d", gotLooks, gotWakes, looks, wakes)
	}
}

func TestCheckAnswersAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		for name, q := range map[string]Question{
			"missing":     {Owner: "week1.widgets", Next: new(next())},
			"foreign":     ask(func(s *State) { s.Owner = "week1.other" }),
			"same digest": ask(func(s *State) { s.Digest = "sha256:new" }),
			"label lost":  ask(func(s *State) { s.Digest, s.Owner = "sha256:new", "" }),
			"terminating": ask(func(s *State) { s.Terminating = true }),
		} {
			if done, err := w.Check("week1", q); !done || err != nil {
				t.Errorf("%s: Check = %t, %v", name, done, err)
			}
		}
		lacking := ask(func(s *State) { s.Owner = "week1.other" })
		lacking.Need = []string{"v9"}
		if done, err := w.Check("week1", lacking); !done || failure.ReasonOf(err, "") != v1alpha1.ReasonKindNotServed {
			t.Errorf("a foreign definition that lacks a version: %t, %v", done, err)
		}
		w.expectCounts(t, 0, 0)
		if len(w.entries) != 0 {
			t.Errorf("something is remembered: %v", w.entries)
		}
	})
}

func TestCheckLooksOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		w.expect(t, ask(nil), false, "")
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		w.expect(t, ask(nil), true, "")
		pass(time.Hour)
		w.expect(t, ask(nil), true, "")
		w.expectCounts(t, 0, 0)
		for what, change := range map[string]func(*State){
			"generation": func(s *State) { s.Generation = 7 }, "UID": func(s *State) { s.UID = "u" }, "stored": func(s *State) { s.StoredVersions = nil },
		} {
			if done, _ := w.Check("week1", ask(change)); done {
				t.Errorf("another %s is not looked at", what)
			}
			w.expectCounts(t, 1, 1)
		}
		other := ask(func(s *State) { s.StoredVersions = nil })
		other.Next.Digest = "sha256:other"
		w.expect(t, other, false, "")
		w.expectCounts(t, 1, 1)
	})
}

func TestCheckCountsForRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		w.answers(verdict{refusal: failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "counted")}, nil)
		q := ask(func(s *State) { s.StoredVersions = []string{"v0"} })
		w.expect(t, q, false, "")
		w.expectCounts(t, 1, 1)
		w.expect(t, q, true, "counted")
	})
}

func TestCheckLooksAgainAtRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		refusal := failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "2 of 3")
		w.answers(verdict{refusal: refusal, narrows: true}, nil)
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		for _, delay := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
			w.expect(t, ask(nil), true, "2 of 3")
			pass(delay - time.Millisecond)
			w.expect(t, ask(nil), true, "2 of 3")
			w.expectCounts(t, 0, 0)
			pass(time.Millisecond)
			w.expectCounts(t, 0, 1) // the timer
			w.expect(t, ask(nil), true, "2 of 3")
			w.expectCounts(t, 1, 0) // the same answer is no news
		}
		w.answers(verdict{refusal: failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "1 of 3")}, nil)
		pass(40 * time.Second)
		w.expect(t, ask(nil), true, "2 of 3")
		w.expectCounts(t, 1, 2) // the timer, and the news
		w.expect(t, ask(nil), true, "1 of 3")
		w.answers(verdict{narrows: true}, nil)
		pass(5 * time.Second) // somebody is repairing: soon again
		w.expect(t, ask(nil), true, "1 of 3")
		w.expectCounts(t, 1, 2)
		w.expect(t, ask(nil), true, "")
	})
}

func TestCheckLooksAgainAtWhatNarrows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		w.answers(verdict{narrows: true}, nil)
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		pass(maxLook)
		w.expectCounts(t, 0, 0) // nobody is woken for that
		w.answers(verdict{refusal: failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "now one does"), narrows: true}, nil)
		w.expect(t, ask(nil), true, "")
		w.expectCounts(t, 1, 1)
		w.expect(t, ask(nil), true, "now one does")
	})
}

func TestCheckRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		n := 0
		w.answer = func(*Definition) (verdict, error) {
			n++ // the text differs each time, and the delay grows nevertheless
			return verdict{}, failure.Retryable(v1alpha1.ReasonPrepareFailed, "no answer %d", n)
		}
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		w.expect(t, ask(nil), true, "no answer 1")
		pass(5 * time.Second)
		w.expect(t, ask(nil), true, "no answer 1")
		w.expectCounts(t, 1, 2)
		pass(5 * time.Second)
		w.expect(t, ask(nil), true, "no answer 2")
		w.expectCounts(t, 0, 0)
		for range 10 {
			pass(maxLook)
			_, _ = w.Check("week1", ask(nil))
			synctest.Wait()
		}
		w.counted()
		pass(maxLook - time.Second)
		w.expect(t, ask(nil), true, fmt.Sprintf("no answer %d", n))
		w.expectCounts(t, 0, 0)
		w.answer = func(*Definition) (verdict, error) { panic("a chart") }
		pass(time.Second)
		_, _ = w.Check("week1", ask(nil))
		synctest.Wait()
		_, err := w.Check("week1", ask(nil))
		if failure.ClassOf(err) != failure.ClassRetryable || failure.ReasonOf(err, "") != v1alpha1.ReasonPrepareFailed {
			t.Errorf("a panic is %v", err)
		}
	})
}

func TestCheckForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		w.answers(verdict{}, errors.New("no"))
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		w.Keep("week1", map[string]bool{"widgets.example.com": true})
		w.expect(t, ask(nil), true, "no")

		w.Retry("week1", "now")
		w.answers(verdict{}, nil)
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		w.Retry("week1", "now")
		w.expect(t, ask(nil), true, "")

		w.Keep("week1", map[string]bool{})
		w.delay = time.Second
		w.expect(t, ask(nil), false, "")
		synctest.Wait()
		w.Keep("week1", nil) // while it is looked at
		pass(time.Second)
		w.expectCounts(t, 1, 0)
		w.delay = 0
		if len(w.entries)+len(w.retried) != 0 {
			t.Errorf("something is remembered: %v, %v", w.entries, w.retried)
		}

		w.answers(verdict{}, errors.New("no"))
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		w.Keep("week1", nil)
		pass(time.Hour)
		w.expectCounts(t, 0, 0) // a timer of what nobody asks wakes nobody
	})
}

func TestCheckForgetsWhatWasSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		w.expect(t, ask(nil), false, "")
		w.expectCounts(t, 1, 1)
		w.expect(t, ask(func(s *State) { s.Digest = "sha256:new" }), true, "")
		if len(w.entries) != 0 {
			t.Errorf("what was applied is remembered: %v", w.entries)
		}
	})
}

func TestCheckAnswerComesTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		w.delay = time.Second
		w.answers(verdict{refusal: failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "old")}, nil)
		w.expect(t, ask(nil), false, "")
		synctest.Wait()
		changed := func(s *State) { s.Generation = 2 }
		w.answers(verdict{}, nil)
		w.expect(t, ask(changed), false, "")
		pass(time.Second)
		w.expectCounts(t, 2, 1)
		w.expect(t, ask(changed), true, "")
	})
}

func TestCheckFewAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchman(t)
		w.delay = time.Second
		var want []string
		for i := range 7 {
			q := ask(nil)
			q.Next.Name = fmt.Sprintf("w%d.example.com", i)
			want = append(want, q.Next.Name)
			w.expect(t, q, false, "")
		}
		pass(4 * time.Second)
		synctest.Wait()
		slices.Sort(w.looks)
		if diff := cmp.Diff(want, w.looks); diff != "" || w.peak != 2 {
			t.Errorf("peak %d, looks (-want +got):\n%s", w.peak, diff)
		}
	})
}
