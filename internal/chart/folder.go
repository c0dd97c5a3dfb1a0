// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chart/loader"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// archiveExt ends the name of a chart archive.
const archiveExt = ".tgz"

// folderBackend is a folder of archives <name>-<version>.tgz, or of unpacked charts in directories of their name. Where both have the
// version that is wanted, the archive counts. Nothing is remembered: a folder answers at once.
type folderBackend struct {
	limit, unpackedLimit int64
}

func (b *folderBackend) refresh(place, string) {}

func (b *folderBackend) resolve(_ context.Context, p place, src Source, sel selector) (candidate, error) {
	entries, err := os.ReadDir(p.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return candidate{}, failure.Retryable(ReasonRepositoryUnreachable, "the chart folder %s does not exist", p.dir)
	}
	if err != nil {
		return candidate{}, failure.Retryable(ReasonRepositoryUnreachable, "the chart folder %s cannot be read: %w", p.dir, innermost(err))
	}
	paths, names := map[string]string{}, []string{}
	for _, entry := range entries {
		name, version := splitArchiveName(entry.Name())
		names = append(names, name)
		if name == src.Name {
			paths[version] = filepath.Join(p.dir, entry.Name())
		}
	}
	if version, ok := b.directoryVersion(p, src.Name); ok {
		if _, packed := paths[version]; !packed {
			paths[version] = filepath.Join(p.dir, src.Name)
		}
	}
	if len(paths) == 0 {
		return candidate{}, chartNotFound(src.Name, p, withoutBlanks(names))
	}
	versions := make([]string, 0, len(paths))
	for version := range paths {
		versions = append(versions, version)
	}
	picked, ok := sel.pick(versions)
	if !ok {
		return candidate{}, versionNotFound(src, sel, p, versions)
	}
	return candidate{version: picked, locations: []string{paths[picked]}}, nil
}

func withoutBlanks(names []string) []string {
	var kept []string
	seen := map[string]bool{"": true}
	for _, name := range names {
		if !seen[name] {
			kept, seen[name] = append(kept, name), true
		}
	}
	return kept
}

// splitArchiveName parts <name>-<version>.tgz. Both may hold dashes: the version starts at the first dash after which all is a version.
func splitArchiveName(file string) (name, version string) {
	stem, found := strings.CutSuffix(file, archiveExt)
	if !found {
		return "", ""
	}
	for i := range len(stem) {
		if stem[i] != '-' || i == 0 {
			continue
		}
		if _, err := semver.StrictNewVersion(strings.TrimPrefix(stem[i+1:], "v")); err == nil {
			return stem[:i], stem[i+1:]
		}
	}
	return "", ""
}

// directoryVersion reads the version of an unpacked chart; false where there is none.
func (b *folderBackend) directoryVersion(p place, name string) (string, bool) {
	raw, err := os.ReadFile(filepath.Join(p.dir, name, "Chart.yaml"))
	if err != nil {
		return "", false
	}
	var meta struct {
		Version string `json:"version"`
	}
	if err := yaml.Unmarshal(raw, &meta); err != nil || meta.Version == "" {
		return "", false
	}
	return meta.Version, true
}

func (b *folderBackend) download(_ context.Context, _ place, c candidate) ([]byte, error) {
	location := c.locations[0]
	info, err := os.Stat(location)
	if err != nil {
		return nil, unreadable(location, err)
	}
	if info.IsDir() {
		return b.pack(location)
	}
	f, err := os.Open(location)
	if err != nil {
		return nil, unreadable(location, err)
	}
	defer f.Close()
	return readArchive(f, info.Size(), b.limit, "", location)
}

func unreadable(location string, err error) error {
	return failure.Retryable(ReasonRepositoryUnreachable, "%s cannot be read: %w", location, innermost(err))
}

// pack makes an archive of an unpacked chart, so that what is done with it afterwards is the same as for the others, and the chart that
// was pinned stays as it was when the directory changes.
func (b *folderBackend) pack(dir string) ([]byte, error) {
	c, err := loader.LoadDir(dir)
	if err != nil {
		return nil, failure.Terminal(ReasonChartArchiveInvalid, "%s is not a chart: %w", dir, err)
	}
	var size int64
	for _, file := range c.Raw {
		size += int64(len(file.Data))
	}
	if size > b.unpackedLimit {
		return nil, failure.Terminal(ReasonChartTooLarge, "the chart in %s is larger than the limit of %s", dir, byteSize(b.unpackedLimit))
	}
	data, err := packFiles(c)
	if err != nil {
		return nil, failure.Terminal(ReasonChartArchiveInvalid, "%s cannot be packed: %w", dir, err)
	}
	return data, nil
}
