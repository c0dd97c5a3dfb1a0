// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func chart() Chart {
	return Chart{
		Title: "CPU <per> release", XLabel: "releases", YLabel: "ms", LogX: true,
		Series: []Series{
			{Name: "operator", Points: []Point{{5000, 33}, {200, 31}, {1000, 35}}},
			{Name: "a & b", Points: []Point{{200, 110}, {1000, 112}, {5000, 111}}},
			{Name: "target", Points: []Point{{200, 60}, {5000, 60}}, Dashed: true},
		},
	}
}

func draw(t *testing.T, c Chart) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWrite: it is XML, twice the same, and points are in order of x at their places.
func TestWrite(t *testing.T) {
	svg := draw(t, chart())
	if svg != draw(t, chart()) {
		t.Error("the same data give two pictures")
	}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("it is no XML: %v\n%s", err, svg)
		}
	}
	for _, want := range []string{
		`<polyline class="line s0" points="64,267.5 308,257.7 552,262.6"/>`, // 120 is the top: y = 344 - v/120*296
		`<polyline class="line dash s5" points="64,196 552,196"/>`,
		"CPU &lt;per&gt; release", "a &amp; b: 112 at 1,000", ">5,000<", ">120<", "prefers-color-scheme:dark", `<tspan class="unit" dx="8">ms</tspan>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	if strings.Count(svg, "<circle") != 6 {
		t.Error("a target is no measurement, and has no points")
	}
}

// TestNames: names of lines that end at the same place do not cover each other.
func TestNames(t *testing.T) {
	c := chart()
	for i := range c.Series {
		c.Series[i].Points = []Point{{10, 0}, {20, 0}}
	}
	c.LogX = false
	svg := draw(t, c)
	for _, y := range []string{`y="348"`, `y="332"`, `y="316"`} {
		if !strings.Contains(svg, `x="562" `+y) {
			t.Errorf("no name at %s in\n%s", y, svg)
		}
	}
}

func TestCannotDraw(t *testing.T) {
	for name, change := range map[string]func(*Chart){
		"no point":       func(c *Chart) { c.Series = nil },
		"no logarithm":   func(c *Chart) { c.Series[0].Points[0].X = 0 },
		"no number":      func(c *Chart) { c.Series[0].Points[0].Y = math.NaN() },
		"infinite":       func(c *Chart) { c.Series[0].Points[0].X = math.Inf(1) },
		"below the axis": func(c *Chart) { c.Series[0].Points[0].Y = -1 },
		"too many lines": func(c *Chart) { c.Series = append(c.Series, make([]Series, 4)...) },
	} {
		c := chart()
		change(&c)
		var b bytes.Buffer
		if err := c.Write(&b); err == nil || b.Len() > 0 {
			t.Errorf("%s: %v, and %d bytes", name, err, b.Len())
		}
	}
	alone := chart()
	alone.Series = []Series{{Name: "one", Points: []Point{{200, 0}}}}
	if svg := draw(t, alone); strings.Contains(svg, "NaN") {
		t.Errorf("a single point has no place:\n%s", svg)
	}
}

func TestNiceStep(t *testing.T) {
	for least, want := range map[float64]float64{0: 1, 0.3: 0.5, 1: 1, 1.1: 2, 2: 2, 22.4: 50, 51: 100, 0.002: 0.002, 700: 1000} {
		if got := niceStep(least); math.Abs(got-want) > 1e-12 {
			t.Errorf("%g: %g, want %g", least, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 5000: "5,000", 1234567: "1,234,567", 0.25: "0.25", 10.5: "10.5", 999.6: "1,000", 33.333: "33.3", 0.0125: "0.0125", -1500: "-1,500"} {
		if got := number(v); got != want {
			t.Errorf("%g: %s, want %s", v, got, want)
		}
	}
}
