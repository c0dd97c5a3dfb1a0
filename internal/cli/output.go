// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// What --output takes.
const (
	OutputTable = "table"
	OutputJSON  = "json"
	OutputYAML  = "yaml"
)

// AddOutputFlag gives a command --output, -o with these choices besides table, json
// and yaml.
func (e *Env) AddOutputFlag(command *cobra.Command, more ...string) {
	choices := append([]string{OutputTable, OutputJSON, OutputYAML}, more...)
	command.Flags().StringVarP(&e.Output, "output", "o", OutputTable, "one of "+strings.Join(choices, ", "))
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return choices, cobra.ShellCompDirectiveNoFileComp
	}
	if err := command.RegisterFlagCompletionFunc("output", complete); err != nil {
		panic(err) // the flag is there, two lines above
	}
	before := command.PreRunE
	command.PreRunE = func(command *cobra.Command, args []string) error {
		if !slices.Contains(choices, e.Output) {
			return Failed(fmt.Errorf("--output %q is none of %s", e.Output, strings.Join(choices, ", ")))
		}
		if before != nil {
			return before(command, args)
		}
		return nil
	}
}

// Print writes the value as --output says: as JSON, as YAML, or by table.
func (e *Env) Print(value any, table func(io.Writer) error) error {
	switch e.Output {
	case OutputJSON:
		encoder := json.NewEncoder(e.Out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	case OutputYAML:
		raw, err := yaml.Marshal(value)
		if err != nil {
			return err
		}
		_, err = e.Out.Write(raw)
		return err
	default:
		return table(e.Out)
	}
}

// Table writes rows in columns, the first one as the head.
func Table(w io.Writer, rows [][]string) error {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		if _, err := fmt.Fprintln(tab, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return tab.Flush()
}
