// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Set holds every catalog that was loaded, by version. It is immutable and safe for concurrent use.
type Set struct {
	catalogs map[string]*Catalog
	versions []string // oldest first
}

// Versions returns the versions of all catalogs, oldest first.
func (s *Set) Versions() []string { return slices.Clone(s.versions) }

// Newest returns the newest version.
func (s *Set) Newest() string { return s.versions[len(s.versions)-1] }

// Get returns the catalog of a version. The error of a version that is not there names those that are.
func (s *Set) Get(version string) (*Catalog, error) {
	c, ok := s.catalogs[version]
	if !ok {
		return nil, fmt.Errorf("no catalog version %q: this operator brings %s", version, strings.Join(s.versions, ", "))
	}
	return c, nil
}

// Catalog is one tested set of components. It is immutable and safe for concurrent use.
type Catalog struct {
	// Version is the catalog's version, such as "2026.11".
	Version string

	components map[string]Component
	names      []string // sorted
	profiles   map[string]Profile
}

// Component returns a copy of the component of that name, which the caller may change.
func (c *Catalog) Component(name string) (Component, bool) {
	found, ok := c.components[name]
	if !ok {
		return Component{}, false
	}
	return found.clone(), true
}

// Names returns the names of all components, sorted.
func (c *Catalog) Names() []string { return slices.Clone(c.names) }

func newCatalog(version string, components map[string]Component) *Catalog {
	return &Catalog{
		Version: version, components: components, names: slices.Sorted(maps.Keys(components)), profiles: map[string]Profile{},
	}
}

// compareVersions orders catalog versions by their numbers: 2026.9 comes before 2026.11.
func compareVersions(a, b string) int {
	return slices.Compare(versionNumbers(a), versionNumbers(b))
}

func versionNumbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil { // refused by Load
			n = -1
		}
		out = append(out, n)
	}
	return out
}
