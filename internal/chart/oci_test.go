// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

func TestOCIFetch(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t, false, authNone)
	registry.pageSize = 2
	for _, tag := range []string{"1.0.0", "1.1.0", "1.1.0-rc.1", "1.2.0_build.7", "v2.0.0", "latest", "sha256-abc.sig"} {
		registry.push("kyverno", tag, packChart(t, "kyverno", fromTag(tag[:min(len(tag), 20)])))
	}
	tests := map[string]struct {
		version, want, tag string
		requests           int // manifests and tag pages, not the layer
	}{
		"newest":               {"", "v2.0.0", "v2.0.0", 5},
		"range":                {"~1.1", "1.1.0", "1.1.0", 5},
		"range, build":         {"1.x", "1.2.0+build.7", "1.2.0_build.7", 5},
		"pin needs no list":    {"1.0.0", "1.0.0", "1.0.0", 1},
		"pin, build":           {"1.2.0+build.7", "1.2.0+build.7", "1.2.0_build.7", 1},
		"pin, v in the tag":    {"2.0.0", "v2.0.0", "v2.0.0", 2},
		"pin, v in the source": {"v1.0.0", "1.0.0", "1.0.0", 2},
		"pin without build":    {"1.2.0", "1.2.0+build.7", "1.2.0_build.7", 7},
	}
	for name, tc := range tests {
		src := Source{Repository: registry.prefix(), Name: "kyverno", Version: tc.version}
		f := newFetcher(t)
		r, err := f.Resolve(t.Context(), src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := Resolved{
			Repository: registry.prefix(), Name: "kyverno", Version: tc.want, URL: registry.prefix() + "/kyverno:" + tc.tag,
			ArchiveDigest: archiveDigest(packChart(t, "kyverno", tc.want)),
		}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := registry.seenRequests(); len(got) != tc.requests {
			t.Errorf("%s: requests = %v, want %d", name, got, tc.requests)
		}
		mustFetch(t, f, src)
		mustFetch(t, f, src)
		if got := registry.seenRequests(); len(got) != 1 {
			t.Errorf("%s: two fetches after resolving asked for %v, want the layer once", name, got)
		}
	}
}

func TestOCITagsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t, false, authNone)
	registry.push("kyverno", "1.0.0", packChart(t, "kyverno", "1.0.0"))
	clock := newClock()
	f := newFetcher(t, func(o *Options) { o.Clock = clock.Now })
	src := Source{Repository: registry.prefix(), Name: "kyverno", Version: "1.x"}
	mustFetch(t, f, src)
	registry.push("kyverno", "1.1.0", packChart(t, "kyverno", "1.1.0"))
	if r := mustFetch(t, f, src); r.Version != "1.0.0" {
		t.Errorf("version = %s: the tags were listed too soon", r.Version)
	}
	if err := f.Refresh(src); err != nil {
		t.Fatal(err)
	}
	if r := mustFetch(t, f, src); r.Version != "1.1.0" {
		t.Errorf("version = %s after a refresh", r.Version)
	}
	registry.push("kyverno", "1.2.0", packChart(t, "kyverno", "1.2.0"))
	clock.advance(DefaultIndexMaxAge)
	if r := mustFetch(t, f, src); r.Version != "1.2.0" {
		t.Errorf("version = %s after the interval", r.Version)
	}

	// A registry that is down: what a tag pointed to stands, a range does not.
	clock.advance(time.Hour)
	registry.setStatus(http.StatusServiceUnavailable)
	mustFetch(t, f, Source{Repository: registry.prefix(), Name: "kyverno", Version: "1.2.0"})
	_, err := f.Resolve(t.Context(), src)
	wantFailure(t, err, failure.ClassRetryable, ReasonRepositoryUnreachable, registry.prefix()+"/kyverno answers 503 Service Unavailable")
}

func TestOCICredentials(t *testing.T) {
	t.Parallel()
	for _, protect := range []registryAuth{authBasic, authToken} {
		for _, withTLS := range []bool{false, true} {
			registry := newRegistry(t, withTLS, protect)
			registry.push("kyverno", "1.0.0", packChart(t, "kyverno", "1.0.0"))
			var ca []byte
			if withTLS {
				ca = serverCA(registry.Server)
			}
			src := Source{Repository: registry.prefix(), Name: "kyverno", CA: ca}
			where := registry.prefix() + "/kyverno"

			for _, auth := range []*Auth{
				{Username: registryUser, Password: registryPassword},
				{DockerConfigJSON: dockerConfig(registry.Listener.Addr().String())},
			} {
				src.Auth = auth
				mustFetch(t, newFetcher(t), src)
			}
			if protect == authToken {
				src.Auth = &Auth{Token: registryToken}
				registry.seenRequests()
				mustFetch(t, newFetcher(t), src)
				if slices.Contains(registry.seenRequests(), "GET /token") {
					t.Error("a bearer token was exchanged")
				}
			}
			for want, auth := range map[string]*Auth{
				" answers 401 Unauthorized: set secretRef to a Secret with its credentials, and check the name": nil,
				" refuses the credentials with 401 Unauthorized: check the Secret of secretRef":                 {Username: registryUser, Password: "wrong"},
				" answers 401 Unauthorized, and the docker config of secretRef has no entry for its host":       {DockerConfigJSON: dockerConfig("ghcr.io")},
			} {
				src.Auth = auth
				_, err := newFetcher(t).Resolve(t.Context(), src)
				wantFailure(t, err, failure.ClassRetryable, ReasonAuthenticationFailed, where+want)
			}
		}
	}
}

func TestOCITokenIsFetchedOnce(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t, false, authToken)
	registry.push("kyverno", "1.0.0", packChart(t, "kyverno", "1.0.0"))
	f := newFetcher(t)
	mustFetch(t, f, Source{
		Repository: registry.prefix(), Name: "kyverno", Auth: &Auth{Username: registryUser, Password: registryPassword},
	})
	tokens := slices.DeleteFunc(registry.seenRequests(), func(r string) bool { return r != "GET /token" })
	if len(tokens) != 1 {
		t.Errorf("%d tokens for one chart", len(tokens))
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true,
		"localhost.example.com": false, "10.0.0.1": false, "registry": false, "0.0.0.0": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}
