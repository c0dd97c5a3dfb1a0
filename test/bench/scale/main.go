// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// dataFile is what a run leaves in the output folder.
const dataFile = "scale.json"

// options of a run, all sizes together.
type options struct {
	root, manager, out, keepLog string
	plot                        string
	sizes                       []int
	replicas, drifts            int
	quiet, timeout              time.Duration
	profiles, details           bool
	// addresses are for the Services: without, they are headless.
	addresses    bool
	operatorArgs []string
}

func main() {
	ctrllog.SetLogger(logr.Discard()) // the client's own words, of which there are none
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := program(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func program(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parseFlags(args, progress)
	if err != nil {
		return err
	}
	if o.plot != "" {
		written, err := drawAll(filepath.Join(o.out, dataFile), o.plot)
		for _, path := range written {
			_, _ = fmt.Fprintln(out, path)
		}
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	var results []Result
	var failures []error
	for _, bundles := range o.sizes {
		result, err := measureSize(ctx, o, bundles, progress)
		if err != nil {
			result.Error = err.Error()
			failures = append(failures, err)
		}
		results = append(results, result)
		if err := save(filepath.Join(o.out, dataFile), results); err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := printTable(out, results); err != nil {
		return err
	}
	if o.details {
		printDetails(out, results)
	}
	return errors.Join(failures...)
}

func parseFlags(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(out)
	bundles := flags.Int("bundles", 20, "bundles of 10 releases each")
	curve := flags.String("curve", "", "several sizes one after the other, each on a fresh cluster, such as 20,100,500")
	operatorArgs := flags.String("operator-args", "", "further arguments of the operator, separated by spaces")
	flags.StringVar(&o.root, "root", ".", "the repository, with bin/simcluster and bin/k8s in it")
	flags.StringVar(&o.manager, "manager", "bin/manager", "the operator's binary")
	flags.StringVar(&o.out, "out", filepath.Join(".cache", "bench", "scale"), "folder for scale.json and profiles")
	flags.StringVar(&o.keepLog, "keep-log", "", "keep the operator's logs, as <this>-<bundles>.log")
	flags.IntVar(&o.replicas, "replicas", 0, "pods of each release")
	flags.BoolVar(&o.addresses, "addresses", false, "Services with an address: the API server counts all that it has given whenever it gives one")
	flags.IntVar(&o.drifts, "drifts", 50, "objects to spoil")
	flags.DurationVar(&o.quiet, "quiet", time.Minute, "how long to let the operator be")
	flags.DurationVar(&o.timeout, "timeout", 20*time.Minute, "bound of each size")
	flags.BoolVar(&o.profiles, "profiles", false, "save CPU and heap profiles of the installation")
	flags.StringVar(&o.plot, "plot", "", "measure nothing; draw the data in the output folder as SVG files into this folder")
	flags.BoolVar(&o.details, "details", false, "print the most frequent requests to the API server")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: everything is a flag, see -help", flags.Arg(0))
	}
	o.operatorArgs = strings.Fields(*operatorArgs)
	sizes := *curve
	if sizes == "" {
		sizes = strconv.Itoa(*bundles)
	}
	for text := range strings.SplitSeq(sizes, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || size < 1 {
			return o, fmt.Errorf("-curve or -bundles: %q is no number of bundles", text)
		}
		o.sizes = append(o.sizes, size)
	}
	slices.Sort(o.sizes)
	return o, nil
}

// save writes the results as JSON.
func save(path string, results []Result) error {
	data, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
