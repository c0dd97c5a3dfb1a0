// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/internal/helm"
)

// listing counts the lists of records.
type listing struct {
	http.RoundTripper
	lists *atomic.Int32
}

func (l listing) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodGet && strings.HasSuffix(request.URL.Path, "/secrets") {
		l.lists.Add(1)
	}
	return l.RoundTripper.RoundTrip(request)
}

// Of a new release nothing is listed; of one that exists after all ObserveNew sees what
// Observe does.
func TestObserveNew(t *testing.T) {
	b := newBench(t)
	lists := &atomic.Int32{}
	counted := rest.CopyConfig(config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper { return listing{RoundTripper: next, lists: lists} })
	engine, err := helm.New(helm.Options{Config: counted, Kinds: b.kinds, Charts: b.shelf, Identity: "me"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := engine.ObserveNew(t.Context(), b.request.Release)
	if err != nil || len(got) != 0 || lists.Load() != 0 {
		t.Errorf("of nothing: %+v, %v, after %d lists", got, err, lists.Load())
	}
	b.release(t, "d1")
	b.release(t, "d2")
	got, err = engine.ObserveNew(t.Context(), b.request.Release)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.revisions(t), got); diff != "" || len(got) != 2 {
		t.Error(diff)
	}
}
