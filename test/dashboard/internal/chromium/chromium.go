// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package chromium says where the browser of the tests is. It imports the standard
// library only.
package chromium

import (
	"os"
	"os/exec"
)

// Variable names a browser that is somewhere else.
const Variable = "CHROMIUM"

// Packages are Debian's, with a font: pictures without one are boxes.
func Packages() []string { return []string{"chromium", "fonts-dejavu-core"} }

// Find returns the path of a Chromium, or "".
func Find() string {
	for _, name := range []string{os.Getenv(Variable), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
