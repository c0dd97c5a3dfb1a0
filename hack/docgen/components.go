// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/values"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

const componentsIntro = `# Components

<!-- Generated from bundles/catalog by hack/docgen: run ` + "`make manifests`" + `. -->

What ` + "`- name: X`" + ` alone installs. How an entry is made, and how to add one: [catalog.md](catalog.md).
`

// components writes a table of every component for each catalog, newest first.
func components(catalogs *catalog.Set, out io.Writer) error {
	page := &strings.Builder{}
	page.WriteString(componentsIntro)
	for _, version := range slices.Backward(catalogs.Versions()) {
		chosen, err := catalogs.Get(version)
		if err != nil {
			return err
		}
		fmt.Fprintf(page, "\n## Catalog %s\n\n", chosen.Version)
		page.WriteString("| Name | Category | Chart | Namespace | What it is |\n|---|---|---|---|---|\n")
		for _, name := range chosen.Names() {
			c, _ := chosen.Component(name)
			fmt.Fprintf(page, "| `%s` | %s | %s %s | %s | %s |\n",
				c.Name, c.Category, c.Chart.Name, c.Chart.Version, c.Namespace, cell(about(c)))
		}
		wiringOf(chosen, page)
	}
	_, err := io.WriteString(out, page.String())
	return err
}

// wiringOf writes a table of what components are told about each other.
func wiringOf(chosen *catalog.Catalog, page *strings.Builder) {
	rows := &strings.Builder{}
	for _, name := range chosen.Names() {
		c, _ := chosen.Component(name)
		for _, rule := range c.Wiring {
			fmt.Fprintf(rows, "| `%s` | %s | %s | %s |\n", c.Name, rule.Name, cell(when(rule.When)), cell(gives(rule)))
		}
	}
	if rows.Len() == 0 {
		return
	}
	fmt.Fprintf(page, "\n### Wiring of %s\n\n%s\n\n", chosen.Version,
		"What a component is given when others are in the bundle, or `spec.settings` say so. Your `values` come before it.")
	page.WriteString("| Component | Rule | When there is | Given |\n|---|---|---|---|\n" + rows.String())
}

func when(c wiring.Condition) string {
	parts := slices.Clone(c.Components)
	for _, path := range c.Settings {
		parts = append(parts, "`settings."+path+"`")
	}
	for _, name := range c.Without {
		parts = append(parts, "no "+name)
	}
	if len(parts) == 0 {
		return "always"
	}
	return strings.Join(parts, ", ")
}

// gives are the paths of the values, and the manifests.
func gives(r wiring.Rule) string {
	var parts []string
	for _, path := range slices.Sorted(maps.Keys(values.Provenance(values.Layer{Values: r.Values}))) {
		parts = append(parts, "`"+path+"`")
	}
	for _, object := range r.Manifests {
		metadata, _ := object["metadata"].(map[string]any)
		parts = append(parts, fmt.Sprintf("%v `%v`", object["kind"], metadata["name"]))
	}
	return strings.Join(parts, ", ")
}

// about is what a reader should know before writing the name.
func about(c catalog.Component) string {
	parts := []string{fmt.Sprintf("[%s](%s): %s", c.Title, c.Homepage, meaning(c.Description))}
	if c.Lifecycle.Phase != catalog.PhaseActive {
		note := fmt.Sprintf("**%s since %s**: %s", c.Lifecycle.Phase, c.Lifecycle.Since, meaning(c.Lifecycle.Note))
		if len(c.Lifecycle.Successors) > 0 {
			note += " Successors: " + strings.Join(c.Lifecycle.Successors, ", ") + "."
		}
		parts = append(parts, note)
	}
	for _, edges := range []struct {
		word  string
		names []string
	}{{"Needs", c.Requires}, {"Starts after", c.After}, {"Not together with", c.Conflicts}} {
		if len(edges.names) > 0 {
			parts = append(parts, edges.word+" "+strings.Join(edges.names, ", ")+".")
		}
	}
	for _, input := range c.Required {
		if input.When == "" {
			parts = append(parts, "You must set `values."+input.Path+"`.")
		}
	}
	return strings.Join(parts, " ")
}
