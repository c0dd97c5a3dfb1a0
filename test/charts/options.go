// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import "slices"

// DefaultScale is the part of their real size that CRDs and ConfigMaps have unless an option says otherwise: enough for tests to see
// that sizes differ, little enough for CI to be fast.
const DefaultScale = 0.1

type options struct {
	scale float64
	only  []string
}

func newOptions(opts []Option) options {
	o := options{scale: DefaultScale}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

func (o options) wants(name string) bool { return len(o.only) == 0 || slices.Contains(o.only, name) }

// Option changes how stand-ins are built.
type Option func(*options)

// FullSize gives CRDs and ConfigMaps their real size.
func FullSize() Option { return Scale(1) }

// Scale gives CRDs and ConfigMaps a part of their real size. Default: DefaultScale.
func Scale(part float64) Option { return func(o *options) { o.scale = part } }

// Only restricts WriteDir to charts of these names.
func Only(names ...string) Option { return func(o *options) { o.only = append(o.only, names...) } }
