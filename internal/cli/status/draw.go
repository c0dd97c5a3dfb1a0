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
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// Frame is what one drawing shows.
type Frame struct {
	// Bundle as read.
	Bundle *v1alpha1.PlatformBundle
	// Picture of its components.
	Picture topology.Picture
	// Now is the time up to which states have lasted.
	Now time.Time
	// Rows of the terminal; 0 is no limit. Where there are too few, components that are
	// Ready with everything below them go first.
	Rows int
}

// Draw returns the lines of a frame: the head, the tree, the plan that waits, and
// warnings. It has no effects.
func Draw(f Frame, s style.Style) []string {
	head := append(f.head(s), "")
	foot := f.foot(s)
	room := 0
	if f.Rows > 0 {
		room = max(f.Rows-1-len(head)-len(foot), 3)
	}
	out := append(head, tree(f, s, room)...)
	return append(out, foot...)
}

// head is two lines: what this is and how it is; and how much of it.
func (f Frame) head(s style.Style) []string {
	phase, ink := phaseOf(f.Bundle)
	word := phase
	if !f.changed().IsZero() {
		word += " " + s.Pick("·", "-") + " " + style.Duration(f.Now.Sub(f.changed()))
	}
	title := "platform " + f.Bundle.Name
	if catalog := f.Bundle.Status.CatalogVersion; catalog != "" {
		title += "  catalog " + catalog
	}
	if of := f.Bundle.Labels[v1alpha1.ShardLabel]; of != "" {
		title += "  shard " + of
	}
	if s.Width > 0 {
		title = s.Fit(title, s.Width-style.Columns(word)-2)
	}
	gap := 2
	if s.Width > 0 {
		gap = max(gap, min(s.Width, 100)-style.Columns(title)-style.Columns(word))
	}
	lines := []string{s.Paint(style.Bold, title) + strings.Repeat(" ", gap) + s.Paint(ink, word)}
	if len(f.Picture.Nodes) > 0 {
		lines = append(lines, f.bar(s))
	}
	return append(lines, f.story(s)...)
}

// changed is when the bundle came into its phase.
func (f Frame) changed() time.Time {
	ready := meta.FindStatusCondition(f.Bundle.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		return f.Bundle.CreationTimestamp.Time
	}
	return ready.LastTransitionTime.Time
}

// phaseOf is one word for a bundle.
func phaseOf(bundle *v1alpha1.PlatformBundle) (string, style.Ink) {
	conditions := bundle.Status.Conditions
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		return "Unseen", style.Yellow
	case !bundle.DeletionTimestamp.IsZero():
		return "Deleting", style.Yellow
	case bundle.Status.ObservedGeneration != bundle.Generation:
		return "Changed", style.Yellow
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled):
		return "Stalled", style.Red
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady):
		return "Ready", style.Green
	default:
		return ready.Reason, style.Cyan
	}
}

// bar shows how many components are Ready, and how many are being worked on.
func (f Frame) bar(s style.Style) string {
	counts := map[string]int{}
	for _, n := range f.Picture.Nodes {
		counts[kindOf(n.State)]++
	}
	total := len(f.Picture.Nodes)
	columns := 30
	if s.Width > 0 {
		columns = min(max(s.Width/3, 10), 30)
	}
	done := columns * counts["ready"] / total
	busy := min(columns*(counts["ready"]+counts["working"])/total, columns) - done
	out := s.Paint(style.Green, strings.Repeat(s.Pick("█", "#"), done)) +
		s.Paint(style.Cyan, strings.Repeat(s.Pick("▒", "="), busy)) +
		s.Paint(style.Dim, strings.Repeat(s.Pick("░", "."), columns-done-busy))
	text := fmt.Sprintf("%d/%d ready", counts["ready"], total)
	for _, kind := range []string{"working", "waiting", "failed", "held", "suspended", "removing"} {
		if counts[kind] > 0 {
			text += fmt.Sprintf("  %d %s", counts[kind], kind)
		}
	}
	if s.Width > 0 {
		text = s.Fit(text, s.Width-columns-4)
	}
	return "[" + out + "]  " + text
}

// kindOf sums states up.
func kindOf(state v1alpha1.ComponentState) string {
	switch state {
	case v1alpha1.StateReady:
		return "ready"
	case v1alpha1.StateInstalling, v1alpha1.StateUpgrading, v1alpha1.StateProgressing:
		return "working"
	case v1alpha1.StateWaiting, v1alpha1.StatePreparing:
		return "waiting"
	default:
		return strings.ToLower(string(state))
	}
}

// unseen is what to look for when nobody has looked at a bundle of a shard.
func unseen(shard string) string {
	if shard == "" {
		return "the operator has not looked at the bundle yet: does it run? kubectl -n " + v1alpha1.DefaultNamespace + " get pods"
	}
	return fmt.Sprintf("no operator has looked at the bundle yet: does one run with --shard=%s? kubectl -n %s get pods -l %s=%s",
		shard, v1alpha1.DefaultNamespace, v1alpha1.ShardLabel, shard)
}

// story is the sentence of the bundle where the components do not tell it.
func (f Frame) story(s style.Style) []string {
	ready := meta.FindStatusCondition(f.Bundle.Status.Conditions, v1alpha1.ConditionReady)
	phase, ink := phaseOf(f.Bundle)
	text := ""
	switch {
	case ready == nil:
		text = unseen(f.Bundle.Labels[v1alpha1.ShardLabel])
	case phase == "Changed":
		text = fmt.Sprintf("the operator has not looked at generation %d yet: what follows is about generation %d", f.Bundle.Generation, f.Bundle.Status.ObservedGeneration)
	case phase == "Stalled", phase == v1alpha1.ReasonReconcileError, phase == v1alpha1.ReasonSuspended, phase == "Deleting",
		phase == v1alpha1.ReasonHandingOver:
		text = ready.Message
	}
	lines := style.Wrap(s.Text(text), s.Width, "")
	for i := range lines {
		lines[i] = s.Paint(ink, lines[i])
	}
	return lines
}
