// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Strings of more lines than this are shown by their first ones.
const (
	longString  = 12
	shownString = 4
)

// source is the file of a component as its author wrote it: the comments beside
// the values are the reasons for them.
type source struct {
	file  string
	lines []string
	root  *yaml.Node
}

func newSource(file string, text []byte) (*source, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := &source{file: file, lines: strings.Split(string(text), "\n")}
	if len(document.Content) > 0 {
		s.root = document.Content[0]
	}
	return s, nil
}

// under returns what a key of the file holds, with its comments.
func (s *source) under(key string) string { return s.below(s.root, key) }

// ruleUnder returns what a key of a wiring rule holds, with its comments.
func (s *source) ruleUnder(rule, key string) string { return s.below(s.rule(rule), key) }

// ruleNote returns the comments that stand beside the keys of a wiring rule, as one
// paragraph.
func (s *source) ruleNote(name string) string {
	rule := s.rule(name)
	if rule == nil {
		return ""
	}
	indent := rule.Content[0].Column - 1
	var words []string
	for _, line := range s.lines[rule.Content[0].Line:] {
		trimmed := strings.TrimSpace(line)
		if trimmed != "" && indentOf(line) < indent {
			break
		}
		if comment, is := strings.CutPrefix(trimmed, "#"); is && indentOf(line) == indent {
			words = append(words, strings.TrimSpace(comment))
		}
	}
	return strings.Join(words, " ")
}

// noteAbove returns the comment right above a key of the file.
func (s *source) noteAbove(key string) string {
	k, _ := entryOf(s.root, key)
	if k == nil {
		return ""
	}
	var words []string
	for at := k.Line - 2; at >= 0; at-- {
		comment, is := strings.CutPrefix(s.lines[at], "#")
		if !is {
			break
		}
		words = append([]string{strings.TrimSpace(comment)}, words...)
	}
	return strings.Join(words, " ")
}

func (s *source) rule(name string) *yaml.Node {
	_, rules := entryOf(s.root, "wiring")
	if rules == nil {
		return nil
	}
	for _, rule := range rules.Content {
		if _, n := entryOf(rule, "name"); n != nil && n.Value == name {
			return rule
		}
	}
	return nil
}

// below returns the lines that belong to a key, moved to the left; those of one
// that stands in a single line are what follows the colon.
func (s *source) below(mapping *yaml.Node, key string) string {
	k, value := entryOf(mapping, key)
	if value == nil || len(value.Content) == 0 {
		return ""
	}
	if value.Line == k.Line {
		_, after, _ := strings.Cut(s.lines[k.Line-1][k.Column-1:], ":")
		return strings.TrimSpace(after)
	}
	indent := k.Column - 1
	var found []string
	for _, line := range s.lines[k.Line:] {
		// A list may stand as far left as its key.
		if line != "" && indentOf(line) <= indent && !(indentOf(line) == indent && strings.HasPrefix(line[indent:], "- ")) {
			break
		}
		found = append(found, line)
	}
	return shorten(dedent(found))
}

func entryOf(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func dedent(lines []string) []string {
	least := -1
	for _, line := range lines {
		if line != "" && (least < 0 || indentOf(line) < least) {
			least = indentOf(line)
		}
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = line[min(len(line), max(least, 0)):]
	}
	return out
}

// shorten cuts long texts within the values, such as scripts and configurations,
// and says so.
func shorten(lines []string) string {
	opens := regexp.MustCompile(`(:|-) [|>][-+0-9]*$`)
	var out []string
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		if !opens.MatchString(lines[i]) {
			continue
		}
		end := i + 1
		for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || indentOf(lines[end]) > indentOf(lines[i])) {
			end++
		}
		text := lines[i+1 : end]
		if len(text) > longString {
			indent := strings.Repeat(" ", indentOf(text[0]))
			text = append(append([]string{}, text[:shownString]...), fmt.Sprintf("%s[... %d more lines]", indent, len(text)-shownString))
		}
		out = append(out, text...)
		i = end - 1
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}
