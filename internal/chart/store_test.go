// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

func TestStoreVerifiesWhatItReads(t *testing.T) {
	t.Parallel()
	s, err := newStore(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("an archive")
	digest := archiveDigest(data)
	if err := s.put(data); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.get(digest); !ok || !bytes.Equal(got, data) {
		t.Fatalf("got %q, %v", got, ok)
	}
	name, _ := s.path("archives", digest)
	writeFile(t, name, []byte("an archivE")) // as long as before
	if _, ok := s.get(digest); ok {
		t.Error("a damaged archive was served")
	}
	if err := s.put(data); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.get(digest); !ok {
		t.Error("the archive was not put again after it was found damaged")
	}
	for _, bad := range []string{"", "sha256:", "sha256:../../x", "sha512:" + digest[7:], strings.ToUpper(digest), digest + "0"} {
		if _, ok := s.path("archives", bad); ok {
			t.Errorf("%q became a path", bad)
		}
	}
}

// TestStoresShareADirectory: two processes write and read the same archives at the same time; nobody ever sees half of one.
func TestStoresShareADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	archives := make([][]byte, 8)
	for i := range archives {
		archives[i] = bytes.Repeat([]byte{byte(i)}, 100<<10)
	}
	var wg sync.WaitGroup
	for range 2 {
		s, err := newStore(dir, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			wg.Go(func() {
				for _, data := range archives {
					if got, ok := s.get(archiveDigest(data)); ok && !bytes.Equal(got, data) {
						t.Error("read something else than was written")
					}
					if err := s.put(data); err != nil {
						t.Error(err)
					}
					if _, ok := s.get(archiveDigest(data)); !ok {
						t.Error("an archive is gone after it was put")
					}
				}
			})
		}
	}
	wg.Wait()
	left, err := filepath.Glob(filepath.Join(dir, "archives", "*"))
	if err != nil || len(left) != len(archives) {
		t.Errorf("%d files, want %d: %v", len(left), len(archives), err)
	}
}

func TestStoreSweepsWhatDeadProcessesLeft(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	old, young := filepath.Join(dir, "archives", temporaryPrefix+"1"), filepath.Join(dir, "archives", temporaryPrefix+"2")
	writeFile(t, old, nil)
	writeFile(t, young, nil)
	if err := os.Chtimes(old, now.Add(-2*abandonedAfter), now.Add(-2*abandonedAfter)); err != nil {
		t.Fatal(err)
	}
	if _, err := newStore(dir, now); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the old temporary file is still there")
	}
	if _, err := os.Stat(young); err != nil {
		t.Error("a file that is being written was removed")
	}
}

func TestCacheDirectoryUnusable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, nil)
	_, err := New(Options{CacheDir: filepath.Join(file, "cache")})
	wantFailure(t, err, failure.ClassRetryable, ReasonChartCacheFailed, "cannot use the chart cache in "+file+"/cache: not a directory")
	_, err = New(Options{})
	wantFailure(t, err, failure.ClassTerminal, ReasonChartCacheFailed, "the chart cache has no directory: set CacheDir")
}

// TestIndexOnDiskIsVerified: an index that was damaged on disk is asked for anew, not trusted with its ETag.
func TestIndexOnDiskIsVerified(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	dir := t.TempDir()
	src := Source{Repository: repo.URL, Name: "loki"}
	mustFetch(t, newFetcher(t, func(o *Options) { o.CacheDir = dir }), src)
	indexes, _ := filepath.Glob(filepath.Join(dir, "indexes", "*.yaml"))
	if len(indexes) != 1 {
		t.Fatalf("indices on disk: %v", indexes)
	}
	writeFile(t, indexes[0], []byte("apiVersion: v1\nentries: {}\n"))
	mustFetch(t, newFetcher(t, func(o *Options) { o.CacheDir = dir }), src)
}

// BenchmarkFetchCached fetches a chart of 1 MB (archive) that is in the cache.
func BenchmarkFetchCached(b *testing.B) {
	repo := newHTTPRepo(b, false)
	files := chartFiles("loki", "1.0.0")
	for i := range 64 {
		noise := make([]byte, 16<<10)
		_, _ = rand.Read(noise)
		files = append(files, file{fmt.Sprintf("loki/templates/%03d.yaml", i), "#" + hex.EncodeToString(noise)})
	}
	archive := pack(b, 6, files...)
	repo.add("loki", "1.0.0", archive)
	f := newFetcher(b)
	src := Source{Repository: repo.URL, Name: "loki", Version: "1.0.0"}
	mustFetch(b, f, src)
	b.SetBytes(int64(len(archive)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.Fetch(b.Context(), src); err != nil {
			b.Fatal(err)
		}
	}
}
