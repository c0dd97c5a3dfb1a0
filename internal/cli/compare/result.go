// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
)

// Cluster is a bundle of one cluster.
type Cluster struct {
	// Context of the kubeconfig.
	Context string
	// Bundle and its Releases.
	Bundle   *v1alpha1.PlatformBundle
	Releases []v1alpha1.ComponentRelease
}

// Cell is one component of one cluster.
type Cell struct {
	// Missing says that the cluster has no such component.
	Missing bool `json:"missing,omitempty"`
	// Version of the chart.
	Version string `json:"version,omitempty"`
	// Inputs is the digest of chart content and values; empty before it is installed.
	Inputs string `json:"inputs,omitempty"`
	// State of the component.
	State v1alpha1.ComponentState `json:"state,omitempty"`
	// Snowflake says that most clusters agree on something else.
	Snowflake bool `json:"snowflake,omitempty"`
}

// Row is one component in every cluster.
type Row struct {
	// Component of the bundles.
	Component string `json:"component"`
	// Differs in: presence, version, inputs, state.
	Differs []string `json:"differs,omitempty"`
	// Cells in the order of the contexts.
	Cells []Cell `json:"cells"`
}

// Result is the comparison.
type Result struct {
	// Contexts in the order in which they were asked for.
	Contexts []string `json:"contexts"`
	// Bundles and Catalogs of the contexts.
	Bundles  []string `json:"bundles"`
	Catalogs []string `json:"catalogs"`
	// Differ counts components that differ, and one more for different catalogs.
	Differ int `json:"differ"`
	// Rows of all components, sorted by name.
	Rows []Row `json:"rows"`
}

// Of compares clusters.
func Of(clusters []Cluster) Result {
	var out Result
	names := map[string]bool{}
	cells := make([]map[string]Cell, len(clusters))
	for i, c := range clusters {
		out.Contexts = append(out.Contexts, c.Context)
		out.Bundles = append(out.Bundles, c.Bundle.Name)
		out.Catalogs = append(out.Catalogs, c.Bundle.Status.CatalogVersion)
		cells[i] = c.cells()
		for name := range cells[i] {
			names[name] = true
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(out.Catalogs)))) > 1 {
		out.Differ++
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row := Row{Component: name}
		for i := range clusters {
			cell, there := cells[i][name]
			cell.Missing = !there
			row.Cells = append(row.Cells, cell)
		}
		row.judge()
		if len(row.Differs) > 0 {
			out.Differ++
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func (c Cluster) cells() map[string]Cell {
	out := map[string]Cell{}
	for _, component := range c.Bundle.Status.Components {
		out[component.Name] = Cell{Version: component.Version, State: component.State}
	}
	for _, release := range c.Releases {
		cell, there := out[release.Spec.Component]
		if !there {
			continue // it is gone in a moment
		}
		cell.Inputs = release.Spec.InputsDigest
		if cell.Version == "" {
			cell.Version = release.Spec.Chart.Version
		}
		out[release.Spec.Component] = cell
	}
	return out
}

// judge says in what the cells differ, and which are unlike most.
func (r *Row) judge() {
	aspects := []struct {
		name string
		of   func(Cell) string
	}{
		{"presence", func(c Cell) string { return fmt.Sprint(c.Missing) }},
		{"version", func(c Cell) string { return c.Version }},
		{"inputs", func(c Cell) string { return c.Inputs }},
		{"state", func(c Cell) string { return string(c.State) }},
	}
	for _, aspect := range aspects {
		counts := map[string]int{}
		for _, cell := range r.Cells {
			if aspect.name == "presence" || !cell.Missing {
				counts[aspect.of(cell)]++
			}
		}
		if len(counts) < 2 {
			continue
		}
		r.Differs = append(r.Differs, aspect.name)
		most, found := majority(counts)
		for i := range r.Cells {
			applies := aspect.name == "presence" || !r.Cells[i].Missing
			if found && applies && aspect.of(r.Cells[i]) != most {
				r.Cells[i].Snowflake = true
			}
		}
	}
}

// majority is the value of more than half.
func majority(counts map[string]int) (string, bool) {
	total := 0
	for _, count := range counts {
		total += count
	}
	for value, count := range counts {
		if 2*count > total {
			return value, true
		}
	}
	return "", false
}

// draw writes a column for each cluster.
func draw(w io.Writer, env *cli.Env, r Result, all bool) error {
	head := append([]string{"COMPONENT"}, r.Contexts...)
	rows := [][]string{append(head, "DIFFERS IN")}
	if r.Differ > 0 && len(slices.Compact(slices.Sorted(slices.Values(r.Catalogs)))) > 1 {
		rows = append(rows, append(append([]string{"(catalog)"}, r.Catalogs...), "version"))
	}
	same := 0
	for _, row := range r.Rows {
		if len(row.Differs) == 0 && !all {
			same++
			continue
		}
		line := []string{row.Component}
		for _, cell := range row.Cells {
			line = append(line, cell.text(row.Differs))
		}
		rows = append(rows, append(line, cmp.Or(strings.Join(row.Differs, ", "), "-")))
	}
	if len(rows) > 1 {
		if err := cli.Table(w, rows); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	painter := style.Style{Color: env.Color}
	total := len(r.Rows)
	if r.Differ == 0 {
		_, err := fmt.Fprintln(w, painter.Paint(style.Green, fmt.Sprintf("%d components are the same in %d clusters", total, len(r.Contexts))))
		return err
	}
	differ := slices.DeleteFunc(slices.Clone(r.Rows), func(row Row) bool { return len(row.Differs) == 0 })
	line := fmt.Sprintf("%d of %d components differ", len(differ), total)
	if same > 0 {
		line += fmt.Sprintf("; %d are the same everywhere (--all shows them)", same)
	}
	if snowflakes := r.snowflakes(); snowflakes != "" {
		line += "\n* unlike most: " + snowflakes
	}
	_, err := fmt.Fprintln(w, painter.Paint(style.Yellow, line))
	return err
}

// text is a cell: the version, as much of the digest as tells it from others when that
// differs, the state when it differs or is not Ready, and the mark of a snowflake.
func (c Cell) text(differs []string) string {
	if c.Missing {
		if c.Snowflake {
			return "- *"
		}
		return "-"
	}
	out := cmp.Or(c.Version, "?")
	if slices.Contains(differs, "inputs") {
		out += " " + cmp.Or(c.Inputs[:min(8, len(c.Inputs))], "(not installed)")
	}
	if c.State != v1alpha1.StateReady || slices.Contains(differs, "state") {
		out += " " + string(c.State)
	}
	if c.Snowflake {
		out += " *"
	}
	return out
}

// snowflakes counts marked cells by cluster.
func (r Result) snowflakes() string {
	var out []string
	for i, name := range r.Contexts {
		count := 0
		for _, row := range r.Rows {
			if row.Cells[i].Snowflake {
				count++
			}
		}
		if count > 0 {
			out = append(out, fmt.Sprintf("%s in %d", name, count))
		}
	}
	return strings.Join(out, ", ")
}
