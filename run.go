// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/controllers"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

// version is set by the linker.
var version = "dev"

// run builds the manager and runs it until the context ends.
func run(ctx context.Context, o *options) error {
	if o.printVersion {
		fmt.Println("groundwork", version)
		return nil
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	// The API server's own fairness is the limit; a client-side one only adds
	// latency to a dependency's hand-off.
	config.QPS = -1
	config.UserAgent = "groundwork/" + version
	mgr, kinds, err := newManager(config, o)
	if err != nil {
		return err
	}
	if err := wire(ctx, mgr, kinds, o); err != nil {
		return err
	}
	ctrl.Log.Info("Starting", "version", version, "chartMirror", o.chartMirror)
	return mgr.Start(ctx)
}

// newManager makes the manager over one shared discovery.
func newManager(config *rest.Config, o *options) (ctrl.Manager, *cluster.Kinds, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, crds.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, nil, err
		}
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, nil, err
	}
	kinds, err := cluster.NewKinds(client)
	if err != nil {
		return nil, nil, err
	}
	serving := metricsserver.Options{BindAddress: o.metricsAddress}
	if o.metricsSecure {
		serving.SecureServing = true
		serving.FilterProvider = filters.WithAuthenticationAndAuthorization
		// HTTP/2 is off because of its rapid-reset vulnerabilities; metrics need none.
		serving.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }}
	}
	grace := 30 * time.Second
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         controllers.CacheOptions(),
		Client:                        controllers.ClientOptions(),
		MapperProvider:                func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return kinds, nil },
		Metrics:                       serving,
		HealthProbeBindAddress:        o.probeAddress,
		LeaderElection:                o.leaderElection,
		LeaderElectionID:              "groundwork.platform.groundwork.dev",
		LeaderElectionNamespace:       o.leaderNamespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &grace,
	})
	return mgr, kinds, err
}

// wire builds the rooms and connects them.
func wire(ctx context.Context, mgr ctrl.Manager, kinds *cluster.Kinds, o *options) error {
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		return err
	}
	charts, err := chart.New(chart.Options{CacheDir: o.chartCache, Mirror: o.chartMirror, UserAgent: "groundwork/" + version})
	if err != nil {
		return err
	}
	clientset, err := kubernetes.NewForConfig(mgr.GetConfig())
	if err != nil {
		return err
	}
	handoff, err := controllers.NewHandoff(metrics.Registry)
	if err != nil {
		return err
	}
	bundleWaker, releaseWaker := &controllers.Waker{}, &controllers.Waker{}
	identity := strings.ToLower(rand.Text())
	tracker := readiness.NewTracker(mgr.GetConfig(), kinds, readiness.Options{Wake: releaseWaker.Wake, Log: ctrl.Log.WithName("readiness")})
	engine, err := helm.New(helm.Options{
		Config: mgr.GetConfig(), Kinds: kinds, Charts: charts, Identity: identity,
		Wait: controllers.WaitForWorkloads(tracker), Log: ctrl.Log.WithName("helm"),
	})
	if err != nil {
		return err
	}
	actions := jobs.New(o.parallelActions, releaseWaker.Wake)
	preparer := prepare.New(engine, prepare.Options{Parallel: o.parallelPrepares, Wake: bundleWaker.Wake})
	applier := crds.NewApplier(mgr.GetClient(), crds.Options{
		Parallel: o.parallelCRDs, Wake: bundleWaker.Wake, Log: ctrl.Log.WithName("crds"),
	})
	references := refs.New(clientset, func(owner string) {
		controllers.WakeOwner(owner, bundleWaker, releaseWaker)
	})
	for _, room := range []interface{ Start(context.Context) error }{tracker, actions, preparer, applier, references} {
		if err := mgr.Add(room); err != nil {
			return err
		}
	}
	bundle := &controllers.PlatformBundleReconciler{
		Client: mgr.GetClient(), Recorder: mgr.GetEventRecorder("groundwork"), Catalogs: catalogs, References: references,
		Preparer: preparer, Kinds: kinds, CRDs: applier, KindsChanged: tracker.KindsChanged, Handoff: handoff,
	}
	if err := bundle.SetupWithManager(mgr, bundleWaker); err != nil {
		return err
	}
	release := &controllers.ComponentReleaseReconciler{
		Client: mgr.GetClient(), Recorder: mgr.GetEventRecorder("groundwork"), References: references, Engine: engine,
		Jobs: actions, Tracker: tracker, Identity: identity, Handoff: handoff, Clock: clock.RealClock{},
	}
	if err := release.SetupWithManager(ctx, mgr, releaseWaker); err != nil {
		return err
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return err
	}
	return mgr.AddReadyzCheck("readyz", healthz.Ping)
}
