// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"cmp"
	"slices"

	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// Measures of the picture in its own units, which are pixels at its natural size.
const (
	boxHeight = 46
	boxPad    = 14
	minWidth  = 96
	rowGap    = 18
	// laneGap is the distance of an edge that passes a layer from its neighbours.
	laneGap = 16
	// layerGap leaves room for the edges between two layers, and one more step for each
	// few of them.
	layerGap = 64
	margin   = 24
	// roomy is how wide the rows of components without edges may be in any case.
	roomy       = 720
	sweeps      = 12
	relaxations = 24
)

// place is a component, or a point at which an edge passes a layer.
type place struct {
	// node is nil for a point.
	node  *topology.Node
	layer int
	// before and after are its neighbours in the layers beside it.
	before, after []*place
	// x and y are the upper left corner.
	x, y, width, height float64
	// rank is the place in its layer.
	rank float64
}

func (p *place) middle() float64 { return p.y + p.height/2 }

// route is an edge from a dependency to what depends on it, through points.
type route struct{ through []*place }

// layout is a picture with coordinates.
type layout struct {
	layers [][]*place
	routes []route
	// loose are components without edges, in rows below the others.
	loose         []*place
	width, height float64
}

// arrange puts each component one layer behind its last dependency and orders the
// layers so that few edges cross: each place goes to the middle of its neighbours, in
// sweeps to and fro.
func arrange(p topology.Picture, edges map[string][]string) layout {
	out := layout{}
	depth := p.Depths()
	places := map[string]*place{}
	waitedFor := map[string]bool{}
	for _, dependencies := range edges {
		for _, d := range dependencies {
			waitedFor[d] = true
		}
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		here := &place{node: n, layer: depth[n.Name], width: boxWidth(*n), height: boxHeight}
		places[n.Name] = here
		if len(edges[n.Name]) == 0 && !waitedFor[n.Name] {
			out.loose = append(out.loose, here)
			continue
		}
		out.add(here)
	}
	for i := range p.Nodes {
		name := p.Nodes[i].Name
		for _, dependency := range edges[name] {
			if depth[dependency] < depth[name] { // a cycle has edges that go back
				out.connect(places[dependency], places[name])
			}
		}
	}
	for i := range sweeps {
		out.sweep(i%2 == 0)
	}
	out.coordinates()
	out.scatter()
	return out
}

// scatter puts components without edges below the others, as many in a row as there is
// room for.
func (l *layout) scatter() {
	if len(l.loose) == 0 {
		return
	}
	wide := 0.0
	for _, p := range l.loose {
		wide = max(wide, p.width)
	}
	columns := max(1, int((max(l.width, roomy)-2*margin+rowGap)/(wide+rowGap)))
	columns = min(columns, len(l.loose))
	top := l.height
	if len(l.layers) == 0 {
		top = margin
	}
	for i, p := range l.loose {
		p.x, p.y = margin+float64(i%columns)*(wide+rowGap), top+float64(i/columns)*(boxHeight+rowGap)
		p.width = wide
	}
	rows := (len(l.loose) + columns - 1) / columns
	l.height = top + float64(rows)*(boxHeight+rowGap) - rowGap + margin
	l.width = max(l.width, 2*margin+float64(columns)*(wide+rowGap)-rowGap)
}

func (l *layout) add(p *place) {
	for len(l.layers) <= p.layer {
		l.layers = append(l.layers, nil)
	}
	p.rank = float64(len(l.layers[p.layer]))
	l.layers[p.layer] = append(l.layers[p.layer], p)
}

// connect adds an edge, with a point in each layer that it passes.
func (l *layout) connect(from, to *place) {
	r := route{through: []*place{from}}
	at := from
	for layer := from.layer + 1; layer < to.layer; layer++ {
		point := &place{layer: layer, height: 0}
		l.add(point)
		join(at, point)
		r.through = append(r.through, point)
		at = point
	}
	join(at, to)
	r.through = append(r.through, to)
	l.routes = append(l.routes, r)
}

func join(from, to *place) {
	from.after = append(from.after, to)
	to.before = append(to.before, from)
}

// sweep orders every layer by the places of the neighbours in the one before it, or
// behind it. A place without any stays where it is.
func (l *layout) sweep(forward bool) {
	order := slices.Clone(l.layers)
	if !forward {
		slices.Reverse(order)
	}
	for _, layer := range order {
		wanted := map[*place]float64{}
		for _, p := range layer {
			neighbours := p.before
			if !forward {
				neighbours = p.after
			}
			wanted[p] = p.rank
			if len(neighbours) > 0 {
				wanted[p] = mean(neighbours, func(n *place) float64 { return n.rank })
			}
		}
		slices.SortStableFunc(layer, func(a, b *place) int { return cmp.Compare(wanted[a], wanted[b]) })
		for i, p := range layer {
			p.rank = float64(i)
		}
	}
}

func mean(places []*place, of func(*place) float64) float64 {
	sum := 0.0
	for _, p := range places {
		sum += of(p)
	}
	return sum / float64(len(places))
}

// coordinates gives every layer a column, stacks its places, and moves them towards
// their neighbours as far as the order and the gaps let them.
func (l *layout) coordinates() {
	if len(l.layers) == 0 {
		return
	}
	x := float64(margin)
	for i, layer := range l.layers {
		wide := 0.0
		for _, p := range layer {
			wide = max(wide, p.width)
		}
		y := float64(margin)
		for _, p := range layer {
			p.x, p.y, p.width = x, y, wide
			y += p.height + rowGap
		}
		x += wide
		if i < len(l.layers)-1 {
			x += layerGap + 3*float64(min(l.between(i), 24))
		}
	}
	l.width = x + margin
	for i := range relaxations {
		order := slices.Clone(l.layers)
		if i%2 == 1 {
			slices.Reverse(order)
		}
		for _, layer := range order {
			settle(layer)
		}
	}
	l.fit()
}

// between counts the edges behind a layer.
func (l *layout) between(layer int) int {
	out := 0
	for _, p := range l.layers[layer] {
		out += len(p.after)
	}
	return out
}

// settle moves the places of a layer as near to the middle of their neighbours as the
// gaps between them allow: blocks of places that touch move together to the mean of
// what they want, which is the least sum of squares.
func settle(layer []*place) {
	type block struct {
		sum    float64
		count  int
		places []*place
	}
	var blocks []block
	offset := 0.0
	for i, p := range layer {
		if i > 0 {
			offset += apart(layer[i-1], p)
		}
		wanted := p.middle()
		if neighbours := slices.Concat(p.before, p.after); len(neighbours) > 0 {
			wanted = mean(neighbours, (*place).middle)
		}
		p.rank = offset
		blocks = append(blocks, block{sum: wanted - offset, count: 1, places: []*place{p}})
		for len(blocks) > 1 {
			last, before := blocks[len(blocks)-1], blocks[len(blocks)-2]
			if before.sum/float64(before.count) <= last.sum/float64(last.count) {
				break
			}
			blocks = append(blocks[:len(blocks)-2], block{
				sum: before.sum + last.sum, count: before.count + last.count, places: slices.Concat(before.places, last.places),
			})
		}
	}
	for _, b := range blocks {
		at := b.sum / float64(b.count)
		for _, p := range b.places {
			p.y = at + p.rank - p.height/2
		}
	}
}

// apart is the least distance of the middles of two places, one below the other.
func apart(above, below *place) float64 {
	gap := float64(rowGap)
	if above.node == nil || below.node == nil {
		gap = laneGap
	}
	return (above.height+below.height)/2 + gap
}

// fit moves everything so that the uppermost place is at the margin.
func (l *layout) fit() {
	top, bottom := 0.0, 0.0
	first := true
	for _, layer := range l.layers {
		for _, p := range layer {
			if first {
				top, bottom, first = p.y, p.y+p.height, false
			}
			top, bottom = min(top, p.y), max(bottom, p.y+p.height)
		}
	}
	for _, layer := range l.layers {
		for _, p := range layer {
			p.y += margin - top
		}
	}
	l.height = bottom - top + 2*margin
}

// boxWidth is what the two lines of a box need.
func boxWidth(n topology.Node) float64 {
	return max(minWidth, max(textWidth(n.Name, 13.5, true), textWidth(subtitle(n), 11.5, false))+2*boxPad+4)
}

// textWidth estimates the width of a text in a sans-serif font of this size: a little
// more than the common ones take.
func textWidth(text string, size float64, bold bool) float64 {
	units := 0.0
	for _, r := range text {
		switch {
		case slices.Contains([]rune("iljtf.,:;|!'()[] "), r):
			units += 0.34
		case r == 'm' || r == 'w' || r == 'M' || r == 'W':
			units += 0.92
		case r >= 'A' && r <= 'Z':
			units += 0.70
		default:
			units += 0.585
		}
	}
	if bold {
		units *= 1.07
	}
	return units * size
}
