// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

func TestHTTPFetchRange(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	for _, version := range []string{"v1.20.0", "v1.21.0", "v1.21.1", "v1.22.0-alpha.1"} {
		repo.add("cert-manager", version, packChart(t, "cert-manager", version))
	}
	f := newFetcher(t)
	src := Source{Repository: repo.URL, Name: "cert-manager", Version: "1.21.x"}

	before, err := f.Resolve(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	archive := archiveDigest(packChart(t, "cert-manager", "v1.21.1"))
	want := Resolved{
		Repository: repo.URL, Name: "cert-manager", Version: "v1.21.1", ArchiveDigest: archive,
		URL: repo.URL + "/cert-manager-v1.21.1.tgz",
	}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Errorf("resolve (-want +got):\n%s", diff)
	}
	if got := repo.seenRequests(); !slices.Equal(got, []string{"/index.yaml 200"}) {
		t.Errorf("resolve asked for %v", got)
	}

	fetched := mustFetch(t, f, src)
	want.Digest = fetched.Digest
	if diff := cmp.Diff(want, fetched); diff != "" || !strings.HasPrefix(fetched.Digest, digestPrefix) {
		t.Errorf("fetch (-want +got):\n%s", diff)
	}
	if after, err := f.Resolve(t.Context(), src); err != nil || after != fetched {
		t.Errorf("resolve after fetch = %+v, %v", after, err)
	}
	if got := repo.seenRequests(); !slices.Equal(got, []string{"/cert-manager-v1.21.1.tgz 200"}) {
		t.Errorf("fetch asked for %v", got)
	}
}

func TestFetchGivesEveryCallerItsOwnChart(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	f := newFetcher(t)
	src := Source{Repository: repo.URL, Name: "loki", Version: "1.0.0"}
	_, one, err := f.Fetch(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	one.Values["replicas"] = 9
	copy(one.Templates[0].Data, "changed")
	_, two, err := f.Fetch(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if two.Values["replicas"] == 9 || strings.HasPrefix(string(two.Templates[0].Data), "changed") {
		t.Error("two fetches share a chart")
	}
}

func TestIndexIsAskedConditionallyAndNotTooOften(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	clock, dir := newClock(), t.TempDir()
	options := func(o *Options) { o.Clock, o.CacheDir = clock.Now, dir }
	f := newFetcher(t, options)
	src := Source{Repository: repo.URL, Name: "loki"}
	resolve := func(f *Fetcher, version string, requests ...string) {
		t.Helper()
		r, err := f.Resolve(t.Context(), src)
		if err != nil || r.Version != version {
			t.Fatalf("resolved %q, want %q: %v", r.Version, version, err)
		}
		if got := repo.seenRequests(); !slices.Equal(got, requests) {
			t.Errorf("requests = %v, want %v", got, requests)
		}
	}
	resolve(f, "1.0.0", "/index.yaml 200")
	clock.advance(DefaultIndexMaxAge - time.Second)
	resolve(f, "1.0.0")
	clock.advance(time.Second)
	resolve(f, "1.0.0", "/index.yaml 304")
	// Another process, or the next life of this one, starts from what is on disk.
	resolve(newFetcher(t, options), "1.0.0", "/index.yaml 304")
	repo.add("loki", "1.1.0", packChart(t, "loki", "1.1.0"))
	resolve(f, "1.0.0")
	if err := f.Refresh(src); err != nil {
		t.Fatal(err)
	}
	resolve(f, "1.1.0", "/index.yaml 200")
	resolve(f, "1.1.0")
}

func TestRepositoryDownLeavesPinsStanding(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	clock := newClock()
	f := newFetcher(t, func(o *Options) { o.Clock = clock.Now })
	mustFetch(t, f, Source{Repository: repo.URL, Name: "loki", Version: "1.0.0"})
	clock.advance(time.Hour)
	repo.setCheck(func(*http.Request) int { return http.StatusBadGateway })

	mustFetch(t, f, Source{Repository: repo.URL, Name: "loki", Version: "v1.0.0"})
	for _, src := range []Source{{Name: "loki", Version: "1.x"}, {Name: "loki", Version: "2.0.0"}, {Name: "tempo", Version: "1.0.0"}} {
		src.Repository = repo.URL
		_, err := f.Resolve(t.Context(), src)
		wantFailure(t, err, failure.ClassRetryable, ReasonRepositoryUnreachable, repo.URL+"/index.yaml answers 502 Bad Gateway")
	}
	repo.setCheck(func(*http.Request) int { return http.StatusForbidden })
	_, err := f.Resolve(t.Context(), Source{Repository: repo.URL, Name: "loki", Version: "1.0.0"})
	if failure.ReasonOf(err, "") != ReasonAuthenticationFailed {
		t.Errorf("a repository that refuses must not be served from the cache: %v", err)
	}
}

func TestArchiveReplacedUnderTheSameVersion(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	f := newFetcher(t)
	src := Source{Repository: repo.URL, Name: "loki", Version: "1.0.0"}
	if _, err := f.Resolve(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	// Index and archive are published anew: the old index is looked at once more before it is a failure.
	next := pack(t, gzip.BestSpeed, append(chartFiles("loki", "1.0.0"), file{"loki/README.md", "new"})...)
	repo.add("loki", "1.0.0", next)
	if r := mustFetch(t, f, src); r.ArchiveDigest != archiveDigest(next) {
		t.Errorf("archive = %s, want %s", r.ArchiveDigest, archiveDigest(next))
	}
}

func TestConcurrentFetchesAreOneDownload(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		repo.serve(w, r)
	}))
	t.Cleanup(front.Close)
	f := newFetcher(t)
	src := Source{Repository: front.URL, Name: "loki", Version: "1.0.0"}

	// The first caller starts the flight and leaves; the others must not notice.
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, _, err := f.Fetch(ctx, src)
		left <- err
	}()
	<-arrived
	var wg sync.WaitGroup
	failures := make(chan error, 20)
	for range 20 {
		wg.Go(func() {
			_, _, err := f.Fetch(t.Context(), src)
			failures <- err
		})
	}
	cancel()
	if err := <-left; failure.ClassOf(err) != failure.ClassRetryable {
		t.Errorf("the caller that left got %v", err)
	}
	close(release)
	wg.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			t.Error(err)
		}
	}
	if got := repo.seenRequests(); !slices.Equal(got, []string{"/index.yaml 200", "/loki-1.0.0.tgz 200"}) {
		t.Errorf("requests = %v", got)
	}
}

func TestHTTPCredentials(t *testing.T) {
	t.Parallel()
	basic := func(r *http.Request) int {
		if user, password, _ := r.BasicAuth(); user != registryUser || password != registryPassword {
			return http.StatusUnauthorized
		}
		return 0
	}
	bearer := func(r *http.Request) int {
		if r.Header.Get("Authorization") != "Bearer "+registryToken {
			return http.StatusUnauthorized
		}
		return 0
	}
	for _, withTLS := range []bool{false, true} {
		repo := newHTTPRepo(t, withTLS)
		repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
		var ca []byte
		if withTLS {
			ca = serverCA(repo.Server)
		}
		host := repo.Listener.Addr().String()
		for name, tc := range map[string]struct {
			check func(*http.Request) int
			auth  *Auth
		}{
			"basic":         {basic, &Auth{Username: registryUser, Password: registryPassword}},
			"token":         {bearer, &Auth{Token: registryToken}},
			"docker config": {basic, &Auth{DockerConfigJSON: dockerConfig(host)}},
		} {
			repo.setCheck(tc.check)
			mustFetch(t, newFetcher(t), Source{Repository: repo.URL, Name: "loki", Auth: tc.auth, CA: ca})
			_, err := newFetcher(t).Resolve(t.Context(), Source{Repository: repo.URL, Name: "loki", CA: ca})
			wantFailure(t, err, failure.ClassRetryable, ReasonAuthenticationFailed,
				repo.URL+"/index.yaml answers 401 Unauthorized: set secretRef to a Secret with its credentials, and check the name")
			if t.Failed() {
				t.Fatalf("%s, TLS %v", name, withTLS)
			}
		}
	}
}

func TestIndexOfOneCredentialIsNotServedToAnother(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	repo.setCheck(func(r *http.Request) int {
		if user, _, _ := r.BasicAuth(); user != registryUser {
			return http.StatusForbidden
		}
		return 0
	})
	f := newFetcher(t)
	mustFetch(t, f, Source{Repository: repo.URL, Name: "loki", Auth: &Auth{Username: registryUser, Password: registryPassword}})
	for _, auth := range []*Auth{nil, {Username: "other", Password: registryPassword}} {
		if _, err := f.Resolve(t.Context(), Source{Repository: repo.URL, Name: "loki", Auth: auth}); err == nil {
			t.Errorf("%+v saw the index of another account", auth)
		}
	}
}

// TestCredentialsStayAtHome: neither an archive elsewhere nor a redirect elsewhere, another port of the same host included, sees them.
func TestCredentialsStayAtHome(t *testing.T) {
	t.Parallel()
	elsewhere := newHTTPRepo(t, false)
	elsewhere.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	elsewhere.add("tempo", "1.0.0", packChart(t, "tempo", "1.0.0"))

	repo := newHTTPRepo(t, false)
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	repo.urls = elsewhere.URL + "/"
	auth := &Auth{Username: registryUser, Password: registryPassword}
	mustFetch(t, newFetcher(t), Source{Repository: repo.URL, Name: "loki", Auth: auth})

	redirecting := newHTTPRepo(t, false)
	redirecting.add("tempo", "1.0.0", packChart(t, "tempo", "1.0.0"))
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, archiveExt) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
			return
		}
		redirecting.serve(w, r)
	}))
	t.Cleanup(front.Close)
	mustFetch(t, newFetcher(t), Source{Repository: front.URL, Name: "tempo", Auth: auth})

	if redirecting.auth[0] == "" || repo.auth[0] == "" {
		t.Error("the repositories themselves were sent no credentials")
	}
	if diff := cmp.Diff([]string{"", ""}, elsewhere.auth); diff != "" {
		t.Errorf("the other host saw credentials (-want +got):\n%s", diff)
	}
}

func TestRedirectToPlainHTTPIsNotFollowed(t *testing.T) {
	t.Parallel()
	plain := newHTTPRepo(t, false)
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/index.yaml", http.StatusFound))
	t.Cleanup(secure.Close)
	_, err := newFetcher(t).Resolve(t.Context(), Source{Repository: secure.URL, Name: "loki", CA: serverCA(secure)})
	wantFailure(t, err, failure.ClassRetryable, ReasonRepositoryUnreachable,
		"cannot reach "+secure.URL+"/index.yaml: it redirects from https to http, which is not followed")
	if got := plain.seenRequests(); len(got) > 0 {
		t.Errorf("the redirect was followed: %v", got)
	}
}

func TestIndexWithoutDigests(t *testing.T) {
	t.Parallel()
	repo := newHTTPRepo(t, false)
	repo.digests, repo.etag = false, false
	repo.add("loki", "1.0.0", packChart(t, "loki", "1.0.0"))
	clock := newClock()
	f := newFetcher(t, func(o *Options) { o.Clock = clock.Now })
	src := Source{Repository: repo.URL + "/", Name: "loki"}
	mustFetch(t, f, src)
	mustFetch(t, f, src)
	clock.advance(DefaultIndexMaxAge)
	mustFetch(t, f, src)
	want := []string{"/index.yaml 200", "/loki-1.0.0.tgz 200", "/index.yaml 200", "/loki-1.0.0.tgz 200"}
	if diff := cmp.Diff(want, repo.seenRequests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestIndexListsAnOCIReference(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t, false, authNone)
	archive := packChart(t, "loki", "1.0.0")
	registry.push("loki", "1.0.0", archive)
	repo := newHTTPRepo(t, false)
	repo.raw = "apiVersion: v1\nentries:\n  loki:\n  - version: 1.0.0\n    urls:\n    - " + registry.prefix() + "/loki:1.0.0\n"
	if r := mustFetch(t, newFetcher(t), Source{Repository: repo.URL, Name: "loki"}); r.ArchiveDigest != archiveDigest(archive) {
		t.Errorf("resolved %+v", r)
	}
}
