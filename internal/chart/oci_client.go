// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// repository is a client of one chart's repository. The place's credentials go to the place's host only.
func (b *ociBackend) repository(p place, at *url.URL) (*remote.Repository, error) {
	repo, err := remote.NewRepository(at.Host + "/" + strings.Trim(at.Path, "/"))
	if err != nil {
		return nil, failure.Terminal(ReasonChartSourceInvalid,
			"%s is not an OCI repository: write oci://host/path in lower case, without a tag", displayURL(at))
	}
	client, err := b.clients.forCA(p.ca)
	if err != nil {
		return nil, err
	}
	repo.PlainHTTP = isLoopback(at.Hostname()) && len(p.ca) == 0
	sent := b.credential(p, at)
	// The place's key is part of it: this cache knows hosts only.
	tokens := sha256.Sum256([]byte(p.key + "|" + at.Host))
	repo.Client = &auth.Client{
		Client: client,
		Header: http.Header{"User-Agent": {b.agent}, "Accept-Encoding": {"identity"}},
		Cache:  b.tokenCache(string(tokens[:])),
		Credential: func(_ context.Context, host string) (auth.Credential, error) {
			if host != repo.Reference.Host() {
				return auth.EmptyCredential, nil
			}
			return auth.Credential{
				Username: sent.username, Password: sent.password, AccessToken: sent.token, RefreshToken: sent.refresh,
			}, nil
		},
	}
	return repo, nil
}

// credential is what is sent to a repository: nothing to another host than the place's.
func (b *ociBackend) credential(p place, at *url.URL) credential {
	if p.url == nil || p.kind != kindOCI || !strings.EqualFold(p.url.Host, at.Host) {
		return credential{}
	}
	host := at.Host
	if host == "docker.io" {
		host = dockerHubRegistry
	}
	return p.auth.credentialFor(host, at.Path)
}

func (b *ociBackend) tokenCache(key string) auth.Cache {
	b.mu.Lock()
	defer b.mu.Unlock()
	cache, ok := b.tokens[key]
	if !ok {
		cache = auth.NewCache()
		b.tokens[key] = cache
	}
	return cache
}

// failed says what an error of the registry client means.
func (b *ociBackend) failed(p place, repo *remote.Repository, tag string, err error) error {
	where := ociName(repo, tag)
	at := &url.URL{Host: repo.Reference.Registry, Path: "/" + repo.Reference.Repository}
	if answer, ok := errors.AsType[*errcode.ErrorResponse](err); ok {
		return statusError(where, answer.StatusCode, p, b.credential(p, at))
	}
	if errors.Is(err, auth.ErrBasicCredentialNotFound) {
		return statusError(where, http.StatusUnauthorized, p, credential{})
	}
	if isNotFound(err) {
		return failure.Retryable(ReasonRepositoryInvalid, "%s names a layer that the registry does not have", where)
	}
	if errors.Is(err, content.ErrMismatchedDigest) {
		return failure.Terminal(ReasonChartDigestMismatch, "the manifest of %s differs from its digest: it was replaced or damaged", where)
	}
	return unreachable(where, err)
}

func isNotFound(err error) bool {
	if errors.Is(err, errdef.ErrNotFound) {
		return true
	}
	answer, ok := errors.AsType[*errcode.ErrorResponse](err)
	return ok && answer.StatusCode == http.StatusNotFound
}

// ociName is a reference for people.
func ociName(repo *remote.Repository, tag string) string {
	name := "oci://" + repo.Reference.Registry + "/" + repo.Reference.Repository
	if tag != "" {
		name += ":" + tag
	}
	return name
}

// isLoopback tells whether a host is this machine: the only one that is asked without TLS.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
