// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"

	"github.com/groundwork-dev/groundwork/internal/graph"
)

const (
	maxLabel       = 63
	maxReleaseName = 53 // Helm's own limit
)

// entry is a component together with where it stands.
type entry struct {
	Component
	file  string
	lines map[string]int
}

// versionRange returns a reader that stores a semver range.
func (d *decoder) versionRange(target *string, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*target = d.text(n, what)
		if _, err := semver.NewConstraint(*target); *target != "" && err != nil {
			d.fail(n, "%s is no semver range: %q", what, *target)
		}
	}
}

// line returns where a field stands; a field that is not there has its default from the name.
func (e entry) line(key string) int { return cmp.Or(e.lines[key], e.lines["name"]) }

// check judges an entry by itself; text that is missing has been reported before.
func (e entry) check(found *problems) {
	fail := func(key, format string, args ...any) { found.add(e.file, e.line(key), format, args...) }
	e.checkNames(fail)
	if e.Homepage != "" && !strings.HasPrefix(e.Homepage, "https://") {
		fail("homepage", "homepage must be an https:// address, not %q", e.Homepage)
	}
	if r := e.Chart.Repository; r != "" {
		u, err := url.Parse(r)
		if err != nil || u.Host == "" || !slices.Contains([]string{"https", "oci"}, u.Scheme) {
			fail("chart.repository", "chart.repository must be an https:// or oci:// address, not %q", r)
		}
	}
	if v := e.Chart.Version; v != "" {
		if _, err := semver.StrictNewVersion(strings.TrimPrefix(v, "v")); err != nil {
			fail("chart.version", "chart.version must be one exact semantic version such as 1.2.3, not %q", v)
		}
	}
	if s := e.Lifecycle.Since; s != "" {
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			fail("since", "since must be a day as YYYY-MM-DD, not %q", s)
		}
	}
	if t := e.Timeout; t != "" {
		if parsed, err := time.ParseDuration(t); err != nil || parsed <= 0 {
			fail("timeout", "timeout must be a positive duration such as 10m, not %q", t)
		}
	}
}

func (e entry) checkNames(fail func(key, format string, args ...any)) {
	label := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	for _, f := range []struct {
		key, value string
		limit      int
	}{{"name", e.Name, maxLabel}, {"namespace", e.Namespace, maxLabel}, {"releaseName", e.ReleaseName, maxReleaseName}} {
		defaulted := f.key != "name" && e.lines[f.key] == 0
		if f.value == "" || defaulted && len(f.value) <= f.limit {
			continue // missing or bad letters: the name has been blamed for it
		}
		if len(f.value) > f.limit || !label.MatchString(f.value) {
			fail(f.key, "%s %q must be lower case letters, digits and dashes, at most %d of them", f.key, f.value, f.limit)
		}
	}
}

// checkTogether judges the entries of one catalog as a whole.
func checkTogether(entries map[string]entry, found *problems) {
	names := slices.Sorted(maps.Keys(entries))
	releases := map[string]string{}
	for _, name := range names {
		e := entries[name]
		e.checkReferences(entries, names, found)
		e.checkWhy(found)
		release := e.Namespace + "/" + e.ReleaseName
		if other, taken := releases[release]; taken {
			found.add(e.file, e.line("releaseName"), "release %s is the release of %q, too", release, other)
		}
		releases[release] = name
	}
	hard := func(e entry) []string { return e.Requires }
	if !checkCycle(entries, "requires", hard, found) {
		return // the same cycle would be named twice
	}
	checkCycle(entries, "requires and after", func(e entry) []string { return slices.Concat(e.Requires, e.After) }, found)
}

// checkReferences judges the names of other components that an entry mentions.
func (e entry) checkReferences(entries map[string]entry, names []string, found *problems) {
	for _, ref := range []struct {
		field string
		names []string
	}{{"requires", e.Requires}, {"after", e.After}, {"conflicts", e.Conflicts}} {
		for _, n := range ref.names {
			line := e.lines[ref.field+"/"+n]
			switch _, known := entries[n]; {
			case n == e.Name:
				found.add(e.file, line, "%s: %q cannot name itself", ref.field, n)
			case !known:
				found.add(e.file, line, "%s: no component %q in this catalog%s", ref.field, n, didYouMean(n, names))
			case ref.field != "requires" && slices.Contains(e.Requires, n):
				found.add(e.file, line, "%s: %q is in requires, too", ref.field, n)
			}
		}
	}
}

// checkWhy judges the sentences about edges: each is about one that there is.
func (e entry) checkWhy(found *problems) {
	edges := slices.Concat(e.Requires, e.After, e.Conflicts)
	for _, rule := range e.Wiring {
		edges = append(edges, rule.After...)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Why)) {
		if !slices.Contains(edges, name) {
			found.add(e.file, e.line("why"), "why: %q is in no edge of this component%s", name, didYouMean(name, edges))
		}
	}
}

// checkCycle reports a shortest cycle of the edges at the place where its first step stands.
func checkCycle(entries map[string]entry, what string, edges func(entry) []string, found *problems) bool {
	g := graph.New()
	for name, e := range entries {
		for _, dep := range edges(e) {
			if _, known := entries[dep]; known && dep != name {
				g.Add(name, dep)
			}
		}
	}
	_, err := g.Order()
	var cycle *graph.CycleError
	if !errors.As(err, &cycle) {
		return true
	}
	first := entries[cycle.Path[0]]
	line := max(first.lines["requires/"+cycle.Path[1]], first.lines["after/"+cycle.Path[1]])
	found.add(first.file, line, "%s make a cycle: %s", what, cycle)
	return false
}
