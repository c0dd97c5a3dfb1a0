// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package timelines

import (
	"fmt"
	"strings"
	"time"

	"github.com/groundwork-dev/groundwork/internal/cli/style"
)

// widest is the width of a drawing that goes to a pipe, and the most that it takes of a
// terminal.
const (
	piped  = 100
	widest = 140
)

// brush of a stage: how it is drawn with Unicode, with ASCII, and in which colour.
func brush(stage Stage) (unicode, ascii string, ink style.Ink) {
	switch stage {
	case StagePreparing:
		return "·", ".", style.Dim
	case StageGated:
		return "─", "-", style.Dim
	case StageIdle:
		return "?", "?", style.Red
	case StageApplying:
		return "█", "#", style.Cyan
	case StageHooks:
		return "▓", "h", style.Yellow
	case StageWaiting:
		return "░", "=", style.Green
	default:
		return " ", " ", style.Plain
	}
}

// Draw returns the lines of a chart: the head, a bar for each component, the durations
// of the stages, and the critical path.
func Draw(c Chart, s style.Style) []string {
	width := piped
	if s.Width > 0 {
		width = min(s.Width, widest)
	}
	out := []string{s.Paint(style.Bold, s.Fit(c.title(), width)), ""}
	out = append(out, c.bars(s, width)...)
	out = append(append(out, ""), c.table(s, s.Width)...)
	return append(out, c.path(s, width)...)
}

func (c Chart) title() string {
	word := "took"
	if !c.Done {
		word = "under way for"
	}
	out := fmt.Sprintf("platform %s  generation %d  %s %s", c.Bundle, c.Generation, word, style.Exact(c.Took.Duration))
	if len(c.CriticalPath) > 0 {
		out += fmt.Sprintf(", of which idle %s", style.Exact(c.Idle.Duration))
	}
	return out
}

// bars draw each component along one axis.
func (c Chart) bars(s style.Style, width int) []string {
	names := 0
	for _, r := range c.Rows {
		names = max(names, len(r.Component))
	}
	names = min(names, width/3)
	const took = 7
	columns := max(width-names-took-4, 10)
	out := []string{strings.Repeat(" ", names+3) + s.Paint(style.Dim, c.axis(columns))}
	for _, r := range c.Rows {
		mark := " "
		if r.Critical {
			mark = s.Paint(style.Red, "*")
		}
		end := ""
		if r.Ready {
			end = style.Exact(r.Took.Duration)
		}
		bar, used := c.bar(s, r, columns)
		bar += strings.Repeat(" ", columns-used)
		line := mark + " " + style.Pad(s.Fit(r.Component, names), names) + " " + bar + " " + fmt.Sprintf("%*s", took, end)
		out = append(out, strings.TrimRight(line, " "))
	}
	return append(out, "", c.legend(s))
}

// axis names the beginning, the end, and quarters between where there is room.
func (c Chart) axis(columns int) string {
	line := []rune(strings.Repeat(" ", columns))
	put := func(at int, text string) {
		at = max(0, min(at, columns-len(text)))
		copy(line[at:], []rune(text))
	}
	parts := 2
	if columns >= 48 {
		parts = 4
	}
	for i := range parts + 1 {
		at := c.Took.Duration * time.Duration(i) / time.Duration(parts)
		put(columns*i/parts, style.Exact(at))
	}
	return strings.TrimRight(string(line), " ")
}

// bar is one component. Every stage that took time ends in the column of its end, so
// that what happened at the same time stands in the same column.
func (c Chart) bar(s style.Style, r Row, columns int) (bar string, used int) {
	total := c.Took.Duration
	column := func(at time.Duration) int {
		if total <= 0 {
			return 0
		}
		return min(columns, int((int64(at)*int64(columns)+int64(total)/2)/int64(total)))
	}
	for _, span := range r.Spans {
		from, to := max(column(span.From.Duration), used), column(span.To.Duration)
		bar += strings.Repeat(" ", from-used)
		used = from
		if to <= from {
			continue
		}
		unicode, ascii, ink := brush(span.Stage)
		bar += s.Paint(ink, strings.Repeat(s.Pick(unicode, ascii), to-from))
		used = to
	}
	return bar, used
}

func (c Chart) legend(s style.Style) string {
	var parts []string
	for _, stage := range Stages() {
		unicode, ascii, ink := brush(stage)
		parts = append(parts, s.Paint(ink, s.Pick(unicode, ascii))+" "+string(stage))
	}
	return "  " + strings.Join(parts, "  ") + "  " + s.Paint(style.Red, "*") + " critical"
}

// table has the durations of the stages, and what each component waited for. A width
// of 0 is no limit.
func (c Chart) table(s style.Style, width int) []string {
	head := []string{"COMPONENT"}
	for _, stage := range Stages() {
		head = append(head, strings.ToUpper(string(stage)))
	}
	rows := [][]string{append(head, "GATED BY")}
	for _, r := range c.Rows {
		row := []string{r.Component}
		for _, stage := range Stages() {
			row = append(row, cell(r.In(stage)))
		}
		rows = append(rows, append(row, s.Text(strings.Join(r.GatedBy, ", "))))
	}
	last := len(head)
	wide := make([]int, last)
	for _, row := range rows {
		for i := range last {
			wide[i] = max(wide[i], len(row[i]))
		}
	}
	used := 2
	for i := range last {
		used += 1 + wide[i]
	}
	var out []string
	for at, row := range rows {
		line := style.Pad(row[0], wide[0])
		for i := 1; i < last; i++ {
			line += fmt.Sprintf(" %*s", wide[i], row[i])
		}
		if width == 0 || width-used >= len("GATED BY") {
			line += "  " + row[last]
		}
		line = "  " + strings.TrimRight(s.Fit(line, width-2), " ")
		if at == 0 {
			line = s.Paint(style.Dim, line)
		}
		out = append(out, line)
	}
	return out
}

// cell leaves out what took no time.
func cell(d time.Duration) string {
	switch {
	case d <= 0:
		return "-"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	default:
		return style.Exact(d)
	}
}

// path says what the end waited for.
func (c Chart) path(s style.Style, width int) []string {
	var out []string
	if len(c.CriticalPath) > 0 {
		var steps []string
		for _, step := range c.CriticalPath {
			text := step.Component + " " + style.Exact(step.Took.Duration)
			if step.Idle.Duration >= 50*time.Millisecond {
				text = "(idle " + cell(step.Idle.Duration) + ") " + text
			}
			steps = append(steps, text)
		}
		lines := style.Wrap("critical path: "+strings.Join(steps, s.Pick(" → ", " -> ")), width, "  ")
		out = append(append(out, ""), lines...)
	}
	for _, rest := range []struct {
		title string
		names []string
	}{{"their turn has not come: ", c.Pending}, {"not part of this change: ", c.Others}} {
		if len(rest.names) == 0 {
			continue
		}
		lines := style.Wrap(rest.title+strings.Join(rest.names, ", "), width, "  ")
		for i := range lines {
			lines[i] = s.Paint(style.Dim, lines[i])
		}
		out = append(append(out, ""), lines...)
	}
	return out
}
