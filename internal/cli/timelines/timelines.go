// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package timelines is kubectl platform timeline: when the components of the newest
// change went through their stages, what its end waited for, and how much of that time
// nobody used. The drawing is pure. It imports the frame of the commands, what sums
// timelines up, and the API.
package timelines

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
)

// Command is timeline.
func Command(env *cli.Env) *cobra.Command {
	ascii := false
	command := &cobra.Command{
		Use: "timeline [NAME]", Short: "Show where the time of the newest change went", Args: cobra.MaximumNArgs(1),
		Long: "Shows for each component of the newest change of a bundle when it was prepared, what it waited for, and\n" +
			"when Helm, its hooks and its objects were done. The critical path is what the end waited for; idle is the\n" +
			"time on it in which the next component could have begun and had not. A stage that this operator has not\n" +
			"seen, because it was restarted, is left out.\n\n" +
			"Exit codes: 0 there is a timeline, 1 no change was seen, 2 there is no answer.",
		RunE: func(command *cobra.Command, args []string) error {
			bundle, err := env.Bundle(command.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			releases, err := env.Releases(command.Context(), bundle.Name)
			if err != nil {
				return err
			}
			chart, seen := Of(bundle, releases, env.Now())
			if !seen {
				return &cli.ExitError{Code: cli.ExitNo, Err: fmt.Errorf("platformbundle %s: no change was seen yet", bundle.Name)}
			}
			drawn := style.Style{Color: env.Color, Width: env.Width, ASCII: ascii || !style.UTF8(os.Getenv)}
			return cli.Failed(env.Print(chart, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, strings.Join(Draw(chart, drawn), "\n"))
				return err
			}))
		},
	}
	env.AddOutputFlag(command)
	command.Flags().BoolVar(&ascii, "ascii", false, "draw with ASCII alone; the default where the locale has no UTF-8")
	return command
}
