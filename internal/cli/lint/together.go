// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"fmt"
	"maps"
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// together checks what bundles of one cluster must not do to each other.
func (l *linter) together(all []*checked) {
	names := map[string]*checked{}
	claims := map[string]*checked{}
	enabled := map[string]bool{}
	for _, c := range all {
		name := c.bundle.Name
		if other, taken := names[name]; taken && name != "" {
			l.report(c, LevelError, issue{path: "metadata.name", rule: ruleDuplicateName, text: fmt.Sprintf(
				"bundle %q is in %s, too, and one cluster has one of a name: rename one of them, or lint the folder of each cluster by itself",
				name, other.at("metadata.name"))})
			continue
		}
		names[name] = c
		if c.resolved == nil {
			continue
		}
		mine := map[string]bool{}
		for _, component := range c.resolved.Components {
			enabled[component.Name] = true
			key := component.Namespace + "/" + component.ReleaseName
			if other, taken := claims[key]; taken && !mine[key] {
				l.report(c, LevelError, issue{path: c.claimPath(component.Name), rule: v1alpha1.ReasonReleaseClaimedTwice, text: fmt.Sprintf(
					"spec.components[%s] wants the Helm release %s, which bundle %q in %s has: set releaseName or namespace of one of them",
					component.Name, key, other.bundle.Name, other.file)})
				continue
			}
			claims[key], mine[key] = c, true
		}
	}
	for _, c := range all {
		l.unusedHosts(c, enabled)
	}
}

// at is where a field is, for people.
func (c *checked) at(path string) string { return fmt.Sprintf("%s:%d", c.file, c.locate(path).line) }

// claimPath is the field that decides on the Helm release.
func (c *checked) claimPath(component string) string {
	path := "spec.components[" + component + "]"
	for _, field := range []string{".releaseName", ".namespace"} {
		if c.locate(path + field).whole {
			return path + field
		}
	}
	return path
}

// unusedHosts warns of hosts for components that no bundle of the tree has.
func (l *linter) unusedHosts(c *checked, enabled map[string]bool) {
	if c.bundle.Spec.Settings == nil || c.resolved == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(c.bundle.Spec.Settings.Hosts)) {
		if !enabled[name] && !c.takenAt("spec.settings.hosts["+name+"]") {
			l.report(c, LevelWarning, issue{path: "spec.settings.hosts[" + name + "]", rule: ruleUnusedHost, text: fmt.Sprintf(
				"spec.settings.hosts[%s]: no bundle here has a component %q that is enabled", name, name)})
		}
	}
}

func (c *checked) takenAt(path string) bool { return c.taken[c.locate(path).node] }
