// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package catalog is the quality gate of the component catalog: every component
// alone, with what it requires, and every profile is resolved, prepared and rendered
// from its real chart by the operator's own rooms, and what came out is judged and
// compared with a summary in testdata. No cluster is needed: the API server is a
// transport that serves the kinds of testdata/kinds.txt, has no objects, and ends an
// install when the release record has been written. It imports the API, the catalogs
// and the rooms that resolve, fetch, prepare and render.
//
// CATALOG_CHARTS names the mirror: a folder of <name>-<version>.tgz, an http(s)
// repository, or oci://host/path. Without it the charts' tests are skipped and the
// tests of the gate itself run. UPDATE_GOLDEN=1 writes the summaries anew.
//
// A component that needs input has a testdata/inputs/<component>.yaml: the spec of
// the smallest bundle that has it. References to Secrets and ConfigMaps are not read.
package catalog
