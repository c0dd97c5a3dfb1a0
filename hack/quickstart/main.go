// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command quickstart brings up a whole platform to look at: a simulated cluster
// (or one of the user's own), the operator, and a bundle, with live progress. It
// runs from the root of the repository and keeps everything it makes in one
// folder. It imports the API, the catalog, the stand-in charts and
// controller-runtime's client; not the operator, which it builds and starts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

const usage = `quickstart brings up a platform to look at.

  go run ./hack/quickstart up   [--charts MIRROR] [--context NAME] [--bundle FILE] [--timeout 10m]
  go run ./hack/quickstart down

up starts a simulated cluster (or uses the kubeconfig context NAME), starts the
operator and applies the bundle; it returns when everything is Ready and leaves
it running. MIRROR is a folder of <name>-<version>.tgz, an http(s) repository or
oci://host/path. down ends what up started; on a cluster of your own the
releases stay.
`

// errInterrupted is Ctrl-C: what runs is left running, and that has been said.
var errInterrupted = errors.New("interrupted")

// options is what the command line says.
type options struct {
	charts  string
	context string
	bundle  string
	timeout time.Duration
	// dir holds everything that is made; it is not a flag, because down must find it.
	dir string
}

func main() {
	logf.SetLogger(logr.Discard()) // what is worth reading is said by this program
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errInterrupted):
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		args = []string{"help"}
	}
	o, err := parse(args[0], args[1:])
	if err != nil {
		return err
	}
	if _, err := os.Stat("config/crd/bases"); errors.Is(err, fs.ErrNotExist) {
		return errors.New("config/crd/bases is not here: run this from the root of the repository, or with `make quickstart`")
	}
	c := newConsole(os.Stdout)
	if args[0] == "down" {
		return down(ctx, o, c)
	}
	return up(ctx, o, c)
}

func parse(command string, args []string) (options, error) {
	o := options{dir: ".cluster/quickstart"}
	if command != "up" && command != "down" {
		fmt.Fprint(os.Stderr, usage)
		if command == "help" || command == "-h" || command == "--help" {
			return o, flag.ErrHelp
		}
		return o, fmt.Errorf("there is no command %q: use up or down", command)
	}
	flags := flag.NewFlagSet("quickstart "+command, flag.ContinueOnError)
	flags.StringVar(&o.charts, "charts", "", "chart mirror; empty: the real repositories, or stand-ins where these cannot be reached")
	flags.StringVar(&o.context, "context", "", "kubeconfig context of a cluster of your own; empty: simulate one")
	flags.StringVar(&o.bundle, "bundle", "config/samples/week1.yaml", "file that holds the PlatformBundle, and what it needs")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long the bundle may take to become Ready")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: everything after %s is a flag, see --help", flags.Arg(0), command)
	}
	if o.timeout <= 0 {
		return o, fmt.Errorf("--timeout must be positive, not %s", o.timeout)
	}
	return o, nil
}
