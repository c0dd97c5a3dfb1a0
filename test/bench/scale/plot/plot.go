// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plot draws line charts as SVG, readable on light and on dark pages. The
// same data give the same bytes. It imports the standard library.
package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Point of a line.
type Point struct{ X, Y float64 }

// Series is one line.
type Series struct {
	Name   string
	Points []Point
	// Dashed marks what was not measured, such as a target.
	Dashed bool
}

// Chart is a picture of lines over a common axis. Y begins at 0.
type Chart struct {
	Title, XLabel, YLabel string
	// LogX spreads x by its logarithm; every x must be positive then.
	LogX   bool
	Series []Series
}

const (
	width, height            = 720.0, 400.0
	left, right, top, bottom = 64.0, 168.0, 48.0, 56.0
	// labelHeight keeps the names at the lines' ends from covering each other.
	labelHeight = 16.0
	yTicks      = 6
	maxSeries   = 6
)

// style has two sets of colours; which one is used is for the reader's system to
// say. The background is drawn, so that a page of the other sort does no harm.
const style = `
text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.title{font-size:16px;font-weight:600}.faint,.unit{fill:#59636e}.unit{font-weight:400;font-size:13px}.paper{fill:#ffffff}.grid{stroke:#d1d9e0}.axis{stroke:#818b98}
.line{fill:none;stroke-width:2.5;stroke-linejoin:round}.dash{stroke-dasharray:6 5;stroke-width:1.5}
.s0{stroke:#0969da;--c:#0969da}.s1{stroke:#bc4c00;--c:#bc4c00}.s2{stroke:#1a7f37;--c:#1a7f37}.s3{stroke:#8250df;--c:#8250df}.s4{stroke:#bf3989;--c:#bf3989}.s5{stroke:#59636e;--c:#59636e}
circle{fill:var(--c);stroke:none}text.name{fill:var(--c);stroke:none}
@media(prefers-color-scheme:dark){
text{fill:#f0f6fc}.faint,.unit{fill:#9198a1}.paper{fill:#0d1117}.grid{stroke:#2f353d}.axis{stroke:#656c76}
.s0{stroke:#4493f8;--c:#4493f8}.s1{stroke:#f0883e;--c:#f0883e}.s2{stroke:#3fb950;--c:#3fb950}.s3{stroke:#ab7df8;--c:#ab7df8}.s4{stroke:#db61a2;--c:#db61a2}.s5{stroke:#9198a1;--c:#9198a1}
}
`

// Write draws the chart. The error says what cannot be drawn: no point at all, more
// than six lines, a value that is no number, or an x that has no logarithm.
func (c Chart) Write(w io.Writer) error {
	s, err := c.scale()
	if err != nil {
		return fmt.Errorf("plot %q: %w", c.Title, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n", escape(c.Title), style)
	fmt.Fprintf(&b, `<rect class="paper" width="%g" height="%g" rx="6"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text class="title" x="%g" y="28">%s<tspan class="unit" dx="8">%s</tspan></text>`+"\n", left, escape(c.Title), escape(c.YLabel))
	c.axes(&b, s)
	for i, series := range c.Series {
		series.draw(&b, s, i)
	}
	c.names(&b, s)
	b.WriteString("</svg>\n")
	_, err = w.Write(b.Bytes())
	return err
}

// scale maps values to places.
type scale struct {
	minX, maxX, maxY float64
	stepY            float64
	log              bool
	xs               []float64 // all there are
}

func (c Chart) scale() (scale, error) {
	s := scale{minX: math.Inf(1), maxX: math.Inf(-1), log: c.LogX}
	if len(c.Series) > maxSeries {
		return s, fmt.Errorf("%d lines are more than there are colours (%d)", len(c.Series), maxSeries)
	}
	highest := 0.0
	for _, series := range c.Series {
		for _, p := range series.Points {
			if math.IsNaN(p.X+p.Y) || math.IsInf(p.X+p.Y, 0) || p.Y < 0 || (c.LogX && p.X <= 0) {
				return s, fmt.Errorf("%s has the point (%g, %g)", series.Name, p.X, p.Y)
			}
			s.minX, s.maxX, highest = min(s.minX, p.X), max(s.maxX, p.X), max(highest, p.Y)
			s.xs = append(s.xs, p.X)
		}
	}
	if len(s.xs) == 0 {
		return s, errors.New("there is no point")
	}
	slices.Sort(s.xs)
	s.xs = slices.Compact(s.xs)
	if !c.LogX {
		s.minX = min(0, s.minX)
	}
	s.stepY = niceStep(highest / yTicks)
	s.maxY = s.stepY * math.Ceil(max(highest, s.stepY)/s.stepY)
	return s, nil
}

// niceStep is the smallest of 1, 2, 5, 10, 20, 50, ... (or 0.5, 0.2, ...) that is
// not below least.
func niceStep(least float64) float64 {
	if least <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(least)))
	for _, factor := range []float64{1, 2, 5} {
		if least <= factor*unit*(1+1e-9) {
			return factor * unit
		}
	}
	return 10 * unit
}

func (s scale) x(v float64) float64 {
	low, high, at := s.minX, s.maxX, v
	if s.log {
		low, high, at = math.Log(low), math.Log(high), math.Log(v)
	}
	if high == low {
		return left + (width-left-right)/2
	}
	return left + (at-low)/(high-low)*(width-left-right)
}

func (s scale) y(v float64) float64 { return height - bottom - v/s.maxY*(height-top-bottom) }

func (c Chart) axes(b *bytes.Buffer, s scale) {
	for i := 0; float64(i)*s.stepY <= s.maxY*(1+1e-9); i++ {
		v := float64(i) * s.stepY
		class := "grid"
		if i == 0 {
			class = "axis"
		}
		fmt.Fprintf(b, `<line class="%s" x1="%g" x2="%g" y1="%s" y2="%s"/>`+"\n", class, left, width-right, place(s.y(v)), place(s.y(v)))
		fmt.Fprintf(b, `<text class="faint" x="%g" y="%s" text-anchor="end">%s</text>`+"\n", left-8, place(s.y(v)+4), number(v))
	}
	last := math.Inf(-1)
	for _, x := range s.xs {
		at := s.x(x)
		if at-last < 44 { // the next one would cover it
			continue
		}
		last = at
		fmt.Fprintf(b, `<line class="axis" x1="%s" x2="%s" y1="%g" y2="%g"/>`+"\n", place(at), place(at), height-bottom, height-bottom+5)
		fmt.Fprintf(b, `<text class="faint" x="%s" y="%g" text-anchor="middle">%s</text>`+"\n", place(at), height-bottom+20, number(x))
	}
	fmt.Fprintf(b, `<text class="faint" x="%s" y="%g" text-anchor="middle">%s</text>`+"\n", place((left+width-right)/2), height-14, escape(c.XLabel))
}

func (s Series) draw(b *bytes.Buffer, at scale, i int) {
	points := slices.SortedFunc(slices.Values(s.Points), func(p, q Point) int { return compare(p.X, q.X) })
	places := make([]string, 0, len(points))
	for _, p := range points {
		places = append(places, place(at.x(p.X))+","+place(at.y(p.Y)))
	}
	if s.Dashed {
		fmt.Fprintf(b, `<polyline class="line dash s%d" points="%s"/>`+"\n", s.colour(i), strings.Join(places, " "))
		return
	}
	fmt.Fprintf(b, `<polyline class="line s%d" points="%s"/>`+"\n", i, strings.Join(places, " "))
	for _, p := range points {
		fmt.Fprintf(b, `<circle class="s%d" cx="%s" cy="%s" r="3.5"><title>%s: %s at %s</title></circle>`+"\n",
			i, place(at.x(p.X)), place(at.y(p.Y)), escape(s.Name), number(p.Y), number(p.X))
	}
}

// colour of the i-th line: what was not measured is grey.
func (s Series) colour(i int) int {
	if s.Dashed {
		return maxSeries - 1
	}
	return i
}

// names stand at the lines' ends, moved apart where two ends are close.
func (c Chart) names(b *bytes.Buffer, s scale) {
	type label struct {
		series int
		y      float64
	}
	var labels []label
	for i, series := range c.Series {
		if len(series.Points) == 0 {
			continue
		}
		last := slices.MaxFunc(series.Points, func(p, q Point) int { return compare(p.X, q.X) })
		labels = append(labels, label{i, s.y(last.Y) + 4})
	}
	slices.SortStableFunc(labels, func(p, q label) int { return compare(q.y, p.y) })
	for i := range labels { // from the lowest upwards
		if i > 0 {
			labels[i].y = min(labels[i].y, labels[i-1].y-labelHeight)
		}
		l := labels[i]
		fmt.Fprintf(b, `<text class="name s%d" x="%g" y="%s">%s</text>`+"\n", c.Series[l.series].colour(l.series), width-right+10, place(l.y), escape(c.Series[l.series].Name))
	}
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// place rounds to a tenth of a pixel.
func place(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// number as people write it, with a comma between thousands.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', decimals(v), 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		return whole + "." + fraction
	}
	return whole
}

// decimals that matter: three figures.
func decimals(v float64) int {
	if v == 0 {
		return 0
	}
	return max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
