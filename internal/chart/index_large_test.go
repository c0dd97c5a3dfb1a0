// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// The index of a large company's repository, or of one that collects others'.
	largeCharts, largeVersions = 2600, 20
	// largeAllocations is what all work on such an index may allocate together, server
	// and client of the test included; so the heap cannot grow by more than that.
	largeAllocations = 4 << 20
)

// writeLargeIndex writes an index of more than 40 MB as Helm does and tells its size.
func writeLargeIndex(t testing.TB, path string) int64 {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	home := strings.Repeat("description of what the chart brings and how: ", 8)
	fmt.Fprint(w, "apiVersion: v1\nentries:\n")
	for c := range largeCharts {
		fmt.Fprintf(w, "  chart-%04d:\n", c)
		for v := range largeVersions {
			fmt.Fprintf(w, "  - annotations:\n      images: |\n        - name: a\n          image: registry.example.com/a:%d\n    apiVersion: v2\n", v)
			fmt.Fprintf(w, "    created: \"2026-11-01T12:00:00.123456789Z\"\n    description: %s\n    digest: %064x\n", home, c*largeVersions+v)
			fmt.Fprintf(w, "    maintainers:\n    - name: x\n      url: https://example.com\n    name: chart-%04d\n    urls:\n", c)
			fmt.Fprintf(w, "    - https://charts.example.com/archives/chart-%04d-1.%d.0.tgz\n    version: 1.%d.0\n", c, v, v)
		}
	}
	fmt.Fprint(w, "generated: \"2026-11-01T12:00:00Z\"\n")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if info.Size() < 40_000_000 {
		t.Fatalf("the index has %d bytes", info.Size())
	}
	return info.Size()
}

// largeRepo serves such an index from disk; full counts the times it was sent whole.
func largeRepo(t testing.TB) (url string, full, asked *atomic.Int32) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.yaml")
	writeLargeIndex(t, path)
	full, asked = &atomic.Int32{}, &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("ETag", `"large"`)
		if r.Header.Get("If-None-Match") == "" {
			full.Add(1)
		}
		http.ServeFile(w, r, path) // by sendfile, and with 304 for the tag
	}))
	t.Cleanup(server.Close)
	return server.URL, full, asked
}

// allocated is what was allocated meanwhile: no less than what the heap grew by.
func allocated(work func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestLargeIndex: an index of 40 MB goes to disk as it arrives and is read line by
// line; what was found is remembered, and it is not sent again while it is the same.
// It runs alone, because other tests' allocations would count.
func TestLargeIndex(t *testing.T) { //nolint:paralleltest // allocations of the process are counted
	url, full, asked := largeRepo(t)
	clock := newClock()
	f := newFetcher(t, func(o *Options) { o.Clock, o.IndexMaxAge = clock.Now, time.Minute })
	place, err := parsePlace(url, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := f.backends[kindHTTP].(*httpBackend).indexes
	find := func(name string, wantFull, wantAsked int32, limit int64) {
		t.Helper()
		began := time.Now()
		var versions int
		bytes := allocated(func() {
			result, stale, err := x.lookup(t.Context(), place, name)
			if err != nil || stale != nil {
				t.Fatal(err, stale)
			}
			versions = len(result.versions)
		})
		t.Logf("%s: %v, %d KiB allocated", name, time.Since(began).Round(time.Microsecond), bytes>>10)
		if versions != largeVersions || full.Load() != wantFull || asked.Load() != wantAsked {
			t.Errorf("%s: %d versions; the index was sent %d times in %d requests", name, versions, full.Load(), asked.Load())
		}
		if bytes > limit {
			t.Errorf("%s: %d bytes were allocated, the limit is %d", name, bytes, limit)
		}
	}
	find("chart-2499", 1, 1, largeAllocations)
	find("chart-2499", 1, 1, 64<<10) // remembered
	find("chart-1000", 1, 1, 1<<20)  // from disk
	clock.advance(2 * time.Minute)
	find("chart-2499", 1, 2, 256<<10) // the repository says that nothing has changed

	// What is remembered needs no index: another chart does.
	files, err := filepath.Glob(filepath.Join(f.options.CacheDir, "indexes", "*.yaml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("indexes on disk: %v, %v", files, err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	find("chart-1000", 1, 2, 64<<10)
	if _, _, err := x.lookup(t.Context(), place, "chart-0001"); err == nil {
		t.Error("an index that is not there was read")
	}
}

// TestLargeIndexNamesWhatIsNear: a chart that is not there is looked for in all names.
func TestLargeIndexNamesWhatIsNear(t *testing.T) { //nolint:paralleltest // allocations of the process are counted
	url, _, _ := largeRepo(t)
	f := newFetcher(t)
	var err error
	bytes := allocated(func() { _, err = f.Resolve(t.Context(), Source{Repository: url, Name: "chart-999x", Version: "1.0.0"}) })
	t.Logf("%v, %d KiB", err, bytes>>10)
	if err == nil || bytes > largeAllocations || len(err.Error()) > 500 {
		t.Errorf("%d bytes for %v", bytes, err)
	}
}

// BenchmarkLargeIndex is one lookup: what the repository sends, what is written to
// disk and checked, and the search; then the search alone, for a chart in the middle.
func BenchmarkLargeIndex(b *testing.B) {
	path := filepath.Join(b.TempDir(), "large.yaml")
	size := writeLargeIndex(b, path)
	b.Run("download", func(b *testing.B) {
		url, _, _ := largeRepo(b)
		place, err := parsePlace(url, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			x := newFetcher(b).backends[kindHTTP].(*httpBackend).indexes
			if _, _, err := x.lookup(b.Context(), place, "chart-2499"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("search", func(b *testing.B) {
		b.SetBytes(size / 2)
		b.ReportAllocs()
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			result, err := searchIndex(f, "chart-1250")
			if err != nil || len(result.versions) != largeVersions || !slices.Contains(result.names, "chart-0000") {
				b.Fatal(len(result.versions), err)
			}
			_ = f.Close()
		}
	})
}
