// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/cli/style"
)

// screen rewrites lines in place, without the cursor jumping about.
type screen struct {
	out io.Writer
	// drawn are the rows that the last picture took.
	drawn  int
	hidden bool
}

// show replaces the last picture. Width is the terminal's: a line that is wider takes
// several rows.
func (s *screen) show(lines []string, width int) {
	var b strings.Builder
	if !s.hidden {
		s.hidden = true
		b.WriteString("\x1b[?25l")
	}
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	s.drawn = 0
	for _, line := range lines {
		b.WriteString("\r\x1b[2K" + line + "\n")
		s.drawn += rows(line, width)
	}
	b.WriteString("\x1b[J") // what is left of a longer picture
	fmt.Fprint(s.out, b.String())
}

// close shows the cursor again.
func (s *screen) close() {
	if s.hidden {
		fmt.Fprint(s.out, "\x1b[?25h")
	}
}

func rows(line string, width int) int {
	columns := style.Columns(regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]").ReplaceAllString(line, ""))
	if width < 1 || columns == 0 {
		return 1
	}
	return (columns + width - 1) / width
}
