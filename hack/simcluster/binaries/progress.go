// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress writes one line a binary. On a terminal the line counts the seconds
// while the compiler is silent (minutes, for the largest); elsewhere it is
// written in two halves, before and after, so that a log stays readable.
type progress struct {
	out   io.Writer
	live  bool
	now   func() time.Time
	every time.Duration
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, live: isTerminal(out), now: time.Now, every: time.Second}
}

// run announces label, calls work and completes the line with the seconds it
// took, or with "failed". It returns work's error.
func (p *progress) run(label string, work func() error) error {
	start := p.now()
	_, _ = fmt.Fprintf(p.out, "%s ...", label)
	done := make(chan error, 1)
	go func() { done <- work() }()

	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			p.finish(label, p.now().Sub(start), err)
			return err
		case <-tick.C:
			if p.live {
				_, _ = fmt.Fprintf(p.out, "\r%s ... %.0f s", label, p.now().Sub(start).Seconds())
			}
		}
	}
}

func (p *progress) finish(label string, took time.Duration, err error) {
	if p.live {
		_, _ = fmt.Fprintf(p.out, "\r%s ...", label)
	}
	if err != nil {
		_, _ = fmt.Fprintln(p.out, " failed")
		return
	}
	_, _ = fmt.Fprintf(p.out, " %.0f s\n", took.Seconds())
}

// isTerminal reports whether out is a character device.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
