// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/singleflight"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

const (
	// chartLayer and legacyChartLayer are the media types of a chart's archive. A provenance layer beside it is left alone.
	chartLayer       = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	legacyChartLayer = "application/tar+gzip"
	// maxManifest is the size of a manifest beyond which it is none.
	maxManifest = 4 << 20
	// maxTags is how many tags of one chart are read.
	maxTags = 50_000
)

// errNoTag: the registry has no such tag, or no such chart.
var errNoTag = errors.New("no such tag")

// ociBackend is an OCI registry: a chart is a repository, a version is a tag.
type ociBackend struct {
	clients *clients
	limit   int64
	maxAge  time.Duration
	timeout time.Duration
	now     func() time.Time
	agent   string

	flights singleflight.Group
	spelled *seen // the tag's version by place, name and pinned version
	mu      sync.Mutex
	tokens  map[string]auth.Cache // by place: so that a token is fetched once, and never used for another's credentials
	tags    map[string]ociTags    // by place and name
	pinned  map[string]ociPin     // by place, name and tag
}

type ociTags struct {
	tags []string
	at   time.Time
}

type ociPin struct {
	layer ocispec.Descriptor
	at    time.Time
}

func newOCIBackend(o Options, c *clients) *ociBackend {
	return &ociBackend{
		clients: c, limit: o.MaxArchiveBytes, maxAge: o.IndexMaxAge, timeout: o.HTTPTimeout, now: o.Clock, agent: o.UserAgent,
		spelled: newSeen(o.IndexMaxAge, o.Clock), tokens: map[string]auth.Cache{}, tags: map[string]ociTags{}, pinned: map[string]ociPin{},
	}
}

// refresh forgets a chart's tags and what they point to.
func (b *ociBackend) refresh(p place, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tags, ociKey(p, name))
	for key := range b.pinned {
		if strings.HasPrefix(key, ociKey(p, name)+"|") {
			delete(b.pinned, key)
		}
	}
}

func ociKey(p place, name string) string { return p.key + "|" + name }

// toTag and fromTag: a tag cannot hold the "+" of build metadata; Helm writes "_" for it.
func toTag(version string) string { return strings.ReplaceAll(version, "+", "_") }
func fromTag(tag string) string   { return strings.ReplaceAll(tag, "_", "+") }

func (b *ociBackend) resolve(ctx context.Context, p place, src Source, sel selector) (candidate, error) {
	repo, err := b.repository(p, p.url.JoinPath(src.Name))
	if err != nil {
		return candidate{}, err
	}
	if sel.exact != nil {
		if c, err := b.resolveExact(ctx, repo, p, src, sel); !errors.Is(err, errNoTag) {
			return c, err
		}
	}
	versions, err := b.versions(ctx, repo, p, src.Name)
	if err != nil {
		return candidate{}, err
	}
	picked, ok := sel.pick(versions)
	if !ok {
		return candidate{}, versionNotFound(src, sel, p, versions)
	}
	layer, err := b.pin(ctx, repo, p, src.Name, toTag(picked))
	if errors.Is(err, errNoTag) {
		b.refresh(p, src.Name)
		return candidate{}, failure.Retryable(ReasonRepositoryInvalid, "%s lists the tag %s of chart %s, but does not have it", p, toTag(picked), src.Name)
	}
	if err != nil {
		return candidate{}, err
	}
	b.spelled.put(ociKey(p, src.Name)+"|"+sel.raw, picked)
	return b.candidate(p, src.Name, picked, layer), nil
}

// resolveExact finds a pinned version without a list of tags. Charts and people differ about a leading "v", so both ways are tried, after
// the one that was right the last time. errNoTag means that none of them is.
func (b *ociBackend) resolveExact(ctx context.Context, repo *remote.Repository, p place, src Source, sel selector) (candidate, error) {
	other := "v" + sel.raw
	if bare, found := strings.CutPrefix(sel.raw, "v"); found {
		other = bare
	}
	key := ociKey(p, src.Name) + "|" + sel.raw
	for _, v := range []string{b.spelled.get(key), sel.raw, other} {
		if v == "" {
			continue
		}
		layer, err := b.pin(ctx, repo, p, src.Name, toTag(v))
		if err == nil {
			b.spelled.put(key, v)
			return b.candidate(p, src.Name, v, layer), nil
		}
		if !errors.Is(err, errNoTag) {
			return candidate{}, err
		}
	}
	return candidate{}, errNoTag
}

func (b *ociBackend) candidate(p place, name, version string, layer ocispec.Descriptor) candidate {
	return candidate{
		version:   version,
		locations: []string{p.url.JoinPath(name).String() + ":" + toTag(version)},
		archive:   layer.Digest.String(),
		layer:     layer,
	}
}

// versions lists a chart's tags as versions. No such repository is ReasonChartNotFound: a registry cannot be asked for near names.
func (b *ociBackend) versions(ctx context.Context, repo *remote.Repository, p place, name string) ([]string, error) {
	key := ociKey(p, name)
	b.mu.Lock()
	known, ok := b.tags[key]
	b.mu.Unlock()
	if ok && b.now().Sub(known.at) < b.maxAge {
		return known.tags, nil
	}
	return share(ctx, &b.flights, "tags|"+key, b.timeout, func(ctx context.Context) ([]string, error) {
		var versions []string
		err := repo.Tags(ctx, "", func(page []string) error {
			for _, tag := range page {
				versions = append(versions, fromTag(tag))
			}
			if len(versions) > maxTags {
				return fmt.Errorf("more than %d tags", maxTags)
			}
			return nil
		})
		if isNotFound(err) {
			return nil, chartNotFound(name, p, nil)
		}
		if err != nil {
			return nil, b.failed(p, repo, "", err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.tags[key] = ociTags{versions, b.now()}
		return versions, nil
	})
}

// pin returns the layer with the archive that a tag points to; errNoTag when there is no such tag. Where the registry does not answer,
// what the tag pointed to before stands.
func (b *ociBackend) pin(ctx context.Context, repo *remote.Repository, p place, name, tag string) (ocispec.Descriptor, error) {
	key := ociKey(p, name) + "|" + tag
	b.mu.Lock()
	known, ok := b.pinned[key]
	b.mu.Unlock()
	if ok && b.now().Sub(known.at) < b.maxAge {
		return known.layer, nil
	}
	layer, err := share(ctx, &b.flights, "pin|"+key, b.timeout, func(ctx context.Context) (ocispec.Descriptor, error) {
		layer, err := b.chartLayer(ctx, repo, p, tag)
		if err != nil {
			return layer, err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pinned[key] = ociPin{layer, b.now()}
		return layer, nil
	})
	if err != nil && ok && failure.ReasonOf(err, "") == ReasonRepositoryUnreachable {
		return known.layer, nil
	}
	return layer, err
}

// chartLayer reads a tag's manifest.
func (b *ociBackend) chartLayer(ctx context.Context, repo *remote.Repository, p place, tag string) (ocispec.Descriptor, error) {
	none := ocispec.Descriptor{}
	where := ociName(repo, tag)
	desc, body, err := repo.FetchReference(ctx, tag)
	if isNotFound(err) {
		return none, errNoTag
	}
	if err != nil {
		return none, b.failed(p, repo, tag, err)
	}
	defer body.Close()
	if desc.Size > maxManifest {
		return none, failure.Terminal(ReasonChartArchiveInvalid, "%s is not a Helm chart: its manifest is too large", where)
	}
	raw, err := content.ReadAll(body, desc)
	if err != nil {
		return none, b.failed(p, repo, tag, err)
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return none, failure.Terminal(ReasonChartArchiveInvalid, "%s is not a Helm chart: its manifest is not JSON", where)
	}
	at := slices.IndexFunc(manifest.Layers, func(l ocispec.Descriptor) bool {
		return l.MediaType == chartLayer || l.MediaType == legacyChartLayer
	})
	if at < 0 {
		return none, failure.Terminal(ReasonChartArchiveInvalid, "%s is not a Helm chart: it has no layer of type %s", where, chartLayer)
	}
	layer := manifest.Layers[at]
	if layer.Digest.Validate() != nil || layer.Digest.Algorithm() != digest.SHA256 {
		return none, failure.Terminal(ReasonChartArchiveInvalid, "%s is not a Helm chart: its layer has no sha256 digest", where)
	}
	return layer, nil
}

func (b *ociBackend) download(ctx context.Context, p place, c candidate) ([]byte, error) {
	reference, err := url.Parse(c.locations[0])
	if err != nil {
		return nil, failure.Terminal(ReasonChartSourceInvalid, "%s is not an OCI reference", c.locations[0])
	}
	at, tag := splitTag(reference)
	repo, err := b.repository(p, at)
	if err != nil {
		return nil, err
	}
	return b.blob(ctx, repo, p, tag, c.layer)
}

// downloadReference gets the archive of oci://host/path/name:tag, which the index of an HTTP repository may list.
func (b *ociBackend) downloadReference(ctx context.Context, p place, reference *url.URL) ([]byte, error) {
	at, tag := splitTag(reference)
	repo, err := b.repository(p, at)
	if err != nil {
		return nil, err
	}
	layer, err := b.chartLayer(ctx, repo, p, tag)
	if errors.Is(err, errNoTag) {
		return nil, failure.Retryable(ReasonRepositoryInvalid, "the index of %s lists %s, which does not exist", p, displayURL(reference))
	}
	if err != nil {
		return nil, err
	}
	return b.blob(ctx, repo, p, tag, layer)
}

func (b *ociBackend) blob(ctx context.Context, repo *remote.Repository, p place, tag string, layer ocispec.Descriptor) ([]byte, error) {
	where := ociName(repo, tag)
	if layer.Size > b.limit {
		return nil, archiveTooLarge(where, b.limit)
	}
	body, err := repo.Blobs().Fetch(ctx, layer)
	if err != nil {
		return nil, b.failed(p, repo, tag, err)
	}
	defer body.Close()
	return readArchive(body, layer.Size, b.limit, layer.Digest.String(), where)
}

// splitTag parts oci://host/path:tag; without a tag it is "latest".
func splitTag(reference *url.URL) (*url.URL, string) {
	at := *reference
	base, tag, found := strings.Cut(path.Base(reference.Path), ":")
	if !found {
		tag = "latest"
	}
	at.Path = path.Join(path.Dir(reference.Path), base)
	return &at, tag
}
