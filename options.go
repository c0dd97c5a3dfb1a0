// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// options are the flags of the manager.
type options struct {
	chartMirror      string
	chartCache       string
	metricsAddress   string
	metricsSecure    bool
	probeAddress     string
	leaderElection   bool
	leaderNamespace  string
	parallelActions  int
	parallelPrepares int
	parallelCRDs     int
	printVersion     bool
	logging          zap.Options
}

// parseFlags reads flags; the error is fit to be shown to a person.
func parseFlags(args []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.StringVar(&o.chartMirror, "chart-mirror", "",
		"take every chart by name and version from here: a folder of <name>-<version>.tgz, an http(s) repository, or oci://host/path")
	flags.StringVar(&o.chartCache, "chart-cache", filepath.Join(os.TempDir(), "groundwork-charts"),
		"folder of the chart cache; it may be lost at any time")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", "0", "address of the metrics endpoint, for example :8443; 0 switches it off")
	flags.BoolVar(&o.metricsSecure, "metrics-secure", true, "serve metrics over HTTPS and let only authorized users read them")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "address of /healthz and /readyz; 0 switches them off")
	flags.BoolVar(&o.leaderElection, "leader-elect", false, "take part in leader election; required with more than one replica")
	flags.StringVar(&o.leaderNamespace, "leader-election-namespace", "", "namespace of the lease; default: the operator's own")
	flags.IntVar(&o.parallelActions, "parallel-actions", 3*runtime.NumCPU(), "Helm actions at a time")
	flags.IntVar(&o.parallelPrepares, "parallel-prepares", runtime.NumCPU(), "charts rendered for checking at a time")
	flags.IntVar(&o.parallelCRDs, "parallel-crds", 2, "custom resource definitions applied at a time")
	flags.BoolVar(&o.printVersion, "version", false, "print the version and exit")
	o.logging.BindFlags(flags)
	ctrlconfig.RegisterFlags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: everything is a flag, see --help", flags.Arg(0))
	}
	for name, value := range map[string]int{
		"parallel-actions": o.parallelActions, "parallel-prepares": o.parallelPrepares, "parallel-crds": o.parallelCRDs,
	} {
		if value < 1 {
			return nil, fmt.Errorf("--%s must be at least 1, not %d", name, value)
		}
	}
	return o, nil
}
