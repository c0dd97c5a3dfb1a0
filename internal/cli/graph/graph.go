// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package graph is kubectl platform graph: the order of a bundle as a picture for
// Mermaid, for Graphviz, or drawn by itself as SVG; from a cluster with states, or from
// a file. The drawings are pure. It imports the frame of the commands and their
// pictures.
package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/source"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// formats are what --output takes.
func formats() []string { return []string{"mermaid", "dot", "svg"} }

// Command is graph.
func Command(env *cli.Env) *cobra.Command {
	format, file, all := "mermaid", "", false
	command := &cobra.Command{
		Use: "graph [NAME | -f FILE]", Short: "Draw the order of installation", Args: cobra.MaximumNArgs(1),
		Long: "Draws which component waits for which: from a cluster with the states of the components, or from a file\n" +
			"without any cluster. A dependency that follows from others is left out unless --all is given.",
		Example: "  kubectl platform graph -o svg > platform.svg\n  kubectl platform graph -f bundle.yaml -o dot | dot -Tpng > platform.png",
		PreRunE: func(*cobra.Command, []string) error {
			if !slices.Contains(formats(), format) {
				return cli.Failed(fmt.Errorf("--output %q is none of %s", format, strings.Join(formats(), ", ")))
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			picture, err := read(command, env, file, strings.Join(args, ""))
			if err != nil {
				return cli.Failed(err)
			}
			draw := map[string]func(topology.Picture, bool) string{"mermaid": Mermaid, "dot": DOT, "svg": SVG}[format]
			_, err = fmt.Fprint(env.Out, draw(picture, all))
			return cli.Failed(err)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&format, "output", "o", format, "one of "+strings.Join(formats(), ", "))
	flags.StringVarP(&file, "filename", "f", "", "a file with a PlatformBundle; - is standard input")
	flags.BoolVar(&all, "all", false, "draw dependencies too that follow from others")
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return formats(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := command.RegisterFlagCompletionFunc("output", complete); err != nil {
		panic(err) // the flag is there, a few lines above
	}
	return command
}

// read returns the picture of a file, or else of the cluster.
func read(command *cobra.Command, env *cli.Env, file, name string) (topology.Picture, error) {
	if file == "" {
		bundle, err := env.Bundle(command.Context(), name)
		if err != nil {
			return topology.Picture{}, err
		}
		releases, err := env.Releases(command.Context(), bundle.Name)
		if err != nil {
			return topology.Picture{}, err
		}
		return topology.Live(bundle, releases, env.Catalogs), nil
	}
	bundle, err := source.Read(file, name, env.In)
	if err != nil {
		return topology.Picture{}, err
	}
	picture, err := topology.Planned(bundle, env.Catalogs)
	for _, n := range picture.Nodes {
		if n.Message != "" {
			fmt.Fprintln(env.Err, "warning:", n.Message)
		}
	}
	return picture, err
}
