// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/groundwork-dev/groundwork/test/bench/report"
)

// options are the flags.
type options struct {
	root, out             string
	charts, bundle        string
	manager               string
	managerArgs           []string
	runs, after           int
	only                  []string
	limit, quiet          time.Duration
	drifts, floorParallel int
	audit, check          bool

	progress io.Writer
}

// log writes a line of progress.
func (o options) log(format string, args ...any) { fmt.Fprintf(o.progress, format+"\n", args...) }

func main() {
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "bench: interrupted; nothing is left running")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[0] == floorCommand {
		return applyAtOnce(ctx, args[1], args[2])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	results, err := bench(ctx, o)
	if len(results.Runs) > 0 {
		// What was measured before an interrupt or an error is worth having.
		err = errors.Join(err, publish(o, results))
	}
	if err != nil {
		return err
	}
	if o.check {
		return missed(report.Judge(results))
	}
	return nil
}

func parse(args []string) (options, error) {
	o := options{progress: os.Stderr}
	var only, managerArgs string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", ".", "root of the repository")
	flags.StringVar(&o.out, "out", filepath.Join("dist", "bench"), "folder for the results, what the installers print, and profiles")
	flags.StringVar(&o.charts, "charts", "", "folder of <name>-<version>.tgz; empty: stand-ins are made")
	flags.StringVar(&o.bundle, "bundle", "", "file of the bundle; empty: the design's thirteen components")
	flags.StringVar(&o.manager, "manager", "", "the operator's program; empty: bin/manager below the root")
	flags.StringVar(&managerArgs, "manager-args", "", "further arguments of the operator, separated by spaces")
	flags.IntVar(&o.runs, "runs", 3, "runs of each installer; figures are medians")
	flags.IntVar(&o.after, "after", 1, "in how many of them the second table's steps follow")
	flags.StringVar(&only, "only", "", "installers, separated by commas; empty: "+strings.Join(report.Order(), ","))
	flags.DurationVar(&o.limit, "limit", 5*time.Minute, "time that a step may take")
	flags.DurationVar(&o.quiet, "quiet", time.Minute, "window of quiet after Groundwork's installation; 0: none")
	flags.IntVar(&o.drifts, "drifts", 200, "changes that Groundwork has to put back; 0: none")
	flags.IntVar(&o.floorParallel, "floor-parallel", 6, "requests of the floor at a time; more are refused more often, and take longer")
	flags.BoolVar(&o.audit, "audit", true, "count requests by an audit log; it costs the API server a little")
	flags.BoolVar(&o.check, "check", false, "end with an error when a target is missed or unknown")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	o.managerArgs = strings.Fields(managerArgs)
	if o.only = report.Order(); only != "" {
		o.only = strings.Split(only, ",")
	}
	for _, name := range o.only {
		if !slices.Contains(report.Order(), name) {
			return o, fmt.Errorf("-only: %q is none of %s", name, strings.Join(report.Order(), ", "))
		}
	}
	return o, o.resolve()
}

// resolve makes the paths absolute and looks for the programs.
func (o *options) resolve() error {
	if o.manager == "" {
		o.manager = filepath.Join(o.root, "bin", "manager")
	}
	for _, path := range []*string{&o.root, &o.out, &o.charts, &o.manager} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = abs
	}
	for path, target := range map[string]string{
		o.manager: "build", o.bin("simcluster"): "bin/simcluster", o.bin("k8s", "kube-apiserver"): "bin/k8s/.stamp",
		o.bin("helm"): "bin/helm", o.bin("helmfile"): "bin/helmfile",
	} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w: make %s", err, target)
		}
	}
	return os.MkdirAll(o.out, 0o750)
}

func (o *options) bin(names ...string) string {
	return filepath.Join(append([]string{o.root, "bin"}, names...)...)
}

// missed is an error that names the targets which were not met.
func missed(verdicts []report.Verdict) error {
	var out []string
	for _, v := range verdicts {
		if !v.Met || !v.Known {
			out = append(out, v.Target+": "+v.Measured)
		}
	}
	if len(out) > 0 {
		return fmt.Errorf("targets that are not met:\n%s", strings.Join(out, "\n"))
	}
	return nil
}
