// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// file is one file of an archive under test.
type file struct{ name, data string }

// pack makes an archive of files exactly as given, paths included.
func pack(t testing.TB, level int, files ...file) []byte {
	t.Helper()
	var buffer bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&buffer, level)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(zipped)
	for _, f := range files {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: 0o600, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(f.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// chartFiles are the files of a small chart, below a directory of its name.
func chartFiles(name, version string) []file {
	return []file{
		{name + "/Chart.yaml", fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version)},
		{name + "/values.yaml", "replicas: 1\n"},
		{name + "/templates/configmap.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"},
	}
}

func packChart(t testing.TB, name, version string) []byte {
	t.Helper()
	return pack(t, gzip.BestSpeed, chartFiles(name, version)...)
}

// clock is a clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// httpRepo is an HTTP chart repository under test.
type httpRepo struct {
	*httptest.Server
	mu       sync.Mutex
	etag     bool
	digests  bool                             // whether the index announces digests
	urls     string                           // prefix of the archives' URLs in the index; "" for relative ones
	prefix   string                           // path of the repository on the server
	versions map[string]map[string]string     // digest as the index has it, by chart and version
	files    map[string][]byte                // by path
	requests []string                         // "GET /path status"
	auth     []string                         // the Authorization header of every request
	check    func(r *http.Request) (code int) // 0 to let a request pass
	raw      string                           // when set, the index as it is
}

func newHTTPRepo(t testing.TB, tls bool) *httpRepo {
	t.Helper()
	r := &httpRepo{etag: true, digests: true, versions: map[string]map[string]string{}, files: map[string][]byte{}}
	if tls {
		r.Server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
		quiet(r.Server)
		r.StartTLS()
	} else {
		r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	}
	t.Cleanup(r.Close)
	return r
}

// add publishes archives, or replaces them.
func (r *httpRepo) add(name, version string, archive []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.versions[name] == nil {
		r.versions[name] = map[string]string{}
	}
	r.versions[name][version] = strings.TrimPrefix(archiveDigest(archive), digestPrefix)
	r.files[r.prefix+"/"+name+"-"+version+".tgz"] = archive
}

// replace changes an archive behind the index's back.
func (r *httpRepo) replace(name, version string, archive []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[r.prefix+"/"+name+"-"+version+".tgz"] = archive
}

func (r *httpRepo) index() string {
	if r.raw != "" {
		return r.raw
	}
	var b strings.Builder
	b.WriteString("apiVersion: v1\nentries:\n")
	for _, name := range sortedKeys(r.versions) {
		fmt.Fprintf(&b, "  %s:\n", name)
		for _, version := range sortedKeys(r.versions[name]) {
			fmt.Fprintf(&b, "  - apiVersion: v2\n    description: |\n      a chart\n      version: 0.0.0\n")
			if r.digests {
				fmt.Fprintf(&b, "    digest: %s\n", r.versions[name][version])
			}
			fmt.Fprintf(&b, "    name: %s\n    urls:\n    - %s%s-%s.tgz\n    version: %s\n", name, r.urls, name, version, version)
		}
	}
	b.WriteString("generated: \"2026-11-01T12:00:00Z\"\n")
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (r *httpRepo) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := http.StatusOK
	defer func() { r.requests = append(r.requests, fmt.Sprintf("%s %d", req.URL.Path, status)) }()
	r.auth = append(r.auth, req.Header.Get("Authorization"))
	if r.check != nil {
		if code := r.check(req); code != 0 {
			status = code
			w.WriteHeader(code)
			return
		}
	}
	if req.URL.Path == r.prefix+"/index.yaml" {
		index := r.index()
		if tag := `"` + archiveDigest([]byte(index)) + `"`; r.etag {
			w.Header().Set("ETag", tag)
			if req.Header.Get("If-None-Match") == tag {
				status = http.StatusNotModified
				w.WriteHeader(status)
				return
			}
		}
		_, _ = w.Write([]byte(index))
		return
	}
	data, ok := r.files[req.URL.Path]
	if !ok {
		status = http.StatusNotFound
		http.NotFound(w, req)
		return
	}
	_, _ = w.Write(data)
}

// seenRequests returns the requests since the last call.
func (r *httpRepo) seenRequests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.requests
	r.requests = nil
	return seen
}

func (r *httpRepo) setCheck(check func(*http.Request) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.check = check
}

// serverCA is the CA of a TLS server under test.
func serverCA(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// quiet keeps a server from logging handshakes that fail on purpose.
func quiet(s *httptest.Server) {
	s.Config.ErrorLog = discardLog
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
}

func newFetcher(t testing.TB, change ...func(*Options)) *Fetcher {
	t.Helper()
	// No proxy: the servers under test are on this machine.
	options := Options{CacheDir: t.TempDir(), Clock: newClock().Now, Transport: &http.Transport{}}
	for _, c := range change {
		c(&options)
	}
	f, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustFetch(t testing.TB, f *Fetcher, src Source) Resolved {
	t.Helper()
	r, c, err := f.Fetch(t.Context(), src)
	if err != nil {
		t.Fatalf("fetch %s: %v", src.Name, err)
	}
	if c.Name() != src.Name || !sameVersion(c.Metadata.Version, r.Version) {
		t.Fatalf("fetched %s %s, resolved %s %s", c.Name(), c.Metadata.Version, r.Name, r.Version)
	}
	return r
}

// wantFailure checks an error's class, reason and message.
func wantFailure(t testing.TB, err error, class failure.Class, reason, message string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s: %s", reason, message)
	}
	if got := failure.ClassOf(err); got != class {
		t.Errorf("class = %s, want %s", got, class)
	}
	if got := failure.ReasonOf(err, ""); got != reason {
		t.Errorf("reason = %s, want %s", got, reason)
	}
	if got := failure.Message(err); got != message {
		t.Errorf("message:\n got %s\nwant %s", got, message)
	}
}

func writeFile(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
