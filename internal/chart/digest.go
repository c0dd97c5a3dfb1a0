// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// digestPrefix names the algorithm of every digest here.
const digestPrefix = "sha256:"

// archiveDigest is the digest of an archive's bytes.
func archiveDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return digestPrefix + hex.EncodeToString(sum[:])
}

// ContentDigest is "sha256:…" over the files of a chart: their paths and bytes in the order of the paths, and its dependencies the same
// way. It does not depend on how or when the archive was packed, nor on whether a dependency lies in it as an archive or as a directory.
// The chart must be as it was loaded, before Helm has processed it.
func ContentDigest(c *helmchart.Chart) string {
	sum := contentSum(c)
	return digestPrefix + hex.EncodeToString(sum[:])
}

type digestEntry struct {
	path string
	sum  [sha256.Size]byte
}

func contentSum(c *helmchart.Chart) [sha256.Size]byte {
	entries := make([]digestEntry, 0, len(c.Raw))
	for _, file := range c.Raw {
		if !ofDependency(file.Name) {
			entries = append(entries, digestEntry{file.Name, sha256.Sum256(file.Data)})
		}
	}
	for _, dependency := range c.Dependencies() {
		entries = append(entries, digestEntry{"charts/" + dependency.Name() + "/", contentSum(dependency)})
	}
	slices.SortFunc(entries, func(a, b digestEntry) int {
		return cmp.Or(strings.Compare(a.path, b.path), bytes.Compare(a.sum[:], b.sum[:]))
	})
	h := sha256.New()
	for _, e := range entries {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(e.path)))
		h.Write(length[:]) // without it, one path and the next could be parted elsewhere
		h.Write([]byte(e.path))
		h.Write(e.sum[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// ofDependency tells whether a file is part of what Helm loads as a dependency. Below charts/ Helm passes over names that start with a
// dot or an underscore, and over provenance files; they are files like any other.
func ofDependency(name string) bool {
	rest, found := strings.CutPrefix(name, "charts/")
	if !found {
		return false
	}
	return strings.IndexAny(rest, "_.") != 0 && path.Ext(name) != ".prov"
}

// packFiles makes an archive of a chart that was loaded from a directory: the same files give the same bytes.
func packFiles(c *helmchart.Chart) ([]byte, error) {
	files := slices.SortedFunc(slices.Values(c.Raw), func(a, b *helmchart.File) int { return strings.Compare(a.Name, b.Name) })
	var buffer bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&buffer, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zipped)
	for _, file := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: c.Name() + "/" + file.Name, Mode: 0o644, Size: int64(len(file.Data))}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(file.Data); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
