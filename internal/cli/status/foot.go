// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
)

// foot is what stands below the tree: what is wrong, the plan, the window, and warnings. Each part
// begins with an empty line.
func (f Frame) foot(s style.Style) []string {
	var out []string
	for _, part := range [][]string{f.problems(s), f.plan(s), f.warnings(s)} {
		if len(part) > 0 {
			out = append(append(out, ""), part...)
		}
	}
	return out
}

// plan shows the changes that somebody has to consent to.
func (f Frame) plan(s style.Style) []string {
	status := f.Bundle.Status
	var out []string
	if plan := status.Plan; plan != nil {
		word := "awaits approval"
		if plan.Approved {
			word = "is approved"
		}
		out = append(out, s.Paint(style.Yellow, s.Fit(fmt.Sprintf("plan %s %s: %s", plan.Digest, word, s.Text(plan.Summary)), s.Width)))
		for _, change := range plan.Changes {
			out = append(out, s.Fit("  "+s.Text(describe(s, change)), s.Width))
		}
		if !plan.Approved {
			out = append(out, approval(s, f.Bundle.Name, plan.Digest)...)
		}
	}
	if at := status.NextWindow; at != nil {
		line := fmt.Sprintf("window opens %s, in %s", at.UTC().Format("Mon 2 Jan 15:04 MST"), style.Duration(at.Sub(f.Now)))
		out = append(out, s.Paint(style.Yellow, line))
	}
	return out
}

// approval is the command that lets a plan begin. It is never cut.
func approval(s style.Style, bundle, digest string) []string {
	command := "kubectl platform approve " + bundle + " --digest " + digest
	if line := "  approve it: " + command; s.Width == 0 || style.Columns(line) <= s.Width {
		return []string{line}
	}
	return []string{"  approve it:", "  " + command}
}

// problems are the sentences of components that failed or are held, in full: what to do
// about it is at their end, where the tree has no room.
func (f Frame) problems(s style.Style) []string {
	if s.Width == 0 {
		return nil // nothing is cut
	}
	told := ""
	if ready := meta.FindStatusCondition(f.Bundle.Status.Conditions, v1alpha1.ConditionReady); ready != nil && len(f.story(s)) > 0 {
		told = ready.Message
	}
	var out []string
	for _, n := range f.Picture.Nodes {
		wrong := n.State == v1alpha1.StateFailed || n.State == v1alpha1.StateHeld && n.Reason != v1alpha1.ReasonHeld
		if !wrong || n.Message == "" || strings.Contains(told, n.Message) {
			continue
		}
		mark, ink := s.Mark(n.State)
		lines := style.Wrap(s.Text(n.Name+": "+n.Message), s.Width, "  ")
		lines[0] = mark + lines[0][1:]
		for _, line := range lines {
			out = append(out, s.Paint(ink, line))
		}
	}
	return out
}

// describe is a planned change in one line.
func describe(s style.Style, change v1alpha1.PlannedChange) string {
	to := s.Pick(" → ", " -> ")
	switch {
	case change.Kind == v1alpha1.ChangeInstall:
		return "+ install " + change.Component + " " + change.To
	case change.Kind == v1alpha1.ChangeRemove:
		return "- remove " + change.Component + " " + change.From
	case change.From == change.To:
		return "~ upgrade " + change.Component + " " + change.To + ": " + strings.Join(change.What, ", ")
	default:
		return "~ upgrade " + change.Component + " " + change.From + to + change.To + ": " + strings.Join(change.What, ", ")
	}
}

// warnings are what holds nothing up.
func (f Frame) warnings(s style.Style) []string {
	var texts []string
	for _, n := range f.Picture.Nodes {
		if n.Lifecycle != "" {
			texts = append(texts, n.Name+": "+n.Lifecycle)
		}
		if n.Warning != "" {
			texts = append(texts, n.Name+": "+n.Warning)
		}
	}
	admission := meta.FindStatusCondition(f.Bundle.Status.Conditions, v1alpha1.ConditionAdmissionAvailable)
	if admission != nil && admission.Status == "False" {
		texts = append(texts, admission.Message)
	}
	if newer := f.Bundle.Status.NewerCatalogVersion; newer != "" {
		texts = append(texts, fmt.Sprintf("catalog %s is there: set spec.catalogVersion to move to it", newer))
	}
	var out []string
	for _, text := range texts {
		lines := style.Wrap(s.Text(text), s.Width, "  ")
		for i, line := range lines {
			if i == 0 {
				line = "!" + line[1:]
			}
			out = append(out, s.Paint(style.Yellow, line))
		}
	}
	return out
}

// Final returns the lines that end a watch: how it ended, how long that took and what
// it waited for, and what to do next. Began is when the watch began to see a change;
// zero when it saw none.
func Final(f Frame, began time.Time, s style.Style) []string {
	phase, ink := phaseOf(f.Bundle)
	name := f.Bundle.Name
	var out []string
	switch {
	case phase == "Ready" && f.Bundle.Status.Timeline != nil:
		out = f.summary(s)
	case phase == "Ready":
		out = []string{s.Paint(ink, "platform "+name+" is Ready")}
	default:
		line := "platform " + name + " is " + phase
		if !began.IsZero() {
			line += " after " + style.Duration(f.Now.Sub(began))
		}
		out = []string{s.Paint(ink, line)}
	}
	out = append(out, "", "next:")
	next := [][2]string{
		{"kubectl platform timeline " + name, "where the time went"},
		{"kubectl platform graph " + name + " -o svg", "the order as a picture"},
		{"kubectl platform history " + name, "the Helm revisions"},
	}
	if phase != "Ready" {
		next = [][2]string{
			{"kubectl describe platformbundle " + name, "conditions and events"},
			{"kubectl platform explain COMPONENT -b " + name, "why one of them waits"},
			{"kubectl platform reconcile " + name, "look at everything again"},
		}
	}
	wide := 0
	for _, row := range next {
		wide = max(wide, len(row[0]))
	}
	for _, row := range next {
		line := "  " + row[0]
		if s.Width == 0 || 4+wide+len(row[1]) <= s.Width {
			line = "  " + style.Pad(row[0], wide) + "  " + s.Paint(style.Dim, row[1])
		}
		out = append(out, line)
	}
	return out
}

// summary says how long the newest change took, and what it waited for.
func (f Frame) summary(s style.Style) []string {
	timeline := f.Bundle.Status.Timeline
	count := len(f.Picture.Nodes)
	line := fmt.Sprintf("%s platform %s is Ready: %d components", s.Pick("✓", "+"), f.Bundle.Name, count)
	out := []string{s.Paint(style.Green, line)}
	share := 0.0
	if timeline.Took.Duration > 0 {
		share = 100 * timeline.Idle.Seconds() / timeline.Took.Seconds()
	}
	out = append(out, fmt.Sprintf("  took  %s, of which idle %s (%.1f %%)", style.Exact(timeline.Took.Duration), style.Exact(timeline.Idle.Duration), share))
	var steps []string
	for _, step := range timeline.CriticalPath {
		steps = append(steps, step.Component+" "+style.Exact(step.Took.Duration))
	}
	if len(steps) == 0 {
		return out
	}
	text := strings.Join(steps, s.Pick(" → ", " -> "))
	for i, line := range style.Wrap(text, s.Width, "        ") {
		if i == 0 {
			line = "  path" + line[6:]
		}
		out = append(out, line)
	}
	return out
}
