// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// Whatever happens in whatever order: no foreign write stays unexamined, our own are not examined, and nothing is due for ever.
func TestLedgerProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk()
		names := []string{"a", "b", "c"}
		version := 0
		foreign := map[string]int{}  // the newest write of somebody else
		examined := map[string]int{} // the version at the newest examination
		var events []readiness.Change
		deliver := func(n int) {
			for _, e := range events[:n] {
				d.Changed(release, e)
			}
			events = events[n:]
		}
		examine := func() bool {
			objects, all := d.Begin(release)
			if all {
				for _, name := range names {
					objects = append(objects, object(name))
				}
			}
			var found []Finding
			var written []readiness.Applied
			for _, o := range objects {
				examined[o.Name] = version
				if rapid.Bool().Draw(t, "corrected") {
					version++
					events = append(events, change(o.Name, o.Name, fmt.Sprint(version)))
					found = append(found, Finding{Object: o, Corrected: true})
					written = append(written, wrote(o.Name, o.Name, fmt.Sprint(version)))
				}
			}
			if len(objects) == 0 {
				return false
			}
			deliver(rapid.IntRange(0, len(events)).Draw(t, "early")) // the watch may be faster than the answer
			d.Learn(release, found, written...)
			return true
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				name := rapid.SampledFrom(names).Draw(t, "name")
				version++
				foreign[name] = version
				events = append(events, change(name, name, fmt.Sprint(version)))
			case 1:
				deliver(rapid.IntRange(0, len(events)).Draw(t, "events"))
			case 2:
				examine()
			case 3:
				d.step(time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds")) * time.Second)
			case 4:
				d.All(release)
			}
		}
		deliver(len(events))
		for rounds := 0; ; rounds++ {
			if !examine() {
				after := d.After(release)
				if after == 0 {
					break
				}
				d.step(after)
			}
			deliver(len(events))
			if rounds > 400 {
				t.Fatal("it does not come to rest")
			}
		}
		for name, at := range foreign {
			if examined[name] < at {
				t.Errorf("%s was written at %d by somebody else and examined at %d", name, at, examined[name])
			}
		}
	})
}
