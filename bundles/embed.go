// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bundles embeds the data that the operator brings: the component catalogs by version, and the profiles. It holds
// no code and imports nothing but embed; internal/catalog reads it.
package bundles

import "embed"

// FS holds catalog/<version>/<component>.yaml and profiles/<name>.yaml.
//
//go:embed catalog profiles
var FS embed.FS
