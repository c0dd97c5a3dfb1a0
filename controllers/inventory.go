// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"
	"time"

	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// inventoryCache remembers which objects the newest revision of a release has, so
// that Helm's record is read once per revision. Losing it costs that read.
type inventoryCache struct {
	mu      sync.Mutex
	entries map[string]inventory
}

type inventory struct {
	release  helm.Release
	revision int
	// made is the revision as this process recorded it; zero for one that was read.
	made helm.Revision
	// since is when this process began to look on.
	since   time.Time
	objects []readiness.Object
	rules   []readiness.Rule
	// driftRules are the mode and the ignore rules that were in force last.
	driftRules string
}

func (c *inventoryCache) get(name string, release helm.Release, revision int) (inventory, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.entries[name]
	return entry, ok && entry.revision == revision && entry.release == release
}

// newer says that the inventory is of a revision that is not among the records, and
// returns it.
func (c *inventoryCache) newer(name string, release helm.Release, records []helm.Revision) (inventory, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.entries[name]
	last := 0
	if len(records) > 0 {
		last = records[len(records)-1].Number
	}
	return entry, ok && entry.release == release && entry.revision > last
}

func (c *inventoryCache) put(name string, entry inventory) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[string]inventory{}
	}
	c.entries[name] = entry
}

func (c *inventoryCache) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, name)
}

func readinessObjects(objects []helm.Object) []readiness.Object {
	out := make([]readiness.Object, 0, len(objects))
	for _, o := range objects {
		out = append(out, readiness.Object{GroupVersionKind: o.GroupVersionKind, Namespace: o.Namespace, Name: o.Name})
	}
	return out
}

// ReadinessApplied converts what was written to the words of the readiness room.
func ReadinessApplied(applied []helm.Applied) []readiness.Applied {
	out := make([]readiness.Applied, 0, len(applied))
	for _, a := range applied {
		out = append(out, readiness.Applied{
			Object: readinessObjects([]helm.Object{a.Object})[0], UID: a.UID, Generation: a.Generation, ResourceVersion: a.ResourceVersion,
		})
	}
	return out
}
