// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for name, test := range map[string]struct{ in, want []int }{
		"nothing":       {nil, []int{0}},
		"one":           {[]int{7}, []int{7}},
		"odd":           {[]int{9, 1, 5}, []int{5}},
		"even":          {[]int{4, 1, 3, 2}, []int{2}}, // integers are cut off
		"same values":   {[]int{3, 3, 3, 3}, []int{3}},
		"one far away":  {[]int{1, 2, 3, 4, 1000}, []int{3}},
		"two far apart": {[]int{10, 20}, []int{15}},
	} {
		before := slices.Clone(test.in)
		if got := Median(test.in); got != test.want[0] {
			t.Errorf("%s: %d, want %d", name, got, test.want[0])
		}
		if !slices.Equal(before, test.in) {
			t.Errorf("%s: the values were reordered", name)
		}
	}
	if got := Median([]time.Duration{time.Second, 2 * time.Second}); got != 1500*time.Millisecond {
		t.Errorf("of durations: %s", got)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(hundred), func(i, j int) { hundred[i], hundred[j] = hundred[j], hundred[i] })
	for _, test := range []struct {
		values []int
		p      float64
		want   int
	}{
		{nil, 99, 0},
		{[]int{5}, 0, 5},
		{[]int{5}, 100, 5},
		{hundred, 0, 1},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 99.1, 100},
		{hundred, 100, 100},
		{[]int{15, 20, 35, 40, 50}, 30, 20},
		{[]int{15, 20, 35, 40, 50}, 40, 20},
		{[]int{15, 20, 35, 40, 50}, 41, 35},
	} {
		if got := Percentile(test.values, test.p); got != test.want {
			t.Errorf("p%g of %d values: %d, want %d", test.p, len(test.values), got, test.want)
		}
	}
}

func TestExponent(t *testing.T) {
	for _, test := range []struct {
		x1, y1, x2, y2, want float64
	}{
		{20, 3, 100, 15, 1},
		{20, 3, 100, 75, 2},
		{20, 3, 100, 3, 0},
		{10, 4, 1000, 40, 0.5},
		{100, 15, 20, 3, 1},
	} {
		if got := Exponent(test.x1, test.y1, test.x2, test.y2); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("(%g,%g) to (%g,%g): %g, want %g", test.x1, test.y1, test.x2, test.y2, got, test.want)
		}
	}
	for _, test := range [][4]float64{{0, 1, 2, 3}, {1, 0, 2, 3}, {1, 1, 2, 0}, {2, 1, 2, 3}, {1, -1, 2, 3}} {
		if got := Exponent(test[0], test[1], test[2], test[3]); !math.IsNaN(got) {
			t.Errorf("%v: %g, want NaN", test, got)
		}
	}
}

func TestQuantile(t *testing.T) {
	inf := math.Inf(1)
	for name, test := range map[string]struct {
		buckets []Bucket
		count   float64
		q, want float64
	}{
		"nothing":                   {nil, 0, 0.5, 0},
		"inside the first":          {[]Bucket{{1, 10}, {2, 10}, {inf, 10}}, 10, 0.5, 0.5},
		"inside the second":         {[]Bucket{{1, 10}, {2, 20}, {inf, 20}}, 20, 0.75, 1.5},
		"at a bound":                {[]Bucket{{1, 10}, {2, 20}, {inf, 20}}, 20, 0.5, 1},
		"empty ones between":        {[]Bucket{{1, 1}, {2, 1}, {4, 1}, {8, 2}, {inf, 2}}, 2, 0.75, 6},
		"above the last bound":      {[]Bucket{{1, 10}, {2, 10}, {inf, 20}}, 20, 0.99, 2},
		"all above the last bound":  {[]Bucket{{1, 0}, {inf, 4}}, 4, 0.5, 1},
		"the whole":                 {[]Bucket{{1, 10}, {2, 20}, {inf, 20}}, 20, 1, 2},
		"zero is the lowest bucket": {[]Bucket{{1, 10}, {inf, 10}}, 10, 0, 0},
	} {
		h := Histogram{Buckets: test.buckets, Count: test.count}
		if got := h.Quantile(test.q); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %g, want %g", name, got, test.want)
		}
	}
	if got := (Histogram{Sum: 6, Count: 4}).Mean(); got != 1.5 {
		t.Errorf("mean %g", got)
	}
	if got := (Histogram{}).Mean(); got != 0 {
		t.Errorf("mean of nothing: %g", got)
	}
}
