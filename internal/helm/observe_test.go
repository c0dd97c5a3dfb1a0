// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Of a new release nothing is listed; of one that exists after all ObserveNew sees what
// Observe does.
func TestObserveNew(t *testing.T) {
	b := newBench(t)
	lists := b.counts(t, func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/secrets")
	})
	got, err := b.ObserveNew(t.Context(), b.request.Release)
	if err != nil || len(got) != 0 || lists.Load() != 0 {
		t.Errorf("of nothing: %+v, %v, after %d lists", got, err, lists.Load())
	}
	b.release(t, "d1")
	b.release(t, "d2")
	got, err = b.ObserveNew(t.Context(), b.request.Release)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.revisions(t), got); diff != "" || len(got) != 2 {
		t.Error(diff)
	}
}
