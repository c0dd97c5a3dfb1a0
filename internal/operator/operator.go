// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package operator wires the rooms to each other: it is the one place that knows
// everything, used by main and by the suites that run the operator in-process.
// It may import every package but main.
package operator

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/controllers"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/shard"
)

// Options of an operator. The zero value of a number means its default.
type Options struct {
	// Version shown in logs and sent as user agent. Default: dev.
	Version string
	// ChartMirror redirects every chart: a folder, http(s)://... or oci://.... Empty: off.
	ChartMirror string
	// ChartCache is the folder of the chart cache. Required.
	ChartCache string
	// MetricsAddress of the metrics endpoint; "0" switches it off.
	MetricsAddress string
	// MetricsSecure serves metrics over HTTPS to authorized users only.
	MetricsSecure bool
	// ProbeAddress of /healthz and /readyz; "0" switches them off.
	ProbeAddress string
	// DashboardAddress of the dashboard; "0" or empty switches it off. On loopback it
	// is open to everybody there; elsewhere it is served over HTTPS to users who may
	// get the nonResourceURL /dashboard.
	DashboardAddress string
	// ProfileAddress of net/http/pprof; "0" or empty switches it off.
	ProfileAddress string
	// Shard is the value of v1alpha1.ShardLabel on the bundles that this operator takes;
	// empty: those without the label. Other operators of the cluster must have others, and
	// all of them need leader election: their leases say who lives.
	Shard string
	// LeaderElection makes replicas take turns.
	LeaderElection bool
	// LeaderNamespace of the lease; empty: the operator's own.
	LeaderNamespace string
	// ParallelActions is the number of Helm actions at a time. They mostly wait for
	// the API server and for hooks, and share a budget of memory. Default: 8 a core.
	ParallelActions int
	// ActionGrace is how long Helm actions under way may go on when the operator is
	// told to end; the lease is kept until then. It must leave some of the 30 s that
	// the operator takes for its end. 0: they are cut off.
	ActionGrace time.Duration
	// ParallelPrepares is the number of charts rendered for checking at a time.
	// Default: one a core.
	ParallelPrepares int
	// ParallelCRDs is the number of definitions applied at a time: the API server makes
	// its OpenAPI document anew for each that comes alone, and once for several that come
	// together. Default: 8.
	ParallelCRDs int
	// SkipNameValidation lets several operators live in one process, in tests.
	SkipNameValidation bool
	// Registry of the operator's own metrics. Default: controller-runtime's.
	Registry prometheus.Registerer
}

func (o Options) withDefaults() Options {
	o.Version = cmp.Or(o.Version, "dev")
	o.ParallelActions = cmp.Or(o.ParallelActions, 8*runtime.NumCPU())
	o.ParallelPrepares = cmp.Or(o.ParallelPrepares, runtime.NumCPU())
	o.ParallelCRDs = cmp.Or(o.ParallelCRDs, 8)
	if o.Registry == nil {
		o.Registry = metrics.Registry
	}
	return o
}

// Run builds the operator and runs it until the context ends.
func Run(ctx context.Context, config *rest.Config, options Options) error {
	mgr, err := New(ctx, config, options)
	if err != nil {
		return err
	}
	ctrl.Log.Info("Starting", "version", options.Version, "chartMirror", options.ChartMirror, "shard", options.Shard)
	return mgr.Start(ctx)
}

// New builds the operator. The error names the part that cannot be built.
func New(ctx context.Context, config *rest.Config, options Options) (ctrl.Manager, error) {
	options = options.withDefaults()
	if err := shard.Validate(options.Shard); err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	// The API server's own fairness is the limit; a client-side one only adds
	// latency to a dependency's hand-off.
	config.QPS = -1
	config.UserAgent = "groundwork/" + options.Version
	mgr, kinds, err := newManager(ctx, config, options)
	if err != nil {
		return nil, err
	}
	return mgr, wire(ctx, mgr, kinds, options)
}

// awaitOwnKinds waits until the operator's own definitions are served: one file brings
// them and the operator, which may be the faster.
func awaitOwnKinds(ctx context.Context, kinds meta.RESTMapper) error {
	const patience = time.Minute
	for _, kind := range []string{"PlatformBundle", "ComponentRelease"} {
		gvk := v1alpha1.GroupVersion.WithKind(kind)
		err := wait.PollUntilContextTimeout(ctx, time.Second, patience, true, func(context.Context) (bool, error) {
			_, err := kinds.RESTMapping(gvk.GroupKind(), gvk.Version)
			return err == nil, nil
		})
		if err != nil {
			return fmt.Errorf("%s in %s is not served after %s: apply the CustomResourceDefinitions of config/crd: %w", kind, gvk.GroupVersion(), patience, err)
		}
	}
	return nil
}

// newManager makes the manager over one shared discovery.
func newManager(ctx context.Context, config *rest.Config, o Options) (ctrl.Manager, *cluster.Kinds, error) {
	scheme := apiruntime.NewScheme()
	for _, add := range []func(*apiruntime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, crds.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, nil, err
		}
	}
	// Definitions are the largest objects of a platform: see crds.Object. It is for the
	// whole process: controller-runtime keeps one scheme of what is asked for as protobuf.
	if err := apiutil.AddToProtobufScheme(crds.AddToScheme); err != nil {
		return nil, nil, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, nil, err
	}
	kinds, err := cluster.NewKinds(client)
	if err != nil {
		return nil, nil, err
	}
	if err := awaitOwnKinds(ctx, kinds); err != nil {
		return nil, nil, err
	}
	serving := metricsserver.Options{BindAddress: o.MetricsAddress}
	if o.MetricsSecure {
		serving.SecureServing = true
		serving.FilterProvider = filters.WithAuthenticationAndAuthorization
		// HTTP/2 is off because of its rapid-reset vulnerabilities; metrics need none.
		serving.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }}
	}
	grace := 30 * time.Second
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         controllers.CacheOptions(o.Shard),
		Client:                        controllers.ClientOptions(),
		MapperProvider:                func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return kinds, nil },
		Metrics:                       serving,
		HealthProbeBindAddress:        o.ProbeAddress,
		PprofBindAddress:              o.ProfileAddress,
		LeaderElection:                o.LeaderElection,
		LeaderElectionID:              shard.LeaseName(o.Shard),
		LeaderElectionNamespace:       o.LeaderNamespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &grace,
		Controller:                    ctrlconfig.Controller{SkipNameValidation: &o.SkipNameValidation},
	})
	return mgr, kinds, err
}
