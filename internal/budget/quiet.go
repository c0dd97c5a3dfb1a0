// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// quiet calls somebody when nothing has been at work for a while, once for each time.
// A nil one calls nobody.
type quiet struct {
	after time.Duration
	call  func()

	mu    sync.Mutex
	timer *time.Timer
}

// WhenQuiet calls f, in a goroutine of its own, when nothing has been at work for that
// long; the first time counts from now. It is called once, before the budget is used.
func (b *Budget) WhenQuiet(after time.Duration, f func()) {
	b.quiet = &quiet{after: after, call: f}
	b.quiet.begin()
}

func (q *quiet) begin() {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.timer != nil {
		q.timer.Stop()
	}
	q.timer = time.AfterFunc(q.after, q.call)
}

func (q *quiet) end() {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.timer.Stop()
}

// Release gives memory back to the kernel that only work needed: the heap that its
// garbage took, and, on Linux, the pages of the program's code, of which start-up and
// rendering touch nearly all and rest needs a few. These come back from the page cache,
// a page fault each, when they are needed again. The error is that of the latter and
// changes nothing but how much is given back.
func Release() error {
	runtime.GC() // what pools keep survives one collection
	debug.FreeOSMemory()
	return releaseProgram()
}
