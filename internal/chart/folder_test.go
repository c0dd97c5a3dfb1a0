// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, version := range []string{"v1.20.0", "v1.21.1"} {
		writeFile(t, filepath.Join(dir, "cert-manager-"+version+".tgz"), packChart(t, "cert-manager", version))
	}
	writeFile(t, filepath.Join(dir, "cert-manager-csi-1.0.0.tgz"), packChart(t, "cert-manager-csi", "1.0.0"))
	for _, f := range chartFiles("local", "0.1.0") {
		writeFile(t, filepath.Join(dir, f.name), []byte(f.data))
	}
	tests := map[string]struct{ repository, name, version, want, path string }{
		"path":        {dir, "cert-manager", "", "v1.21.1", "cert-manager-v1.21.1.tgz"},
		"URL":         {"file://" + dir, "cert-manager", "1.20.0", "v1.20.0", "cert-manager-v1.20.0.tgz"},
		"range":       {dir + "/", "cert-manager", "1.20.x", "v1.20.0", "cert-manager-v1.20.0.tgz"},
		"longer name": {dir, "cert-manager-csi", "1.x", "1.0.0", "cert-manager-csi-1.0.0.tgz"},
		"directory":   {dir, "local", "", "0.1.0", "local"},
	}
	for name, tc := range tests {
		r := mustFetch(t, newFetcher(t), Source{Repository: tc.repository, Name: tc.name, Version: tc.version})
		if want := filepath.Join(dir, tc.path); r.Version != tc.want || r.URL != want {
			t.Errorf("%s: %+v, want %s at %s", name, r, tc.want, want)
		}
	}
}

func TestUnpackedChartStaysPinnedWhenItsDirectoryChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, f := range chartFiles("local", "0.1.0") {
		writeFile(t, filepath.Join(dir, f.name), []byte(f.data))
	}
	f, src := newFetcher(t), Source{Repository: dir, Name: "local"}
	r := mustFetch(t, f, src)
	if again := mustFetch(t, f, src); again != r {
		t.Errorf("the same directory gave %+v and %+v", r, again)
	}
	packed := mustFetch(t, newFetcher(t), Source{Repository: folderOf(t, "local-0.1.0.tgz", packChart(t, "local", "0.1.0")), Name: "local"})
	if packed.Digest != r.Digest {
		t.Error("a directory and the archive of the same files differ in content digest")
	}
	writeFile(t, filepath.Join(dir, "local", "values.yaml"), []byte("replicas: 2\n"))
	c, err := f.Load(t.Context(), r, src)
	if err != nil || c.Values["replicas"] != float64(1) {
		t.Errorf("loaded %v, %v", c.Values, err)
	}
	if changed := mustFetch(t, f, src); changed.Digest == r.Digest {
		t.Error("the change went unnoticed")
	}
}

func folderOf(t testing.TB, name string, data []byte) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, name), data)
	return dir
}

// TestMirror: every kind of mirror stands in for a repository that cannot be reached, gives the same content digest with an archive
// packed differently, and sees its own credentials only.
func TestMirror(t *testing.T) {
	t.Parallel()
	original := newHTTPRepo(t, false)
	original.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	src := Source{
		Repository: original.URL, Name: "loki", Version: "1.x",
		Auth: &Auth{Username: "source", Password: "secret"}, CA: serverCA(newRegistry(t, true, authNone).Server),
	}
	direct := mustFetch(t, newFetcher(t), src)
	original.Close()

	repacked := pack(t, gzip.BestCompression, chartFiles("loki", "1.0.0")...)
	folder := folderOf(t, "loki-1.0.0.tgz", repacked)
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", repacked)
	registry := newRegistry(t, false, authBasic)
	registry.push("loki", "1.0.0", repacked)
	account := &Auth{Username: registryUser, Password: registryPassword}

	for mirror, url := range map[string]string{
		folder:             filepath.Join(folder, "loki-1.0.0.tgz"),
		"file://" + folder: filepath.Join(folder, "loki-1.0.0.tgz"),
		repo.URL:           repo.URL + "/loki-1.0.0.tgz",
		registry.prefix():  registry.prefix() + "/loki:1.0.0",
	} {
		f := newFetcher(t, func(o *Options) { o.Mirror, o.MirrorAuth = mirror, account })
		got := mustFetch(t, f, src)
		want := direct
		want.URL, want.ArchiveDigest = url, archiveDigest(repacked)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", mirror, diff)
		}
		// What was approved without the mirror is the same chart with it.
		if _, err := f.Load(t.Context(), direct, src); err != nil {
			t.Errorf("%s: %v", mirror, err)
		}
	}
	for _, header := range repo.auth {
		if header != "Basic cmVhZGVyOm9wZW4tc2VzYW1l" {
			t.Errorf("the mirror was sent %q", header)
		}
	}

	f := newFetcher(t, func(o *Options) { o.Mirror = folder })
	_, err := f.Resolve(t.Context(), Source{Repository: "https://grafana.example.com", Name: "loky"})
	wantFailure(t, err, failure.ClassTerminal, ReasonChartNotFound, "no chart loky in "+folder+": did you mean loki?")
	_, err = New(Options{CacheDir: t.TempDir(), Mirror: "ftp://x"})
	wantFailure(t, err, failure.ClassTerminal, ReasonChartSourceInvalid,
		`chart mirror: repository ftp://x has the scheme "ftp": use https, http, oci or file`)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	dir := t.TempDir()
	f := newFetcher(t, func(o *Options) { o.CacheDir = dir })
	src := Source{Repository: repo.URL, Name: "loki", Version: "1.x"}
	r := mustFetch(t, f, src)
	repo.add("loki", "1.1.0", packChart(t, "loki", "1.1.0"))
	repo.seenRequests()
	load := func(r Resolved, requests int) {
		t.Helper()
		if err := f.Refresh(src); err != nil {
			t.Fatal(err)
		}
		c, err := f.Load(t.Context(), r, src)
		if err != nil || c.Metadata.Version != "1.0.0" {
			t.Fatalf("loaded %+v, %v", c, err)
		}
		if got := repo.seenRequests(); len(got) != requests {
			t.Errorf("requests = %v, want %d", got, requests)
		}
	}
	load(r, 0)
	load(Resolved{Name: r.Name, Version: r.Version, Digest: r.Digest}, 0)
	load(Resolved{Name: r.Name, Version: r.Version, ArchiveDigest: r.ArchiveDigest}, 0)

	// An archive in the cache is not taken for a content that it does not have.
	wrong := r
	wrong.Digest = digestPrefix + strings.Repeat("0", 64)
	_, err := f.Load(t.Context(), wrong, src)
	wantFailure(t, err, failure.ClassTerminal, ReasonChartDigestMismatch, "chart loki 1.0.0 at "+r.URL+" has the digest "+
		r.Digest+", but "+wrong.Digest+" was approved: it was published anew under the same version")
	repo.seenRequests()

	archive := filepath.Join(dir, "archives", r.ArchiveDigest[len(digestPrefix):])
	writeFile(t, archive, []byte("rotten"))
	load(r, 2) // index and archive: a damaged entry is no entry
	load(r, 0)
	if err := os.RemoveAll(filepath.Join(dir, "archives")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "archives"), 0o700); err != nil {
		t.Fatal(err)
	}
	load(r, 2)

	if err := os.Remove(archive); err != nil {
		t.Fatal(err)
	}
	repo.add("loki", "1.0.0", pack(t, 1, append(chartFiles("loki", "1.0.0"), file{"loki/new.txt", "new"})...))
	changed := mustFetch(t, newFetcher(t), Source{Repository: repo.URL, Name: "loki", Version: "1.0.0"})
	if err := f.Refresh(src); err != nil {
		t.Fatal(err)
	}
	_, err = f.Load(t.Context(), r, src)
	wantFailure(t, err, failure.ClassTerminal, ReasonChartDigestMismatch, "chart loki 1.0.0 at "+repo.URL+"/loki-1.0.0.tgz has the digest "+
		changed.Digest+", but "+r.Digest+" was approved: it was published anew under the same version")
}
