// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"testing"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// BenchmarkEvaluate evaluates the rules of the catalog's richest components in a
// bundle that holds everything.
func BenchmarkEvaluate(b *testing.B) {
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		b.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		b.Fatal(err)
	}
	peers := map[string]wiring.Peer{}
	for _, name := range newest.Names() {
		c, _ := newest.Component(name)
		peers[name] = wiring.Peer{Namespace: c.Namespace, Release: c.ReleaseName}
	}
	for _, name := range []string{"grafana", "prometheus", "argo-cd"} {
		component, ok := newest.Component(name)
		if !ok || len(component.Wiring) == 0 {
			b.Fatalf("the catalog has no rules for %s", name)
		}
		known := wiring.Sample(name, peers)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				layers, err := wiring.Evaluate(component.Wiring, known)
				if err != nil || len(layers) == 0 {
					b.Fatal(len(layers), err)
				}
			}
		})
	}
}
