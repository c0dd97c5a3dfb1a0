// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRequested(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	archive := packChart(t, "loki", "1.0.0")
	repo.add("loki", "1.0.0", archive)
	var told []string
	f, err := New(Options{CacheDir: t.TempDir(), Requested: func(hit bool, fetched int) {
		told = append(told, fmt.Sprintf("hit %t, %d bytes", hit, fetched))
	}})
	if err != nil {
		t.Fatal(err)
	}
	src := Source{Repository: repo.URL, Name: "loki", Version: "1.0.0"}
	resolved, _, err := f.Fetch(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Fetch(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(t.Context(), resolved, src); err != nil {
		t.Fatal(err)
	}
	want := []string{fmt.Sprintf("hit false, %d bytes", len(archive)), "hit true, 0 bytes", "hit true, 0 bytes"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
