// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// files are the page. They are the same for everybody and tell nothing about a
// cluster.
//
//go:embed assets/*
var files embed.FS

// asset is one file with its tag: the hash of its content.
type asset struct {
	content []byte
	kind    string
	tag     string
}

// kindOf goes by the extension; the operating system's table is not asked.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

// loadAssets reads all files of the page by name.
func loadAssets() (map[string]asset, error) {
	out := map[string]asset{}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		content, err := files.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		out[entry.Name()] = asset{content: content, kind: kindOf(entry.Name()), tag: `"` + hex.EncodeToString(sum[:16]) + `"`}
	}
	return out, nil
}

// serve answers with the file, or that the browser has it.
func (a asset) serve(w http.ResponseWriter, r *http.Request, status int) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("ETag", a.tag)
	header.Set("Cache-Control", "no-cache") // it asks again, and is told that nothing changed
	if status == http.StatusOK && strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.content) // the browser went away
	}
}
