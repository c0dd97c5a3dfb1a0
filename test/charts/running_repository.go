// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// RepositoryHandler serves charts from memory as a chart repository: index.yaml with an ETag, and the archives beside it. Unlike
// ServeHTTP it needs neither a folder nor a port of its own, so that a pod with a read-only root can serve it.
func RepositoryHandler(charts ...*helmchart.Chart) (http.Handler, error) {
	files := map[string][]byte{}
	var archives []archive
	for _, c := range charts {
		data, err := Archive(c)
		if err != nil {
			return nil, err
		}
		name := c.Name() + "-" + c.Metadata.Version + ".tgz"
		sum := sha256.Sum256(data)
		files[name] = data
		archives = append(archives, archive{
			name: c.Name(), version: c.Metadata.Version, path: name, digest: hex.EncodeToString(sum[:]), size: int64(len(data)),
		})
	}
	slices.SortFunc(archives, func(a, b archive) int { return strings.Compare(a.path, b.path) })
	index := indexOf(archives)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		if req.URL.Path == "/index.yaml" {
			serveIndex(w, req, index)
			return
		}
		data, ok := files[path.Base(req.URL.Path)]
		if !ok {
			http.NotFound(w, req)
			return
		}
		w.Header().Set("Content-Type", "application/gzip")
		_, _ = w.Write(data)
	}), nil
}
