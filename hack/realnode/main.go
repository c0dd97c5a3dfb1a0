// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command realnode runs a real Kubernetes node, control plane included, on this
// machine in namespaces of its own: containers run, Services route, names
// resolve, claims are served. It compiles what it needs from the Go module
// proxy, takes the rest from Debian packages, and pulls no image.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/groundwork-dev/groundwork/hack/realnode/internal/host"
	"github.com/groundwork-dev/groundwork/hack/realnode/internal/node"
)

const usage = `realnode runs a real Kubernetes node in namespaces of its own (Linux, root).

  realnode check  [--installed]
  realnode setup
  realnode build  [--bin bin/k8s] [--source hack/simcluster/binaries] [--parallel N]
  realnode up     [--dir .realnode] [--bin bin/k8s] [--image FILE.tar]...
  realnode load   [--dir .realnode] FILE.tar...
  realnode image  --out FILE.tar --name REFERENCE --binary FILE [--dockerfile FILE | --user USER]
  realnode exec   [--dir .realnode] -- COMMAND...
  realnode status [--dir .realnode]
  realnode down   [--dir .realnode]

check says in one line why no node can run here, and exits with 3; packages
that setup could install are a reason only with --installed. setup installs the
Debian packages that are missing, and exits with 3 where it cannot; they stay.
build compiles the missing binaries; up starts a node and writes
<dir>/kubeconfig, returning when it is usable; load imports image archives;
image makes one from a static binary, as the last stage of a Dockerfile
describes it; exec runs a host program inside; status exits with 1 when no node
runs. down ends the node and removes its processes, mounts, cgroups and files;
packages, and kernel modules that were loaded for it, stay. The folder --dir
must be new, empty or a node's: down removes no other.
REALNODE_BIN and REALNODE_DIR replace the defaults of --bin and --dir.
`

// The exit codes besides 0 and 1 (an error, or "not up").
const (
	exitUsage   = 2
	exitSkipped = 3
)

var (
	errUsage = errors.New("wrong usage")
	errNotUp = errors.New("not up")
)

// skippedError says why no node can run on this machine.
type skippedError string

func (e skippedError) Error() string { return "skipped: " + string(e) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(exitCode(err, os.Stdout, os.Stderr))
}

// exitCode reports err where it belongs and returns the process's exit code.
func exitCode(err error, out, errOut io.Writer) int {
	var skipped skippedError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errNotUp):
		return 1
	case errors.Is(err, node.ErrUnsupported):
		return exitCode(possible(host.Check), out, errOut)
	case errors.As(err, &skipped):
		// An answer, not an accident.
		_, _ = fmt.Fprintln(out, "realnode:", err)
		return exitSkipped
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintf(errOut, "realnode: %v\n%s", err, usage)
		return exitUsage
	default:
		_, _ = fmt.Fprintln(errOut, "realnode:", err)
		return 1
	}
}

type command func(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	commands := map[string]command{
		"check":  check,
		"setup":  setup,
		"build":  build,
		"up":     up,
		"load":   load,
		"image":  makeImage,
		"exec":   execute,
		"status": status,
		"down":   down,
		// Started by the others, not by people.
		"probe":     probe,
		"init":      initialize,
		"supervise": supervise,
	}
	command, ok := commands[args[0]]
	if !ok {
		return fmt.Errorf("%w: unknown command %q", errUsage, args[0])
	}
	flags := flag.NewFlagSet("realnode "+args[0], flag.ContinueOnError)
	return command(ctx, flags, args[1:], out)
}

func check(_ context.Context, flags *flag.FlagSet, args []string, _ io.Writer) error {
	installed := flags.Bool("installed", false, "as the machine is, without what setup would install")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *installed {
		return possible(host.CheckInstalled)
	}
	return possible(host.Check)
}

// possible returns a skippedError when check finds a reason on this machine.
func possible(check func(host.Probes) string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if reason := check(host.Machine(self)); reason != "" {
		return skippedError(reason)
	}
	return nil
}

func setup(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	if err := parse(flags, args); err != nil {
		return err
	}
	if err := possible(host.Check); err != nil {
		return err
	}
	if len(host.Missing()) == 0 {
		_, _ = fmt.Fprintln(out, "all packages of a node are there")
	}
	// On stderr: who only wants to know whether it worked hides the answer.
	if err := host.Setup(ctx, os.Stderr); err != nil {
		return setupError(err)
	}
	return possible(host.CheckInstalled)
}

// setupError returns a skippedError for what is the machine's fault.
func setupError(err error) error {
	if !errors.Is(err, host.ErrNotInstalled) || errors.Is(err, context.Canceled) {
		return err
	}
	return skippedError(err.Error() + "; install what they hold by other means")
}

func up(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := nodeFlags(flags, out)
	flags.StringVar(&opts.Bin, "bin", defaultBin(), "folder of the binaries")
	flags.Func("image", "image archive to import; may be repeated", func(archive string) error {
		opts.Images = append(opts.Images, archive)
		return nil
	})
	if err := parse(flags, args); err != nil {
		return err
	}
	if err := possible(host.CheckInstalled); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	opts.Self = self
	return node.Up(ctx, *opts)
}

func load(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := nodeFlags(flags, out)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return fmt.Errorf("%w: load needs an image archive", errUsage)
	}
	return node.Load(ctx, *opts, flags.Args())
}

func execute(_ context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := nodeFlags(flags, out)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return fmt.Errorf("%w: exec needs a command", errUsage)
	}
	return node.Exec(*opts, flags.Args())
}

func status(_ context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := nodeFlags(flags, out)
	if err := parse(flags, args); err != nil {
		return err
	}
	running, err := node.Status(*opts)
	if err == nil && !running {
		return errNotUp
	}
	return err
}

func down(ctx context.Context, flags *flag.FlagSet, args []string, out io.Writer) error {
	opts := nodeFlags(flags, out)
	if err := parse(flags, args); err != nil {
		return err
	}
	if err := possible(host.Allowed); err != nil {
		return err
	}
	return node.Down(ctx, *opts)
}

func nodeFlags(flags *flag.FlagSet, out io.Writer) *node.Options {
	opts := &node.Options{Log: out}
	flags.StringVar(&opts.Dir, "dir", fromEnv("REALNODE_DIR", ".realnode"), "state folder of the node")
	return opts
}

// parse refuses arguments that are no flags: `up ./other` would otherwise
// start a node somewhere else than meant.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	}
	return nil
}

func defaultBin() string { return fromEnv("REALNODE_BIN", filepath.Join("bin", "k8s")) }

func fromEnv(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
