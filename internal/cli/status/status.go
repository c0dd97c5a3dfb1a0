// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package status is kubectl platform status: the components of a bundle as a tree that
// says what each one does and what it waits for, drawn once or for as long as it
// changes. The drawing is pure. It imports the frame of the commands, their pictures,
// a client, and the API.
package status

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// options are the flags.
type options struct {
	watch, forever, ascii bool
	timeout               time.Duration
}

// Command is status.
func Command(env *cli.Env) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "status [NAME]", Short: "Show what each component does and what it waits for", Args: cobra.MaximumNArgs(1),
		Long: "Shows the components of a bundle as a tree, each under the dependency that it waits for or waited for last.\n" +
			"With --watch it is drawn again whenever something changes, until the bundle is Ready or Stalled; without a\n" +
			"terminal each change is one line.\n\n" +
			"Exit codes: 0 the bundle is Ready, 1 it is not, 2 there is no answer.",
		RunE: func(command *cobra.Command, args []string) error {
			name := strings.Join(args, "")
			if o.watch {
				return follow(command.Context(), env, name, o)
			}
			return once(command.Context(), env, name, o)
		},
	}
	env.AddOutputFlag(command)
	flags := command.Flags()
	flags.BoolVarP(&o.watch, "watch", "w", false, "go on until the bundle is Ready or Stalled")
	flags.BoolVar(&o.forever, "forever", false, "with --watch: go on even then")
	flags.DurationVar(&o.timeout, "timeout", 0, "with --watch: end after this long; 0 is never")
	flags.BoolVar(&o.ascii, "ascii", false, "draw with ASCII alone; the default where the locale has no UTF-8")
	return command
}

// styleOf the environment.
func styleOf(env *cli.Env, o options) style.Style {
	return style.Style{Color: env.Color, Width: env.Width, ASCII: o.ascii || !style.UTF8(os.Getenv)}
}

// Report is what --output json and yaml print.
type Report struct {
	// Name of the bundle.
	Name string `json:"name"`
	// Shard that the bundle is of; empty is none.
	Shard string `json:"shard,omitempty"`
	// Phase is one word: Ready, Stalled, or the reason why it is not Ready.
	Phase string `json:"phase"`
	// Ready counts components, for example 9/13.
	Ready string `json:"ready,omitempty"`
	// Message of the condition Ready.
	Message string `json:"message,omitempty"`
	// Components, sorted by name.
	Components []topology.Node `json:"components"`
	// Plan that waits for somebody.
	Plan *v1alpha1.PlanStatus `json:"plan,omitempty"`
}

func once(ctx context.Context, env *cli.Env, name string, o options) error {
	bundle, err := env.Bundle(ctx, name)
	if err != nil {
		return err
	}
	releases, err := env.Releases(ctx, bundle.Name)
	if err != nil {
		return err
	}
	frame := Frame{Bundle: bundle, Picture: topology.Live(bundle, releases, env.Catalogs), Now: env.Now()}
	if err := env.Print(frame.report(), func(w io.Writer) error { return write(w, Draw(frame, styleOf(env, o))) }); err != nil {
		return cli.Failed(err)
	}
	if !isReady(bundle) {
		return cli.No()
	}
	return nil
}

func (f Frame) report() Report {
	phase, _ := phaseOf(f.Bundle)
	out := Report{Name: f.Bundle.Name, Shard: f.Bundle.Labels[v1alpha1.ShardLabel], Phase: phase, Ready: f.Bundle.Status.Ready, Components: f.Picture.Nodes, Plan: f.Bundle.Status.Plan}
	if ready := meta.FindStatusCondition(f.Bundle.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		out.Message = ready.Message
	}
	return out
}

// isReady says that the bundle is Ready at its newest spec.
func isReady(bundle *v1alpha1.PlatformBundle) bool {
	phase, _ := phaseOf(bundle)
	return phase == "Ready"
}

func write(w io.Writer, lines []string) error {
	_, err := fmt.Fprint(w, strings.Join(lines, "\n")+"\n")
	return err
}
