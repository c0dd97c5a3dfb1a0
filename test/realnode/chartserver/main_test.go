// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/test/charts"
)

func newTestServer(t *testing.T) *httptest.Server {
	t.Helper()
	handler, err := newHandler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, handler http.Handler, path string) (code int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w.Code, strings.TrimSpace(w.Body.String())
}

// What the operator fetches with is what fetches here: every chart in every version, from an unsteady repository only while it is up.
func TestRepository(t *testing.T) {
	server := newTestServer(t)
	all, err := charts.RunningCharts()
	if err != nil {
		t.Fatal(err)
	}
	fetch := func(path, name, version string) error {
		fetcher, err := chart.New(chart.Options{CacheDir: t.TempDir()})
		if err != nil {
			return err
		}
		_, _, err = fetcher.Fetch(t.Context(), chart.Source{Repository: server.URL + path, Name: name, Version: version})
		return err
	}
	for _, c := range all {
		if err := fetch("", c.Name(), c.Metadata.Version); err != nil {
			t.Errorf("%s %s: %v", c.Name(), c.Metadata.Version, err)
		}
	}
	if code, _ := ask(t, server.Config.Handler, "/switch/off"); code != http.StatusOK {
		t.Errorf("off: %d", code)
	}
	for _, path := range []string{"/unsteady/index.yaml", "/unsteady/crash-1.0.0.tgz"} {
		if code, _ := ask(t, server.Config.Handler, path); code != http.StatusServiceUnavailable {
			t.Errorf("%s while off: %d, want 503", path, code)
		}
	}
	for _, path := range []string{"/healthz", "/index.yaml", "/crash-1.0.0.tgz"} {
		if code, _ := ask(t, server.Config.Handler, path); code != http.StatusOK {
			t.Errorf("%s while off: %d, want 200", path, code)
		}
	}
	if code, _ := ask(t, server.Config.Handler, "/switch/on"); code != http.StatusOK {
		t.Errorf("on: %d", code)
	}
	if err := fetch("/unsteady", "crash", "1.1.0"); err != nil {
		t.Errorf("after the outage: %v", err)
	}
	if code, _ := ask(t, server.Config.Handler, "/crash-9.0.0.tgz"); code != http.StatusNotFound {
		t.Errorf("a version that is not there: %d, want 404", code)
	}
}

func TestCounters(t *testing.T) {
	handler := newTestServer(t).Config.Handler
	var got []string
	for _, path := range []string{"a", "a", "b", "a/reset", "a", "b"} {
		_, body := ask(t, handler, "/counter/"+path)
		got = append(got, body)
	}
	if want := "[1 2 1 0 1 2]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := run(ctx, "127.0.0.1:0"); err != nil {
		t.Errorf("to the end of the context: %v", err)
	}
	if err := run(t.Context(), "127.0.0.1:none"); err == nil {
		t.Error("an address that makes no sense was taken")
	}
}
