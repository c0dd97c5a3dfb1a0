// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/groundwork-dev/groundwork/internal/catalog"
)

// generated marks every page of this program's; nothing else is ever deleted.
const generated = "<!-- Generated from bundles/catalog by hack/docgen: run `make manifests`. -->"

const (
	indexPage  = "components.md"
	pageFolder = "components"
)

// components returns the index and a page for every component of the newest
// catalog, by path below the folder of the docs.
func components(data fs.FS) (map[string]string, error) {
	catalogs, err := catalog.Load(data)
	if err != nil {
		return nil, err
	}
	newest, err := catalogs.Get(catalogs.Newest())
	if err != nil {
		return nil, err
	}
	all := readAll(newest)
	pages := map[string]string{}
	if pages[indexPage], err = index(catalogs, all); err != nil {
		return nil, err
	}
	for _, c := range all {
		file := "catalog/" + newest.Version + "/" + c.Name + ".yaml"
		text, err := fs.ReadFile(data, file)
		if err != nil {
			return nil, err
		}
		written, err := newSource(file, text)
		if err != nil {
			return nil, err
		}
		pages[filepath.Join(pageFolder, c.Name+".md")] = page{Component: c, version: newest.Version, all: all, source: written}.String()
	}
	return pages, nil
}

// readAll returns the components of a catalog, by name.
func readAll(chosen *catalog.Catalog) []catalog.Component {
	names := chosen.Names()
	all := make([]catalog.Component, len(names))
	for i, name := range names {
		all[i], _ = chosen.Component(name)
	}
	return all
}

// writePages makes a folder hold these pages, and none of components that there
// are no longer. A page that somebody wrote by hand stops it before it writes.
func writePages(folder string, pages map[string]string) error {
	old, err := filepath.Glob(filepath.Join(folder, pageFolder, "*"))
	if err != nil {
		return err
	}
	for _, file := range old {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(generated)) {
			return fmt.Errorf("%s is not generated: that folder is for generated pages, move it elsewhere", file)
		}
	}
	if err := os.MkdirAll(filepath.Join(folder, pageFolder), 0o755); err != nil {
		return err
	}
	for _, file := range old {
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		if _, kept := pages[name]; !kept {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
