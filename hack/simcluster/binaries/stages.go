// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// StagesFile is the name, in the output folder, of kwok's configuration: what
// a simulated kubelet does with Nodes and Pods.
const StagesFile = "kwok-stages.yaml"

// stageFolders are the folders of kwok's own module that are played.
var stageFolders = [...]string{
	"kustomize/stage/node/fast",
	"kustomize/stage/node/heartbeat-with-lease",
	"kustomize/stage/pod/fast",
}

// joinStages reads kwok's stages from its module in moduleDir and returns them
// as one stream of YAML documents: kwok ships no such file, only folders.
func joinStages(moduleDir string) ([]byte, error) {
	var docs [][]byte
	for _, folder := range stageFolders {
		files, err := filepath.Glob(filepath.Join(moduleDir, folder, "*.yaml"))
		if err != nil {
			return nil, fmt.Errorf("list kwok stages in %s: %w", folder, err)
		}
		slices.Sort(files)
		for _, file := range files {
			if strings.HasPrefix(filepath.Base(file), "kustomization") {
				continue
			}
			doc, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read kwok stage: %w", err)
			}
			docs = append(docs, bytes.TrimSpace(doc))
		}
	}
	if len(docs) == 0 {
		return nil, errors.New("kwok's module holds no stages: its layout changed, adapt stageFolders")
	}
	return append(bytes.Join(docs, []byte("\n---\n")), '\n'), nil
}
