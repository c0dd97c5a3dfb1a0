// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The media types of a chart in a registry.
const (
	mediaTypeManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaTypeConfig   = "application/vnd.cncf.helm.config.v1+json"
	mediaTypeChart    = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// Registry is an OCI registry for reading: tags, manifests and blobs of charts under charts/<name>.
type Registry struct {
	Server
	folder *folder
}

// ServeOCI serves the <name>-<version>.tgz files of a folder as charts in a registry. URL is oci://127.0.0.1:<port>/charts, spoken to
// without TLS. The caller closes it.
func ServeOCI(dir string, opts ...ServeOption) (*Registry, error) {
	files, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	r := &Registry{folder: files}
	address, err := r.start(r.serve, opts)
	if err != nil {
		return nil, err
	}
	r.URL = "oci://" + address + "/charts"
	return r, nil
}

// descriptor points to a blob.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// config is what the registry keeps of a chart beside its archive. Clients read the archive's Chart.yaml.
func config(a archive) []byte { return fmt.Appendf(nil, `{"name":%q,"version":%q}`, a.name, a.version) }

func manifest(a archive) []byte {
	settings := config(a)
	raw, err := json.Marshal(struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        descriptor   `json:"config"`
		Layers        []descriptor `json:"layers"`
	}{
		2, mediaTypeManifest, descriptor{mediaTypeConfig, digestOf(settings), int64(len(settings))},
		[]descriptor{{mediaTypeChart, "sha256:" + a.digest, a.size}},
	})
	if err != nil {
		panic(err) // strings and numbers can be written as JSON
	}
	return raw
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// tag is a version as a registry allows it: it may hold no plus sign.
func tag(version string) string { return strings.ReplaceAll(version, "+", "_") }

func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == "/v2/" {
		return
	}
	archives, err := r.folder.list()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	path, known := strings.CutPrefix(req.URL.Path, "/v2/charts/")
	name, rest, _ := strings.Cut(path, "/")
	archives = slices.DeleteFunc(archives, func(a archive) bool { return a.name != name })
	if !known || len(archives) == 0 {
		fail(w, "NAME_UNKNOWN", "repository name not known to registry")
		return
	}
	kind, reference, _ := strings.Cut(rest, "/")
	switch kind {
	case "tags":
		serveTags(w, "charts/"+name, archives)
	case "manifests":
		serveManifest(w, req, archives, reference)
	case "blobs":
		serveBlob(w, req, archives, reference)
	default:
		fail(w, "UNSUPPORTED", "this registry serves tags, manifests and blobs")
	}
}

func serveTags(w http.ResponseWriter, repository string, archives []archive) {
	tags := make([]string, 0, len(archives))
	for _, a := range archives {
		tags = append(tags, tag(a.version))
	}
	slices.Sort(tags)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"name": repository, "tags": tags})
}

func serveManifest(w http.ResponseWriter, req *http.Request, archives []archive, reference string) {
	for _, a := range archives {
		if data := manifest(a); reference == tag(a.version) || reference == digestOf(data) {
			send(w, req, mediaTypeManifest, data)
			return
		}
	}
	fail(w, "MANIFEST_UNKNOWN", "manifest unknown")
}

func serveBlob(w http.ResponseWriter, req *http.Request, archives []archive, digest string) {
	for _, a := range archives {
		data := config(a)
		if digest == "sha256:"+a.digest {
			var err error
			if data, err = os.ReadFile(a.path); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		} else if digest != digestOf(data) {
			continue
		}
		send(w, req, "application/octet-stream", data)
		return
	}
	fail(w, "BLOB_UNKNOWN", "blob unknown to registry")
}

func send(w http.ResponseWriter, req *http.Request, mediaType string, data []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Docker-Content-Digest", digestOf(data))
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if req.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}

func fail(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
}
