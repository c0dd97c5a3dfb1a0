// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// The defaults of Options.
const (
	DefaultMaxArchiveBytes  = 20 << 20
	DefaultMaxIndexBytes    = 64 << 20
	DefaultMaxUnpackedBytes = 64 << 20
	DefaultHTTPTimeout      = time.Minute
	DefaultIndexMaxAge      = 5 * time.Minute
	DefaultUserAgent        = "groundwork"
)

// Options configures a Fetcher. The zero value of a field means its default.
type Options struct {
	// CacheDir is where archives and indices are kept; it is made if need be, and may be shared by processes. Required.
	CacheDir string
	// Mirror, when set, is where every chart comes from, by name and version, whatever repository its source names: a folder of
	// <name>-<version>.tgz files, an HTTP repository, or an OCI prefix. Sources' credentials and CAs are not sent to it.
	Mirror string
	// MirrorAuth and MirrorCA are the mirror's own; see Source.
	MirrorAuth *Auth
	MirrorCA   []byte
	// MaxArchiveBytes limits an archive as it is downloaded. Default: 20 MiB.
	MaxArchiveBytes int64
	// MaxIndexBytes limits an HTTP repository's index, not compressed. Default: 64 MiB.
	MaxIndexBytes int64
	// MaxUnpackedBytes limits all files of a chart together, dependencies included. Default: 64 MiB.
	MaxUnpackedBytes int64
	// HTTPTimeout limits one download from the request to the last byte. Default: 1 minute.
	HTTPTimeout time.Duration
	// IndexMaxAge is how long an index, or what a tag points to, is taken as it was before the repository is asked again. Default:
	// 5 minutes.
	IndexMaxAge time.Duration
	// UserAgent is sent with every request. Default: "groundwork".
	UserAgent string
	// Transport carries the requests. A source with a CA needs an *http.Transport, of which a copy is made. Default: a copy of
	// http.DefaultTransport.
	Transport http.RoundTripper
	// Requested is told of each request for an archive: whether the cache held it, and how many bytes were fetched if not. It must be
	// safe for concurrent use. Default: nobody is told.
	Requested func(hit bool, fetched int)
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

func (o Options) withDefaults() Options {
	o.MaxArchiveBytes = cmp.Or(o.MaxArchiveBytes, DefaultMaxArchiveBytes)
	o.MaxIndexBytes = cmp.Or(o.MaxIndexBytes, DefaultMaxIndexBytes)
	o.MaxUnpackedBytes = cmp.Or(o.MaxUnpackedBytes, DefaultMaxUnpackedBytes)
	o.HTTPTimeout = cmp.Or(o.HTTPTimeout, DefaultHTTPTimeout)
	o.IndexMaxAge = cmp.Or(o.IndexMaxAge, DefaultIndexMaxAge)
	o.UserAgent = cmp.Or(o.UserAgent, DefaultUserAgent)
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			o.Transport = t.Clone()
		}
	}
	if o.Requested == nil {
		o.Requested = func(bool, int) {}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

// Fetcher resolves and fetches charts. It is safe for concurrent use; requests for the same thing at the same time are made once.
type Fetcher struct {
	options  Options
	store    *store
	mirror   *place // nil without one
	backends map[placeKind]backend
	flights  singleflight.Group

	mu       sync.Mutex
	contents map[string]string // content digest by archive digest: what Resolve can tell without reading an archive
}

// New makes a Fetcher. It fails when the cache directory cannot be made, or when the mirror is no repository.
func New(options Options) (*Fetcher, error) {
	if options.CacheDir == "" {
		return nil, failure.Terminal(ReasonChartCacheFailed, "the chart cache has no directory: set CacheDir")
	}
	o := options.withDefaults()
	store, err := newStore(o.CacheDir, o.Clock())
	if err != nil {
		return nil, err
	}
	f := &Fetcher{options: o, store: store, contents: map[string]string{}}
	if o.Mirror != "" {
		mirror, err := parsePlace(o.Mirror, o.MirrorAuth, o.MirrorCA)
		if err != nil {
			return nil, failure.Terminal(ReasonChartSourceInvalid, "chart mirror: %w", err)
		}
		f.mirror = &mirror
	}
	clients := newClients(o.Transport)
	oci := newOCIBackend(o, clients)
	f.backends = map[placeKind]backend{
		kindHTTP: &httpBackend{
			indexes: &indexes{
				store: store, clients: clients, limit: o.MaxIndexBytes, maxAge: o.IndexMaxAge, timeout: o.HTTPTimeout,
				now: o.Clock, agent: o.UserAgent, byPlace: map[string]*index{},
			},
			clients: clients, oci: oci, limit: o.MaxArchiveBytes, agent: o.UserAgent, seen: newSeen(o.IndexMaxAge, o.Clock),
		},
		kindOCI:    oci,
		kindFolder: &folderBackend{limit: o.MaxArchiveBytes, unpackedLimit: o.MaxUnpackedBytes},
	}
	return f, nil
}

// request is a source made ready.
type request struct {
	src     Source
	sel     selector
	place   place
	backend backend
}

func (f *Fetcher) request(src Source) (request, error) {
	if err := checkName(src.Name); err != nil {
		return request{}, err
	}
	sel, err := parseSelector(src)
	if err != nil {
		return request{}, err
	}
	// The source is parsed also when a mirror stands in for it: a bad one is bad with and without a mirror.
	p, err := parsePlace(src.Repository, src.Auth, src.CA)
	if err != nil {
		return request{}, err
	}
	if f.mirror != nil {
		p = *f.mirror
	}
	return request{src: src, sel: sel, place: p, backend: f.backends[p.kind]}, nil
}

// Resolve picks the version that a source means: the highest of a range, the same every time. It downloads no archive, so the digests
// are empty where the repository does not announce them.
func (f *Fetcher) Resolve(ctx context.Context, src Source) (Resolved, error) {
	r, err := f.request(src)
	if err != nil {
		return Resolved{}, err
	}
	c, err := r.backend.resolve(ctx, r.place, r.src, r.sel)
	if err != nil {
		return Resolved{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return r.resolved(c, c.archive, f.contents[c.archive]), nil
}

func (r request) resolved(c candidate, archive, content string) Resolved {
	return Resolved{
		Repository: r.src.Repository, Name: r.src.Name, Version: c.version,
		Digest: content, ArchiveDigest: archive, URL: c.shown(),
	}
}

// Fetch resolves a source and returns the chart, from the cache where it holds it. The chart is the caller's own: Helm changes charts
// when it processes them.
func (f *Fetcher) Fetch(ctx context.Context, src Source) (Resolved, *helmchart.Chart, error) {
	r, err := f.request(src)
	if err != nil {
		return Resolved{}, nil, err
	}
	c, err := r.backend.resolve(ctx, r.place, r.src, r.sel)
	if err != nil {
		return Resolved{}, nil, err
	}
	data, err := f.archive(ctx, r, c)
	if err != nil && worthRefreshing(err) {
		// An archive was published anew after the index was read: look once more before calling it a failure.
		r.backend.refresh(r.place, r.src.Name)
		if c, err = r.backend.resolve(ctx, r.place, r.src, r.sel); err == nil {
			data, err = f.archive(ctx, r, c)
		}
	}
	if err != nil {
		return Resolved{}, nil, err
	}
	return f.load(r, c, data)
}

// load makes a chart of an archive and remembers what is in it.
func (f *Fetcher) load(r request, c candidate, data []byte) (Resolved, *helmchart.Chart, error) {
	chart, err := loadArchive(data, c.shown(), f.options.MaxUnpackedBytes)
	if err != nil {
		return Resolved{}, nil, err
	}
	if err := checkIdentity(chart, r.src.Name, c.version, c.shown()); err != nil {
		return Resolved{}, nil, err
	}
	archive, content := archiveDigest(data), ContentDigest(chart)
	if err := f.store.link(content, archive); err != nil {
		return Resolved{}, nil, err
	}
	f.mu.Lock()
	f.contents[archive] = content
	f.mu.Unlock()
	return r.resolved(c, archive, content), chart, nil
}

// archive returns a candidate's archive from the cache, or downloads it.
func (f *Fetcher) archive(ctx context.Context, r request, c candidate) ([]byte, error) {
	if data, ok := f.store.get(c.archive); ok {
		f.options.Requested(true, 0)
		return data, nil
	}
	key := r.place.key + "|" + c.locations[0] + "|" + c.archive
	return share(ctx, &f.flights, key, f.options.HTTPTimeout, func(ctx context.Context) ([]byte, error) {
		if data, ok := f.store.get(c.archive); ok {
			return data, nil // the flight before this one has brought it
		}
		data, err := r.backend.download(ctx, r.place, c)
		f.options.Requested(false, len(data))
		if err != nil {
			return nil, err
		}
		if err := f.store.put(data); err != nil {
			return nil, err
		}
		return data, nil
	})
}

// Load returns the chart that was resolved before, with exactly that content: from the cache, without asking anybody, or else from the
// source, at the resolved version. A chart whose content differs from resolved.Digest is Terminal with ReasonChartDigestMismatch; without
// a Digest, the ArchiveDigest is compared.
func (f *Fetcher) Load(ctx context.Context, resolved Resolved, src Source) (*helmchart.Chart, error) {
	for _, archive := range []string{resolved.ArchiveDigest, f.store.linked(resolved.Digest)} {
		data, ok := f.store.get(archive)
		if !ok {
			continue
		}
		chart, err := loadArchive(data, resolved.URL, f.options.MaxUnpackedBytes)
		if err == nil && (resolved.Digest == "" || ContentDigest(chart) == resolved.Digest) {
			f.options.Requested(true, 0)
			return chart, nil
		}
	}
	src.Version = resolved.Version
	got, chart, err := f.Fetch(ctx, src)
	if err != nil {
		return nil, err
	}
	want, have := resolved.Digest, got.Digest
	if want == "" {
		want, have = resolved.ArchiveDigest, got.ArchiveDigest
	}
	if want != "" && have != want {
		return nil, failure.Terminal(ReasonChartDigestMismatch,
			"chart %s %s at %s has the digest %s, but %s was approved: it was published anew under the same version",
			src.Name, resolved.Version, got.URL, have, want)
	}
	return chart, nil
}

// Size is that of the archive with a content digest, in bytes; 0 when the cache does not have it.
func (f *Fetcher) Size(content string) int64 { return f.store.size(f.store.linked(content)) }

// Refresh makes the next Resolve or Fetch of a source ask its repository, however young the index is. It asks nobody itself.
func (f *Fetcher) Refresh(src Source) error {
	r, err := f.request(src)
	if err != nil {
		return err
	}
	r.backend.refresh(r.place, src.Name)
	return nil
}
