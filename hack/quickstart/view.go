// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Colours of the terminal.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	dim    = "2"
	bold   = "1"
)

// paint colours a text when on is true.
func paint(on bool, colour, text string) string {
	if !on || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// view says how the picture is drawn. A limit of 0 is none.
type view struct {
	colour           bool
	columns, maxRows int
}

// picture draws the title and one line for each component; frame turns the
// spinner. Where the terminal has too few rows, those that are Ready go first,
// because a picture that scrolls cannot be rewritten in place.
func (v view) picture(title string, rows []row, at time.Duration, frame int) []string {
	ready := 0
	width := [2]int{12, 8}
	for _, r := range rows {
		if r.state == v1alpha1.StateReady {
			ready++
		}
		width[0], width[1] = max(width[0], len(r.name)), max(width[1], len(r.version))
	}
	head := fmt.Sprintf("%s  %d/%d ready  %s", title, ready, len(rows), seconds(at))
	lines := []string{paint(v.colour, bold, fit(head, v.columns))}
	shown, hidden := v.fitting(rows)
	for _, r := range shown {
		lines = append(lines, v.line(r, width, frame))
	}
	if hidden > 0 {
		lines = append(lines, paint(v.colour, dim, fmt.Sprintf("  and %d more", hidden)))
	}
	return lines
}

// fitting returns the rows that fit, in order, and how many do not.
func (v view) fitting(rows []row) (shown []row, hidden int) {
	const others = 3 // the title, "and N more", and the line of the cursor
	room := v.maxRows - others
	if v.maxRows == 0 || len(rows)+others-1 <= v.maxRows {
		return rows, 0
	}
	excess := len(rows) - max(room, 1)
	for _, r := range rows {
		if hidden < excess && r.state == v1alpha1.StateReady {
			hidden++
			continue
		}
		shown = append(shown, r)
	}
	keep := min(len(shown), max(room, 1))
	return shown[:keep], len(rows) - keep
}

// line is one component: mark, name, version, state, its time, and what it
// waits for or what went wrong.
func (v view) line(r row, width [2]int, frame int) string {
	mark, colour := markOf(r.state, frame)
	took := ""
	if r.started {
		took = seconds(r.took)
	}
	message := r.message
	if r.state == v1alpha1.StateReady {
		message = ""
	}
	text := fmt.Sprintf("%-*s  %-*s  %-11s %7s  %s", width[0], r.name, width[1], r.version, r.state, took, message)
	text = strings.TrimRight(fit(text, v.columns-2), " ")
	if r.state != v1alpha1.StateWaiting && r.state != v1alpha1.StatePreparing {
		// The state alone is coloured: a screen of green is no information.
		text = strings.Replace(text, "  "+string(r.state), "  "+paint(v.colour, colour, string(r.state)), 1)
		return paint(v.colour, colour, mark) + " " + text
	}
	return paint(v.colour, dim, mark+" "+text)
}

// widest is the longest line that is written to a pipe.
const widest = 180

// change is the line for a pipe: when, who, and what it does now.
func change(r row, at time.Duration) string {
	line := fmt.Sprintf("%8s  %-24s %-10s %s", seconds(at), r.name, r.version, r.state)
	switch {
	case r.state == v1alpha1.StateReady && r.took > 0:
		line += " after " + seconds(r.took)
	case r.state != v1alpha1.StateReady && r.message != "":
		line += ": " + r.message
	}
	return fit(line, widest)
}

func markOf(state v1alpha1.ComponentState, frame int) (mark, colour string) {
	spinner := []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
	switch state {
	case v1alpha1.StateReady:
		return "✓", green
	case v1alpha1.StateFailed:
		return "✗", red
	case v1alpha1.StateHeld:
		return "!", yellow
	case v1alpha1.StateSuspended:
		return "-", yellow
	case v1alpha1.StateWaiting, v1alpha1.StatePreparing:
		return "·", dim
	default:
		return spinner[frame%len(spinner)], cyan
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// fit cuts a text to a number of columns; 0 or less is no limit.
func fit(text string, columns int) string {
	text = strings.ReplaceAll(text, "\n", " ")
	if columns <= 0 || utf8.RuneCountInString(text) <= columns {
		return text
	}
	return string([]rune(text)[:columns-1]) + "…"
}
