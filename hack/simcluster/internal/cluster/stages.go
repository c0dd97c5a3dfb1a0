// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/groundwork-dev/groundwork/hack/simcluster/binaries"
)

// ownStages complete kwok's: what its own do not play, charts need.
//
//go:embed stages.yaml
var ownStages []byte

// writeKwokConfig joins the stages of kwok's module, placed in bin by the
// build, and the ones of this package.
func writeKwokConfig(l layout, bin string) error {
	upstream, err := os.ReadFile(filepath.Join(bin, binaries.StagesFile))
	if err != nil {
		return fmt.Errorf("read kwok's stages: %w", err)
	}
	joined := slices.Concat(upstream, []byte("---\n"), ownStages)
	if err := os.WriteFile(l.kwokConfig(), joined, 0o600); err != nil {
		return fmt.Errorf("write kwok's configuration: %w", err)
	}
	return nil
}
