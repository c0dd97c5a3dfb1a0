// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package style is how the commands that draw put text on a terminal: colours, marks of
// states, widths, durations, and what becomes of characters that a terminal would
// obey. It is pure; it imports the API.
package style

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Style of a drawing. The zero value is Unicode without colours and without a limit.
type Style struct {
	// Color uses the terminal's colours.
	Color bool
	// ASCII uses nothing but ASCII.
	ASCII bool
	// Width is the number of columns; 0 is no limit.
	Width int
}

// Ink is a colour.
type Ink string

// The colours, as SGR parameters.
const (
	Plain  Ink = ""
	Bold   Ink = "1"
	Dim    Ink = "2"
	Red    Ink = "31"
	Green  Ink = "32"
	Yellow Ink = "33"
	Cyan   Ink = "36"
)

// Paint colours a text.
func (s Style) Paint(ink Ink, text string) string {
	if !s.Color || ink == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(ink) + "m" + text + "\x1b[0m"
}

// Pick is the first text, or the second where there is ASCII alone.
func (s Style) Pick(unicode, ascii string) string {
	if s.ASCII {
		return ascii
	}
	return unicode
}

// Mark of a state, and its colour.
func (s Style) Mark(state v1alpha1.ComponentState) (string, Ink) {
	switch state {
	case v1alpha1.StateReady:
		return s.Pick("✓", "+"), Green
	case v1alpha1.StateFailed:
		return s.Pick("✗", "x"), Red
	case v1alpha1.StateHeld:
		return "!", Yellow
	case v1alpha1.StateSuspended:
		return s.Pick("‖", "="), Yellow
	case v1alpha1.StateWaiting:
		return s.Pick("○", "o"), Dim
	case v1alpha1.StatePreparing:
		return s.Pick("◌", "."), Dim
	case v1alpha1.StateRemoving:
		return s.Pick("⌫", "-"), Yellow
	case v1alpha1.StateInstalling, v1alpha1.StateUpgrading:
		return s.Pick("▶", ">"), Cyan
	case v1alpha1.StateProgressing:
		return s.Pick("◐", "~"), Cyan
	default:
		return "?", Dim
	}
}

// Text makes one line of what the cluster says: an escape sequence in a message is not
// for the terminal, and ASCII is ASCII.
func (s Style) Text(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError || unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return ' '
		case s.ASCII && r > unicode.MaxASCII:
			return '?'
		default:
			return r
		}
	}, text)), " ")
}

// Fit cuts a text to a number of columns; less than one is no limit.
func (s Style) Fit(text string, columns int) string {
	more := s.Pick("…", "~")
	if columns < 1 || Columns(text) <= columns {
		return text
	}
	return strings.TrimRight(string([]rune(text)[:columns-1]), " ") + more
}

// Columns that a text without colours takes.
func Columns(text string) int { return utf8.RuneCountInString(text) }

// Pad fills a text up with spaces.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Columns(text)))
}

// Wrap breaks a text at spaces into lines of at most so many columns, and indents
// them; a word that is longer stays whole. Less than one is no limit.
func Wrap(text string, columns int, indent string) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case columns > 0 && Columns(indent)+Columns(line)+1+Columns(word) > columns:
			lines = append(lines, indent+line)
			line = word
		default:
			line += " " + word
		}
	}
	if line == "" {
		return lines
	}
	return append(lines, indent+line)
}

// Duration as people read it: 0.4s, 12s, 3m 5s, 4h 10m, 6d 4h. Negative is 0.
func Duration(d time.Duration) string {
	d = max(d, 0)
	const day = 24 * time.Hour
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd %dh", d/day, d%day/time.Hour)
	}
}

// Exact is Duration with tenths of seconds up to a minute, for what has ended.
func Exact(d time.Duration) string {
	if d >= time.Minute {
		return Duration(d)
	}
	return fmt.Sprintf("%.1fs", max(d, 0).Truncate(100*time.Millisecond).Seconds())
}

// UTF8 says whether the locale of these variables (os.Getenv) shows Unicode. Nothing
// set is the C locale.
func UTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := getenv(name); locale != "" {
			locale = strings.ToUpper(locale)
			return strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8")
		}
	}
	return false
}
