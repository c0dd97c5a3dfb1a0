// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// candidate is one version of a chart that a place offers.
type candidate struct {
	version string
	// locations are where the archive may be had, best first: URLs, or one path.
	locations []string
	// archive is the digest that the place announces for the archive; "" where it announces none.
	archive string
	// layer is set for OCI.
	layer ocispec.Descriptor
}

// shown is the candidate's location for people.
func (c candidate) shown() string {
	u, err := url.Parse(c.locations[0])
	if err != nil || u.Scheme == "" {
		return c.locations[0]
	}
	return displayURL(u)
}

// backend is one kind of place.
type backend interface {
	// resolve picks a version and says where its archive is.
	resolve(ctx context.Context, p place, src Source, sel selector) (candidate, error)
	// download gets the archive, verified against the announced digest.
	download(ctx context.Context, p place, c candidate) ([]byte, error)
	// refresh forgets what is known of a chart's versions.
	refresh(p place, name string)
}

// httpBackend is an HTTP repository: an index.yaml, and archives beside it or elsewhere.
type httpBackend struct {
	indexes *indexes
	clients *clients
	oci     *ociBackend
	limit   int64
	agent   string
	seen    *seen
}

func (b *httpBackend) refresh(p place, _ string) {
	b.indexes.refresh(p)
	b.seen.clear()
}

func (b *httpBackend) resolve(ctx context.Context, p place, src Source, sel selector) (candidate, error) {
	result, stale, err := b.indexes.lookup(ctx, p, src.Name)
	if err != nil {
		return candidate{}, err
	}
	if stale != nil && (sel.exact == nil || !result.found) {
		// An old index is good enough for a pin, but a range could miss its highest version, and a name that is missing may have come.
		return candidate{}, stale
	}
	if !result.found {
		return candidate{}, chartNotFound(src.Name, p, result.names)
	}
	versions := make([]string, 0, len(result.versions))
	for _, v := range result.versions {
		versions = append(versions, v.Version)
	}
	picked, ok := sel.pick(versions)
	if !ok {
		if stale != nil {
			return candidate{}, stale
		}
		return candidate{}, versionNotFound(src, sel, p, versions)
	}
	for _, v := range result.versions {
		if v.Version == picked {
			return b.candidate(p, src.Name, v)
		}
	}
	return candidate{}, versionNotFound(src, sel, p, versions)
}

func (b *httpBackend) candidate(p place, name string, v indexVersion) (candidate, error) {
	c := candidate{version: v.Version, archive: announced(v.Digest)}
	base := p.url.JoinPath("/")
	for _, raw := range v.URLs {
		ref, err := url.Parse(raw)
		if err != nil {
			continue
		}
		location := base.ResolveReference(ref)
		if !ref.IsAbs() && location.RawQuery == "" {
			location.RawQuery = p.url.RawQuery // a repository that carries its access token in the query
		}
		if location.Scheme == "http" || location.Scheme == "https" || location.Scheme == "oci" {
			location.User = nil
			c.locations = append(c.locations, location.String())
		}
	}
	if len(c.locations) == 0 {
		return c, failure.Retryable(ReasonRepositoryInvalid, "the index of %s has no usable URL for chart %s %s", p, name, v.Version)
	}
	if c.archive == "" {
		c.archive = b.seen.get(p.key + "|" + c.locations[0])
	}
	return c, nil
}

// download tries the locations in order and gives the first one's failure when none works.
func (b *httpBackend) download(ctx context.Context, p place, c candidate) ([]byte, error) {
	var first error
	for _, location := range c.locations {
		data, err := b.get(ctx, p, location, c)
		if err == nil {
			b.seen.put(p.key+"|"+location, archiveDigest(data))
			return data, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func (b *httpBackend) get(ctx context.Context, p place, location string, c candidate) ([]byte, error) {
	target, err := url.Parse(location)
	if err != nil {
		return nil, failure.Retryable(ReasonRepositoryInvalid, "the index of %s lists an archive URL that is none", p)
	}
	where := displayURL(target)
	if target.Scheme == "oci" {
		data, err := b.oci.downloadReference(ctx, p, target)
		if err != nil {
			return nil, err
		}
		return data, checkArchive(data, c.archive, where)
	}
	client, err := b.clients.forCA(p.ca)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, failure.Retryable(ReasonRepositoryInvalid, "the index of %s lists an archive URL that is none", p)
	}
	req.Header.Set("User-Agent", b.agent)
	// Some servers label an archive as gzip-encoded; without this net/http would unpack it on the way.
	req.Header.Set("Accept-Encoding", "identity")
	sent := authorize(req, p)
	resp, err := client.Do(req)
	if err != nil {
		return nil, unreachable(where, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, failure.Retryable(ReasonRepositoryInvalid,
			"the index of %s lists %s, which answers 404 Not Found", p, where)
	case resp.StatusCode != http.StatusOK:
		return nil, statusError(where, resp.StatusCode, p, sent)
	}
	return readArchive(resp.Body, resp.ContentLength, b.limit, c.archive, where)
}

// readArchive reads an archive within the limit and verifies it.
func readArchive(r io.Reader, length, limit int64, digest, where string) ([]byte, error) {
	tooLarge := func() error { return archiveTooLarge(where, limit) }
	if length > limit {
		return nil, tooLarge()
	}
	data, err := readLimited(r, limit, where, tooLarge)
	if err != nil {
		return nil, err
	}
	return data, checkArchive(data, digest, where)
}

// checkArchive compares an archive with the digest that was announced for it, if one was.
func checkArchive(data []byte, want, where string) error {
	if got := archiveDigest(data); want != "" && got != want {
		return failure.Terminal(ReasonChartDigestMismatch,
			"the archive %s has the digest %s, but its repository announces %s: it was replaced or damaged", where, got, want)
	}
	return nil
}

// seen remembers facts about a repository for a while, such as the digest of an archive that its index does not announce.
type seen struct {
	maxAge time.Duration
	now    func() time.Time

	mu    sync.Mutex
	facts map[string]fact
}

type fact struct {
	value string
	at    time.Time
}

func newSeen(maxAge time.Duration, now func() time.Time) *seen {
	return &seen{maxAge: maxAge, now: now, facts: map[string]fact{}}
}

// get returns a fact that is not too old, else "".
func (s *seen) get(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.facts[key]
	if !ok || s.now().Sub(f.at) >= s.maxAge {
		return ""
	}
	return f.value
}

func (s *seen) put(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts[key] = fact{value, s.now()}
}

func (s *seen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.facts)
}

// worthRefreshing tells whether a failure may come from an index that is older than the archives it lists.
func worthRefreshing(err error) bool {
	f, ok := errors.AsType[*failure.Error](err)
	return ok && (f.Reason == ReasonChartDigestMismatch || f.Reason == ReasonRepositoryInvalid)
}
