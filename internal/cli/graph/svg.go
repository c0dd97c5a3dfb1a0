// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// sheet colours the picture: light, and dark where the reader prefers that. Plain rules
// and no variables, for programs that know little CSS.
const sheet = `
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.page{fill:#ffffff}.head{font-size:16px;font-weight:600;fill:#16202c}.note{font-size:11.5px;fill:#526070}
.box{fill:#f6f8fa;stroke:#c3ccd6;stroke-width:1}.name{font-size:13.5px;font-weight:600;fill:#16202c}.sub{font-size:11.5px;fill:#526070}
.edge{fill:none;stroke:#9aa7b4;stroke-width:1.4}.tip{fill:#9aa7b4}
.is-ready{fill:#1a7f4b}.is-working{fill:#1f6feb}.is-waiting{fill:#8c98a4}.is-failed{fill:#cf222e}.is-held{fill:#b26a00}.is-removing{fill:#8250df}.is-planned{fill:#57708c}
@media (prefers-color-scheme:dark){
.page{fill:#10161d}.head{fill:#e8eef4}.note{fill:#9fb0c0}
.box{fill:#1a232d;stroke:#3a4756}.name{fill:#e8eef4}.sub{fill:#a7b6c5}
.edge{stroke:#5f6f80}.tip{fill:#5f6f80}
.is-ready{fill:#3fb97a}.is-working{fill:#58a6ff}.is-waiting{fill:#7d8b99}.is-failed{fill:#ff6b67}.is-held{fill:#e3a03a}.is-removing{fill:#b18cf5}.is-planned{fill:#7f9bb8}
}
`

// headHeight is the room for the title above the picture.
const headHeight = 52

// SVG draws the order as a picture of its own: dependencies on the left of what waits
// for them, states coloured and named.
func SVG(p topology.Picture, all bool) string {
	edges := p.Edges(all)
	l := arrange(p, edges)
	title := "platform " + p.Name
	width, height := max(l.width, textWidth(title, 16, true)+2*margin, textWidth(summary(p), 11.5, false)+2*margin), l.height+headHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="t d">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&b, "<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n<style>%s</style>\n", escape(title), escape(describe(p, edges)), sheet)
	fmt.Fprintf(&b, `<rect class="page" width="%.0f" height="%.0f"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text class="head" x="%d" y="32">%s</text>`+"\n", margin, escape(title))
	fmt.Fprintf(&b, `<text class="note" x="%d" y="50">%s</text>`+"\n", margin, escape(summary(p)))
	fmt.Fprintf(&b, `<g transform="translate(0,%d)">`+"\n", headHeight)
	for _, r := range l.routes {
		b.WriteString(r.svg())
	}
	for _, layer := range append(l.layers, l.loose) {
		for _, place := range layer {
			if place.node != nil {
				b.WriteString(place.svg())
			}
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// svg is an edge: between two layers it is a curve, and past a layer a straight line,
// so that it crosses no box.
func (r route) svg() string {
	const tip = 7
	from := r.through[0]
	var b strings.Builder
	fmt.Fprintf(&b, `<path class="edge" d="M%.1f %.1f`, from.x+from.width, from.middle())
	x, y := from.x+from.width, from.middle()
	for i, p := range r.through[1:] {
		end := p.x
		if i == len(r.through)-2 {
			end -= tip
		}
		half := (end - x) / 2
		fmt.Fprintf(&b, " C%.1f %.1f %.1f %.1f %.1f %.1f", x+half, y, end-half, p.middle(), end, p.middle())
		x, y = p.x+p.width, p.middle()
		if p.node == nil {
			fmt.Fprintf(&b, " H%.1f", x)
		}
	}
	last := r.through[len(r.through)-1]
	fmt.Fprintf(&b, `"/><path class="tip" d="M%.1f %.1f l-%d -4 v8 z"/>`+"\n", last.x, last.middle(), tip+1)
	return b.String()
}

// svg is a box with its name, what it is, and a bar in the colour of its state.
func (p *place) svg() string {
	n := *p.node
	parts := []string{strings.TrimSpace(n.Name + " " + n.Version), string(n.State), n.Message, n.Lifecycle}
	about := strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
	var b strings.Builder
	fmt.Fprintf(&b, `<g transform="translate(%.1f,%.1f)"><title>%s</title>`, p.x, p.y, escape(about))
	fmt.Fprintf(&b, `<rect class="box" width="%.1f" height="%d" rx="6"/>`, p.width, boxHeight)
	fmt.Fprintf(&b, `<rect class="is-%s" x="0" y="0" width="5" height="%d" rx="2.5"/>`, kindOf(n.State), boxHeight)
	fmt.Fprintf(&b, `<text class="name" x="%d" y="19">%s</text>`, boxPad, escape(n.Name))
	fmt.Fprintf(&b, `<text class="sub" x="%d" y="36">%s</text></g>`+"\n", boxPad, escape(subtitle(n)))
	return b.String()
}

// subtitle is the second line of a box: the state is never told by a colour alone.
func subtitle(n topology.Node) string {
	if n.State == "" {
		return n.Version
	}
	mark, _ := style.Style{}.Mark(n.State)
	return strings.TrimSpace(n.Version + "  " + mark + " " + string(n.State))
}

// summary counts the components by state.
func summary(p topology.Picture) string {
	counts := map[string]int{}
	for _, n := range p.Nodes {
		counts[kindOf(n.State)]++
	}
	parts := []string{fmt.Sprintf("%d components", len(p.Nodes))}
	for _, kind := range []string{"ready", "working", "waiting", "failed", "held", "removing"} {
		if counts[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[kind], kind))
		}
	}
	return strings.Join(parts, ", ")
}

// describe tells the picture to people who do not see it.
func describe(p topology.Picture, edges map[string][]string) string {
	var parts []string
	for _, n := range p.Nodes {
		text := n.Name
		if n.State != "" {
			text += " is " + string(n.State)
		}
		if len(edges[n.Name]) > 0 {
			text += ", after " + strings.Join(edges[n.Name], ", ")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// kindOf sums states up, for colours.
func kindOf(state v1alpha1.ComponentState) string {
	switch state {
	case "":
		return "planned"
	case v1alpha1.StateReady:
		return "ready"
	case v1alpha1.StateInstalling, v1alpha1.StateUpgrading, v1alpha1.StateProgressing:
		return "working"
	case v1alpha1.StateWaiting, v1alpha1.StatePreparing:
		return "waiting"
	case v1alpha1.StateFailed:
		return "failed"
	case v1alpha1.StateHeld, v1alpha1.StateSuspended:
		return "held"
	case v1alpha1.StateRemoving:
		return "removing"
	default:
		return "waiting"
	}
}

// kinds are all of them.
func kinds() []string {
	return []string{"ready", "working", "waiting", "failed", "held", "removing", "planned"}
}

// escape makes text of XML what it was, without what XML cannot hold.
func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(style.Style{}.Text(text))); err != nil {
		return "" // a strings.Builder takes everything
	}
	return b.String()
}

// sortedEdges lists edges from a dependency to what depends on it.
func sortedEdges(p topology.Picture, all bool) [][2]string {
	var out [][2]string
	edges := p.Edges(all)
	for _, n := range p.Nodes {
		for _, d := range edges[n.Name] {
			out = append(out, [2]string{d, n.Name})
		}
	}
	slices.SortFunc(out, func(a, b [2]string) int { return strings.Compare(a[0]+" "+a[1], b[0]+" "+b[1]) })
	return out
}
