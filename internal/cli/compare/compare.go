// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package compare is kubectl platform diff: the same bundle in several clusters side by
// side, and which of them are unlike the others. It imports the frame of the commands
// and the API.
package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/internal/cli"
)

// Connect returns a client for a context of the kubeconfig.
type Connect func(name string) (client.WithWatch, error)

// Command is diff, with the contexts of kubectl's configuration.
func Command(env *cli.Env) *cobra.Command {
	return With(env, func(name string) (client.WithWatch, error) {
		flags := genericclioptions.NewConfigFlags(false)
		flags.KubeConfig, flags.Context = env.Config.KubeConfig, &name
		config, err := flags.ToRESTConfig()
		if err != nil {
			return nil, err
		}
		return client.NewWithWatch(config, client.Options{Scheme: cli.Scheme()})
	})
}

// With is diff with clusters that connect knows.
func With(env *cli.Env, connect Connect) *cobra.Command {
	var contexts []string
	all := false
	command := &cobra.Command{
		Use: "diff --contexts A,B[,C...] [NAME]", Short: "Compare a bundle between clusters", Args: cobra.MaximumNArgs(1),
		Long: "Shows components of a bundle that differ between clusters: in version, in the digest of their inputs (chart\n" +
			"content and values), or in state. Where most clusters agree, the others are marked with *. A cluster without\n" +
			"a name for the bundle has to have just one.\n\n" +
			"Exit codes: 0 all clusters agree, 1 they differ, 2 one of them gave no answer.",
		RunE: func(command *cobra.Command, args []string) error {
			if len(contexts) < 2 {
				return cli.Failed(errors.New("--contexts needs two contexts at least, with commas between them"))
			}
			if doubled := slices.Compact(slices.Sorted(slices.Values(contexts))); len(doubled) < len(contexts) {
				return cli.Failed(errors.New("--contexts names a context twice"))
			}
			clusters, err := readAll(command.Context(), env, connect, contexts, strings.Join(args, ""))
			if err != nil {
				return cli.Failed(err)
			}
			result := Of(clusters)
			if err := env.Print(result, func(w io.Writer) error { return draw(w, env, result, all) }); err != nil {
				return cli.Failed(err)
			}
			if result.Differ > 0 {
				return cli.No()
			}
			return nil
		},
	}
	env.AddOutputFlag(command)
	command.Flags().StringSliceVar(&contexts, "contexts", nil, "contexts of the kubeconfig, with commas between them")
	command.Flags().BoolVar(&all, "all", false, "show components too that are the same everywhere")
	return command
}

// readAll asks every cluster at the same time.
func readAll(ctx context.Context, env *cli.Env, connect Connect, contexts []string, name string) ([]Cluster, error) {
	out, wrong := make([]Cluster, len(contexts)), make([]error, len(contexts))
	var wait sync.WaitGroup
	for i, context := range contexts {
		wait.Go(func() {
			if out[i], wrong[i] = read(ctx, env, connect, context, name); wrong[i] != nil {
				wrong[i] = fmt.Errorf("context %s: %w", context, wrong[i])
			}
		})
	}
	wait.Wait()
	return out, errors.Join(wrong...)
}

func read(ctx context.Context, env *cli.Env, connect Connect, name, bundleName string) (Cluster, error) {
	c, err := connect(name)
	if err != nil {
		return Cluster{}, err
	}
	one := &cli.Env{Catalogs: env.Catalogs, Now: env.Now}
	one.UseClient(c)
	bundle, err := one.Bundle(ctx, bundleName)
	if err != nil {
		return Cluster{}, err
	}
	releases, err := one.Releases(ctx, bundle.Name)
	if err != nil {
		return Cluster{}, err
	}
	return Cluster{Context: name, Bundle: bundle, Releases: releases}, nil
}
