// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// FileError is one mistake in a catalog.
type FileError struct {
	// File is the path in the file system that was loaded.
	File string
	// Line counts from 1; 0 means the file as a whole.
	Line int
	// Message is a sentence without a final dot.
	Message string
}

// Error prints "file:line: message".
func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// problems collects mistakes, so that one load reports all of them.
type problems struct{ list []*FileError }

func (p *problems) add(file string, line int, format string, args ...any) {
	p.list = append(p.list, &FileError{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// err joins all mistakes in the order of files and lines; nil when there are none.
func (p *problems) err() error {
	slices.SortStableFunc(p.list, func(a, b *FileError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	errs := make([]error, 0, len(p.list))
	for _, e := range p.list {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
