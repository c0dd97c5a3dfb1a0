// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/catalog"
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
	}
	_, err := io.WriteString(out, page.String())
	return err
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
