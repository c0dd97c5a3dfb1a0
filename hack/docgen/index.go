// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/catalog"
)

const indexIntro = `# Components

` + generated + `

What ` + "`- name: X`" + ` alone installs. Each component has a page: what it is, when it starts and why, its
default values, what it is told about others, and what people stumble over. How an entry is made, and how to
add one: [catalog.md](catalog.md), [own-component.md](own-component.md).
`

// index writes a table of every component, with links for the newest catalog.
func index(catalogs *catalog.Set, newest []catalog.Component) (string, error) {
	out := &strings.Builder{}
	out.WriteString(indexIntro)
	for _, version := range slices.Backward(catalogs.Versions()) {
		chosen, err := catalogs.Get(version)
		if err != nil {
			return "", err
		}
		linked := version == catalogs.Newest()
		fmt.Fprintf(out, "\n## Catalog %s\n\n| Category | Component | What it is | Chart |\n|---|---|---|---|\n", version)
		for _, c := range byCategory(readAll(chosen)) {
			name := "`" + c.Name + "`"
			if linked {
				name = componentLink(pageFolder+"/", c.Name)
			}
			fmt.Fprintf(out, "| %s | %s | %s | `%s` %s |\n", c.Category, name, cell(brief(c)), c.Chart.Name, c.Chart.Version)
		}
	}
	reaches(out, newest)
	return out.String(), nil
}

func byCategory(all []catalog.Component) []catalog.Component {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b catalog.Component) int {
		return cmp.Or(strings.Compare(a.Category, b.Category), strings.Compare(a.Name, b.Name))
	})
	return all
}

// brief is what a reader should know before opening the page.
func brief(c catalog.Component) string {
	parts := []string{c.Title + ": " + prose(firstSentence(c.Description))}
	if c.Lifecycle.Phase != catalog.PhaseActive {
		parts = append(parts, fmt.Sprintf("**%s since %s.**", c.Lifecycle.Phase, c.Lifecycle.Since))
	}
	for _, input := range c.Required {
		if input.When == "" {
			parts = append(parts, "You must set `values."+input.Path+"`.")
		}
	}
	return strings.Join(parts, " ")
}

// reaches says in short which component is told something when another one is in
// the bundle, or a setting is given.
func reaches(out *strings.Builder, all []catalog.Component) {
	told, given := map[string][]string{}, map[string][]string{}
	for _, c := range all {
		for _, rule := range c.Wiring {
			for _, other := range rule.When.Components {
				told[other] = append(told[other], c.Name)
			}
		}
		for setting := range settingsOf(c) {
			given[setting] = append(given[setting], c.Name)
		}
	}
	if len(told)+len(given) == 0 {
		return
	}
	out.WriteString("\n## Who is told about what\n\nThe rules and their values are on the pages, under *Wiring*. " +
		"What the settings mean: [settings.md](settings.md).\n\n| When there is | these get other values or objects |\n|---|---|\n")
	table := func(rows map[string][]string, key func(string) string) {
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			others := slices.DeleteFunc(slices.Clone(all), func(c catalog.Component) bool { return c.Name == name })
			fmt.Fprintf(out, "| %s | %s |\n", key(name), most(others, slices.Compact(rows[name])))
		}
	}
	table(told, func(name string) string { return "the component " + componentLink(pageFolder+"/", name) })
	table(given, func(setting string) string { return "the setting " + settingLabel(setting) })
}

// most links to components of all; nearly all are said by those that are missing.
func most(all []catalog.Component, names []string) string {
	links := make([]string, len(names))
	for i, name := range names {
		links[i] = componentLink(pageFolder+"/", name)
	}
	if len(names)*4 < len(all)*3 {
		return strings.Join(links, ", ")
	}
	var missing []string
	for _, c := range all {
		if !slices.Contains(names, c.Name) {
			missing = append(missing, componentLink(pageFolder+"/", c.Name))
		}
	}
	if len(missing) == 0 {
		return "every component"
	}
	return "every component but " + enumerate(missing)
}
