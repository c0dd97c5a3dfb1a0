// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/controllers"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/budget"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/drift"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/metrics"
	"github.com/groundwork-dev/groundwork/internal/plan"
	"github.com/groundwork-dev/groundwork/internal/pods"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/shard"
	"github.com/groundwork-dev/groundwork/internal/usage"
)

// quietAfter is how long after the last work memory is given back: drift that comes in
// bursts, and the components of a bundle, should find everything in place.
const quietAfter = 10 * time.Second

// parallelChecks is how many definitions are compared with live objects at a time: each
// holds a page of these.
const parallelChecks = 2

// statusInterval is the least time between two writes of a status that only tells how
// far things are. People do not read faster.
const statusInterval = 500 * time.Millisecond

// rooms are the parts that both reconcilers work with.
type rooms struct {
	kinds      *cluster.Kinds
	shard      string
	identity   string
	peers      *shard.Peers
	engine     *helm.Engine
	tracker    *readiness.Tracker
	ledger     *drift.Ledger
	actions    *jobs.Table
	preparer   *prepare.Preparer
	applier    *crds.Applier
	checks     *crds.Checker
	counter    *usage.Counter
	webhooks   *admission.Watcher
	pods       *pods.Watcher
	references *refs.Watcher
	objects    dynamic.Interface
	handoff    *controllers.Handoff
	metrics    *metrics.Recorder
	// weigh estimates how much memory work with a chart takes.
	weigh func(digest string) int64
	// wakers put bundles and releases into the queues of their controllers.
	bundles, releases *controllers.Waker
}

// wire builds the rooms and connects them.
func wire(ctx context.Context, mgr ctrl.Manager, kinds *cluster.Kinds, o Options) error {
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		return err
	}
	r := rooms{kinds: kinds, shard: o.Shard, identity: shard.Identity(o.Shard, strings.ToLower(rand.Text())), bundles: &controllers.Waker{}, releases: &controllers.Waker{}}
	if err := r.measure(o, mgr.GetCache(), func() bool { return leads(mgr) }); err != nil {
		return err
	}
	if err := r.build(ctx, mgr, o); err != nil {
		return err
	}
	for _, room := range []interface{ Start(context.Context) error }{
		outliving{r.tracker, r.actions.Over(), o.ActionGrace}, r.actions, r.preparer, r.applier, r.references, r.checks, r.counter, r.webhooks, r.pods,
	} {
		if err := mgr.Add(room); err != nil {
			return err
		}
	}
	if err := r.setup(ctx, mgr, catalogs); err != nil {
		return err
	}
	if err := r.show(mgr, catalogs, o); err != nil {
		return err
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return err
	}
	return mgr.AddReadyzCheck("readyz", healthz.Ping)
}

// measure registers every metric of the operator's own: docs/metrics.md lists them.
func (r *rooms) measure(o Options, cache client.Reader, leads func() bool) (err error) {
	if r.handoff, err = controllers.NewHandoff(o.Registry); err != nil {
		return err
	}
	r.metrics, err = metrics.New(metrics.Options{Registry: o.Registry, Reader: cache, Leads: leads, CacheDir: o.ChartCache, Shard: o.Shard})
	return err
}

// leads says whether this process acts: at once without leader election.
func leads(mgr ctrl.Manager) bool {
	select {
	case <-mgr.Elected():
		return true
	default:
		return false
	}
}

// build makes the rooms: first those that watch, then those that act.
func (r *rooms) build(ctx context.Context, mgr ctrl.Manager, o Options) error {
	config := mgr.GetConfig()
	wakeRelease := func(key string) { r.releases.Wake(controllers.ReleaseOf(key)) }
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	r.peers = shard.NewPeers(clientset.CoordinationV1(), clock.RealClock{}, plan.StrangerTimeout)
	if r.objects, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	r.references = refs.New(clientset, func(owner string) { controllers.WakeOwner(owner, r.bundles, r.releases) })
	r.ledger = drift.NewLedger(drift.Options{Wake: wakeRelease})
	r.tracker = readiness.NewTracker(config, r.kinds, readiness.Options{
		Wake: wakeRelease, Changed: r.ledger.Changed, Log: ctrl.Log.WithName("readiness"),
	})
	r.counter, err = usage.New(config, r.kinds, usage.Options{Wake: r.bundles.Wake, Log: ctrl.Log.WithName("usage")})
	if err != nil {
		return err
	}
	r.webhooks, err = admission.New(config, admission.Options{
		Changed: controllers.WakeEverybody(ctx, mgr.GetClient(), r.shard, r.bundles, r.releases), Mapper: r.kinds, Log: ctrl.Log.WithName("admission"),
	})
	if err != nil {
		return err
	}
	r.pods, err = pods.New(config, pods.Options{Wake: wakeRelease, Log: ctrl.Log.WithName("pods")})
	if err != nil {
		return err
	}
	charts, err := chart.New(chart.Options{
		CacheDir: o.ChartCache, Mirror: o.ChartMirror, UserAgent: "groundwork/" + o.Version, Requested: r.metrics.ChartRequested,
	})
	if err != nil {
		return err
	}
	r.engine, err = helm.New(helm.Options{
		Config: config, Kinds: r.kinds, Charts: charts, Identity: r.identity,
		Wait: controllers.WaitForWorkloads(r.tracker), Explain: controllers.ExplainHooks(r.pods), Log: ctrl.Log.WithName("helm"),
	})
	if err != nil {
		return err
	}
	r.weigh = func(digest string) int64 { return budget.Weight(charts.Size(digest), 0) }
	memory := budget.New(budget.SizeFor(budget.Limit()))
	memory.WhenQuiet(quietAfter, func() {
		if err := budget.Release(); err != nil {
			ctrl.Log.V(1).Info("Not all memory was given back", "error", err.Error())
		}
	})
	r.actions = jobs.New(o.ParallelActions, o.ActionGrace, r.releases.Wake, jobs.Within(memory))
	r.preparer = prepare.New(r.engine, prepare.Options{Gate: memory.Gate(o.ParallelPrepares), Wake: r.bundles.Wake})
	r.applier = crds.NewApplier(mgr.GetClient(), crds.Options{Parallel: o.ParallelCRDs, Wake: r.bundles.Wake, Log: ctrl.Log.WithName("crds")})
	r.checks, err = crds.NewChecker(config, crds.CheckerOptions{Parallel: parallelChecks, Wake: r.bundles.Wake, Log: ctrl.Log.WithName("crds")})
	return err
}

// setup registers the two reconcilers.
func (r *rooms) setup(ctx context.Context, mgr ctrl.Manager, catalogs *catalog.Set) error {
	recorder := controllers.LoggedRecorder{EventRecorder: mgr.GetEventRecorder("groundwork"), Log: ctrl.Log.WithName("event")}
	release := &controllers.ComponentReleaseReconciler{
		Client: mgr.GetClient(), Records: mgr.GetCache(), StatusInterval: statusInterval, Weight: r.weigh, Recorder: recorder, References: r.references, Engine: r.engine,
		Jobs: r.actions, Tracker: r.tracker, Identity: r.identity, Shard: r.shard, Handoff: r.handoff, Metrics: r.metrics, Clock: clock.RealClock{},
		Mapper: r.kinds, Manifests: manifests.NewApplier(r.objects, r.kinds), Admission: r.webhooks, Ledger: r.ledger, Pods: r.pods,
	}
	if err := release.SetupWithManager(ctx, mgr, r.releases); err != nil {
		return err
	}
	bundle := &controllers.PlatformBundleReconciler{
		Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), Recorder: recorder, Catalogs: catalogs,
		References: r.references, Preparer: r.preparer, Kinds: r.kinds, CRDs: r.applier, CRDChecks: r.checks, Usage: r.counter,
		Admission: r.webhooks, Handoff: r.handoff, StatusInterval: statusInterval, Weight: r.weigh, Shard: r.shard, Peers: r.peers,
		KindsChanged: func() {
			r.tracker.KindsChanged()
			r.counter.KindsChanged()
			r.ledger.KindsChanged()
			release.KindsChanged(r.releases.Wake)
		},
	}
	return bundle.SetupWithManager(ctx, mgr, r.bundles)
}

// outliving is a room that jobs under way work with: it ends after the last of
// them, and after their grace in any case. Like them it needs to lead.
type outliving struct {
	room  interface{ Start(context.Context) error }
	over  <-chan struct{}
	grace time.Duration
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (o outliving) NeedLeaderElection() bool { return true }

// Start implements manager.Runnable.
func (o outliving) Start(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	unhook := context.AfterFunc(ctx, func() {
		defer end()
		select {
		case <-o.over:
		case <-time.After(o.grace):
		}
	})
	defer unhook()
	return o.room.Start(life)
}
