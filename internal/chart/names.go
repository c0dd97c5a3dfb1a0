// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// nearShown is how many near names a message holds.
const nearShown = 3

// chartNotFound names the chart that is missing and those whose names are near.
func chartNotFound(name string, at fmt.Stringer, names []string) error {
	near := nearest(name, names)
	switch {
	case len(near) > 0:
		return failure.Terminal(ReasonChartNotFound, "no chart %s in %s: did you mean %s?", name, at, strings.Join(near, ", "))
	case len(names) > 0:
		return failure.Terminal(ReasonChartNotFound, "no chart %s in %s, which has %d others", name, at, len(names))
	default:
		return failure.Terminal(ReasonChartNotFound, "no chart %s in %s", name, at)
	}
}

// nearest returns the few names that are likeliest meant, nearest first.
func nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, n := range names {
		d := distance(name, n)
		switch {
		case d <= max(1, len(name)/3):
		case len(name) > 2 && strings.Contains(n, name), len(n) > 2 && strings.Contains(name, n):
			d += len(name) // a part of the name counts less than a slip of the finger
		default:
			continue
		}
		near = append(near, candidate{n, d})
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	var result []string
	for _, c := range near[:min(nearShown, len(near))] {
		result = append(result, c.name)
	}
	return result
}

// distance is the edit distance of two names, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitution := diagonal
			if a[i] != b[j] {
				substitution++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitution, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
