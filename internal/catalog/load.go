// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// root is the folder of a bundle file system that holds one folder for each catalog version.
const root = "catalog"

// Load reads every catalog below the folder catalog: catalog/<version>/<component>.yaml, where a version is made of
// numbers, such as 2026.11; and the profiles of the newest, profiles/<name>.yaml, and of others, profiles/<version>/<name>.yaml. It returns all mistakes joined, each a *FileError, or the complete set.
func Load(fsys fs.FS) (*Set, error) {
	dirs, err := fs.ReadDir(fsys, root)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalogs: %w", err)
	}
	found := &problems{}
	set := &Set{catalogs: map[string]*Catalog{}}
	version := regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)
	for _, dir := range dirs {
		name := path.Join(root, dir.Name())
		if !dir.IsDir() || !version.MatchString(dir.Name()) {
			found.add(name, 0, "only folders named by a version such as 2026.11 belong here")
			continue
		}
		components, err := loadVersion(fsys, name, found)
		if err != nil {
			return nil, err
		}
		set.catalogs[dir.Name()] = newCatalog(dir.Name(), components)
		set.versions = append(set.versions, dir.Name())
	}
	if len(set.versions) == 0 {
		found.add(root, 0, "there is no catalog here")
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(set.versions, compareVersions)
	if err := set.loadProfiles(fsys, found); err != nil {
		return nil, err
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	return set, nil
}

func loadVersion(fsys fs.FS, dir string, found *problems) (map[string]Component, error) {
	files, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalog %s: %w", dir, err)
	}
	if len(files) == 0 {
		found.add(dir, 0, "this catalog has no component")
	}
	entries := map[string]entry{}
	for _, f := range files {
		file := path.Join(dir, f.Name())
		if f.IsDir() || path.Ext(file) != ".yaml" {
			found.add(file, 0, "only files named <component>.yaml belong here")
			continue
		}
		content, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the component %s: %w", file, err)
		}
		e, ok := loadComponent(file, content, found)
		if !ok {
			continue
		}
		if other, taken := entries[e.Name]; taken {
			found.add(file, e.lines["name"], "component %q is in %s, too", e.Name, other.file)
			continue
		}
		entries[e.Name] = e
	}
	checkTogether(entries, found)
	checkWiring(entries, found)
	components := make(map[string]Component, len(entries))
	for name, e := range entries {
		components[name] = e.Component
	}
	return components, nil
}

// loadComponent reads one file; false when it holds no component with a name.
func loadComponent(file string, content []byte, found *problems) (entry, bool) {
	n, ok := parse(file, content, found)
	if !ok {
		return entry{}, false
	}
	d := &decoder{file: file, found: found, lines: map[string]int{}}
	e := entry{Component: d.component(n), file: file, lines: d.lines}
	if e.Name == "" {
		return entry{}, false
	}
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); e.Name != want {
		found.add(file, e.lines["name"], "name %q must be the name of the file, %q", e.Name, want)
	}
	e.check(found)
	return e, true
}

// parse returns the root of the one YAML document of a file.
func parse(file string, content []byte, found *problems) (*yaml.Node, bool) {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		found.add(file, 0, "the file is empty")
		return nil, false
	case err != nil:
		line, text := splitYAMLError(err)
		found.add(file, line, "not YAML: %s", text)
		return nil, false
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		line := 1
		if len(more.Content) > 0 {
			line = more.Content[0].Line
		}
		found.add(file, line, "one file holds one YAML document")
		return nil, false
	}
	return doc.Content[0], true
}

// splitYAMLError takes the line out of the library's message, "yaml: line 3: did not find ...".
func splitYAMLError(err error) (int, string) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	m := regexp.MustCompile(`^line ([0-9]+): (.*)$`).FindStringSubmatch(text)
	if m == nil {
		return 1, text
	}
	line, _ := strconv.Atoi(m[1]) // digits by the expression above
	return line, m[2]
}
