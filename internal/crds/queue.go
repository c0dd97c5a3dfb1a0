// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"maps"
	"slices"
	"time"
)

const (
	backoffBase = 500 * time.Millisecond
	backoffMax  = 30 * time.Second
	// rememberDone bounds how long a finished send is taken for granted while the caller goes on asking for it. It is much longer than a
	// watch lags behind, and short enough to cure a definition that was deleted unseen.
	rememberDone = time.Minute
)

// Request is one definition to apply.
type Request struct {
	// Owner is the component (<bundle>.<component>) that the definition will belong to. Default: the owner given to Ensure.
	Owner string
	// Definition to apply.
	Definition *Definition
}

// job is a request on its way.
type job struct {
	queue    string // the owner given to Ensure
	owner    string // the label
	def      *Definition
	running  bool
	done     bool
	doneAt   time.Time
	failures int
	dueAt    time.Time
	err      error
}

func (j *job) same(r Request) bool { return j.owner == r.Owner && j.def.Digest == r.Definition.Digest }

// book is the queue of every owner, in order of need. It knows no locks and no clock.
type book struct {
	queues map[string][]*job
	busy   map[string]bool // names of definitions that are being sent
	last   string          // the owner that was served last: owners take turns
}

func newBook() *book { return &book{queues: map[string][]*job{}, busy: map[string]bool{}} }

// replace makes requests the queue of the owner. A job that is there already keeps its progress and gets its new place.
func (b *book) replace(owner string, requests []Request, now time.Time) {
	have := make(map[string]*job, len(b.queues[owner]))
	for _, j := range b.queues[owner] {
		have[j.def.Name] = j
	}
	queue := make([]*job, 0, len(requests))
	seen := make(map[string]bool, len(requests))
	for _, r := range requests {
		if r.Owner == "" {
			r.Owner = owner
		}
		if seen[r.Definition.Name] {
			continue
		}
		seen[r.Definition.Name] = true
		j, ok := have[r.Definition.Name]
		if !ok || !j.same(r) {
			j = &job{queue: owner, owner: r.Owner, def: r.Definition}
		}
		if j.done && now.Sub(j.doneAt) >= rememberDone {
			j.done = false
		}
		queue = append(queue, j)
	}
	if len(queue) == 0 {
		delete(b.queues, owner)
		return
	}
	b.queues[owner] = queue
}

// take marks the next job that is due as running, or returns nil.
func (b *book) take(now time.Time) *job {
	for _, owner := range b.turns() {
		for _, j := range b.queues[owner] {
			if j.done || j.running || b.busy[j.def.Name] || j.dueAt.After(now) {
				continue
			}
			j.running = true
			b.busy[j.def.Name] = true
			b.last = owner
			return j
		}
	}
	return nil
}

// turns lists the owners, beginning after the one that was served last.
func (b *book) turns() []string {
	owners := slices.Sorted(maps.Keys(b.queues))
	i, found := slices.BinarySearch(owners, b.last)
	if found {
		i++
	}
	return slices.Concat(owners[i:], owners[:i])
}

// nextDue returns when the next failed job may be tried again, those left aside that are due already: they wait for a free place.
func (b *book) nextDue(now time.Time) (time.Time, bool) {
	var due time.Time
	for _, queue := range b.queues {
		for _, j := range queue {
			if j.done || j.running || !j.dueAt.After(now) {
				continue
			}
			if due.IsZero() || j.dueAt.Before(due) {
				due = j.dueAt
			}
		}
	}
	return due, !due.IsZero()
}

// finish records the result and says whether the owner wants to know: a failure, its end, or the end of the queue.
func (b *book) finish(j *job, err error, now time.Time) (tell bool) {
	j.running = false
	delete(b.busy, j.def.Name)
	if err != nil {
		j.err = err
		j.failures++
		j.dueAt = now.Add(backoff(j.failures))
		return b.holds(j)
	}
	recovered := j.err != nil
	j.done, j.doneAt, j.err, j.failures = true, now, nil, 0
	return b.holds(j) && (recovered || b.drained(j.queue))
}

// holds says whether the job was not replaced while it ran.
func (b *book) holds(j *job) bool { return slices.Contains(b.queues[j.queue], j) }

func (b *book) drained(owner string) bool {
	return !slices.ContainsFunc(b.queues[owner], func(j *job) bool { return !j.done })
}

func (b *book) pending(name string) bool {
	if b.busy[name] {
		return true
	}
	for _, queue := range b.queues {
		if slices.ContainsFunc(queue, func(j *job) bool { return !j.done && j.def.Name == name }) {
			return true
		}
	}
	return false
}

func (b *book) errors(owner string) map[string]error {
	out := map[string]error{}
	for _, j := range b.queues[owner] {
		if j.err != nil {
			out[j.def.Name] = j.err
		}
	}
	return out
}

// backoff is the delay after the given number of failures in a row.
func backoff(failures int) time.Duration {
	d := backoffBase
	for range failures - 1 {
		d *= 2
		if d >= backoffMax {
			return backoffMax
		}
	}
	return d
}
