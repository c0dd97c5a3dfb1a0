// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// BenchmarkLedger measures one event of each sort, in a ledger of 1,000 releases of
// ten objects.
func BenchmarkLedger(b *testing.B) {
	const releases, objects = 1000, 10
	d := newDesk()
	name := func(i int) string { return fmt.Sprintf("week%d.x", i) }
	for i := range releases {
		for k := range objects {
			d.Known(name(i), wrote(strconv.Itoa(k), "u", "100"))
		}
	}
	bench := func(what string, run func(i int)) {
		b.Run(what, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				run(i % releases)
				i++
			}
		})
	}
	echo := change("3", "u", "100")
	bench("echo of our own write", func(i int) { d.Changed(name(i), echo) })
	drifted := change("3", "u", "200")
	bench("drift found and corrected", func(i int) {
		d.Changed(name(i), drifted)
		if objects, _ := d.Begin(name(i)); len(objects) > 0 {
			d.Learn(name(i), []Finding{{Object: drifted.Object, Fields: []string{"data.a"}, Corrected: true}}, wrote("3", "u", "150"))
		}
	})
	bench("pass of a quiet release", func(i int) {
		if d.Due(name(i)) {
			b.Fatal("something is due")
		}
		_ = d.Findings(name(i)).Message()
		_ = d.After(name(i))
	})
	written := make([]readiness.Applied, objects)
	for k := range written {
		written[k] = wrote(strconv.Itoa(k), "u", "300")
	}
	bench("revision written", func(i int) { d.Released(name(i), written...) })
}
