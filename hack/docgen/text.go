// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
)

// componentLink links to the page of a component; folder is where the pages are
// from where the link stands.
func componentLink(folder, name string) string {
	return fmt.Sprintf("[%s](%s%s.md)", name, folder, name)
}

// firstSentence ends where a full stop is followed by a capital letter.
func firstSentence(text string) string {
	text = meaning(text)
	if end := regexp.MustCompile(`[.!?] [A-Z]`).FindStringIndex(text); end != nil {
		return text[:end[0]+1]
	}
	return text
}

// prose is a text of the catalog as Markdown: paths of values and settings are set
// as code, and what would be markup by accident is not. What the author has set as
// code stays as it is.
func prose(text string) string {
	path := regexp.MustCompile(`\b(?:values|settings|spec)\.[A-Za-z](?:[\w./*-]*\w|\[\w*\])*(?:: (?:true|false|\d+)\b)?`)
	markup := strings.NewReplacer("<", `\<`, "*", `\*`)
	parts := strings.Split(stopped(text), "`")
	for i := range parts {
		if i%2 == 1 && i < len(parts)-1 {
			continue
		}
		out, rest := "", parts[i]
		for at := path.FindStringIndex(rest); at != nil; at = path.FindStringIndex(rest) {
			out += markup.Replace(rest[:at[0]]) + "`" + rest[at[0]:at[1]] + "`"
			rest = rest[at[1]:]
		}
		parts[i] = out + markup.Replace(rest)
	}
	return strings.Join(parts, "`")
}

// block is YAML as a block of code.
func block(text string) string {
	return "```yaml\n" + strings.TrimRight(text, "\n") + "\n```\n"
}

// codes are names set as code, in a row.
func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name + "`"
	}
	return enumerate(quoted)
}

// enumerate joins with commas, and "and" before the last.
func enumerate(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

// stopped joins lines and ends them with a full stop, but not after an address.
func stopped(text string) string {
	words := strings.Fields(text)
	if len(words) > 0 && strings.Contains(words[len(words)-1], "://") {
		return strings.Join(words, " ")
	}
	return meaning(text)
}
