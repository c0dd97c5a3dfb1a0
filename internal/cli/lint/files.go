// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// stdinArgument and stdinName are how standard input is named by and to people.
const (
	stdinArgument = "-"
	stdinName     = "stdin"
)

// file is what was read.
type file struct {
	name    string
	content []byte
}

// trees parts the arguments: each folder is a tree, all others are one together.
func trees(args []string) [][]string {
	var out [][]string
	var single []string
	for _, arg := range args {
		if info, err := os.Stat(arg); arg != stdinArgument && err == nil && info.IsDir() {
			out = append(out, []string{arg})
		} else {
			single = append(single, arg)
		}
	}
	if len(single) > 0 {
		out = append(out, single)
	}
	return out
}

// reader reads files; note is told what is skipped.
type reader struct {
	stdin io.Reader
	note  func(string)
}

// read returns the files of a tree, sorted and without those that a kustomization lists
// as patches. The error joins what could not be read.
func (r reader) read(tree []string) ([]file, error) {
	var out []file
	var names []string
	var problems []error
	for _, arg := range tree {
		if arg == stdinArgument {
			content, err := io.ReadAll(r.stdin)
			problems = append(problems, err)
			out = append(out, file{stdinName, content})
			continue
		}
		found, err := r.below(arg)
		problems = append(problems, err)
		names = append(names, found...)
	}
	patches := patchesBeside(names)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if by, is := patches[name]; is {
			r.note(fmt.Sprintf("%s: skipped, it is a patch of %s", name, by))
			continue
		}
		content, err := os.ReadFile(name) //nolint:gosec // the user names what to read
		problems = append(problems, err)
		if err == nil {
			out = append(out, file{filepath.ToSlash(name), content})
		}
	}
	return out, errors.Join(problems...)
}

// below lists the YAML and JSON files of a folder; a file is itself.
func (r reader) below(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == root && !entry.IsDir():
			out = append(out, filepath.Clean(path))
		case entry.IsDir():
			return r.enter(root, path)
		case slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)):
			out = append(out, filepath.Clean(path))
		}
		return nil
	})
	return out, err
}

// enter skips folders that hold no objects as they are applied.
func (r reader) enter(root, path string) error {
	if path == root {
		return nil
	}
	if filepath.Base(path) == ".git" {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "Chart.yaml")); err == nil && filepath.Base(path) == "templates" {
		r.note(path + ": skipped, these are templates of a Helm chart")
		return filepath.SkipDir
	}
	return nil
}

// kustomization is the part of a kustomization that names files of partial objects.
type kustomization struct {
	Patches               []patch  `json:"patches"`
	PatchesJSON6902       []patch  `json:"patchesJson6902"`
	PatchesStrategicMerge []string `json:"patchesStrategicMerge"`
}

type patch struct {
	Path string `json:"path"`
}

// kustomizationNames are those that kustomize looks for.
func kustomizationNames() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

// patchesBeside returns the files that a kustomization in a folder of one of the names
// lists as patches, each with the kustomization.
func patchesBeside(names []string) map[string]string {
	out, seen := map[string]string{}, map[string]bool{}
	for _, name := range names {
		folder := filepath.Dir(name)
		if seen[folder] {
			continue
		}
		seen[folder] = true
		for _, base := range kustomizationNames() {
			path := filepath.Join(folder, base)
			content, err := os.ReadFile(path) //nolint:gosec // beside what the user names
			if err != nil {
				continue // there is none of this name
			}
			for _, p := range patchesOf(content) {
				out[filepath.Join(folder, p)] = path
			}
		}
	}
	return out
}

// patchesOf lists what one kustomization names. An entry of patchesStrategicMerge may
// be the patch itself.
func patchesOf(content []byte) []string {
	var k kustomization
	if err := yaml.Unmarshal(content, &k); err != nil {
		return nil // a file that is not YAML is a finding of its own
	}
	var out []string
	for _, p := range slices.Concat(k.Patches, k.PatchesJSON6902) {
		if p.Path != "" {
			out = append(out, p.Path)
		}
	}
	for _, p := range k.PatchesStrategicMerge {
		if !strings.Contains(p, "\n") {
			out = append(out, p)
		}
	}
	return out
}
