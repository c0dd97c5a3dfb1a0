// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// indexScanner reads an index in block style. It relies on one rule of YAML: what belongs to a block, multi-line text included, is
// indented deeper than the block's key, so a line at the indentation of a level is a key or an item of that level.
type indexScanner struct {
	lines *bufio.Reader
	want  string
	long  []byte

	keyIndent   int  // of the charts' names; -1 until the first
	wanted      bool // inside the chart that is searched
	itemIndent  int  // of the "-" of the chart's versions; -1 until the first
	fieldIndent int  // of the fields of a version; -1 until the first
	keep        bool // inside a field that is kept
	item        bytes.Buffer
	result      indexResult
}

func (s *indexScanner) run() (indexResult, error) {
	if done, err := s.seekEntries(); err != nil || done {
		return s.result, err
	}
	for {
		line, err := s.next()
		if errors.Is(err, io.EOF) {
			return s.result, s.flush()
		}
		if err != nil {
			return s.result, err
		}
		text := bytes.TrimLeft(line, " ")
		indent := len(line) - len(text)
		if len(text) == 0 || text[0] == '#' {
			continue // in the kept fields, which are single words and lists of them, these are never content
		}
		if end, err := s.accept(line, text, indent); err != nil || end {
			return s.result, err
		}
	}
}

// seekEntries reads up to the first line below "entries:". It is done when there is none.
func (s *indexScanner) seekEntries() (done bool, err error) {
	for {
		line, err := s.next()
		if errors.Is(err, io.EOF) {
			return false, errNotBlockStyle
		}
		if err != nil {
			return false, err
		}
		rest, found := bytes.CutPrefix(line, []byte("entries:"))
		if !found {
			continue
		}
		switch value := withoutComment(rest); value {
		case "":
			return false, nil
		case "{}", "null", "~":
			return true, nil
		default:
			return false, errNotBlockStyle
		}
	}
}

// accept takes one line that is neither blank nor a comment. It ends the search at the end of the wanted chart or of the entries.
func (s *indexScanner) accept(line, text []byte, indent int) (end bool, err error) {
	if s.keyIndent < 0 {
		s.keyIndent = indent
	}
	isItem := text[0] == '-' && (len(text) == 1 || text[1] == ' ')
	switch {
	case indent == 0 || indent < s.keyIndent:
		if indent != 0 || isItem {
			return false, errNotBlockStyle
		}
		return true, s.flush() // the next key beside "entries", or an entry-less index
	case indent == s.keyIndent && !isItem:
		if s.wanted {
			return true, s.flush()
		}
		return false, s.startChart(text)
	case !s.wanted:
		return false, nil
	default:
		return false, s.acceptVersion(line, text, indent, isItem)
	}
}

func (s *indexScanner) startChart(text []byte) error {
	name, rest, err := yamlKey(text)
	if err != nil {
		return err
	}
	s.result.names = append(s.result.names, name)
	if name != s.want {
		return nil
	}
	if rest != "" && rest != "[]" && rest != "null" {
		return errNotBlockStyle
	}
	s.result.found, s.wanted, s.itemIndent, s.fieldIndent = true, true, -1, -1
	return nil
}

// acceptVersion takes a line of the wanted chart.
func (s *indexScanner) acceptVersion(line, text []byte, indent int, isItem bool) error {
	if s.itemIndent < 0 {
		s.itemIndent = indent
	}
	if isItem && indent == s.itemIndent {
		if err := s.flush(); err != nil {
			return err
		}
		// The first field stands on the line of the "-": blank that out, and it is a field like the others.
		field := bytes.TrimLeft(text[1:], " ")
		s.keep, s.fieldIndent = false, -1
		if len(field) == 0 || field[0] == '#' {
			return nil
		}
		indent += len(text) - len(field)
		line = append(bytes.Repeat([]byte(" "), indent), field...)
		text, isItem = field, false
	}
	if s.fieldIndent < 0 {
		s.fieldIndent = indent
	}
	switch {
	case indent < s.fieldIndent:
		return errNotBlockStyle
	case indent == s.fieldIndent && !isItem:
		name, _, err := yamlKey(text)
		if err != nil {
			return err
		}
		s.keep = name == "version" || name == "urls" || name == "digest"
	}
	if s.keep {
		s.append(line)
	}
	return nil
}

func (s *indexScanner) append(line []byte) {
	s.item.Write(line)
	s.item.WriteByte('\n')
}

// flush ends a version: its few kept lines are parsed.
func (s *indexScanner) flush() error {
	if s.item.Len() == 0 {
		return nil
	}
	var v indexVersion
	if err := yaml.Unmarshal(s.item.Bytes(), &v); err != nil {
		return errNotBlockStyle // an alias into another version, say
	}
	s.item.Reset()
	s.result.versions = append(s.result.versions, v)
	return nil
}

// next returns the next line without its end. It is valid until the one after.
func (s *indexScanner) next() ([]byte, error) {
	line, err := s.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		s.long = s.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			s.long = append(s.long, line...)
			line, err = s.lines.ReadSlice('\n')
		}
		s.long = append(s.long, line...)
		line = s.long
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// yamlKey parses "key:" or "key: value" at the start of a line.
func yamlKey(text []byte) (key, rest string, err error) {
	line := string(text)
	if quote := line[0]; quote == '"' || quote == '\'' {
		key, after, found := strings.Cut(line[1:], string(quote))
		rest, isKey := strings.CutPrefix(after, ":")
		if !found || !isKey || strings.Contains(key, `\`) {
			return "", "", errNotBlockStyle
		}
		return key, withoutComment([]byte(rest)), nil
	}
	if before, found := strings.CutSuffix(strings.TrimRight(line, " "), ":"); found && !strings.Contains(before, ": ") {
		return before, "", nil
	}
	key, value, found := strings.Cut(line, ": ")
	if !found || strings.ContainsAny(key[:1], "{[?&*!|>%@`") {
		return "", "", errNotBlockStyle
	}
	return key, withoutComment([]byte(value)), nil
}

// withoutComment returns what stands before a comment, without blanks around it.
func withoutComment(value []byte) string {
	text := string(value)
	if i := strings.Index(" "+text, " #"); i >= 0 {
		text = text[:max(0, i-1)]
	}
	return strings.TrimSpace(text)
}
