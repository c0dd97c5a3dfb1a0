// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// page is what the page of a component is made of.
type page struct {
	catalog.Component
	version string
	all     []catalog.Component
	source  *source
}

// String writes the page. Sections that would be empty are left out.
func (p page) String() string {
	out := &strings.Builder{}
	fmt.Fprintf(out, "# %s\n\n%s\n\n%s\n", p.Title, generated, prose(p.Description))
	p.head(out)
	for _, section := range []struct{ title, text string }{
		{"Use it", p.example()},
		{"What you must set", p.required()},
		{"What people stumble over", bullets(p.Traps)},
		{"Order", p.order()},
		{"Settings", p.settings()},
		{"Default values", p.defaults()},
		{"Wiring", p.wiring()},
		{"Policies", p.policies()},
		{"Ready", p.readiness()},
		{"Not drift", p.ignored()},
		{"Upgrades", p.upgrades()},
	} {
		if section.text != "" {
			fmt.Fprintf(out, "\n## %s\n\n%s\n", section.title, strings.TrimRight(section.text, "\n"))
		}
	}
	return out.String()
}

func (p page) head(out *strings.Builder) {
	if l := p.Lifecycle; l.Phase != catalog.PhaseActive {
		fmt.Fprintf(out, "\n**%s since %s.** %s", l.Phase, l.Since, prose(l.Note))
		if len(l.Successors) > 0 {
			links := make([]string, len(l.Successors))
			for i, name := range l.Successors {
				links[i] = p.link(name)
			}
			fmt.Fprintf(out, " Successors: %s.", strings.Join(links, ", "))
		}
		out.WriteString("\n")
	}
	out.WriteString("\n| | |\n|---|---|\n")
	row := func(name, format string, args ...any) {
		fmt.Fprintf(out, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	row("Project", "<%s>", p.Homepage)
	row("Category", "%s", p.Category)
	row("Lifecycle", "%s", p.Lifecycle.Phase)
	row("Chart", "`%s` %s from `%s`", p.Chart.Name, p.Chart.Version, p.Chart.Repository)
	release := fmt.Sprintf("`%s` in the namespace `%s`", p.ReleaseName, p.Namespace)
	if note := p.source.noteAbove("releaseName"); note != "" {
		release += ". " + cell(prose(note))
	}
	row("Release", "%s", release)
	if len(p.NamespaceLabels) > 0 {
		var labels []string
		for key, value := range p.NamespaceLabels {
			labels = append(labels, "`"+key+": "+value+"`")
		}
		slices.Sort(labels)
		row("Namespace labels", "%s", strings.Join(labels, ", "))
	}
	row("Catalog", "%s, [%s.yaml](../../bundles/%s)", p.version, p.Name, p.source.file)
}

// link names another component; one that is not in the catalog has no page.
func (p page) link(name string) string {
	if slices.ContainsFunc(p.all, func(c catalog.Component) bool { return c.Name == name }) {
		return componentLink("", name)
	}
	return name
}

// changeMe stands for a value that only the reader knows.
const changeMe = "CHANGE-ME"

// example is a bundle that holds the component, what it needs and what must be set.
func (p page) example() string {
	needed := p.withNeeded()
	out := &strings.Builder{}
	fmt.Fprintf(out, "apiVersion: %s\nkind: PlatformBundle\nmetadata: {name: platform}\nspec:\n  components:\n", v1alpha1.GroupVersion)
	for _, c := range needed {
		fmt.Fprintf(out, "  - name: %s\n", c.Name)
		given := values.Values{}
		for _, path := range missing(c) {
			if givers, wired := wiredBy(c, path); wired && containsAll(needed, givers) {
				continue
			}
			if set, err := values.SetPath(given, path, changeMe); err == nil {
				given = set
			}
		}
		if len(given) == 0 {
			continue
		}
		text, err := yaml.Marshal(given)
		if err != nil {
			continue // JSON types alone: it cannot be
		}
		out.WriteString("    values:\n")
		for line := range strings.Lines(string(text)) {
			out.WriteString("      " + line)
		}
	}
	return block(out.String())
}

// missing are the paths of values without which a component is refused.
func missing(c catalog.Component) []string {
	var out []string
	for _, input := range c.Required {
		asked := input.When == "" || values.IsSet(values.At(c.Values, input.When))
		if asked && !values.IsPresent(values.At(c.Values, input.Path)) {
			out = append(out, input.Path)
		}
	}
	return out
}

// wiredBy are components whose presence gives a component a value, when there are such.
func wiredBy(c catalog.Component, path string) ([]string, bool) {
	for _, rule := range c.Wiring {
		if len(rule.When.Settings) == 0 && values.IsPresent(values.At(rule.Values, path)) {
			return rule.When.Components, true
		}
	}
	return nil, false
}

func containsAll(all []catalog.Component, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return !slices.ContainsFunc(all, func(c catalog.Component) bool { return c.Name == name })
	})
}

// withNeeded are the components without which this one is refused, and itself as
// the last.
func (p page) withNeeded() []catalog.Component {
	var out []catalog.Component
	seen := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		at := slices.IndexFunc(p.all, func(c catalog.Component) bool { return c.Name == name })
		if at < 0 || seen[name] {
			return
		}
		seen[name] = true
		for _, needed := range p.all[at].Requires {
			add(needed)
		}
		for _, path := range missing(p.all[at]) {
			givers, _ := wiredBy(p.all[at], path)
			for _, giver := range givers {
				add(giver)
			}
		}
		out = append(out, p.all[at])
	}
	add(p.Name)
	return out
}

func (p page) required() string {
	var lines []string
	for _, input := range p.Required {
		line := ""
		if !strings.Contains(input.Message, "values."+input.Path) {
			line = "`values." + input.Path + "`"
			if input.When != "" {
				line += ", where `values." + input.When + "` is set"
			}
			line += ": "
		}
		lines = append(lines, line+prose(input.Message))
	}
	return list(lines)
}

// bullets are sentences of the catalog as a list.
func bullets(sentences []string) string {
	lines := make([]string, len(sentences))
	for i, sentence := range sentences {
		lines[i] = prose(sentence)
	}
	return list(lines)
}

func list(lines []string) string {
	out := &strings.Builder{}
	for _, line := range lines {
		fmt.Fprintf(out, "- %s\n", line)
	}
	return out.String()
}

func (p page) defaults() string {
	if len(p.Values) == 0 {
		return "None: the chart's own."
	}
	return "On top of the chart's own; your `values` come on top of these.\n\n" + block(p.source.under("values"))
}
