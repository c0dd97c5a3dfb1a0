// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ok" {
			http.Error(w, "waiting for start", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "all is well")
	}))
	t.Cleanup(server.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tests := []struct {
		reason string
		args   []string
		code   int
		want   string
	}{
		{"200", []string{server.URL + "/ok"}, 0, "all is well"},
		{"200 and the text", []string{server.URL + "/ok", "--expect", "well", "--timeout=9s"}, 0, "all is well"},
		{"200 and another text", []string{server.URL + "/ok", "--expect", "bad"}, 1, `"all is well" does not contain "bad"`},
		{"503", []string{server.URL + "/other"}, 1, "503 Service Unavailable: waiting for start"},
		{"nobody there for long", []string{gone.URL, "--patience=150ms"}, 1, "connection refused"},
		{"nobody there", []string{gone.URL}, 1, "connection refused"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			code, out := play(t.Context(), append([]string{"get"}, test.args...)...)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			mustContain(t, out, test.want)
		})
	}
}

// Somebody who comes to listen is found by those who are patient.
func TestGetIsPatient(t *testing.T) {
	late := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") }))
	address := late.Listener.Addr().String()
	_ = late.Listener.Close()
	timer := time.AfterFunc(beat, func() {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		if err == nil {
			late.Listener = listener
		}
		late.Start()
	})
	t.Cleanup(func() { timer.Stop(); late.Close() })
	code, out := play(t.Context(), "get", "http://"+address, "--patience=5s")
	if code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	mustContain(t, out, `"ok"`)
}

func TestScaleDown(t *testing.T) {
	const deployment = "/apis/apps/v1/namespaces/apps/deployments/engine"
	server, client := newAPI(t, map[string]string{
		deployment:                     `{"spec": {"selector": {"matchLabels": {"b": "2", "a": "1"}}}}`,
		"/api/v1/namespaces/apps/pods": `{"items": [{}, {}]}`,
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*beat)
	defer cancel()
	if err := client.scaleDown(ctx, "engine", "apps", quiet()); err == nil || !strings.Contains(err.Error(), "apps/engine still has 2 pods") {
		t.Errorf("with pods: %v", err)
	}
	server.set("/api/v1/namespaces/apps/pods", `{"items": []}`)
	if err := client.scaleDown(t.Context(), "engine", "apps", quiet()); err != nil {
		t.Errorf("without pods: %v", err)
	}
	want := write{http.MethodPatch, deployment + "/scale?fieldManager=standin", mergePatch, map[string]any{"spec": map[string]any{"replicas": 0.0}}}
	if diff := cmp.Diff([]write{want, want}, server.taken()); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
	if got := server.selector(); got != "a=1,b=2" {
		t.Errorf("pods were selected by %q", got)
	}
	if err := client.scaleDown(t.Context(), "other", "apps", quiet()); !isStatus(err, http.StatusNotFound) {
		t.Errorf("a Deployment that is not there: %v", err)
	}
}

func TestRun(t *testing.T) {
	for _, want := range []int{0, 7} {
		code, out := play(t.Context(), "run", "--after=1ms", fmt.Sprint("--code=", want))
		if code != want {
			t.Errorf("exit code %d, want %d", code, want)
		}
		mustContain(t, out, fmt.Sprint("exit code ", want))
	}
}

func TestFailFirst(t *testing.T) {
	var counter atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/text" {
			_, _ = fmt.Fprintln(w, "ok")
			return
		}
		_, _ = fmt.Fprintln(w, counter.Add(1))
	}))
	t.Cleanup(server.Close)
	var codes []int
	for range 4 {
		code, _ := play(t.Context(), "fail-first", "2", server.URL)
		codes = append(codes, code)
	}
	if got := fmt.Sprint(codes); got != "[1 1 0 0]" {
		t.Errorf("exit codes %s, want [1 1 0 0]", got)
	}
	code, out := play(t.Context(), "fail-first", "2", server.URL+"/text")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	mustContain(t, out, "not a counter")
}
