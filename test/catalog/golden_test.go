// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// goldenText is what a file held before; empty when it is not there.
func goldenText(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(raw), err
}

// compareGolden compares a text with its file, or writes the file.
func compareGolden(file, got string, update bool) error {
	if update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
		return os.WriteFile(file, []byte(got), 0o600)
	}
	want, err := goldenText(file)
	switch {
	case err != nil:
		return err
	case want == "":
		return fmt.Errorf("there is no %s yet; UPDATE_GOLDEN=1 writes it", file)
	case want != got:
		return fmt.Errorf("%s says something else; UPDATE_GOLDEN=1 accepts this (-was +is):\n%s",
			file, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
	return nil
}

// strays are files of a folder that belong to nothing any more.
func strays(pattern string, wanted []string) ([]string, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(files, func(file string) bool {
		stem, _, _ := strings.Cut(filepath.Base(file), ".")
		return slices.Contains(wanted, stem)
	}), nil
}

func sortedKeys[V any](all ...map[string]V) []string {
	keys := map[string]bool{}
	for _, m := range all {
		for key := range m {
			keys[key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}
