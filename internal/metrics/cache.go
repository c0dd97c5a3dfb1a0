// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"io/fs"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
)

// cacheSize shows how much the chart cache holds on disk, which its volume bounds.
type cacheSize struct {
	dir  string
	desc *prometheus.Desc
}

func newCacheSize(dir string) *cacheSize {
	return &cacheSize{dir: dir, desc: describe("chart_cache_bytes", "Size of the files in the chart cache: archives and indices of repositories.")}
}

// Describe implements prometheus.Collector.
func (c *cacheSize) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

// Collect implements prometheus.Collector. Files that vanish while they are counted
// do not count.
func (c *cacheSize) Collect(to chan<- prometheus.Metric) {
	var size int64
	_ = filepath.WalkDir(c.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // another process may have removed it
		}
		if info, err := entry.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	gauge(to, c.desc, float64(size))
}
