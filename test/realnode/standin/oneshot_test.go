// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
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
