// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package export is kubectl platform export: the way out. It writes what a bundle
// installs as files of Helmfile, Flux or Argo CD, complete and with every default
// spelled out; docs/export.md says what they cannot express. It reads no Secret. It
// imports the frame of the commands, what resolves a bundle, and the API.
package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/source"
)

// Targets are what --to takes.
func Targets() []string { return []string{"helmfile", "flux", "argocd"} }

// Command is export.
func Command(env *cli.Env) *cobra.Command {
	to, file, namespace := "", "", ""
	command := &cobra.Command{
		Use: "export [NAME | -f FILE] --to helmfile|flux|argocd", Short: "Write a bundle as files of another tool", Args: cobra.MaximumNArgs(1),
		Long: "Writes the components of a bundle for Helmfile, Flux or Argo CD: the same charts, versions, namespaces and\n" +
			"release names, so that the other tool takes the releases over, and all values with the catalog's defaults and\n" +
			"wiring merged in. Secrets are never read: references to them stay references. From a cluster the versions are\n" +
			"those that are installed, from a file those that it asks for. What is lost is in docs/export.md.",
		Example: "  kubectl platform export week1 --to flux > platform.yaml\n  kubectl platform export -f bundle.yaml --to helmfile > helmfile.yaml",
		RunE: func(command *cobra.Command, args []string) error {
			if !slices.Contains(Targets(), to) {
				return cli.Failed(fmt.Errorf("--to %q is none of %s", to, strings.Join(Targets(), ", ")))
			}
			platform, err := read(command, env, file, strings.Join(args, ""))
			if err != nil {
				return cli.Failed(err)
			}
			for _, warning := range platform.Warnings {
				fmt.Fprintln(env.Err, "warning:", warning)
			}
			out, err := Write(platform, to, namespace)
			if err != nil {
				return cli.Failed(err)
			}
			_, err = env.Out.Write(out)
			return cli.Failed(err)
		},
	}
	flags := command.Flags()
	flags.StringVar(&to, "to", "", "one of "+strings.Join(Targets(), ", "))
	flags.StringVarP(&file, "filename", "f", "", "a file with a PlatformBundle; - is standard input")
	flags.StringVar(&namespace, "tool-namespace", "", "where the objects of Flux or Argo CD go (default flux-system or argocd)")
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return Targets(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := command.RegisterFlagCompletionFunc("to", complete); err != nil {
		panic(err) // the flag is there, a few lines above
	}
	return command
}

// read returns the platform of a file, or else of the cluster.
func read(command *cobra.Command, env *cli.Env, file, name string) (Platform, error) {
	if file != "" {
		bundle, err := source.Read(file, name, env.In)
		if err != nil {
			return Platform{}, err
		}
		return From(bundle, nil, env.Catalogs)
	}
	bundle, err := env.Bundle(command.Context(), name)
	if err != nil {
		return Platform{}, err
	}
	releases, err := env.Releases(command.Context(), bundle.Name)
	if err != nil {
		return Platform{}, err
	}
	return From(bundle, releases, env.Catalogs)
}

// Write returns the file of a target. Namespace is that of the tool's own objects;
// empty is the usual one.
func Write(p Platform, target, namespace string) ([]byte, error) {
	switch target {
	case "helmfile":
		return p.helmfile()
	case "flux":
		if namespace == "" {
			namespace = "flux-system"
		}
		return p.flux(namespace)
	case "argocd":
		if namespace == "" {
			namespace = "argocd"
		}
		return p.argocd(namespace)
	default:
		return nil, fmt.Errorf("no target %q", target)
	}
}
