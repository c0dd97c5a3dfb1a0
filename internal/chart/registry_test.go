// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

var discardLog = log.New(io.Discard, "", 0)

// registryAuth is how a registry under test is protected.
type registryAuth string

const (
	authNone  registryAuth = ""
	authBasic registryAuth = "basic"
	authToken registryAuth = "token"
)

// The one account of a registry, and the token it is given.
const (
	registryUser, registryPassword = "reader", "open-sesame"
	registryToken                  = "a-bearer-token"
)

// registry is a small OCI registry for reading: tags, manifests, blobs, basic authentication and bearer tokens.
type registry struct {
	*httptest.Server
	mu       sync.Mutex
	protect  registryAuth
	tags     map[string]map[string]string // manifest digest by repository and tag
	blobs    map[string][]byte            // by digest; manifests too
	requests []string
	status   int // when set, the answer to everything
	pageSize int
}

func newRegistry(t testing.TB, tls bool, protect registryAuth) *registry {
	t.Helper()
	r := &registry{protect: protect, tags: map[string]map[string]string{}, blobs: map[string][]byte{}, pageSize: 100}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	quiet(r.Server)
	if tls {
		r.StartTLS()
	} else {
		r.Start()
	}
	t.Cleanup(r.Close)
	return r
}

// prefix is the source repository of charts pushed as "charts/<name>".
func (r *registry) prefix() string { return "oci://" + r.Listener.Addr().String() + "/charts" }

// push publishes a chart with a provenance layer in front, as helm push may.
func (r *registry) push(name, tag string, archive []byte) {
	r.pushLayers(name, tag, map[string][]byte{
		"application/vnd.cncf.helm.chart.provenance.v1.prov": []byte("signed"),
		chartLayer: archive,
	})
}

func (r *registry) pushLayers(name, tag string, layers map[string][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	put := func(data []byte) map[string]any {
		digest := archiveDigest(data)
		r.blobs[digest] = data
		return map[string]any{"digest": digest, "size": len(data)}
	}
	config := put([]byte("{}"))
	config["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
	list := []any{}
	for _, mediaType := range sortedKeys(layers) {
		layer := put(layers[mediaType])
		layer["mediaType"] = mediaType
		list = append(list, layer)
	}
	raw, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": list,
	})
	if err != nil {
		panic(err)
	}
	manifest := put(raw)
	repository := "charts/" + name
	if r.tags[repository] == nil {
		r.tags[repository] = map[string]string{}
	}
	r.tags[repository][tag] = manifest["digest"].(string)
}

func (r *registry) seenRequests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.requests
	r.requests = nil
	return seen
}

func (r *registry) setStatus(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *registry) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.URL.Path == "/token" {
		r.serveToken(w, req)
		return
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	if !r.authorized(w, req) {
		return
	}
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	path := strings.TrimPrefix(req.URL.Path, "/v2/")
	if repository, found := strings.CutSuffix(path, "/tags/list"); found {
		r.serveTags(w, req, repository)
	} else if repository, reference, found := strings.Cut(path, "/manifests/"); found {
		if digest, ok := r.tags[repository][reference]; ok {
			reference = digest
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		r.serveBlob(w, req, reference)
	} else if _, digest, found := strings.Cut(path, "/blobs/"); found {
		w.Header().Set("Content-Type", "application/octet-stream")
		r.serveBlob(w, req, digest)
	} else {
		http.NotFound(w, req)
	}
}

func (r *registry) authorized(w http.ResponseWriter, req *http.Request) bool {
	switch r.protect {
	case authBasic:
		if user, password, _ := req.BasicAuth(); user == registryUser && password == registryPassword {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
	case authToken:
		if req.Header.Get("Authorization") == "Bearer "+registryToken {
			return true
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, r.URL))
	default:
		return true
	}
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

func (r *registry) serveToken(w http.ResponseWriter, req *http.Request) {
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	if user, password, _ := req.BasicAuth(); user != registryUser || password != registryPassword {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = fmt.Fprintf(w, `{"token": %q}`, registryToken)
}

func (r *registry) serveTags(w http.ResponseWriter, req *http.Request, repository string) {
	tags, ok := r.tags[repository]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}`))
		return
	}
	page := []string{}
	for _, tag := range sortedKeys(tags) {
		if tag <= req.URL.Query().Get("last") {
			continue
		}
		if len(page) == r.pageSize {
			w.Header().Set("Link", fmt.Sprintf(`</v2/%s/tags/list?last=%s>; rel="next"`, repository, page[len(page)-1]))
			break
		}
		page = append(page, tag)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"name": repository, "tags": page})
}

func (r *registry) serveBlob(w http.ResponseWriter, req *http.Request, digest string) {
	data, ok := r.blobs[digest]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	if req.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}
