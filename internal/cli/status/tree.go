// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// narrow is the width under which versions are left out, and what a component waits
// for stands on a line of its own.
const narrow = 72

// leaf is one line of the tree before the columns are known.
type leaf struct {
	// guide are the lines that connect it, below those under it.
	guide, below string
	node         topology.Node
	also         []string
	// hidden counts components that have no room; node is empty then.
	hidden int
}

// tree draws the components in at most so many lines; 0 is no limit.
func tree(f Frame, s style.Style, room int) []string {
	roots := f.Picture.Tree()
	leaves := flatten(s, roots, nil)
	out := lines(f, s, leaves)
	if room > 0 && len(out) > room {
		out = lines(f, s, flatten(s, roots, settled))
	}
	if room > 0 && len(out) > room {
		more := len(out) - room + 1
		out = append(out[:room-1], s.Paint(style.Dim, fmt.Sprintf("and %d more lines", more)))
	}
	return out
}

// settled says that a component and everything below it is Ready.
func settled(b *topology.Branch) bool {
	return b.State == v1alpha1.StateReady && !slices.ContainsFunc(b.Below, func(c *topology.Branch) bool { return !settled(c) })
}

// flatten lists the branches in the order in which they are drawn, without those that
// drop says; siblings that are dropped are counted in one leaf.
func flatten(s style.Style, roots []*topology.Branch, drop func(*topology.Branch) bool) []leaf {
	var out []leaf
	var walk func(branches []*topology.Branch, guide string, top bool)
	walk = func(branches []*topology.Branch, guide string, top bool) {
		hidden := 0
		var shown []*topology.Branch
		for _, b := range branches {
			if drop != nil && drop(b) {
				hidden += size(b)
				continue
			}
			shown = append(shown, b)
		}
		for i, b := range shown {
			own, below := guide, guide
			if !top {
				last := i == len(shown)-1 && hidden == 0
				own += branchMark(s, last)
				below += throughMark(s, last)
			}
			out = append(out, leaf{guide: own, below: below, node: b.Node, also: b.Also})
			walk(b.Below, below, false)
		}
		if hidden > 0 {
			own := guide
			if !top {
				own += branchMark(s, true)
			}
			out = append(out, leaf{guide: own, hidden: hidden})
		}
	}
	walk(roots, "", true)
	return out
}

func size(b *topology.Branch) int {
	out := 1
	for _, c := range b.Below {
		out += size(c)
	}
	return out
}

func branchMark(s style.Style, last bool) string {
	if last {
		return s.Pick("└─ ", "`- ")
	}
	return s.Pick("├─ ", "|- ")
}

func throughMark(s style.Style, last bool) string {
	if last {
		return "   "
	}
	return s.Pick("│  ", "|  ")
}

// columns of a tree.
type columns struct{ name, version, state, time int }

func lines(f Frame, s style.Style, leaves []leaf) []string {
	var width columns
	for _, l := range leaves {
		width.name = max(width.name, style.Columns(l.guide)+2+len(l.node.Name))
		width.version = max(width.version, style.Columns(l.node.Version))
		width.state = max(width.state, len(l.node.State))
		width.time = max(width.time, style.Columns(elapsed(f, l.node)))
	}
	if s.Width > 0 {
		width.name = min(width.name, max(20, s.Width/2))
	}
	var out []string
	for _, l := range leaves {
		if l.hidden > 0 {
			mark, ink := s.Mark(v1alpha1.StateReady)
			out = append(out, l.guide+s.Paint(ink, mark)+s.Paint(style.Dim, fmt.Sprintf(" %d more are ready", l.hidden)))
			continue
		}
		out = append(out, l.lines(f, s, width)...)
	}
	return out
}

// lines of one component: guide, mark, name, version, state, its time, and what it
// waits for or what went wrong.
func (l leaf) lines(f Frame, s style.Style, width columns) []string {
	mark, ink := s.Mark(l.node.State)
	name := s.Fit(l.node.Name, max(8, width.name-style.Columns(l.guide)-2))
	used := max(width.name, style.Columns(l.guide)+2+style.Columns(name))
	line := s.Paint(style.Dim, l.guide) + s.Paint(ink, mark) + " " + style.Pad(name, used-style.Columns(l.guide)-2)
	if s.Width == 0 || s.Width >= narrow {
		line += "  " + s.Paint(style.Dim, style.Pad(l.node.Version, width.version))
		used += 2 + width.version
	}
	line += "  " + s.Paint(ink, style.Pad(string(l.node.State), width.state)) + "  " + style.Pad(elapsed(f, l.node), width.time)
	used += 4 + width.state + width.time
	note := l.note(s)
	switch {
	case note == "":
		return []string{strings.TrimRight(line, " ")}
	case s.Width > 0 && s.Width < narrow || s.Width > 0 && s.Width-used-2 < 12:
		return append([]string{strings.TrimRight(line, " ")}, l.under(s, note)...)
	case s.Width > 0:
		note = s.Fit(note, s.Width-used-2)
	}
	return []string{line + "  " + s.Paint(l.ink(), note)}
}

// under is the note on a line of its own, with the guide of what stands below.
func (l leaf) under(s style.Style, note string) []string {
	if l.node.State == v1alpha1.StateReady {
		return nil // where else it depends on is no news
	}
	return []string{s.Paint(style.Dim, l.below) + "  " + s.Paint(l.ink(), s.Fit(note, s.Width-style.Columns(l.below)-2))}
}

func (l leaf) ink() style.Ink {
	switch l.node.State {
	case v1alpha1.StateFailed:
		return style.Red
	case v1alpha1.StateHeld:
		return style.Yellow
	default:
		return style.Dim
	}
}

// note says what the component waits for, and what else it depends on.
func (l leaf) note(s style.Style) string {
	message := l.node.Message
	switch l.node.Reason {
	case v1alpha1.ReasonReady, v1alpha1.ReasonInstalling, v1alpha1.ReasonUpgrading:
		message = "" // the state says as much
	}
	also := slices.DeleteFunc(slices.Clone(l.also), func(name string) bool {
		return l.node.Reason == v1alpha1.ReasonWaitingForDependencies && mentions(message, name)
	})
	if len(also) > 0 && (message == "" || l.node.Reason == v1alpha1.ReasonWaitingForDependencies) {
		word := "also after "
		if message != "" {
			word = "; " + word
		}
		message += word + strings.Join(also, ", ")
	}
	return s.Text(message)
}

// mentions says whether a message lists a name as a word.
func mentions(message, name string) bool {
	return slices.Contains(strings.FieldsFunc(message, func(r rune) bool { return r == ' ' || r == ',' }), name)
}

// elapsed is how long the component has been in its state; of one that the newest
// change made Ready, how long that took.
func elapsed(f Frame, n topology.Node) string {
	switch {
	case n.State == v1alpha1.StateReady && n.Took > 0:
		return "in " + style.Exact(n.Took)
	case n.Since.IsZero():
		return ""
	default:
		return style.Duration(f.Now.Sub(n.Since))
	}
}
