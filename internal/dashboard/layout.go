// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// Graph says where components are drawn: in layers from left to right, what is
// waited for left of what waits. Heights are in rows, one component is one row high.
type Graph struct {
	// Layers is their number.
	Layers int `json:"layers"`
	// Height of the highest layer in rows.
	Height float64 `json:"height"`
	// Nodes are the components that have edges, sorted by name.
	Nodes []Node `json:"nodes,omitempty"`
	// Edges without those that others imply, sorted.
	Edges []Edge `json:"edges,omitempty"`
	// Alone are the components without any edge, sorted.
	Alone []string `json:"alone,omitempty"`
}

// Node is the place of a component.
type Node struct {
	Name  string  `json:"name"`
	Layer int     `json:"layer"`
	Y     float64 `json:"y"`
}

// Edge leads from a component to one that waits for it.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Via are heights at which it passes the layers between the two.
	Via []float64 `json:"via,omitempty"`
}

// mostInLayer bounds a layer, so that a platform of forty fits on a screen; the
// rest goes to the next one.
const mostInLayer = 9

// lane is the height of an edge that passes a layer, in rows.
const lane = 0.3

// sweeps is how often the order in the layers is improved.
const sweeps = 8

// Layout places components by name; dependsOn may name what is not among them,
// which is ignored, as is an edge that would close a cycle. It is pure, and gives the
// same graph for the same input.
func Layout(dependsOn map[string][]string) Graph {
	l := newLayout(dependsOn)
	l.assignLayers()
	l.addLanes()
	l.order()
	l.place()
	return l.graph()
}

// spot is a component, or a lane: an edge on its way through a layer.
type spot struct {
	name   string
	isLane bool
	layer  int
	y      float64
	// before and after are the spots that it is connected with in the layers next to
	// it.
	before, after []*spot
}

func (s *spot) height() float64 {
	if s.isLane {
		return lane
	}
	return 1
}

type layout struct {
	names  []string
	before map[string][]string // reduced edges, both ways, sorted
	after  map[string][]string
	spots  map[string]*spot
	lanes  map[string][]*spot // of a source, by the distance from it
	layers [][]*spot
}

func newLayout(dependsOn map[string][]string) *layout {
	l := &layout{
		names: slices.Sorted(maps.Keys(dependsOn)), before: map[string][]string{}, after: map[string][]string{},
		spots: map[string]*spot{}, lanes: map[string][]*spot{},
	}
	edges := acyclic(l.names, dependsOn)
	reach := map[string]map[string]bool{}
	for _, name := range l.names {
		ancestors(name, edges, reach)
	}
	for _, name := range l.names {
		for _, on := range edges[name] {
			implied := slices.ContainsFunc(edges[name], func(other string) bool { return other != on && reach[other][on] })
			if !implied {
				l.before[name] = append(l.before[name], on)
				l.after[on] = append(l.after[on], name)
			}
		}
	}
	return l
}

// acyclic returns the edges to what is there, sorted, without those that close a cycle.
func acyclic(names []string, dependsOn map[string][]string) map[string][]string {
	out := map[string][]string{}
	const under, done = 1, 2
	state := map[string]int{}
	var visit func(string)
	visit = func(name string) {
		state[name] = under
		for _, on := range slices.Compact(slices.Sorted(slices.Values(dependsOn[name]))) {
			if _, known := dependsOn[on]; !known || state[on] == under {
				continue
			}
			if state[on] == 0 {
				visit(on)
			}
			out[name] = append(out[name], on)
		}
		state[name] = done
	}
	for _, name := range names {
		if state[name] == 0 {
			visit(name)
		}
	}
	return out
}

// ancestors are all that a component waits for, by whatever way.
func ancestors(name string, edges map[string][]string, known map[string]map[string]bool) map[string]bool {
	if out, ok := known[name]; ok {
		return out
	}
	out := map[string]bool{}
	for _, on := range edges[name] {
		out[on] = true
		maps.Copy(out, ancestors(on, edges, known))
	}
	known[name] = out
	return out
}

// assignLayers puts everything as far left as its dependencies and the room in the
// layer allow; what most others wait for goes first.
func (l *layout) assignLayers() {
	depth := map[string]int{}
	var below func(string) int
	below = func(name string) int {
		if d, ok := depth[name]; ok {
			return d
		}
		d := 0
		for _, next := range l.after[name] {
			d = max(d, 1+below(next))
		}
		depth[name] = d
		return d
	}
	var left []string
	for _, name := range l.names {
		if len(l.before[name])+len(l.after[name]) > 0 {
			below(name)
			left = append(left, name)
		}
	}
	for len(left) > 0 {
		ready := slices.DeleteFunc(slices.Clone(left), func(name string) bool {
			return slices.ContainsFunc(l.before[name], func(on string) bool { return l.spots[on] == nil })
		})
		slices.SortFunc(ready, func(a, b string) int {
			return cmp.Or(cmp.Compare(depth[b], depth[a]), cmp.Compare(len(l.after[b]), len(l.after[a])), strings.Compare(a, b))
		})
		for _, name := range ready {
			l.settle(name)
		}
		left = slices.DeleteFunc(left, func(name string) bool { return l.spots[name] != nil })
	}
}

// settle puts a component into the first layer that it may be in and that has room.
func (l *layout) settle(name string) {
	layer := 0
	for _, on := range l.before[name] {
		layer = max(layer, l.spots[on].layer+1)
	}
	for layer < len(l.layers) && len(l.layers[layer]) >= mostInLayer {
		layer++
	}
	l.spots[name] = l.add(&spot{name: name, layer: layer})
}

func (l *layout) add(s *spot) *spot {
	for len(l.layers) <= s.layer {
		l.layers = append(l.layers, nil)
	}
	l.layers[s.layer] = append(l.layers[s.layer], s)
	return s
}

// addLanes leads edges over more than one layer through those between; edges from
// one component share their way.
func (l *layout) addLanes() {
	for _, name := range l.names {
		from := l.spots[name]
		for _, next := range l.after[name] {
			to := l.spots[next]
			last := from
			for layer := from.layer + 1; layer < to.layer; layer++ {
				last = l.lane(from, last, layer)
			}
			last.after, to.before = append(last.after, to), append(to.before, last)
		}
	}
}

func (l *layout) lane(from, last *spot, layer int) *spot {
	index := layer - from.layer - 1
	if index < len(l.lanes[from.name]) {
		return l.lanes[from.name][index]
	}
	s := l.add(&spot{name: from.name, isLane: true, layer: layer})
	last.after, s.before = append(last.after, s), append(s.before, last)
	l.lanes[from.name] = append(l.lanes[from.name], s)
	return s
}

// order sorts the layers so that few edges cross: each spot goes to the middle of
// those it is connected with, again and again, and the best order is kept.
func (l *layout) order() {
	for _, layer := range l.layers {
		number(layer)
	}
	best, fewest := l.snapshot(), l.crossings()
	for sweep := 0; sweep < sweeps && fewest > 0; sweep++ {
		if sweep%2 == 0 {
			for i := 1; i < len(l.layers); i++ {
				arrange(l.layers[i], func(s *spot) []*spot { return s.before })
			}
		} else {
			for i := len(l.layers) - 2; i >= 0; i-- {
				arrange(l.layers[i], func(s *spot) []*spot { return s.after })
			}
		}
		if crossings := l.crossings(); crossings < fewest {
			best, fewest = l.snapshot(), crossings
		}
	}
	l.layers = best
}

func (l *layout) snapshot() [][]*spot {
	out := make([][]*spot, len(l.layers))
	for i, layer := range l.layers {
		out[i] = slices.Clone(layer)
	}
	return out
}

// number lets y be the place in the layer.
func number(layer []*spot) {
	for i, s := range layer {
		s.y = float64(i)
	}
}

func arrange(layer []*spot, neighbours func(*spot) []*spot) {
	middle := make(map[*spot]float64, len(layer))
	for _, s := range layer {
		middle[s] = s.y
		if around := neighbours(s); len(around) > 0 {
			middle[s] = mean(around)
		}
	}
	slices.SortStableFunc(layer, func(a, b *spot) int { return cmp.Compare(middle[a], middle[b]) })
	number(layer)
}

func mean(spots []*spot) float64 {
	sum := 0.0
	for _, s := range spots {
		sum += s.y
	}
	return sum / float64(len(spots))
}

// crossings counts the pairs of edges that cross between neighbouring layers.
func (l *layout) crossings() int {
	count := 0
	for _, layer := range l.layers {
		type edge struct{ from, to float64 }
		var edges []edge
		for _, s := range layer {
			for _, next := range s.after {
				edges = append(edges, edge{s.y, next.y})
			}
		}
		for i, a := range edges {
			for _, b := range edges[i+1:] {
				if (a.from-b.from)*(a.to-b.to) < 0 {
					count++
				}
			}
		}
	}
	return count
}

// place gives heights: each spot wants to be where its neighbours are, and keeps its
// distance from those above and below.
func (l *layout) place() {
	for _, layer := range l.layers {
		at := 0.0
		for _, s := range layer {
			s.y = at + s.height()/2
			at += s.height()
		}
	}
	for sweep := range 2 * sweeps {
		for i := range l.layers {
			layer := l.layers[i]
			if sweep%2 == 1 {
				layer = l.layers[len(l.layers)-1-i]
			}
			settleHeights(layer)
		}
	}
	top := math.Inf(1)
	for _, layer := range l.layers {
		for _, s := range layer {
			top = min(top, s.y-s.height()/2)
		}
	}
	for _, layer := range l.layers {
		for _, s := range layer {
			s.y = math.Round((s.y-top)*100) / 100
		}
	}
}

// settleHeights moves the spots of a layer as near as possible to where they want to
// be without changing their order: neighbours that would overlap become a group
// around the mean of their wishes (pool adjacent violators).
func settleHeights(layer []*spot) {
	type group struct {
		sum   float64
		count int
	}
	var groups []group
	offsets := make([]float64, len(layer))
	for i, s := range layer {
		if i > 0 {
			offsets[i] = offsets[i-1] + (layer[i-1].height()+s.height())/2
		}
		wish := s.y
		if around := slices.Concat(s.before, s.after); len(around) > 0 {
			wish = mean(around)
		}
		groups = append(groups, group{wish - offsets[i], 1})
		for n := len(groups); n > 1 && groups[n-2].sum/float64(groups[n-2].count) > groups[n-1].sum/float64(groups[n-1].count); n-- {
			groups[n-2].sum += groups[n-1].sum
			groups[n-2].count += groups[n-1].count
			groups = groups[:n-1]
		}
	}
	i := 0
	for _, g := range groups {
		for range g.count {
			layer[i].y = g.sum/float64(g.count) + offsets[i]
			i++
		}
	}
}

func (l *layout) graph() Graph {
	out := Graph{Layers: len(l.layers)}
	for _, layer := range l.layers {
		for _, s := range layer {
			out.Height = max(out.Height, s.y+s.height()/2)
		}
	}
	out.Height = math.Round(out.Height*100) / 100
	for _, name := range l.names {
		from := l.spots[name]
		if from == nil {
			out.Alone = append(out.Alone, name)
			continue
		}
		out.Nodes = append(out.Nodes, Node{Name: name, Layer: from.layer, Y: from.y})
		for _, next := range l.after[name] {
			edge := Edge{From: name, To: next}
			for _, s := range l.lanes[name][:l.spots[next].layer-from.layer-1] {
				edge.Via = append(edge.Via, s.y)
			}
			out.Edges = append(out.Edges, edge)
		}
	}
	return out
}
