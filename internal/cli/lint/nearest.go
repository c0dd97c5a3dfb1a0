// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import "strings"

// didYouMean is ": did you mean ...?" for the candidate that somebody who wrote word
// probably meant: the fewest letters away, at most a third of them; empty for none.
// Case does not count.
func didYouMean(word string, candidates []string) string {
	best, distance := "", min(max(1, len(word)/3)+1, len(word))
	for _, candidate := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); d < distance && candidate != word {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean \"" + best + "\"?"
}

// editDistance counts insertions, deletions, substitutions and swapped neighbours.
func editDistance(a, b string) int {
	previous, above := []int{}, make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], previous[j-2]+1)
			}
		}
		previous, above = above, row
	}
	return above[len(b)]
}
