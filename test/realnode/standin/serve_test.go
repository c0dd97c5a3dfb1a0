// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func ask(t *testing.T, handler http.Handler, path string) (code int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestReadyOnlyAfterTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(newFlags("test"), quiet())
		s.startAfter, s.version = 3*time.Second, "1.2.3"
		go func() { _ = s.start(t.Context()) }()
		time.Sleep(3*time.Second - time.Millisecond) //nolint:forbidigo // the clock of the bubble
		synctest.Wait()
		if code, body := ask(t, s.handler(), "/readyz"); code != http.StatusServiceUnavailable || body != "waiting for start" {
			t.Errorf("before: %d %q", code, body)
		}
		if code, _ := ask(t, s.handler(), "/healthz"); code != http.StatusOK {
			t.Errorf("not healthy: %d", code)
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // the clock of the bubble
		synctest.Wait()
		if code, body := ask(t, s.handler(), "/readyz"); code != http.StatusOK {
			t.Errorf("after: %d %q", code, body)
		}
		_, body := ask(t, s.handler(), "/whoami")
		mustContain(t, body, `"version":"1.2.3"`)
	})
}

func TestCrash(t *testing.T) {
	code, out := play(t.Context(), "serve", "--listen=127.0.0.1:0", "--drain=0", "--crash", "--crash-after=1ms")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	mustContain(t, out, "standin: configured to fail")
}

// What fails at once is not ready for a moment before.
func TestFailuresAreNeverReady(t *testing.T) {
	tests := []struct {
		reason, want string
		change       func(s *server)
	}{
		{"crash", waitFailure, func(s *server) { s.crash = true }},
		{"memory", waitFailure, func(s *server) { s.eatMemory = true }},
		{"crash later", "", func(s *server) { s.crash, s.crashAfter = true, time.Hour }},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			address := make(chan string, 1)
			s := newServer(newFlags("test"), quiet())
			s.log.SetOutput(addressWriter(address))
			s.listen, s.drain = "127.0.0.1:0", 0
			test.change(s)
			done := make(chan struct{})
			go func() { defer close(done); _ = s.run(ctx) }()
			<-address
			s.ready.done(waitStart)
			if got := strings.TrimSuffix(s.ready.missing(), ", "+terminating); got != test.want {
				t.Errorf("waits for %q, want %q", got, test.want)
			}
			cancel()
			<-done
		})
	}
}

func TestPortInUse(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(taken.Close)
	code, out := play(t.Context(), "serve", "--listen="+taken.Listener.Addr().String())
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	mustContain(t, out, "address already in use")
}

func TestStartsAreCounted(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []string{"start 1 with", "start 2 with", "start 3 with"} {
		code, out := play(t.Context(), "serve", "--listen=127.0.0.1:0", "--drain=0", "--crash", "--data-dir="+dir)
		if code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
		mustContain(t, out, want)
	}
	s := newServer(newFlags("test"), quiet())
	s.starts = 4
	if _, body := ask(t, s.handler(), "/starts"); body != "4" {
		t.Errorf("/starts says %q", body)
	}
	if err := os.WriteFile(filepath.Join(dir, "starts"), []byte("many"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := play(t.Context(), "serve", "--data-dir="+dir)
	if code != 1 {
		t.Errorf("with a broken file: exit code %d, want 1", code)
	}
	mustContain(t, out, "--data-dir: ", "many")
}

func TestEatMemoryIsBounded(t *testing.T) {
	if err := eat(t.Context(), 3<<20); err == nil || !strings.Contains(err.Error(), "at 3 MiB: the container has no memory limit") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := eat(ctx, plenty); err != nil {
		t.Errorf("after the end of the context: %v", err)
	}
}

// The signal cuts off nobody who is being answered, and ends readiness.
func TestRequestsUnderWayAreAnswered(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := make(chan string, 1)
	s := newServer(newFlags("test"), quiet())
	s.log.SetOutput(addressWriter(address))
	s.drain = 0
	handler := http.NewServeMux()
	handler.Handle("/", s.handler())
	release := make(chan struct{})
	handler.HandleFunc("/slow", func(http.ResponseWriter, *http.Request) { cancel(); <-release })
	done := make(chan error, 1)
	go func() { done <- s.answer(ctx, "127.0.0.1:0", handler, nil) }()
	url := "http://" + <-address
	answered := make(chan error, 1)
	go func() { answered <- getOK(t.Context(), url+"/slow") }()
	<-ctx.Done()
	close(release)
	if err := <-answered; err != nil {
		t.Errorf("the request during the signal: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("the end: %v", err)
	}
	if code, body := ask(t, s.handler(), "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, terminating) {
		t.Errorf("afterwards: %d %q", code, body)
	}
}

func getOK(ctx context.Context, url string) error {
	_, err := fetch(ctx, url, 10*time.Second)
	return err
}

// addressWriter is a log that tells the address of "listening on".
type addressWriter chan<- string

// Write implements io.Writer.
func (w addressWriter) Write(p []byte) (int, error) {
	if _, address, found := strings.Cut(strings.TrimSpace(string(p)), "listening on "); found {
		w <- address
	}
	return len(p), nil
}

// The webhooks answer by TLS those who trust the CA and ask for the Service.
func TestServingCertificate(t *testing.T) {
	ca, certificate, err := authority("guard.apps.svc", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(reviews())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	other, _, err := authority("guard.apps.svc", time.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	both, _ := bundleWith(other, ca)
	tests := []struct {
		reason, name string
		ca           []byte
		works        bool
	}{
		{"its CA", "guard.apps.svc", ca, true},
		{"its CA behind that of another pod", "guard.apps.svc", both, true},
		{"another CA", "guard.apps.svc", other, false},
		{"another Service", "guard.elsewhere.svc", ca, false},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(test.ca)
			trusting := &tls.Config{RootCAs: pool, ServerName: test.name, MinVersion: tls.VersionTLS12}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting}}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/healthz", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			if works := err == nil && response.StatusCode == http.StatusOK; works != test.works {
				t.Errorf("works: %v (%v), want %v", works, err, test.works)
			}
		})
	}
}
