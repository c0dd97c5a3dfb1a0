// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// Repository is a Helm chart repository: index.yaml with an ETag, and the archives beside it.
type Repository struct {
	Server
	folder *folder
}

// ServeHTTP serves the <name>-<version>.tgz files of a folder as a chart repository. The caller closes it.
func ServeHTTP(dir string, opts ...ServeOption) (*Repository, error) {
	files, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	r := &Repository{folder: files}
	address, err := r.start(r.serve, opts)
	if err != nil {
		return nil, err
	}
	r.URL = "http://" + address
	return r, nil
}

func (r *Repository) serve(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	archives, err := r.folder.list()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if req.URL.Path == "/index.yaml" {
		serveIndex(w, req, indexOf(archives))
		return
	}
	for _, a := range archives {
		if filepath.Base(a.path) == path.Base(req.URL.Path) {
			w.Header().Set("Content-Type", "application/gzip")
			http.ServeFile(w, req, a.path)
			return
		}
	}
	http.NotFound(w, req)
}

func serveIndex(w http.ResponseWriter, req *http.Request, index string) {
	sum := sha256.Sum256([]byte(index))
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", tag)
	if req.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write([]byte(index))
}

// indexOf writes the index; archives come sorted, so that those of one chart follow each other.
func indexOf(archives []archive) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nentries:\n")
	entries := map[string]string{}
	var names []string
	for _, a := range archives {
		if _, ok := entries[a.name]; !ok {
			names = append(names, a.name)
		}
		entries[a.name] += fmt.Sprintf("  - {apiVersion: v2, name: %s, version: %q, digest: %s, urls: [%q]}\n",
			a.name, a.version, a.digest, (&url.URL{Path: filepath.Base(a.path)}).EscapedPath())
	}
	for _, name := range names {
		b.WriteString("  " + name + ":\n" + entries[name])
	}
	return b.String()
}
