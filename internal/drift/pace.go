// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"slices"
	"time"
)

const (
	// An object that was put back flapTimes within flapWindow is somebody else's, too: it is put back less and less often, and counts as calm
	// when it needed nothing for calmAfter.
	flapTimes  = 3
	flapWindow = time.Minute
	calmAfter  = 10 * time.Minute

	// An object that is written all the time without differing, a lock for example, is examined at most lookTimes within lookWindow, then every
	// lookPause.
	lookTimes  = 10
	lookWindow = 5 * time.Minute
	lookPause  = 30 * time.Second

	firstDelay   = 10 * time.Second
	longestDelay = 5 * time.Minute
)

// backoff doubles a delay from firstDelay to longestDelay.
type backoff struct {
	delay time.Duration
	until time.Time
}

func (b *backoff) next(now time.Time) {
	b.delay = min(max(2*b.delay, firstDelay), longestDelay)
	b.until = now.Add(b.delay)
}

// pace says when an object may be examined.
type pace struct {
	notBefore time.Time   // because it changes too often
	looks     []time.Time // examinations within lookWindow
	puts      []time.Time // corrections within flapWindow, and the last one while it flaps
	flap      backoff     // its delay is zero while the object does not flap
	trouble   backoff     // of an object that could not be compared
}

// looked notes an examination because of a change.
func (p *pace) looked(now time.Time) {
	p.looks = append(recent(p.looks, now, lookWindow), now)
	if len(p.looks) >= lookTimes {
		p.wait(now.Add(lookPause))
	}
}

// retry ends the delay after trouble; that of an object that flaps stays.
func (p *pace) retry(now time.Time) {
	if p == nil {
		return
	}
	p.trouble = backoff{}
	if !p.flapping(now) {
		p.notBefore = time.Time{}
	}
}

// settled notes that the object could be compared.
func (p *pace) settled(now time.Time) {
	if p == nil {
		return
	}
	p.trouble = backoff{}
	if p.flap.delay > 0 && !p.flapping(now) {
		p.flap, p.puts = backoff{}, nil
	}
}

// putBack notes a correction.
func (p *pace) putBack(now time.Time) {
	if !p.flapping(now) {
		p.flap = backoff{}
		p.puts = recent(p.puts, now, flapWindow)
	}
	p.puts = append(p.puts, now)
	if len(p.puts) >= flapTimes {
		p.puts = p.puts[len(p.puts)-flapTimes:]
		p.flap.next(now)
		p.wait(p.flap.until)
	}
}

// failed notes that the object could not be compared and must be looked at again.
func (p *pace) failed(now time.Time) {
	p.trouble.next(now)
}

func (p *pace) wait(until time.Time) {
	if until.After(p.notBefore) {
		p.notBefore = until
	}
}

// flapping says whether somebody keeps changing the object.
func (p *pace) flapping(now time.Time) bool {
	return p != nil && p.flap.delay > 0 && now.Before(p.calmAt())
}

// calm says that nothing that was noted matters any more.
func (p *pace) calm(now time.Time) bool {
	if p == nil {
		return true
	}
	within := func(window time.Duration) func(time.Time) bool {
		return func(t time.Time) bool { return now.Sub(t) < window }
	}
	return !p.flapping(now) && !now.Before(p.notBefore) && !now.Before(p.trouble.until) &&
		!slices.ContainsFunc(p.looks, within(lookWindow)) && !slices.ContainsFunc(p.puts, within(flapWindow))
}

// calmAt is when the object counts as calm if nothing happens. It is only asked of an object that flaps.
func (p *pace) calmAt() time.Time { return p.puts[len(p.puts)-1].Add(calmAfter) }

func recent(times []time.Time, now time.Time, window time.Duration) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) >= window })
}
