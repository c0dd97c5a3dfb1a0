// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

// Nearest returns the component that somebody who wrote name probably meant: the one whose chart has that name, else the
// one whose name differs in the fewest letters (insertions, deletions, substitutions, swapped neighbours), the first by
// name among equals. It returns false when nothing is near: further than a third of the letters away, or all of them.
func (c *Catalog) Nearest(name string) (string, bool) {
	for _, n := range c.names {
		if c.components[n].Chart.Name == name {
			return n, true
		}
	}
	return nearest(name, c.names)
}

func nearest(name string, candidates []string) (string, bool) {
	best, distance := "", min(max(1, len(name)/3)+1, len(name))
	for _, n := range candidates {
		if d := editDistance(name, n); d < distance {
			best, distance = n, d
		}
	}
	return best, best != ""
}

// editDistance is the optimal string alignment distance of two ASCII strings.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
