// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lint finds in files what the operator would refuse, before anything is
// applied: by the API server's own code for the schema and its rules, and by the
// operator's own rooms for the rest. It talks to no cluster. It imports the frame of
// the commands, the pure rooms, internal/manifests for parsing, and the API.
package lint

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/groundwork-dev/groundwork/internal/cli"
)

const outputSARIF = "sarif"

const long = `Finds in files what the operator would refuse, offline, with the line and the nearest right spelling.

Folders are read recursively (*.yaml, *.yml, *.json); - is standard input. What is no PlatformBundle is
skipped; a file that is not YAML is a mistake. Each folder is one cluster: two bundles below it must not have
the same name, nor want the same Helm release. Files that are named one by one are together one cluster. So
a repository with a folder for each cluster is checked by: kubectl platform lint clusters/*

Kustomizations are not built: a file that a kustomization lists as a patch is skipped, and so are the
templates of a Helm chart (--verbose says so). To check what comes out of them:
kustomize build overlays/prod | kubectl platform lint -

Exit codes: 0 nothing is wrong, 1 there are mistakes (with --strict: or warnings), 2 something could not be read.`

// Command is lint.
func Command(env *cli.Env) *cobra.Command {
	strict, verbose := false, false
	command := &cobra.Command{
		Use: "lint FILE|DIR|-...", Short: "Find what the operator would refuse, in files and offline", Long: long,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			schema, err := newSchema()
			if err != nil {
				return cli.Failed(err)
			}
			in := reader{stdin: env.In, note: func(string) {}}
			if verbose {
				in.note = func(text string) { fmt.Fprintln(env.Err, text) }
			}
			l := linter{schema: schema, catalogs: env.Catalogs}
			var unreadable []error
			for _, tree := range trees(args) {
				files, err := in.read(tree)
				unreadable = append(unreadable, err)
				l.tree(command.Context(), files)
			}
			found := l.sorted()
			if err := show(env, found); err != nil {
				return cli.Failed(err)
			}
			if err := errors.Join(unreadable...); err != nil {
				return cli.Failed(err)
			}
			summarize(env.Err, found)
			if found.Mistakes > 0 || (strict && found.Warnings > 0) {
				return cli.No()
			}
			return nil
		},
	}
	command.Flags().BoolVar(&strict, "strict", false, "let warnings fail, too")
	command.Flags().BoolVarP(&verbose, "verbose", "v", false, "say what is skipped")
	env.AddOutputFlag(command, outputSARIF)
	return command
}

// show writes the findings as --output says.
func show(env *cli.Env, found Report) error {
	if env.Output == outputSARIF {
		return writeSARIF(env.Out, found)
	}
	return env.Print(found, func(w io.Writer) error {
		for _, f := range found.Findings {
			if _, err := fmt.Fprintln(w, f); err != nil {
				return err
			}
		}
		return nil
	})
}

func summarize(w io.Writer, found Report) {
	switch {
	case found.Bundles == 0 && len(found.Findings) == 0:
		fmt.Fprintln(w, "no PlatformBundle here")
	case len(found.Findings) == 0:
		fmt.Fprintf(w, "%s: nothing is wrong\n", count(found.Bundles, "bundle"))
	default:
		fmt.Fprintf(w, "%s: %s, %s\n", count(found.Bundles, "bundle"), count(found.Mistakes, "mistake"), count(found.Warnings, "warning"))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
