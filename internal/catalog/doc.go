// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package catalog loads and validates the component catalogs: for every version a folder of YAML files, one a component,
// which say where its chart comes from, what it depends on, and which values make it become Ready by itself. Loading is
// strict and reports every mistake with its file and line; what has been loaded never changes, and every lookup returns a
// copy. The package is pure: it reads an fs.FS it is given and imports no client, no Helm and no clock, only a YAML
// decoder, semantic versions and internal/graph.
package catalog
