// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func testServer(t *testing.T, address string, protect func(http.Handler) (http.Handler, error)) *Server {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{
		Address: address, Log: logr.Discard(), Protect: protect,
		Source: Source{Version: "test", Reader: fake.NewClientBuilder().WithScheme(scheme).Build()},
		Watch:  func(context.Context, func()) (func(), error) { return func() {}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// byToken lets "Bearer good" in, knows "Bearer other", and notes what it was asked.
func byToken(asked *[]string) func(http.Handler) (http.Handler, error) {
	return func(next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			*asked = append(*asked, r.Method+" "+r.URL.Path)
			switch r.Header.Get("Authorization") {
			case "Bearer good":
				next.ServeHTTP(w, r)
			case "Bearer typo": // as controller-runtime's filter does
				http.Error(w, "Authentication failed", http.StatusInternalServerError)
			case "Bearer other":
				http.Error(w, "no", http.StatusForbidden)
			default:
				http.Error(w, "who", http.StatusUnauthorized)
			}
		}), nil
	}
}

func ask(t *testing.T, s *Server, method, target, token string) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	request.Host = "127.0.0.1:8082"
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, request)
	return recorder.Result()
}

func bodyOf(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestOpenServer(t *testing.T) {
	t.Parallel()
	s := testServer(t, "127.0.0.1:0", nil)
	for _, tc := range []struct {
		method, path string
		status       int
		kind         string
	}{
		{"GET", "/dashboard/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/dashboard/", 200, "text/html; charset=utf-8"},
		{"GET", "/", 302, ""},
		{"GET", "/dashboard", 302, ""},
		{"GET", "/dashboard/assets/app.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/dashboard/assets/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/dashboard/assets/icon.svg", 200, "image/svg+xml"},
		{"GET", "/dashboard/assets/../server.go", 307, ""},
		{"GET", "/dashboard/assets/none.js", 404, ""},
		{"GET", "/dashboard/else", 404, ""},
		{"GET", "/metrics", 404, ""},
		{"HEAD", "/dashboard/events", 200, "text/event-stream; charset=utf-8"},
		{"GET", "/dashboard/component?bundle=a&component=b", 404, ""},
		{"POST", "/dashboard/", 405, ""},
		{"PUT", "/dashboard/component", 405, ""},
		{"DELETE", "/dashboard/events", 405, ""},
		{"PATCH", "/dashboard/assets/app.js", 405, ""},
		{"OPTIONS", "/dashboard/", 405, ""},
	} {
		got := ask(t, s, tc.method, tc.path, "")
		if got.StatusCode != tc.status || (tc.kind != "" && got.Header.Get("Content-Type") != tc.kind) {
			t.Errorf("%s %s: %d %s, want %d %s", tc.method, tc.path, got.StatusCode, got.Header.Get("Content-Type"), tc.status, tc.kind)
		}
		for header, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got.Header.Get(header) != want {
				t.Errorf("%s %s: %s is %q", tc.method, tc.path, header, got.Header.Get(header))
			}
		}
		if tc.status == 405 && got.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow is %q", tc.method, tc.path, got.Header.Get("Allow"))
		}
		if tc.method == http.MethodHead && bodyOf(t, got) != "" {
			t.Errorf("HEAD %s has a body", tc.path)
		}
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
}

func TestAssetsAreAskedForOnce(t *testing.T) {
	t.Parallel()
	s := testServer(t, "127.0.0.1:0", nil)
	for name, file := range s.assets {
		path := Path + "/assets/" + name
		if name == "index.html" {
			path = Path + "/"
		}
		tag := ask(t, s, http.MethodGet, path, "").Header.Get("ETag")
		if tag != file.tag || len(tag) < 10 {
			t.Errorf("%s: ETag %q", path, tag)
		}
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		request.Host = "localhost"
		request.Header.Set("If-None-Match", tag)
		recorder := httptest.NewRecorder()
		s.Handler().ServeHTTP(recorder, request)
		if recorder.Code != http.StatusNotModified || recorder.Body.Len() > 0 {
			t.Errorf("%s again: %d with %d bytes", path, recorder.Code, recorder.Body.Len())
		}
		if text := string(file.content); strings.Contains(text, "innerHTML =") || strings.Contains(text, "https://") && name != "index.html" {
			t.Errorf("%s refers to something outside, or writes HTML", name)
		}
	}
}

// A site that gives its own name the address of this machine is no friend.
func TestOpenServerIsForItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	s := testServer(t, "127.0.0.1:0", nil)
	for host, want := range map[string]int{
		"127.0.0.1:8082": 200, "localhost": 200, "localhost:1": 200, "[::1]:8082": 200, "[::1]": 200,
		"evil.example.com": 403, "evil.example.com:8082": 403, "localhost.evil.com": 403, "10.0.0.1:80": 403, "": 403,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, Path+"/", http.NoBody)
		request.Host = host
		recorder := httptest.NewRecorder()
		s.Handler().ServeHTTP(recorder, request)
		if recorder.Code != want {
			t.Errorf("Host %q: %d, want %d", host, recorder.Code, want)
		}
	}
}

func TestProtectedServer(t *testing.T) {
	t.Parallel()
	var asked []string
	s := testServer(t, ":8443", byToken(&asked))
	for _, tc := range []struct {
		path, token string
		status      int
	}{
		{"/dashboard/component?bundle=a&component=b", "", 401},
		{"/dashboard/component?bundle=a&component=b", "other", 403},
		{"/dashboard/component?bundle=a&component=b", "good", 404},
		{"/dashboard/events", "", 401},
		{"/dashboard/events", "typo", 401},
		{"/dashboard/", "typo", 401},
		{"/dashboard/events", "other", 403},
		{"/dashboard/", "", 401},
		{"/dashboard/", "other", 403},
		{"/dashboard/", "good", 200},
	} {
		got := ask(t, s, http.MethodGet, tc.path, tc.token)
		if got.StatusCode != tc.status {
			t.Errorf("%s as %q: %d, want %d", tc.path, tc.token, got.StatusCode, tc.status)
		}
		// A browser cannot send a token with its first request: it gets the page, which asks for one.
		if isPage := strings.HasPrefix(bodyOf(t, got), "<!doctype html>"); isPage != (tc.path == "/dashboard/") {
			t.Errorf("%s as %q: a page: %t", tc.path, tc.token, isPage)
		}
	}
	if got := ask(t, s, http.MethodHead, "/dashboard/events", "good"); got.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %d", got.StatusCode)
	}
	if got := ask(t, s, http.MethodPost, "/dashboard/component", "good"); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.StatusCode)
	}
	for _, question := range asked {
		if question != "GET /dashboard" {
			t.Errorf("asked whether the user may %s", question)
		}
	}
}

func TestServerIsNeverOpenToOthers(t *testing.T) {
	t.Parallel()
	for _, address := range []string{":8082", "0.0.0.0:8082", "[::]:8082", "10.1.2.3:1", "example.com:1", "nonsense"} {
		if _, err := New(Options{Address: address}); err == nil {
			t.Errorf("%s is open", address)
		}
	}
	_, err := New(Options{Address: ":1", Protect: func(http.Handler) (http.Handler, error) { return nil, errors.New("no client") }})
	if err == nil || !strings.Contains(err.Error(), "no client") {
		t.Errorf("a failing protection: %v", err)
	}
}

func TestServeUsesTLSAndEnds(t *testing.T) {
	t.Parallel()
	var asked []string
	s := testServer(t, ":8443", byToken(&asked))
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+listener.Addr().String()+Path+"/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer good")
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("event: time"))
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "event: time" {
		t.Errorf("the stream begins with %q, %v", first, err)
	}
	stop() // an open stream does not hold up the end
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.hub.wait()
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}
