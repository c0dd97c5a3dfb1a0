// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"testing"

	"github.com/groundwork-dev/groundwork/test/charts"
)

func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := run(dir, false, 0); err != nil {
		t.Fatal(err)
	}
	for _, shape := range charts.Charts() {
		if found, err := filepath.Glob(filepath.Join(dir, shape.Name+"-"+shape.Version+".tgz")); err != nil || len(found) != 1 {
			t.Errorf("%s: %q, %v", shape.Name, found, err)
		}
	}
	if err := run("", false, 0); err == nil {
		t.Error("no folder is no error")
	}
	if err := run(dir, false, 1); err == nil {
		t.Error("arguments that mean nothing are no error")
	}
}
