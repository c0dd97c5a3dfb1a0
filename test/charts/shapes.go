// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"slices"
	"strings"
)

// Charts is the table: one shape for every chart of the catalog, sorted by name.
func Charts() []Shape {
	shapes := slices.Concat(deliveryShapes(), networkShapes(), observabilityShapes(), policyShapes(), backupShapes(), operatorShapes(),
		meshShapes(), telemetryShapes(), secretShapes(), pipelineShapes(), nodeShapes())
	slices.SortFunc(shapes, func(a, b Shape) int { return strings.Compare(a.Name, b.Name) })
	return shapes
}

// Find returns the shape of the chart of that name, to be built as it is or changed first (another version, other CRDs).
func Find(name string) (Shape, bool) {
	shapes := Charts()
	i := slices.IndexFunc(shapes, func(s Shape) bool { return s.Name == name })
	if i < 0 {
		return Shape{}, false
	}
	return shapes[i], true
}

// The hook events and delete policies that most charts use.
const (
	install        = "pre-install,pre-upgrade"
	installed      = "post-install,post-upgrade"
	beforeCreation = "before-hook-creation"
	onSuccess      = "before-hook-creation,hook-succeeded"
	onEnd          = "before-hook-creation,hook-succeeded,hook-failed"
)

// imageValues are the values of one image.
const imageValues = "image: {repository: registry.example/standin, tag: '1'}\n"
