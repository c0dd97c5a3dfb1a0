// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// write is a request that the API server got and that is no read.
type write struct {
	Method, Path, Format string
	Body                 any
}

// apiServer answers reads with objects by path, and keeps every write.
type apiServer struct {
	mu      sync.Mutex
	objects map[string]string // JSON by path
	refuse  map[string]int    // codes of writes by path
	writes  []write
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer token" {
		http.Error(w, `{"message": "Unauthorized"}`, http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodGet {
		object, ok := s.objects[r.URL.Path]
		if !ok {
			http.Error(w, `{"message": "not found"}`, http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, object)
		return
	}
	var body any
	_ = json.NewDecoder(r.Body).Decode(&body)
	s.writes = append(s.writes, write{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), body})
	if code := s.refuse[r.URL.Path]; code != 0 {
		http.Error(w, `{"message": "refused"}`, code)
		return
	}
	_, _ = io.WriteString(w, "{}")
}

func (s *apiServer) set(path, object string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[path] = object
}

// refuseWith answers writes to a path with a code.
func (s *apiServer) refuseWith(path string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse[path] = code
}

// taken returns the writes so far, and forgets them.
func (s *apiServer) taken() []write {
	s.mu.Lock()
	defer s.mu.Unlock()
	writes := s.writes
	s.writes = nil
	return writes
}

// newAPI starts an API server with objects, and a client of it.
func newAPI(t *testing.T, objects map[string]string) (*apiServer, *api) {
	t.Helper()
	s := &apiServer{objects: map[string]string{}, refuse: map[string]int{}}
	maps.Copy(s.objects, objects)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, &api{base: server.URL, token: func() (string, error) { return "token", nil }, http: server.Client()}
}

// text is a log that may be written and read at the same time.
type text struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buffer.Write(p)
}

// String is all of it.
func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buffer.String()
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// play runs a mode to its end, and returns exit code and log.
func play(ctx context.Context, arguments ...string) (code int, out string) {
	var t text
	code = run(ctx, arguments, &t)
	return code, t.String()
}

// mustContain fails unless all texts are there.
func mustContain(t *testing.T, got string, want ...string) {
	t.Helper()
	if missing := slices.DeleteFunc(slices.Clone(want), func(w string) bool { return strings.Contains(got, w) }); len(missing) > 0 {
		t.Errorf("%q not in:\n%s", missing, got)
	}
}
