// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// indexes keeps the indices of HTTP repositories on disk, and in memory only what has been asked of them.
type indexes struct {
	store   *store
	clients *clients
	limit   int64
	maxAge  time.Duration
	timeout time.Duration
	now     func() time.Time
	agent   string

	flights singleflight.Group
	mu      sync.Mutex
	byPlace map[string]*index
}

// index is one repository's index. Its fields are guarded by mu.
type index struct {
	mu      sync.Mutex
	loaded  bool // whether the disk has been looked at
	meta    indexMeta
	checked time.Time // when the repository last confirmed it; zero: not in this process
	known   map[string]indexResult
}

// indexMeta is what lies on disk beside an index.
type indexMeta struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
	// Digest is of the file, which is named after it. Empty: there is none.
	Digest string `json:"digest,omitempty"`
}

// lookup finds a chart in a repository's index. The index is asked for anew when its last check is older than maxAge. Where the
// repository does not answer then, an index that is there is used all the same, and stale is the reason why it is old.
func (x *indexes) lookup(ctx context.Context, p place, name string) (result indexResult, stale, err error) {
	ix := x.index(p)
	_, err = share(ctx, &x.flights, p.key, x.timeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, x.update(ctx, p, ix)
	})
	if err != nil {
		if ctx.Err() != nil || failure.ReasonOf(err, "") != ReasonRepositoryUnreachable {
			return indexResult{}, nil, err
		}
		stale = err
	}
	result, err = x.search(p, ix, name)
	if stale != nil && err != nil {
		return indexResult{}, nil, stale
	}
	return result, stale, err
}

// refresh makes the next lookup ask the repository.
func (x *indexes) refresh(p place) {
	ix := x.index(p)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.checked = time.Time{}
}

func (x *indexes) index(p place) *index {
	x.mu.Lock()
	defer x.mu.Unlock()
	ix, ok := x.byPlace[p.key]
	if !ok {
		ix = &index{known: map[string]indexResult{}}
		x.byPlace[p.key] = ix
	}
	return ix
}

// search reads the index on disk, once per chart and index.
func (x *indexes) search(p place, ix *index, name string) (indexResult, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if result, ok := ix.known[name]; ok {
		return result, nil
	}
	if ix.meta.Digest == "" {
		return indexResult{}, failure.Retryable(ReasonRepositoryInvalid, "%s has no index", p)
	}
	f, err := os.Open(x.file(p, ix.meta.Digest))
	if err != nil {
		ix.forget() // another process replaced it: the next attempt asks again
		return indexResult{}, x.store.failed(err)
	}
	defer f.Close()
	result, err := searchIndex(f, name)
	if err != nil {
		ix.forget()
		return indexResult{}, invalidIndex(p, err)
	}
	if result.found {
		ix.known[name] = result // names of charts that are not there must not pile up
	}
	return result, nil
}

// forget drops an index that turned out to be no use.
func (ix *index) forget() {
	ix.meta, ix.checked, ix.known = indexMeta{}, time.Time{}, map[string]indexResult{}
}

// update asks the repository for a newer index, if it is time.
func (x *indexes) update(ctx context.Context, p place, ix *index) error {
	ix.mu.Lock()
	if !ix.loaded {
		ix.meta, ix.loaded = x.load(p), true
	}
	meta, due := ix.meta, ix.checked.IsZero() || x.now().Sub(ix.checked) >= x.maxAge
	ix.mu.Unlock()
	if !due {
		return nil
	}
	next, err := x.download(ctx, p, meta)
	if err != nil {
		return err
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if next.Digest != ix.meta.Digest {
		ix.known = map[string]indexResult{}
	}
	ix.meta, ix.checked = next, x.now()
	return nil
}

// load returns what another process, or an earlier life of this one, left on disk.
func (x *indexes) load(p place) indexMeta {
	var meta indexMeta
	raw, err := os.ReadFile(x.metaFile(p))
	if err != nil || json.Unmarshal(raw, &meta) != nil || !isHexDigest(meta.Digest) {
		return indexMeta{}
	}
	f, err := os.Open(x.file(p, meta.Digest))
	if err != nil {
		return indexMeta{}
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil || hexSum(sum) != meta.Digest {
		return indexMeta{}
	}
	return meta
}

// download gets the index, unless it is still the one of meta.
func (x *indexes) download(ctx context.Context, p place, meta indexMeta) (indexMeta, error) {
	target := p.url.JoinPath("index.yaml")
	where := displayURL(target)
	client, err := x.clients.forCA(p.ca)
	if err != nil {
		return meta, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return meta, failure.Terminal(ReasonChartSourceInvalid, "%s is no URL to get: %w", where, innermost(err))
	}
	req.Header.Set("User-Agent", x.agent)
	if meta.ETag != "" {
		req.Header.Set("If-None-Match", meta.ETag)
	}
	if meta.LastModified != "" {
		req.Header.Set("If-Modified-Since", meta.LastModified)
	}
	sent := authorize(req, p)
	resp, err := client.Do(req)
	if err != nil {
		return meta, unreachable(where, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && meta.Digest != "":
		return meta, nil
	case resp.StatusCode == http.StatusNotFound:
		return meta, failure.Retryable(ReasonRepositoryInvalid,
			"%s is not a chart repository: %s answers 404 Not Found", p, where)
	case resp.StatusCode != http.StatusOK:
		return meta, statusError(where, resp.StatusCode, p, sent)
	}
	next := indexMeta{ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified")}
	next.Digest, err = x.save(p, resp.Body, where)
	if err != nil {
		return meta, err
	}
	x.removeOthers(p, next.Digest)
	return next, x.saveMeta(p, next)
}

// save writes an index to disk as it arrives, and returns the digest that names it. What is no index never replaces one.
func (x *indexes) save(p place, body io.Reader, where string) (string, error) {
	f, err := x.store.create("indexes")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // a no-op once it has been renamed
	defer f.Close()
	sum := sha256.New()
	source := &readErrors{r: io.LimitReader(body, x.limit+1)}
	n, err := io.Copy(io.MultiWriter(f, sum), source)
	switch {
	case source.err != nil:
		return "", unreachable(where, source.err)
	case err != nil:
		return "", x.store.failed(err)
	case n > x.limit:
		return "", invalidIndex(p, errors.New("it is larger than the limit of "+byteSize(x.limit)))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", x.store.failed(err)
	}
	if _, err := searchIndex(f, ""); err != nil {
		return "", invalidIndex(p, err)
	}
	digest := hexSum(sum)
	if err := os.Rename(f.Name(), x.file(p, digest)); err != nil {
		return "", x.store.failed(err)
	}
	return digest, nil
}

func (x *indexes) saveMeta(p place, meta indexMeta) error {
	raw, err := json.Marshal(meta)
	if err != nil {
		return x.store.failed(err)
	}
	return x.store.write(x.metaFile(p), raw)
}

// removeOthers removes the repository's older indices.
func (x *indexes) removeOthers(p place, digest string) {
	older, _ := filepath.Glob(filepath.Join(x.store.dir, "indexes", p.key+"-*.yaml"))
	for _, name := range slices.DeleteFunc(older, func(n string) bool { return n == x.file(p, digest) }) {
		_ = os.Remove(name) // another process may have been quicker
	}
}

func (x *indexes) file(p place, digest string) string {
	return filepath.Join(x.store.dir, "indexes", p.key+"-"+digest+".yaml")
}

func (x *indexes) metaFile(p place) string {
	return filepath.Join(x.store.dir, "indexes", p.key+".json")
}

// readErrors remembers a reader's error, to tell a network that broke off from a disk that is full.
type readErrors struct {
	r   io.Reader
	err error
}

func (r *readErrors) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// invalidIndex says that what a repository calls its index is none.
func invalidIndex(p place, err error) error {
	return failure.Retryable(ReasonRepositoryInvalid, "%s is not a chart index: %w", displayURL(p.url.JoinPath("index.yaml")), err)
}

// announced is an index's digest in this package's form; "" where there is none.
func announced(digest string) string {
	digest = strings.ToLower(strings.TrimPrefix(digest, digestPrefix))
	if !isHexDigest(digest) {
		return ""
	}
	return digestPrefix + digest
}
