// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// newestShown is how many versions a message names.
const newestShown = 5

// selector picks one version out of many, and always the same one out of the same.
type selector struct {
	raw    string
	exact  *semver.Version     // set for a pin
	ranges *semver.Constraints // set for a range
}

// parseSelector parses a source's version.
func parseSelector(src Source) (selector, error) {
	s := selector{raw: strings.TrimSpace(src.Version)}
	if s.raw == "" {
		return s, nil
	}
	if v, err := semver.StrictNewVersion(strings.TrimPrefix(s.raw, "v")); err == nil {
		s.exact = v
		return s, nil
	}
	ranges, err := semver.NewConstraint(s.raw)
	if err != nil {
		return s, failure.Terminal(ReasonChartVersionInvalid,
			"version %q of chart %s is neither a version (1.2.3) nor a range (1.2.x, ^1.2, >=1.2 <2)", src.Version, src.Name)
	}
	s.ranges = ranges
	return s, nil
}

// pick returns the version that the selector means: for a pin the same text, else the same version with or without a leading "v", else
// the same version but for build metadata; for a range the highest that satisfies it; for none the highest that is no pre-release.
func (s selector) pick(versions []string) (string, bool) {
	if s.exact != nil {
		return s.pickExact(versions)
	}
	for _, v := range sortNewestFirst(versions) {
		if s.ranges != nil && s.ranges.Check(v.parsed) || s.ranges == nil && v.parsed.Prerelease() == "" {
			return v.raw, true
		}
	}
	return "", false
}

func (s selector) pickExact(versions []string) (string, bool) {
	if slices.Contains(versions, s.raw) {
		return s.raw, true
	}
	for _, v := range sortNewestFirst(versions) {
		sameBuild := v.parsed.Metadata() == s.exact.Metadata()
		if v.parsed.Equal(s.exact) && (sameBuild || s.exact.Metadata() == "") {
			return v.raw, true
		}
	}
	return "", false
}

type version struct {
	raw    string
	parsed *semver.Version
}

// sortNewestFirst parses versions and sorts them by precedence, ties by their text; what is no version is left out. At equal precedence
// a version without build metadata comes before one with it.
func sortNewestFirst(raw []string) []version {
	versions := make([]version, 0, len(raw))
	for _, r := range raw {
		if v, err := semver.StrictNewVersion(strings.TrimPrefix(r, "v")); err == nil {
			versions = append(versions, version{r, v})
		} else if v, err := semver.NewVersion(r); err == nil {
			versions = append(versions, version{r, v}) // "1.2" in an index; never taken from a file name
		}
	}
	slices.SortFunc(versions, func(a, b version) int {
		return cmp.Or(
			b.parsed.Compare(a.parsed),
			cmp.Compare(min(1, len(a.parsed.Metadata())), min(1, len(b.parsed.Metadata()))),
			strings.Compare(b.parsed.Metadata(), a.parsed.Metadata()),
			strings.Compare(a.raw, b.raw),
		)
	})
	return versions
}

// versionNotFound says which version was asked for and which ones there are.
func versionNotFound(src Source, sel selector, at fmt.Stringer, versions []string) error {
	sorted := sortNewestFirst(versions)
	if len(sorted) == 0 {
		return failure.Terminal(ReasonChartVersionNotFound, "chart %s has no versions in %s", src.Name, at)
	}
	if sel.raw == "" {
		return failure.Terminal(ReasonChartVersionNotFound,
			"chart %s has only pre-releases in %s: set version to one of them, such as %s", src.Name, at, sorted[0].raw)
	}
	stable := slices.DeleteFunc(slices.Clone(sorted), func(v version) bool { return v.parsed.Prerelease() != "" })
	if len(stable) > 0 {
		sorted = stable
	}
	var newest []string
	for _, v := range sorted[:min(newestShown, len(sorted))] {
		newest = append(newest, v.raw)
	}
	what := "no version " + sel.raw
	if sel.exact == nil {
		what = fmt.Sprintf("no version that matches %q", sel.raw)
	}
	return failure.Terminal(ReasonChartVersionNotFound, "chart %s has %s in %s: the newest are %s",
		src.Name, what, at, strings.Join(newest, ", "))
}

// sameVersion tells whether two texts mean one version, a leading "v" and build metadata aside.
func sameVersion(a, b string) bool {
	if a == b {
		return true
	}
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	return errA == nil && errB == nil && va.Equal(vb)
}
