// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/test/charts"
)

func newFetcher(t *testing.T, options chart.Options) *chart.Fetcher {
	t.Helper()
	options.CacheDir = t.TempDir()
	f, err := chart.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func serveHTTP(t *testing.T, dir string, opts ...charts.ServeOption) *charts.Repository {
	t.Helper()
	r, err := charts.ServeHTTP(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func serveOCI(t *testing.T, dir string, opts ...charts.ServeOption) *charts.Registry {
	t.Helper()
	r, err := charts.ServeOCI(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func mustSave(t *testing.T, dir, name string, versions ...string) {
	t.Helper()
	if err := charts.SaveVersions(dir, name, versions); err != nil {
		t.Fatal(err)
	}
}

// Every chart of the catalog comes from every kind of mirror, and it is the same chart everywhere and every time it is written.
func TestEveryMirrorHasEveryChart(t *testing.T) {
	dir, again := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, again} {
		if err := charts.WriteDir(d); err != nil {
			t.Fatal(err)
		}
	}
	repository, registry := serveHTTP(t, dir), serveOCI(t, dir)
	fetchers := map[string]*chart.Fetcher{}
	for _, mirror := range []string{dir, again, repository.URL, registry.URL} {
		fetchers[mirror] = newFetcher(t, chart.Options{Mirror: mirror})
	}
	for _, c := range components(t) {
		source := chart.Source{Repository: c.Chart.Repository, Name: c.Chart.Name, Version: c.Chart.Version}
		digests := map[string]bool{}
		for mirror, f := range fetchers {
			resolved, loaded, err := f.Fetch(t.Context(), source)
			if err != nil {
				t.Fatalf("%s from %s: %v", c.Chart.Name, mirror, err)
			}
			if loaded.Metadata.Version != c.Chart.Version || resolved.Digest != chart.ContentDigest(loaded) {
				t.Errorf("%s from %s is version %s with digest %s", c.Chart.Name, mirror, loaded.Metadata.Version, resolved.Digest)
			}
			digests[resolved.Digest+" "+resolved.ArchiveDigest] = true
		}
		if len(digests) != 1 {
			t.Errorf("%s has several digests: %v", c.Chart.Name, digests)
		}
	}
}

func TestRangesAndBuildMetadata(t *testing.T) {
	dir := t.TempDir()
	mustSave(t, dir, "settings", "1.0.0", "1.2.0", "1.10.1+build.7", "2.0.0-rc.1")
	mustSave(t, dir, "settings-extra", "9.0.0")
	for _, url := range []string{serveHTTP(t, dir).URL, serveOCI(t, dir).URL} {
		f := newFetcher(t, chart.Options{})
		for wanted, want := range map[string]string{"1.x": "1.10.1+build.7", "": "1.10.1+build.7", "1.2.x": "1.2.0", "2.0.0-rc.1": "2.0.0-rc.1"} {
			got, loaded, err := f.Fetch(t.Context(), chart.Source{Repository: url, Name: "settings", Version: wanted})
			if err != nil {
				t.Fatalf("%q from %s: %v", wanted, url, err)
			}
			if got.Version != want || loaded.Metadata.Version != want {
				t.Errorf("%q from %s is %s, want %s", wanted, url, got.Version, want)
			}
		}
	}
}

func TestBasicAuth(t *testing.T) {
	dir := t.TempDir()
	mustSave(t, dir, "settings", "1.0.0")
	auth := charts.BasicAuth("reader", "secret")
	for _, url := range []string{serveHTTP(t, dir, auth).URL, serveOCI(t, dir, auth).URL} {
		source := chart.Source{Repository: url, Name: "settings", Version: "1.0.0"}
		if _, _, err := newFetcher(t, chart.Options{}).Fetch(t.Context(), source); err == nil {
			t.Errorf("%s answers without a password", url)
		}
		source.Auth = &chart.Auth{Username: "reader", Password: "secret"}
		if _, _, err := newFetcher(t, chart.Options{}).Fetch(t.Context(), source); err != nil {
			t.Errorf("%s with the password: %v", url, err)
		}
	}
}

func TestUnavailable(t *testing.T) {
	dir := t.TempDir()
	mustSave(t, dir, "settings", "1.0.0")
	repository, registry := serveHTTP(t, dir), serveOCI(t, dir)
	for _, server := range []*charts.Server{&repository.Server, &registry.Server} {
		source := chart.Source{Repository: server.URL, Name: "settings", Version: "1.0.0"}
		server.SetUnavailable(true)
		if _, _, err := newFetcher(t, chart.Options{}).Fetch(t.Context(), source); err == nil {
			t.Errorf("%s answers although it is down", server.URL)
		}
		server.SetUnavailable(false)
		if _, _, err := newFetcher(t, chart.Options{}).Fetch(t.Context(), source); err != nil {
			t.Errorf("%s is up again: %v", server.URL, err)
		}
	}
}

func TestIndexHasAnETagAndFollowsTheFolder(t *testing.T) {
	dir := t.TempDir()
	mustSave(t, dir, "settings", "1.0.0")
	repository := serveHTTP(t, dir)
	get := func(tag string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, repository.URL+"/index.yaml", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("If-None-Match", tag)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode, response.Header.Get("ETag")
	}
	status, tag := get("")
	if status != http.StatusOK || tag == "" {
		t.Fatalf("index: status %d, ETag %q", status, tag)
	}
	if status, _ := get(tag); status != http.StatusNotModified {
		t.Errorf("the same index again: status %d, want 304", status)
	}
	mustSave(t, dir, "settings", "1.1.0")
	if status, changed := get(tag); status != http.StatusOK || changed == tag {
		t.Errorf("index with another version: status %d, ETag %q", status, changed)
	}
	if got := repository.Count("/index.yaml"); got != 3 {
		t.Errorf("%d requests for the index, want 3", got)
	}
}

// Nothing but charts of the folder can be had, and only as long as the server runs.
func TestServersGiveNothingElse(t *testing.T) {
	dir := t.TempDir()
	mustSave(t, dir, "settings", "1.0.0")
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("private"), 0o600); err != nil {
		t.Fatal(err)
	}
	repository, err := charts.ServeHTTP(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, path := range []string{"/notes.txt", "/../secret", "/settings-1.0.0.tgz"} {
		response, err := get(t, repository.URL+path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		got[path] = response.StatusCode
	}
	if diff := cmp.Diff(map[string]int{"/notes.txt": 404, "/../secret": 404, "/settings-1.0.0.tgz": 200}, got); diff != "" {
		t.Errorf("status by path (-want +got):\n%s", diff)
	}
	if err := repository.Close(); err != nil {
		t.Fatal(err)
	}
	if response, err := get(t, repository.URL+"/index.yaml"); err == nil {
		_ = response.Body.Close()
		t.Error("it still answers after Close")
	}
	if _, err := charts.ServeHTTP(filepath.Join(dir, "absent")); err == nil {
		t.Error("a folder that is not there is served")
	}
}

func TestOnly(t *testing.T) {
	dir := t.TempDir()
	if err := charts.WriteDir(dir, charts.Only("jaeger", "loki")); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "jaeger-4.11.1.tgz"), filepath.Join(dir, "loki-18.11.0.tgz")}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return http.DefaultClient.Do(request)
}
