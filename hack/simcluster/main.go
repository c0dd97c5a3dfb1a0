// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command simcluster runs a Kubernetes control plane with simulated Nodes on
// this machine: real etcd, API server, controllers and scheduler, no
// containers. It compiles what it needs from the Go module proxy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/groundwork-dev/groundwork/hack/simcluster/binaries"
	"github.com/groundwork-dev/groundwork/hack/simcluster/internal/cluster"
	"github.com/groundwork-dev/groundwork/hack/simcluster/players"
)

const usage = `simcluster runs a simulated Kubernetes cluster on loopback.

  simcluster build  [--bin bin/k8s] [--source hack/simcluster/binaries] [--parallel N]
  simcluster up     [--dir .cluster] [--nodes 3] [--bin bin/k8s] [--audit-policy FILE]
  simcluster status [--dir .cluster]
  simcluster down   [--dir .cluster]

build compiles the missing binaries; up starts a cluster and writes
<dir>/kubeconfig, returning when its Nodes are Ready; status exits with 1 when
no complete cluster runs; down ends it and removes its data. SIMCLUSTER_BIN and
SIMCLUSTER_DIR replace the defaults of --bin and --dir.
`

var (
	errUsage   = errors.New("wrong usage")
	errNotUp   = errors.New("not up")
	errNoNodes = errors.New("--nodes: a cluster needs at least 1")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errNotUp):
		os.Exit(1)
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "simcluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	commands := map[string]func(context.Context, *flag.FlagSet, []string, io.Writer) error{
		"build":  build,
		"up":     up,
		"down":   down,
		"status": status,
		"play":   play, // started by up, not by people
	}
	command, ok := commands[args[0]]
	if !ok {
		return errUsage
	}
	flags := flag.NewFlagSet("simcluster "+args[0], flag.ContinueOnError)
	return command(ctx, flags, args[1:], out)
}

func build(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := binaries.Options{Log: out}
	flags.StringVar(&opts.Out, "bin", defaultBin(), "folder to place the binaries in")
	flags.StringVar(&opts.Source, "source", filepath.Join("hack", "simcluster", "binaries"), "folder of the modules that pin the versions")
	flags.IntVar(&opts.Parallel, "parallel", 0, "compiler processes at once; 0 leaves it to the go command")
	if err := parse(flags, args); err != nil {
		return err
	}
	return binaries.Build(ctx, opts)
}

func up(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := clusterFlags(flags, out)
	flags.StringVar(&opts.Bin, "bin", defaultBin(), "folder of the binaries")
	flags.IntVar(&opts.Nodes, "nodes", 3, "number of simulated Nodes")
	flags.StringVar(&opts.AuditPolicy, "audit-policy", "", "audit policy; the requests it picks go to logs/audit.log in the state folder")
	if err := parse(flags, args); err != nil {
		return err
	}
	if opts.Nodes < 1 {
		return errNoNodes
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	opts.Self = self
	return cluster.Up(ctx, *opts)
}

func down(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := clusterFlags(flags, out)
	if err := parse(flags, args); err != nil {
		return err
	}
	return cluster.Down(ctx, *opts)
}

func status(_ context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := clusterFlags(flags, out)
	if err := parse(flags, args); err != nil {
		return err
	}
	running, err := cluster.Status(*opts)
	if err == nil && !running {
		return errNotUp
	}
	return err
}

func play(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the cluster")
	webhookCA := flags.String("webhook-ca", "", "PEM certificate to put into empty caBundles")
	if err := parse(flags, args); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return fmt.Errorf("--kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 200, 400
	bundle, err := os.ReadFile(*webhookCA)
	if err != nil {
		return fmt.Errorf("--webhook-ca: %w", err)
	}
	return players.Run(ctx, config, bundle, slog.New(slog.NewTextHandler(out, nil)))
}

func clusterFlags(flags *flag.FlagSet, out io.Writer) *cluster.Options {
	opts := &cluster.Options{Log: out}
	flags.StringVar(&opts.Dir, "dir", fromEnv("SIMCLUSTER_DIR", ".cluster"), "state folder of the cluster")
	return opts
}

// parse refuses arguments that are no flags: `up ./other` would otherwise
// start a cluster somewhere else than meant.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	}
	return nil
}

func defaultBin() string { return fromEnv("SIMCLUSTER_BIN", filepath.Join("bin", "k8s")) }

func fromEnv(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
