// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-platform is a plugin of kubectl: it shows what the operator has
// found and done, says what it would do, and asks it for things. It has no state.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // lint judges time zones on machines that have none, too

	"github.com/spf13/cobra"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/catalogs"
	"github.com/groundwork-dev/groundwork/internal/cli/compare"
	"github.com/groundwork-dev/groundwork/internal/cli/explain"
	"github.com/groundwork-dev/groundwork/internal/cli/export"
	"github.com/groundwork-dev/groundwork/internal/cli/graph"
	"github.com/groundwork-dev/groundwork/internal/cli/history"
	"github.com/groundwork-dev/groundwork/internal/cli/lint"
	"github.com/groundwork-dev/groundwork/internal/cli/planning"
	"github.com/groundwork-dev/groundwork/internal/cli/status"
	"github.com/groundwork-dev/groundwork/internal/cli/steer"
	"github.com/groundwork-dev/groundwork/internal/cli/timelines"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(cli.ExitFailed)
	}
	env := cli.NewEnv(catalogs)
	os.Exit(cli.Code(root(env).ExecuteContext(ctx), os.Stderr))
}

func root(env *cli.Env) *cobra.Command {
	command := &cobra.Command{
		Use: "kubectl-platform", Short: "See and steer a platform", Version: version,
		Annotations:  map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl platform"},
		SilenceUsage: true, SilenceErrors: true,
	}
	env.Config.AddFlags(command.PersistentFlags())
	command.AddCommand(steer.Commands(env)...)
	command.AddCommand(status.Command(env), timelines.Command(env), graph.Command(env))
	command.AddCommand(history.Command(env), export.Command(env), compare.Command(env))
	command.AddCommand(lint.Command(env))
	command.AddCommand(planning.Command(env), explain.Command(env), catalogs.Command(env))
	return command
}
