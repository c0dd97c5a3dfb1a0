// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/operator"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// actionGrace is most of what config/manager gives a pod to end in.
const actionGrace = 20 * time.Second

// flagSet is what the command line says.
type flagSet struct {
	operator     operator.Options
	printVersion bool
	logging      zap.Options
}

// parseFlags reads flags; the error is fit to be shown to a person.
func parseFlags(args []string) (*flagSet, error) {
	parsed := &flagSet{operator: operator.Options{Version: version, ActionGrace: actionGrace}}
	o := &parsed.operator
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.StringVar(&o.ChartMirror, "chart-mirror", "",
		"take every chart by name and version from here: a folder of <name>-<version>.tgz, an http(s) repository, or oci://host/path")
	flags.StringVar(&o.ChartCache, "chart-cache", filepath.Join(os.TempDir(), "groundwork-charts"),
		"folder of the chart cache; it may be lost at any time")
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", "0", "address of the metrics endpoint, for example :8443; 0 switches it off")
	flags.BoolVar(&o.MetricsSecure, "metrics-secure", true, "serve metrics over HTTPS and let only authorized users read them")
	flags.StringVar(&o.ProfileAddress, "pprof-bind-address", "0", "address of net/http/pprof, for example 127.0.0.1:6060; 0 switches it off")
	flags.StringVar(&o.DashboardAddress, "dashboard-bind-address", "0",
		"address of the dashboard: on loopback, for example 127.0.0.1:8082, it is open; elsewhere it is served over HTTPS to users who may get /dashboard; 0 switches it off")
	flags.StringVar(&o.ProbeAddress, "health-probe-bind-address", ":8081", "address of /healthz and /readyz; 0 switches them off")
	flags.StringVar(&o.Shard, "shard", "",
		"take the bundles whose label "+v1alpha1.ShardLabel+" has this value, and no others; default: those without the label. It needs --leader-elect")
	flags.BoolVar(&o.LeaderElection, "leader-elect", false, "take part in leader election; required with more than one replica")
	flags.StringVar(&o.LeaderNamespace, "leader-election-namespace", "", "namespace of the lease; default: the operator's own")
	flags.IntVar(&o.ParallelActions, "parallel-actions", 8*runtime.NumCPU(), "Helm actions at a time, as far as memory allows")
	flags.IntVar(&o.ParallelPrepares, "parallel-prepares", runtime.NumCPU(), "charts rendered for checking at a time")
	flags.IntVar(&o.ParallelCRDs, "parallel-crds", 8, "custom resource definitions applied at a time")
	flags.BoolVar(&parsed.printVersion, "version", false, "print the version and exit")
	parsed.logging.BindFlags(flags)
	ctrlconfig.RegisterFlags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: everything is a flag, see --help", flags.Arg(0))
	}
	if err := checkShard(o); err != nil {
		return nil, err
	}
	for name, value := range map[string]int{
		"parallel-actions": o.ParallelActions, "parallel-prepares": o.ParallelPrepares, "parallel-crds": o.ParallelCRDs,
	} {
		if value < 1 {
			return nil, fmt.Errorf("--%s must be at least 1, not %d", name, value)
		}
	}
	return parsed, nil
}

// checkShard holds the operator of a shard to leader election: by its lease the others
// know whether it lives.
func checkShard(o *operator.Options) error {
	if err := shard.Validate(o.Shard); err != nil {
		return fmt.Errorf("--shard: %w", err)
	}
	if o.Shard != "" && !o.LeaderElection {
		return fmt.Errorf("--shard=%s needs --leader-elect: by its lease the operators of other shards know whether this one lives", o.Shard)
	}
	return nil
}
