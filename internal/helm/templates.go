// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"regexp"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

var defines = regexp.MustCompile(`{{-?\s*define\s`)

// dropCRDTemplates removes templates that can give nothing but custom resource
// definitions. The release never holds those, and rendering and parsing megabytes
// of them only to drop them is a third of the work of an install. A file that
// holds another kind too, or defines a named template, stays; what it renders is
// dropped by the post-renderer.
func dropCRDTemplates(loaded *helmchart.Chart) {
	loaded.Templates = slices.DeleteFunc(loaded.Templates, func(file *helmchart.File) bool {
		return onlyCRDs(file.Data)
	})
	for _, dependency := range loaded.Dependencies() {
		dropCRDTemplates(dependency)
	}
}

func onlyCRDs(template []byte) bool {
	if !bytes.Contains(template, []byte("CustomResourceDefinition")) {
		return false
	}
	all, definitions := kindLines(string(template))
	return definitions > 0 && definitions == all && !defines.Match(template)
}
