// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/groundwork-dev/groundwork/hack/realnode/internal/host"
	"github.com/groundwork-dev/groundwork/hack/realnode/internal/image"
	"github.com/groundwork-dev/groundwork/hack/realnode/internal/node"
	"github.com/groundwork-dev/groundwork/hack/simcluster/binaries"
)

// build compiles what a node and its tests run. What a simulated cluster needs
// besides stays as it is.
func build(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := binaries.Options{
		Log:      out,
		Programs: slices.Concat(binaries.ControlPlane(), binaries.Node(), []binaries.Binary{node.Pause()}),
	}
	flags.StringVar(&opts.Out, "bin", defaultBin(), "folder to place the binaries in")
	flags.StringVar(&opts.Source, "source", filepath.Join("hack", "simcluster", "binaries"), "folder of the modules that pin the versions")
	flags.IntVar(&opts.Parallel, "parallel", 0, "compiler processes at once; 0 leaves it to the go command")
	if err := parse(flags, args); err != nil {
		return err
	}
	return binaries.Build(ctx, opts)
}

func makeImage(_ context.Context, flags *flag.FlagSet, args []string, _ io.Writer) error {
	var spec image.Spec
	out := flags.String("out", "", "archive to write")
	dockerfile := flags.String("dockerfile", "", "Dockerfile whose last stage describes the image")
	user := flags.String("user", image.NonRoot, "user that the binary runs as; without --dockerfile")
	flags.StringVar(&spec.Name, "name", "", "the image's reference")
	flags.StringVar(&spec.Binary, "binary", "", "static binary that becomes the image")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *out == "" || spec.Name == "" || spec.Binary == "" {
		return fmt.Errorf("%w: image needs --out, --name and --binary", errUsage)
	}
	spec.Stage = image.OfBinary(filepath.Base(spec.Binary), *user)
	if *dockerfile != "" {
		stage, err := readStage(*dockerfile)
		if err != nil {
			return err
		}
		spec.Stage = stage
	}
	return image.Write(*out, spec)
}

func readStage(path string) (image.Stage, error) {
	file, err := os.Open(path)
	if err != nil {
		return image.Stage{}, fmt.Errorf("--dockerfile: %w", err)
	}
	defer func() { _ = file.Close() }()
	stage, err := image.FinalStage(file)
	if err != nil {
		return image.Stage{}, fmt.Errorf("%s: %w", path, err)
	}
	return stage, nil
}

// probe is started by check, in namespaces of its own.
func probe(_ context.Context, flags *flag.FlagSet, args []string, _ io.Writer) error {
	installed := flags.Bool("installed", false, "try the programs of the packages, too")
	if err := parse(flags, args); err != nil {
		return err
	}
	return host.Probe(*installed)
}

// initialize is the first process of a node.
func initialize(_ context.Context, flags *flag.FlagSet, args []string, _ io.Writer) error {
	config, self, err := insideArgs(flags, args)
	if err != nil {
		return err
	}
	code, err := node.Init(self, config)
	if err != nil {
		return err
	}
	os.Exit(code)
	return nil
}

// supervise is the second process of a node.
func supervise(ctx context.Context, flags *flag.FlagSet, args []string, _ io.Writer) error {
	config, _, err := insideArgs(flags, args)
	if err != nil {
		return err
	}
	return node.Supervise(ctx, config)
}

// insideArgs returns the node's configuration file and this program.
func insideArgs(flags *flag.FlagSet, args []string) (config, self string, err error) {
	if err := flags.Parse(args); err != nil {
		return "", "", err
	}
	if flags.NArg() != 1 {
		return "", "", fmt.Errorf("%w: only up starts this", errUsage)
	}
	self, err = os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("find this program: %w", err)
	}
	return flags.Arg(0), self, nil
}
