// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignFolder: --dir may be mistyped, and the names of what a node
// removes are not rare.
func TestForeignFolder(t *testing.T) {
	dir := t.TempDir()
	files := []string{"etcd/member/db", "run/pid", "images/photo", "kubeconfig", "state.json", "lock"}
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Dir: dir, Bin: programs(t), Log: io.Discard}
	for name, err := range map[string]error{"down": Down(t.Context(), opts), "up": Up(t.Context(), opts)} {
		if err == nil || !strings.Contains(err.Error(), "not the folder of a node") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range files {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != "theirs" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) {
		t.Errorf("the folder holds %v, %v; want what it held", after, err)
	}
}

// programs returns a folder that seems to hold all that a node runs.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, b := range Programs() {
		if err := os.WriteFile(filepath.Join(dir, b.Name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestNoFolder: an empty --dir would be the current folder.
func TestNoFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	opts := Options{Bin: programs(t), Log: io.Discard}
	for name, err := range map[string]error{"down": Down(t.Context(), opts), "up": Up(t.Context(), opts)} {
		if err == nil || !strings.Contains(err.Error(), "--dir") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
