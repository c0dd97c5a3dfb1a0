// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Source says where a chart comes from.
type Source struct {
	// Repository is an HTTP repository (https://…, http://…), an OCI prefix to which the name is added (oci://host/path), or a folder
	// (file:///…, or a path) that holds <name>-<version>.tgz files or an unpacked chart in a directory called <name>.
	Repository string
	// Name is the chart's name.
	Name string
	// Version is exact ("1.2.3", "v1.2.3") or a semver range ("1.2.x", "^1.2", ">=1.2 <2"). Empty: the newest stable version.
	Version string
	// Auth holds the credentials for the repository; nil for none. They go to the repository's own scheme, host and port only.
	Auth *Auth
	// CA holds PEM certificates that are trusted in addition to the system's; empty for none.
	CA []byte
}

// Resolved is a chart pinned to one version.
type Resolved struct {
	// Repository is the source's repository as declared, also where a mirror was asked.
	Repository string
	// Name is the chart's name.
	Name string
	// Version is the version as the repository writes it, with a leading "v" where it has one.
	Version string
	// Digest is "sha256:…" over the files of the chart (see ContentDigest). A mirror that packs the same files anew gives the same
	// one. Empty from Resolve as long as this process has not seen the archive.
	Digest string
	// ArchiveDigest is "sha256:…" over the bytes of the archive. Empty from Resolve where the repository does not announce it.
	ArchiveDigest string
	// URL is where the archive is, for people: without credentials and query.
	URL string
}

// placeKind is the protocol of a place.
type placeKind string

const (
	kindHTTP   placeKind = "http"
	kindOCI    placeKind = "oci"
	kindFolder placeKind = "folder"
)

// place is a repository that has been parsed: what every backend works from. It is a value and never changes.
type place struct {
	kind placeKind
	url  *url.URL // kindHTTP, kindOCI
	dir  string   // kindFolder
	auth *Auth
	ca   []byte
	// key tells places apart in caches: another credential must never be served what this one was shown.
	key string
}

// String names the place for people.
func (p place) String() string {
	if p.kind == kindFolder {
		return p.dir
	}
	return displayURL(p.url)
}

// parsePlace parses a repository. The failures are Terminal.
func parsePlace(repository string, auth *Auth, ca []byte) (place, error) {
	p := place{auth: auth, ca: ca, key: placeKey(repository, auth, ca)}
	if !strings.Contains(repository, "://") {
		if repository == "" {
			return place{}, failure.Terminal(ReasonChartSourceInvalid, "the chart has no repository: set it to https://…, oci://… or a folder")
		}
		p.kind, p.dir = kindFolder, filepath.Clean(repository)
		return p, nil
	}
	u, err := url.Parse(repository)
	if err != nil {
		// The text is left out of the message: it may hold credentials, and url.Error repeats it.
		return place{}, failure.Terminal(ReasonChartSourceInvalid, "the chart's repository is not a URL: check it for blanks and stray characters")
	}
	if u.User != nil {
		return place{}, failure.Terminal(ReasonChartSourceInvalid,
			"repository %s holds credentials: put them in a Secret and name it in secretRef", displayURL(u))
	}
	p.url = u
	switch u.Scheme {
	case "http", "https":
		p.kind = kindHTTP
	case "oci":
		p.kind = kindOCI
	case "file":
		p.kind, p.dir = kindFolder, filepath.FromSlash(u.Path)
	default:
		return place{}, failure.Terminal(ReasonChartSourceInvalid,
			"repository %s has the scheme %q: use https, http, oci or file", displayURL(u), u.Scheme)
	}
	if p.kind != kindFolder && u.Host == "" {
		return place{}, failure.Terminal(ReasonChartSourceInvalid, "repository %s names no host", displayURL(u))
	}
	if p.kind == kindFolder && (p.dir == "" || u.Host != "" && u.Host != "localhost") {
		return place{}, failure.Terminal(ReasonChartSourceInvalid, "repository %s names no folder: write file:///path", displayURL(u))
	}
	return p, nil
}

// placeKey digests everything that decides what a repository shows.
func placeKey(repository string, auth *Auth, ca []byte) string {
	h := sha256.New()
	field := func(b []byte) {
		sum := sha256.Sum256(b)
		h.Write(sum[:])
	}
	field([]byte(strings.TrimRight(repository, "/")))
	field(ca)
	if auth != nil {
		field([]byte(auth.Username))
		field([]byte(auth.Password))
		field([]byte(auth.Token))
		field(auth.DockerConfigJSON)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkName refuses chart names that could leave the repository's folder or path.
func checkName(name string) error {
	switch {
	case name == "":
		return failure.Terminal(ReasonChartSourceInvalid, "the chart has no name")
	case name == "." || name == ".." || strings.ContainsAny(name, "/\\ \t\r\n\x00?#%"):
		return failure.Terminal(ReasonChartSourceInvalid, "chart name %q is not a chart's name: letters, digits, '-', '_' and '.' only", name)
	}
	return nil
}

// displayURL writes a URL without credentials, query and fragment: those may hold secrets and change with every request.
func displayURL(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment, shown.RawFragment, shown.ForceQuery = nil, "", "", "", false
	return strings.TrimRight(shown.String(), "/")
}
