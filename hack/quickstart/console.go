// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// console is where people read: a terminal, or a pipe.
type console struct {
	out io.Writer
	// terminal says that lines can be rewritten in place.
	terminal bool
	// colour is off without a terminal and with NO_COLOR.
	colour bool
	fd     int
}

func newConsole(out *os.File) *console {
	fd := int(out.Fd())
	terminal := term.IsTerminal(fd) && os.Getenv("TERM") != "dumb"
	return &console{out: out, terminal: terminal, colour: terminal && os.Getenv("NO_COLOR") == "", fd: fd}
}

// size returns columns and rows; zero for no limit.
func (c *console) size() (columns, rows int) {
	if !c.terminal {
		return 0, 0
	}
	columns, rows, err := term.GetSize(c.fd)
	if err != nil {
		return 80, 24
	}
	return columns, rows
}

// say prints a line.
func (c *console) say(format string, args ...any) {
	fmt.Fprintf(c.out, format+"\n", args...)
}

// step runs one step of the preparation and says how long it took. Steps print
// what they do before they do it: the first build takes minutes.
func (c *console) step(name string, do func() (string, error)) error {
	fmt.Fprintf(c.out, "%s %s ...", paint(c.colour, cyan, "•"), name)
	if !c.terminal {
		fmt.Fprintln(c.out)
	}
	began := time.Now()
	result, err := do()
	if c.terminal {
		fmt.Fprint(c.out, "\r\x1b[2K")
	}
	if err != nil {
		return err
	}
	c.say("%s %s (%.1f s)", paint(c.colour, green, "✓"), result, time.Since(began).Seconds())
	return nil
}
