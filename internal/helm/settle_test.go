// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/internal/helm"
)

// refusing is a transport that does not let the first so many updates of records
// through.
type refusing struct {
	http.RoundTripper
	left *atomic.Int32
}

func (r refusing) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPut && strings.Contains(request.URL.Path, "/secrets/sh.helm") && r.left.Add(-1) >= 0 {
		return nil, errors.New("the API server restarts")
	}
	return r.RoundTripper.RoundTrip(request)
}

// What Helm could not record at the end of an action is recorded a moment later,
// and the action has succeeded.
func TestTheLastWriteIsRepeated(t *testing.T) {
	b := newBench(t)
	left := &atomic.Int32{}
	flaky := rest.CopyConfig(config)
	flaky.Wrap(func(next http.RoundTripper) http.RoundTripper { return refusing{RoundTripper: next, left: left} })
	engine, err := helm.New(helm.Options{Config: flaky, Kinds: b.kinds, Charts: b.shelf, Identity: "me"})
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name string
		act  func() (helm.Result, error)
	}{
		{"install", func() (helm.Result, error) { return engine.Install(t.Context(), b.request) }},
		{"upgrade", func() (helm.Result, error) { return engine.Upgrade(t.Context(), b.request) }},
		{"rollback", func() (helm.Result, error) { return engine.Rollback(t.Context(), b.rollback(1, "bad")) }},
	}
	for i, step := range steps {
		left.Store(3)
		result, err := step.act()
		if err != nil || result.Revision != i+1 || len(result.Inventory) != 1 {
			t.Errorf("%s: %+v, %v", step.name, result, err)
		}
		if left.Load() >= 0 {
			t.Errorf("%s: nothing was refused", step.name)
		}
		want := strings.Repeat("superseded ", i) + "deployed"
		if got := strings.Join(b.statuses(t), " "); got != want {
			t.Errorf("%s: statuses %s", step.name, got)
		}
	}
}
