// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"slices"
	"strings"
)

// separator stands between the layers of a wrapped error's text.
const separator = ": "

// Message returns the text of err as one line for people: layers of wrapping that say the same thing twice in a row are said once
// ("install x: install x: no such host" becomes "install x: no such host"), and the lines of a joined error are parted by "; ".
// Message(nil) is "".
func Message(err error) string {
	if err == nil {
		return ""
	}
	var lines []string
	for line := range strings.Lines(err.Error()) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		line = dropRepeats(line)
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// dropRepeats removes every run of layers that repeats the run right before it.
func dropRepeats(line string) string {
	layers := strings.Split(line, separator)
	for size := len(layers) / 2; size >= 1; size-- {
		for i := 0; i+2*size <= len(layers); {
			if slices.Equal(layers[i:i+size], layers[i+size:i+2*size]) {
				layers = slices.Delete(layers, i+size, i+2*size)
				continue
			}
			i++
		}
	}
	return strings.Join(layers, separator)
}
