// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"cmp"
	"strconv"
	"time"

	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// book is the memory of one release.
type book struct {
	objects map[readiness.Object]*entry
	all     bool               // everything is due
	begun   bool               // an examination is under way,
	wasAll  bool               // of everything,
	taken   []readiness.Object // or of these
	backoff backoff            // of examinations that failed as a whole
}

// entry is the memory of one object. There is one for every object of every release: what most of them do not need is behind pointers.
type entry struct {
	due     bool
	known   version           // what we wrote last
	change  *readiness.Change // the newest that makes it due; nil when it is due for another reason
	finding *Finding          // of the last examination
	put     *Finding          // of the last one that put it back
	pace    *pace             // nil for one that was never looked at
}

// version names one state of an object.
type version struct{ uid, resourceVersion string }

// paced returns the pace of an entry to write to.
func (e *entry) paced() *pace {
	if e.pace == nil {
		e.pace = &pace{}
	}
	return e.pace
}

// idle says that nothing would be lost with the entry but what we wrote last, which matters until the watch has shown it.
func (e *entry) idle(now time.Time) bool {
	return !e.due && e.finding == nil && e.pace.calm(now)
}

func (b *book) entry(o readiness.Object) *entry {
	e, ok := b.objects[o]
	if !ok {
		e = &entry{}
		b.objects[o] = e
	}
	return e
}

func (b *book) entries() []*entry {
	out := make([]*entry, 0, len(b.objects))
	for _, e := range b.objects {
		out = append(out, e)
	}
	return out
}

// ready says whether Begin would return something.
func (b *book) ready(now time.Time) bool {
	if b.begun || now.Before(b.backoff.until) {
		return false
	}
	if b.all {
		return true
	}
	for _, e := range b.objects {
		if e.ready(now) {
			return true
		}
	}
	return false
}

func (e *entry) ready(now time.Time) bool { return e.due && !now.Before(e.notBefore()) }

// notBefore is when the object may be examined. A change may end what made it unknown.
func (e *entry) notBefore() time.Time {
	if e.pace == nil {
		return time.Time{}
	}
	if e.change == nil && e.pace.trouble.until.After(e.pace.notBefore) {
		return e.pace.trouble.until
	}
	return e.pace.notBefore
}

// know remembers own writes, and drops the changes that they explain.
func (b *book) know(written []readiness.Applied) {
	for _, a := range written {
		e := b.entry(a.Object)
		if e.known.uid == a.UID && newer(e.known.resourceVersion, a.ResourceVersion) {
			continue
		}
		e.known = version{a.UID, a.ResourceVersion}
		if e.due && e.change != nil && stale(*e.change, e.known) {
			e.due, e.change = false, nil
		}
	}
}

// stale says whether the change is our own write or older than it. An object that went away after it was written is news in any case.
func stale(change readiness.Change, known version) bool {
	if change.ResourceVersion == "" || known.resourceVersion == "" || (change.Deleted && change.UID == known.uid) {
		return false
	}
	return !newer(change.ResourceVersion, known.resourceVersion)
}

// newer says whether a is a later resourceVersion of one resource than b. They are numbers wherever etcd stores them; else only equality says something.
func newer(a, b string) bool {
	x, err := strconv.ParseUint(a, 10, 64)
	y, err2 := strconv.ParseUint(b, 10, 64)
	if err != nil || err2 != nil {
		return a != b
	}
	return x > y
}

func compareObjects(a, b readiness.Object) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Version, b.Version))
}
