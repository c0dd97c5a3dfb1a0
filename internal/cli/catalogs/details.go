// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalogs

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/internal/catalog"
)

// Details are what catalog show shows.
type Details struct {
	Entry       `json:",inline"`
	Catalog     string            `json:"catalogVersion"`
	Title       string            `json:"title"`
	Homepage    string            `json:"homepage"`
	Repository  string            `json:"repository"`
	Namespace   string            `json:"namespace"`
	ReleaseName string            `json:"releaseName"`
	Note        string            `json:"lifecycleNote,omitempty"`
	Requires    []string          `json:"requires,omitempty"`
	After       []string          `json:"after,omitempty"`
	Conflicts   []string          `json:"conflicts,omitempty"`
	Why         map[string]string `json:"why,omitempty"`
	Traps       []string          `json:"traps,omitempty"`
	Required    []Input           `json:"required,omitempty"`
	Wiring      []string          `json:"wiring,omitempty"`
	Upgrades    []string          `json:"upgrades,omitempty"`
	Values      map[string]any    `json:"values,omitempty"`
}

// Input is a value that only the user has.
type Input struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

func details(from *catalog.Catalog, c catalog.Component) Details {
	out := Details{
		Entry:   Entry{c.Name, c.Category, c.Chart.Name, c.Chart.Version, phase(c), profiles(from, c.Name), c.Description},
		Catalog: from.Version, Title: c.Title, Homepage: c.Homepage, Repository: c.Chart.Repository, Namespace: c.Namespace,
		ReleaseName: c.ReleaseName, Requires: c.Requires, After: c.After, Conflicts: c.Conflicts, Why: c.Why, Traps: c.Traps, Values: c.Values,
	}
	if c.Lifecycle.Note != "" {
		out.Note = fmt.Sprintf("since %s: %s", c.Lifecycle.Since, strings.TrimSpace(c.Lifecycle.Note))
		if len(c.Lifecycle.Successors) > 0 {
			out.Note += ". Successors: " + strings.Join(c.Lifecycle.Successors, ", ")
		}
	}
	for _, input := range c.Required {
		out.Required = append(out.Required, Input{input.Path, input.Message})
	}
	for _, rule := range c.Wiring {
		out.Wiring = append(out.Wiring, rule.Name)
	}
	for _, bridge := range c.Upgrades {
		out.Upgrades = append(out.Upgrades, fmt.Sprintf("from %s by way of %s: %s", bridge.From, bridge.Via, bridge.Note))
	}
	return out
}

// table draws the details for people.
func (d Details) table(w io.Writer) error {
	var out strings.Builder
	line := func(label, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); strings.TrimSpace(text) != "" {
			fmt.Fprintf(&out, "%-12s %s\n", label, text)
		}
	}
	line(d.Name, "%s, %s", d.Title, strings.TrimSpace(d.Description))
	line("homepage", "%s", d.Homepage)
	line("catalog", "%s, category %s, profiles %s", d.Catalog, d.Category, orNone(d.Profiles))
	line("lifecycle", "%s", strings.TrimSpace(d.Lifecycle+" "+d.Note))
	line("chart", "%s %s of %s", d.Chart, d.Version, d.Repository)
	line("release", "%s/%s", d.Namespace, d.ReleaseName)
	for _, edges := range []struct {
		label string
		names []string
	}{{"requires", d.Requires}, {"after", d.After}, {"conflicts", d.Conflicts}} {
		for _, name := range edges.names {
			line(edges.label, "%s", strings.TrimSuffix(name+": "+d.Why[name], ": "))
		}
	}
	for _, name := range sortedKeys(d.Why) {
		if !contains(name, d.Requires, d.After, d.Conflicts) {
			line("wired to", "%s: %s", name, d.Why[name])
		}
	}
	for _, input := range d.Required {
		line("needs", "%s: %s", input.Path, input.Message)
	}
	line("wiring", "%s", strings.Join(d.Wiring, ", "))
	for _, upgrade := range d.Upgrades {
		line("upgrade", "%s", upgrade)
	}
	for _, trap := range d.Traps {
		line("trap", "%s", strings.TrimSpace(trap))
	}
	if len(d.Values) > 0 {
		raw, err := yaml.Marshal(d.Values)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "values\n  %s\n", strings.ReplaceAll(strings.TrimSpace(string(raw)), "\n", "\n  "))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func contains(name string, lists ...[]string) bool {
	return slices.ContainsFunc(lists, func(list []string) bool { return slices.Contains(list, name) })
}
