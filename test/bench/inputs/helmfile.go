// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package inputs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/groundwork-dev/groundwork/internal/cli/export"
)

// cutLast splits an apiVersion into group and version.
func cutLast(apiVersion string) (group, version string, hasGroup bool) {
	at := strings.LastIndexByte(apiVersion, '/')
	if at < 0 {
		return "", apiVersion, false
	}
	return apiVersion[:at], apiVersion[at+1:], true
}

// helmfile writes the exported file with one change: charts come from their
// archives and not from repositories, as they do for everybody else.
func (o Options) helmfile(platform export.Platform, releases []Release) (string, error) {
	raw, err := export.Write(platform, "helmfile", "")
	if err != nil {
		return "", fmt.Errorf("export for helmfile: %w", err)
	}
	archives := map[string]string{}
	for _, r := range releases {
		archives[r.Key()] = r.Archive
	}
	if raw, err = withArchives(raw, archives); err != nil {
		return "", fmt.Errorf("exported helmfile: %w", err)
	}
	path := filepath.Join(o.Folder, "helmfile.yaml")
	return path, os.WriteFile(path, raw, 0o600)
}

// withArchives drops the repositories of a helmfile and replaces each release's
// chart, by namespace/name.
func withArchives(raw []byte, archives map[string]string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return nil, err
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("it is no mapping")
	}
	root := document.Content[0]
	remove(root, "repositories")
	releases := child(root, "releases")
	if releases == nil {
		return nil, fmt.Errorf("it has no releases")
	}
	for _, release := range releases.Content {
		key := text(release, "namespace") + "/" + text(release, "name")
		chart := child(release, "chart")
		if chart == nil || archives[key] == "" {
			return nil, fmt.Errorf("release %s has no chart", key)
		}
		chart.Value = archives[key]
		remove(release, "version")
	}
	return yaml.Marshal(&document)
}

// child is the value of a key of a mapping, or nil.
func child(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func text(mapping *yaml.Node, key string) string {
	if found := child(mapping, key); found != nil {
		return found.Value
	}
	return ""
}

func remove(mapping *yaml.Node, key string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content = append(mapping.Content[:i], mapping.Content[i+2:]...)
			return
		}
	}
}
