// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package micro

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/watch"

	"github.com/groundwork-dev/groundwork/internal/drift"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

const (
	releases = 1000
	rounds   = 20
	// limit of what readiness and drift keep of a release of ten objects, in bytes, with
	// what the Go runtime adds; growth is what 20 rounds of events may add to that.
	limit  = 32 << 10
	growth = limit / 16
	// rest is what the rooms may keep when there is no release any more, in all.
	rest = 1 << 20
)

// heap is what is reachable now, in bytes.
func heap() int {
	runtime.GC()
	runtime.GC() // what finalizers and pools had held
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// platform is the rooms that watch, and the releases that they are told about.
type platform struct {
	*feed
	tracker *readiness.Tracker
	ledger  *drift.Ledger
	objects [][]state
}

// newPlatform starts the rooms in a bubble of virtual time.
func newPlatform(t *testing.T) *platform {
	t.Helper()
	p := &platform{feed: newFeed(t), ledger: drift.NewLedger(drift.Options{})}
	p.tracker = readiness.NewTracker(nil, mapper{}, readiness.Options{Client: p.dynamic(), Metadata: p.partial(), Changed: p.ledger.Changed})
	start(t, p.tracker)
	return p
}

// start runs a room until the test ends.
func start(t *testing.T, room interface{ Start(context.Context) error }) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- room.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func releaseName(i int) string { return fmt.Sprintf("bundle%d.component%d", i/10, i%10) }

// fresh makes the objects of a release anew, with other UIDs; the last one has
// another name each time, as a configuration with a hash in its name has.
func (p *platform) fresh(i int) []state {
	var out []state
	for k := range kinds {
		name := fmt.Sprintf("component%d-object%d", i%10, k)
		if k == len(kinds)-1 {
			name = fmt.Sprintf("%s-%d", name, p.version)
		}
		out = append(out, state{
			namespace: fmt.Sprintf("namespace%d", i/10), name: name, release: releaseName(i),
			uid: fmt.Sprintf("00000000-0000-4000-8000-%012d", p.next()), kind: k, version: p.next(), available: 1,
		})
	}
	return out
}

func objectOf(s state) readiness.Object {
	return readiness.Object{GroupVersionKind: kinds[s.kind], Namespace: s.namespace, Name: s.name}
}

// install makes a release anew.
func (p *platform) install(i int) {
	p.objects[i] = p.fresh(i)
	p.released(i)
}

// upgrade makes a revision in which one object has another name.
func (p *platform) upgrade(i int) {
	s := &p.objects[i][len(kinds)-1]
	p.show(watch.Deleted, *s)
	s.version = p.next()
	s.name = fmt.Sprintf("component%d-object9-%d", i%10, s.version)
	p.released(i)
	p.show(watch.Added, *s)
}

// released does what the reconciler does with a revision that was made: everything was
// written, and is tracked.
func (p *platform) released(i int) {
	var inventory []readiness.Object
	var written []readiness.Applied
	for _, s := range p.objects[i] {
		inventory = append(inventory, objectOf(s))
		written = append(written, readiness.Applied{Object: objectOf(s), UID: s.uid, Generation: 1, ResourceVersion: fmt.Sprint(s.version)})
	}
	p.tracker.Expect(written...)
	p.ledger.Known(releaseName(i), written...)
	p.ledger.Released(releaseName(i), written...)
	p.tracker.Track(releaseName(i), inventory)
}

func (p *platform) showAll(what watch.EventType, i int) {
	for k := range p.objects[i] {
		p.objects[i][k].version = p.next()
		p.show(what, p.objects[i][k])
	}
}

// heal does what the reconciler does about what the ledger holds due.
func (p *platform) heal(i int) {
	objects, all := p.ledger.Begin(releaseName(i))
	if len(objects) == 0 && !all {
		return
	}
	var found []drift.Finding
	var written []readiness.Applied
	for _, o := range objects {
		found = append(found, drift.Finding{Object: o, Fields: []string{"metadata.annotations.revision"}, Writer: "kubectl", Corrected: true})
		written = append(written, readiness.Applied{Object: o, UID: "u", Generation: 1, ResourceVersion: fmt.Sprint(p.next())})
	}
	p.ledger.Learn(releaseName(i), found, written...)
	p.tracker.Expect(written...)
}

// round lets happen what happens in a week: workloads restart, somebody edits an
// object of every release, every release is upgraded, and a tenth of them is removed
// and installed again.
func (p *platform) round(number int) {
	for i := range p.objects {
		for k := range p.objects[i] {
			switch s := &p.objects[i][k]; {
			case k == 0 && i%2 == number%2:
				s.available, s.version = 1-s.available, p.next()
				p.show(watch.Modified, *s)
			case k == 5+number%3:
				s.version = p.next()
				p.show(watch.Modified, *s)
			}
		}
		p.heal(i)
		p.upgrade(i)
	}
	for i := number % 10; i < len(p.objects); i += 10 {
		p.showAll(watch.Deleted, i)
		if number%2 == 0 {
			p.tracker.Forget(releaseName(i))
			p.ledger.Forget(releaseName(i))
		}
		p.install(i)
		synctest.Wait()
		p.showAll(watch.Added, i)
		p.heal(i)
	}
	synctest.Wait()
	<-time.After(time.Hour) // of virtual time: what is backed off is over
	for i := range p.objects {
		p.heal(i)
	}
}

// TestMemoryOfReleases holds 1,000 releases of ten objects through 20 rounds of events:
// what they take stays under a limit for each, does not grow from round to round, and
// is given back when they are forgotten.
func TestMemoryOfReleases(t *testing.T) {
	if testing.Short() {
		t.Skip("feeds 80,000 events")
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		p.objects = make([][]state, releases)
		for i := range p.objects { // first what the test itself holds
			p.objects[i] = p.fresh(i)
		}
		before := heap()
		for i := range p.objects {
			p.install(i)
		}
		synctest.Wait()
		for i := range p.objects {
			p.showAll(watch.Added, i)
		}
		p.round(0)
		first := heap() - before
		t.Logf("%d bytes a release", first/releases)
		if first > releases*limit {
			t.Errorf("%d releases take %d bytes each, want at most %d", releases, first/releases, limit)
		}
		for number := 1; number < rounds; number++ {
			p.round(number)
		}
		last := heap() - before
		t.Logf("%d bytes a release after %d rounds", last/releases, rounds)
		if last > first+releases*growth {
			t.Errorf("%d bytes a release after the first round, %d after %d", first/releases, last/releases, rounds)
		}
		for i := range p.objects {
			p.showAll(watch.Deleted, i)
			p.tracker.Forget(releaseName(i))
			p.ledger.Forget(releaseName(i))
		}
		synctest.Wait()
		if left := heap() - before; left > rest {
			t.Errorf("%d bytes are left when every release is forgotten", left)
		}
		runtime.KeepAlive(p)
	})
}
