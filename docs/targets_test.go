// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// targets are the names of all targets of the Makefile and of what it includes.
func targets(t *testing.T) map[string]bool {
	t.Helper()
	files := []string{"../Makefile"}
	for _, pattern := range []string{"../hack/*/*.mk", "../test/*/*.mk"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	out := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^([\w./ -]+):(?:[^=]|$)`).FindAllStringSubmatch(string(text), -1) {
			for name := range strings.FieldsSeq(match[1]) {
				out[name] = true
			}
		}
	}
	return out
}

// named are the targets of the make commands on a page: in its code, set inline or
// in a block.
func named(page string) []string {
	var out []string
	command := regexp.MustCompile(`(?:^|[ $;&])make((?: +[\w./=:<>'"-]+)+)`)
	read := func(code string) {
		for line := range strings.Lines(code) {
			line, _, _ = strings.Cut(line, "#")
			for _, match := range command.FindAllStringSubmatch(line, -1) {
				for word := range strings.FieldsSeq(match[1]) {
					if !strings.ContainsAny(word, "=<>'\"") {
						out = append(out, word)
					}
				}
			}
		}
	}
	for _, match := range regexp.MustCompile("(?ms)^ *```(?:sh|console)\n(.*?)^ *```").FindAllStringSubmatch(page, -1) {
		read(match[1])
	}
	for _, match := range regexp.MustCompile("`(make [^`]+)`").FindAllStringSubmatch(prose(page), -1) {
		read(match[1])
	}
	return out
}

func TestMakeTargets(t *testing.T) {
	t.Parallel()
	known := targets(t)
	found := 0
	for page, text := range pages(t) {
		for _, name := range named(text) {
			found++
			if !known[name] {
				t.Errorf("%s: there is no target %s", page, name)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d make commands were found", found)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	page := "`make a B=c`, make no-code, `remake x`\n```sh\nmake b c # make d\nX=1 make e && make f\n```\n```yaml\nmake g\n```\n"
	if got := strings.Join(named(page), " "); got != "b c e f a" {
		t.Errorf("found %s", got)
	}
}
