// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/cli/style"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// colours of kinds of states, for a light page: of the area, and of the border.
func colours(kind string) (fill, stroke string) {
	switch kind {
	case "ready":
		return "#d9f2e3", "#1a7f4b"
	case "working":
		return "#dbeafe", "#1f6feb"
	case "failed":
		return "#ffe0e0", "#cf222e"
	case "held":
		return "#fff0d6", "#b26a00"
	case "removing":
		return "#ecdffb", "#8250df"
	default:
		return "#eef1f4", "#57708c"
	}
}

// Mermaid draws the order as a flowchart.
func Mermaid(p topology.Picture, all bool) string {
	ids := map[string]string{}
	for i, n := range p.Nodes {
		ids[n.Name] = fmt.Sprintf("c%d", i) // a name such as "end" means something to Mermaid
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	used := map[string]bool{}
	for _, n := range p.Nodes {
		kind := kindOf(n.State)
		used[kind] = true
		label := mermaidText(n.Name)
		if sub := subtitle(n); sub != "" {
			label += "<br/>" + mermaidText(sub)
		}
		fmt.Fprintf(&b, "  %s[\"%s\"]:::%s\n", ids[n.Name], label, kind)
	}
	for _, edge := range sortedEdges(p, all) {
		fmt.Fprintf(&b, "  %s --> %s\n", ids[edge[0]], ids[edge[1]])
	}
	for _, kind := range kinds() {
		if used[kind] {
			fill, stroke := colours(kind)
			fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,color:#16202c\n", kind, fill, stroke)
		}
	}
	return b.String()
}

// mermaidText writes characters that end a label as entities of Mermaid's.
func mermaidText(text string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(style.Style{}.Text(text))
}

// DOT draws the order for Graphviz.
func DOT(p topology.Picture, all bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n", dotText(p.Name))
	for _, n := range p.Nodes {
		fill, stroke := colours(kindOf(n.State))
		lines := slices.DeleteFunc([]string{n.Name, subtitle(n)}, func(s string) bool { return s == "" })
		fmt.Fprintf(&b, "  %s [label=%s, fillcolor=%q, color=%q];\n", dotText(n.Name), dotText(lines...), fill, stroke)
	}
	for _, edge := range sortedEdges(p, all) {
		fmt.Fprintf(&b, "  %s -> %s;\n", dotText(edge[0]), dotText(edge[1]))
	}
	b.WriteString("}\n")
	return b.String()
}

// dotText quotes lines; only the quote and the backslash mean anything to Graphviz.
func dotText(lines ...string) string {
	quoted := make([]string, len(lines))
	for i, line := range lines {
		quoted[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(style.Style{}.Text(line))
	}
	return `"` + strings.Join(quoted, `\n`) + `"`
}
