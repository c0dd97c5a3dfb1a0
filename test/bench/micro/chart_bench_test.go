// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package micro holds the benchmarks of what takes more than one room, and
// micro.mk, which runs those of every room. They write nothing but their cache.
package micro

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// BenchmarkLoadChart fetches charts that are in the cache: reading, hashing,
// unpacking and parsing. They are the stand-ins, or the real ones in the folder that
// BENCH_CHARTS names.
func BenchmarkLoadChart(b *testing.B) {
	mirror := os.Getenv("BENCH_CHARTS")
	if mirror == "" {
		mirror = b.TempDir()
		if err := charts.WriteDir(mirror); err != nil {
			b.Fatal(err)
		}
	}
	fetcher, err := chart.New(chart.Options{CacheDir: b.TempDir(), Mirror: mirror})
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"external-dns", "cert-manager", "kube-prometheus-stack"} {
		archives, err := filepath.Glob(filepath.Join(mirror, name+"-*.tgz"))
		if err != nil || len(archives) == 0 {
			b.Fatalf("%s holds no %s: %v", mirror, name, err)
		}
		source := chart.Source{Repository: "https://charts.example.com", Name: name}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, loaded, err := fetcher.Fetch(b.Context(), source)
				if err != nil || loaded.Name() != name {
					b.Fatal(err)
				}
			}
		})
	}
}
