// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"cmp"
	"math"
	"slices"
)

// Number is what statistics are made of; a time.Duration is one.
type Number interface {
	~int | ~int64 | ~uint64 | ~float64
}

// Median is the middle value, of an even number the mean of the two in the middle.
// Of no values it is 0. The values are left as they are.
func Median[N Number](values []N) N {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	upper := sorted[len(sorted)/2]
	if len(sorted)%2 == 1 {
		return upper
	}
	lower := sorted[len(sorted)/2-1]
	return lower + (upper-lower)/2
}

// Percentile is the nearest rank: the smallest value that at least p percent of
// the values do not exceed. p is between 0 and 100; 0 is the smallest, 100 the
// largest. Of no values it is 0.
func Percentile[N Number](values []N, p float64) N {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Exponent is the slope between two points on double logarithmic paper: 1 means
// that y grows as x does, 2 that it grows as its square, 0 not at all. It is NaN
// where one of the four is not positive, or both x are the same.
func Exponent(x1, y1, x2, y2 float64) float64 {
	if min(x1, y1, x2, y2) <= 0 || x1 == x2 {
		return math.NaN()
	}
	return math.Log(y2/y1) / math.Log(x2/x1)
}

// Bucket of a histogram: how many observations were at most UpperBound.
type Bucket struct {
	UpperBound float64
	Count      float64
}

// Histogram as Prometheus keeps it.
type Histogram struct {
	// Buckets count cumulatively, by ascending bound; the last bound is +Inf.
	Buckets []Bucket
	// Sum of all observations, in the metric's unit.
	Sum float64
	// Count of all observations.
	Count float64
}

// Mean observation; 0 when there was none.
func (h Histogram) Mean() float64 {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / h.Count
}

// Quantile estimates the value that the part q (0 to 1) of the observations does
// not exceed, as PromQL's histogram_quantile does: even spread inside a bucket is
// assumed, and what is above the last finite bound is said to be that bound. It
// is 0 when there was no observation.
func (h Histogram) Quantile(q float64) float64 {
	if h.Count == 0 || len(h.Buckets) == 0 {
		return 0
	}
	rank := q * h.Count
	at, _ := slices.BinarySearchFunc(h.Buckets, rank, func(b Bucket, rank float64) int { return cmp.Compare(b.Count, rank) })
	at = min(at, len(h.Buckets)-1)
	lower := Bucket{}
	if at > 0 {
		lower = h.Buckets[at-1]
	}
	b := h.Buckets[at]
	if math.IsInf(b.UpperBound, 1) || b.Count == lower.Count {
		return lower.UpperBound
	}
	return lower.UpperBound + (b.UpperBound-lower.UpperBound)*(rank-lower.Count)/(b.Count-lower.Count)
}
