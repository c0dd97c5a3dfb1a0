// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

const release = "week1.x"

// desk is a Ledger with a clock that stands still until it is told.
type desk struct {
	*Ledger
	clock *clocktesting.FakePassiveClock
	wakes int
}

func newDesk() *desk {
	d := &desk{clock: clocktesting.NewFakePassiveClock(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))}
	d.Ledger = NewLedger(Options{Clock: d.clock, Wake: func(string) { d.wakes++ }})
	return d
}

func (d *desk) step(by time.Duration) { d.clock.SetTime(d.clock.Now().Add(by)) }

func object(name string) readiness.Object {
	return readiness.Object{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Namespace: "ns", Name: name}
}

func change(name, uid, resourceVersion string) readiness.Change {
	return readiness.Change{Object: object(name), UID: uid, ResourceVersion: resourceVersion}
}

func gone(name, uid, resourceVersion string) readiness.Change {
	c := change(name, uid, resourceVersion)
	c.Deleted = true
	return c
}

func wrote(name, uid, resourceVersion string) readiness.Applied {
	return readiness.Applied{Object: object(name), UID: uid, ResourceVersion: resourceVersion}
}

// expectDue begins an examination and checks of what; "*" is everything.
func (d *desk) expectDue(t *testing.T, want ...string) {
	t.Helper()
	ready := d.Due(release)
	objects, all := d.Begin(release)
	var got []string
	if all {
		got = []string{"*"}
	}
	for _, o := range objects {
		got = append(got, o.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" || ready != (len(got) > 0) {
		t.Errorf("due = %t, begun (-want +got):\n%s", ready, diff)
	}
}

func (d *desk) expectWakes(t *testing.T, want int) {
	t.Helper()
	if d.wakes != want {
		t.Errorf("woken %d times, want %d", d.wakes, want)
	}
	d.wakes = 0
}

func TestLedgerChanges(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		known readiness.Applied
		seen  readiness.Change
		due   bool
	}{
		"never written by us":               {wrote("b", "u", "9"), change("a", "u", "5"), true},
		"our own write":                     {wrote("a", "u", "9"), change("a", "u", "9"), false},
		"older than our write":              {wrote("a", "u", "10"), change("a", "u", "9"), false},
		"newer":                             {wrote("a", "u", "9"), change("a", "u", "10"), true},
		"another object of the name":        {wrote("a", "u", "9"), change("a", "v", "10"), true},
		"the one that we replaced":          {wrote("a", "u", "9"), gone("a", "t", "8"), false},
		"deleted":                           {wrote("a", "u", "9"), gone("a", "u", "10"), true},
		"deleted, as it was seen last":      {wrote("a", "u", "9"), gone("a", "u", "9"), true},
		"missing from a list":               {wrote("a", "u", "9"), gone("a", "", ""), true},
		"versions that are no numbers":      {wrote("a", "u", "x9"), change("a", "u", "x8"), true},
		"own version that is no number":     {wrote("a", "u", "x9"), change("a", "u", "x9"), false},
		"a write of which no more is known": {wrote("a", "u", ""), change("a", "u", "5"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := []string{"a"}
			if !tc.due {
				want = nil
			}
			told := newDesk()
			told.Known(release, tc.known)
			told.Changed(release, tc.seen)
			told.expectWakes(t, len(want))
			told.expectDue(t, want...)

			late := newDesk() // the watch is faster than the answer
			late.Changed(release, tc.seen)
			late.Known(release, tc.known)
			late.expectDue(t, want...)
		})
	}
}

func TestLedgerExaminesOneByOne(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.expectDue(t)
	d.Changed(release, change("b", "b", "1"))
	d.Changed(release, change("a", "a", "2"))
	d.Changed("other", change("c", "c", "2"))
	d.expectWakes(t, 2) // each release once
	d.expectDue(t, "a", "b")

	// While it lasts there is nothing more, and what it writes is no news afterwards.
	d.Changed(release, change("a", "a", "3"))
	d.expectDue(t)
	d.expectWakes(t, 0)
	d.Learn(release, []Finding{{Object: object("a"), Corrected: true}}, wrote("a", "a", "3"))
	d.expectWakes(t, 0)
	d.expectDue(t)

	// Somebody else's write meanwhile is.
	d.Changed(release, change("a", "a", "4"))
	d.expectDue(t, "a")
	d.Changed(release, change("a", "a", "6"))
	d.wakes = 0
	d.Learn(release, nil, wrote("a", "a", "5"))
	d.expectWakes(t, 1)
	d.expectDue(t, "a")
	d.Learn(release, nil)

	d.Changed(release, change("a", "a", "7"))
	d.Forget(release)
	d.expectDue(t)
	d.Learn(release, []Finding{{Object: object("a"), Missing: true}}) // begun before it was forgotten
	if r := d.Findings(release); r.Reason() != "NoDrift" {
		t.Errorf("a finding about what was forgotten: %+v", r)
	}
}

func TestLedgerAll(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.Changed(release, change("a", "a", "1"))
	d.All(release)
	d.expectDue(t, "*")
	d.expectDue(t)
	d.Changed(release, change("b", "b", "2"))
	d.Failed(release)
	d.expectDue(t)
	for _, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute} {
		if got := d.After(release); got != want {
			t.Fatalf("after %v, want %v", got, want)
		}
		d.step(want)
		d.expectDue(t, "*")
		d.Failed(release)
	}
	d.All(release) // asked for: now
	d.expectDue(t, "*")
	d.Learn(release, []Finding{{Object: object("a"), Fields: []string{"data.x"}}, {Object: object("b"), Unknown: "cannot be compared: denied"}})
	if got, want := d.Findings(release).Message(), "ConfigMap ns/a: data.x; ConfigMap ns/b cannot be compared: denied"; got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
	if d.After(release) != 0 {
		t.Errorf("something is due after %v", d.After(release))
	}

	// A new revision puts everything back.
	d.Changed(release, change("a", "a", "3"))
	d.All(release)
	d.Released(release, wrote("a", "a", "4"))
	if r := d.Findings(release); r.Reason() != "NoDrift" {
		t.Errorf("after a new revision: %s", r.Message())
	}
	d.expectDue(t)
	d.Changed(release, change("a", "a", "5"))
	d.Released(release, wrote("a", "a", "4"))
	d.expectDue(t, "a")
}

// Who cannot be compared is tried again by itself only where that may help.
func TestLedgerUnknown(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.Changed(release, change("a", "a", "1"))
	d.Changed(release, change("b", "b", "1"))
	d.expectDue(t, "a", "b")
	down := Finding{Object: object("a"), Unknown: "the webhook does not answer", Retry: true}
	d.Learn(release, []Finding{down, {Object: object("b"), Unknown: "denied"}})
	if got := d.After(release); got != 10*time.Second {
		t.Fatalf("after %v", got)
	}
	d.step(10 * time.Second)
	d.expectDue(t, "a")
	d.Learn(release, []Finding{down})
	if got := d.After(release); got != 20*time.Second {
		t.Fatalf("after %v", got)
	}
	d.wakes = 0
	d.Changed(release, change("a", "a", "2")) // it may be better now
	d.expectWakes(t, 1)
	d.expectDue(t, "a")
	d.Learn(release, nil)
	if got := d.After(release); got != 0 {
		t.Errorf("after %v although it is in order", got)
	}
	if got := d.Findings(release); got.Reason() != "DriftUnknown" || got.Message() != "ConfigMap ns/b denied" {
		t.Errorf("%s: %s", got.Reason(), got.Message())
	}
	d.Changed(release, change("b", "b", "2"))
	d.expectDue(t, "b")
	d.Learn(release, nil)
	if got := d.Findings(release); got.Reason() != "NoDrift" {
		t.Errorf("%s: %s", got.Reason(), got.Message())
	}
}

// What could not be compared because its kind was not served is looked at again
// when other kinds are served, and nothing else is.
func TestLedgerKindsChanged(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.Changed(release, gone("a", "a", "1"))
	d.Changed(release, change("b", "b", "1"))
	d.expectDue(t, "a", "b")
	d.Learn(release, []Finding{
		{Object: object("a"), Unknown: "kind Keg is not served", Retry: true}, {Object: object("b"), Unknown: "denied"},
	})
	d.wakes = 0
	d.expectDue(t)
	d.KindsChanged()
	d.expectWakes(t, 1)
	d.expectDue(t, "a")
}

func TestLedgerFlapping(t *testing.T) {
	t.Parallel()
	d := newDesk()
	version := 0
	// fight is one round: somebody changes a, and it is put back.
	fight := func() {
		t.Helper()
		version += 2
		d.Changed(release, change("a", "a", fmt.Sprint(version)))
		d.expectDue(t, "a")
		d.Learn(release, []Finding{{Object: object("a"), Fields: []string{"data.x"}, Writer: "flux", Corrected: true}}, wrote("a", "a", fmt.Sprint(version+1)))
	}
	fight()
	fight()
	d.step(time.Minute)
	fight() // the first two are long ago
	if r := d.Findings(release); r.Reason() != "NoDrift" || d.After(release) != 0 {
		t.Errorf("%s: %s, after %v", r.Reason(), r.Message(), d.After(release))
	}
	fight()
	const want = "ConfigMap ns/a is changed again and again by flux (data.x) and is put back less and less often"
	for _, wait := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute} {
		if wait == 10*time.Second {
			fight()
		}
		if r := d.Findings(release); r.Reason() != "DriftFlapping" || r.Message() != want {
			t.Errorf("%s: %s", r.Reason(), r.Message())
		}
		if got := d.After(release); got != wait {
			t.Fatalf("after %v, want %v", got, wait)
		}
		d.wakes = 0
		d.Changed(release, change("a", "a", fmt.Sprint(version+2)))
		d.expectWakes(t, 0)
		d.expectDue(t)
		d.Changed(release, change("b", "b", "1")) // others are not held up
		d.expectDue(t, "b")
		d.Learn(release, nil)
		d.step(wait)
		fight()
	}
	// An examination that finds it in order changes nothing about that.
	d.step(5 * time.Minute)
	d.Changed(release, change("a", "a", "1000"))
	d.expectDue(t, "a")
	d.Learn(release, nil)
	if r := d.Findings(release); r.Message() != want {
		t.Errorf("%s: %s", r.Reason(), r.Message())
	}
	// Ten minutes of quiet since it was last put back.
	d.step(d.After(release))
	if r := d.Findings(release); r.Reason() != "NoDrift" || d.After(release) != 0 {
		t.Errorf("%s: %s, after %v", r.Reason(), r.Message(), d.After(release))
	}
	version = 2000
	fight()
	if r := d.Findings(release); r.Reason() != "NoDrift" || d.After(release) != 0 {
		t.Errorf("the past counts: %s: %s, after %v", r.Reason(), r.Message(), d.After(release))
	}
}

// A lock that is renewed every second costs ten looks at first, and one in half a minute then.
func TestLedgerBusyObject(t *testing.T) {
	t.Parallel()
	d := newDesk()
	looks := 0
	for i := range 600 { // ten minutes
		d.Changed(release, change("lock", "l", fmt.Sprint(i+1)))
		if objects, _ := d.Begin(release); len(objects) > 0 {
			looks++
			d.Learn(release, nil)
		}
		d.step(time.Second)
	}
	if looks < 20 || looks > 31 {
		t.Errorf("%d looks at 600 changes in ten minutes", looks)
	}
	if r := d.Findings(release); r.Reason() != "NoDrift" {
		t.Errorf("%s: %s", r.Reason(), r.Message())
	}
	d.step(5 * time.Minute)
	d.expectDue(t, "lock")
	d.Learn(release, nil)
	d.Changed(release, change("lock", "l", "9999"))
	d.expectDue(t, "lock") // it is quiet now: at once
}

// TestReleasedForgets: objects that are no part of a release any more do not add up,
// and those of which something is to be said stay.
func TestReleasedForgets(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.Released(release, wrote("a", "u", "1"), wrote("drifted", "u", "2"), wrote("flapping", "u", "3"), wrote("unknown", "u", "4"))
	for version := range flapTimes {
		d.Changed(release, change("flapping", "u", fmt.Sprint(10+version)))
		d.Begin(release)
		d.Learn(release, []Finding{{Object: object("flapping"), Fields: []string{"data.a"}, Corrected: true}})
	}
	for i := range 100 {
		d.Released(release, wrote("a", "u", "20"), wrote(fmt.Sprint("hash-", i), "u", "21"))
	}
	d.Changed(release, change("drifted", "u", "30"))
	d.Released(release, wrote("a", "u", "25"))
	if n := len(d.books[release].objects); n != 3 {
		t.Errorf("%d objects are remembered, want the one that was written, the one that flaps and the one that is due: %v", n, d.books[release].objects)
	}
	if d.Findings(release).Reason() != v1alpha1.ReasonDriftFlapping {
		t.Error("it is forgotten which object flaps")
	}
	d.expectDue(t, "drifted")
	d.step(time.Hour)
	d.Released(release, wrote("a", "u", "40"))
	if n := len(d.books[release].objects); n != 2 { // an examination of one is under way
		t.Errorf("%d objects are remembered an hour later: %v", n, d.books[release].objects)
	}
	d.Learn(release, nil)
	d.step(time.Hour)
	d.Released(release, wrote("a", "u", "50"))
	if n := len(d.books[release].objects); n != 1 {
		t.Errorf("%d objects are remembered in the end: %v", n, d.books[release].objects)
	}
}
