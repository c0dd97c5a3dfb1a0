// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// maxRedirects is how many redirects one request follows.
const maxRedirects = 10

// errDowngrade is why a redirect was not followed.
var errDowngrade = errors.New("it redirects from https to http, which is not followed")

// errTooManyRedirects is why a redirect was not followed.
var errTooManyRedirects = errors.New("it redirects too often")

// clients holds one HTTP client per set of trusted certificates, so that connections are reused.
type clients struct {
	base http.RoundTripper

	mu   sync.Mutex
	byCA map[[sha256.Size]byte]*http.Client
}

func newClients(base http.RoundTripper) *clients {
	return &clients{base: base, byCA: map[[sha256.Size]byte]*http.Client{}}
}

// forCA returns the client that trusts ca in addition to the system's certificates.
func (c *clients) forCA(ca []byte) (*http.Client, error) {
	key := sha256.Sum256(ca)
	c.mu.Lock()
	defer c.mu.Unlock()
	if client, ok := c.byCA[key]; ok {
		return client, nil
	}
	client := &http.Client{Transport: c.base, CheckRedirect: checkRedirect}
	if len(ca) > 0 {
		transport, ok := c.base.(*http.Transport)
		if !ok {
			return nil, failure.Terminal(ReasonChartSourceInvalid, "a CA cannot be used: the transport is not an http.Transport")
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool() // an image without certificates: the given ones are all there is
		}
		if !pool.AppendCertsFromPEM(ca) {
			return nil, failure.Terminal(ReasonChartSourceInvalid, "the CA of the chart's repository holds no PEM certificate")
		}
		transport = transport.Clone()
		if transport.TLSClientConfig == nil {
			transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		transport.TLSClientConfig.RootCAs = pool
		client.Transport = transport
	}
	c.byCA[key] = client
	return client, nil
}

// checkRedirect drops the credentials for good once a chain of redirects has left the origin that they were meant for. net/http does so
// only when the host name changes, not for another port or scheme.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return errTooManyRedirects
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme == "http" {
		return errDowngrade
	}
	left := !sameOrigin(via[0].URL, req.URL)
	for _, r := range via {
		left = left || !sameOrigin(via[0].URL, r.URL)
	}
	if left {
		req.Header.Del("Authorization")
	}
	return nil
}

// sameOrigin tells whether two URLs have one scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// authorize puts the place's credentials on a request, if the request goes to the place itself.
func authorize(req *http.Request, p place) credential {
	if p.url == nil || !sameOrigin(p.url, req.URL) {
		return credential{}
	}
	c := p.auth.credentialFor(p.url.Host, p.url.Path)
	switch {
	case c.token != "":
		req.Header.Set("Authorization", "Bearer "+c.token)
	case c.username != "" || c.password != "":
		req.SetBasicAuth(c.username, c.password)
	}
	return c
}
