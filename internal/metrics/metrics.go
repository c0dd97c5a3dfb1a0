// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics is what the operator tells Prometheus about itself. What is true
// now is read from the cache of the manager when somebody scrapes, so that nothing is
// written in a pass and what is gone has no series; what happens is counted by a
// Recorder. docs/metrics.md lists all of it, and a test keeps the two equal. It
// imports the API, Prometheus' client and controller-runtime's reader only.
package metrics

import (
	"errors"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

const namespace = "groundwork"

// The labels. None has a value that a user can make many of: a bundle has some dozen
// components, and states, stages, actions and reasons are constants of the code.
const (
	labelBundle    = "bundle"
	labelComponent = "component"
	labelState     = "state"
	labelReason    = "reason"
	labelVersion   = "version"
	labelStage     = "stage"
	labelAction    = "action"
	labelResult    = "result"
)

// Options of the metrics.
type Options struct {
	// Registry they are registered with. Required.
	Registry prometheus.Registerer
	// Reader of bundles and releases: the manager's cache. Required.
	Reader client.Reader
	// Leads says whether this process leads. Those that stand by show nothing of bundles
	// and components, so that no sum counts them twice. Default: it leads.
	Leads func() bool
	// Shard whose bundles are shown; empty are those without one. Of others nothing is shown
	// either: their operators do.
	Shard string
	// CacheDir is the folder of the chart cache. Empty: its size is not shown.
	CacheDir string
}

// Recorder counts what happens. It is safe for concurrent use; a nil Recorder counts
// nothing.
type Recorder struct {
	stages      *prometheus.HistogramVec
	actions     *prometheus.CounterVec
	failures    *prometheus.CounterVec
	inFlight    *prometheus.GaugeVec
	corrections *prometheus.CounterVec
	requests    *prometheus.CounterVec
	downloaded  prometheus.Counter

	mu sync.Mutex
	// changed is the digest of the newest change of each release that was observed: a
	// pass over an old cache sees the same one become Ready again.
	changed map[string]string
}

// New registers every metric of this package. The error names the first that cannot
// be registered.
func New(o Options) (*Recorder, error) {
	r := newRecorder()
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	all := []prometheus.Collector{
		r.stages, r.actions, r.failures, r.inFlight, r.corrections, r.requests, r.downloaded, newStates(o.Reader, o.Leads, o.Shard),
	}
	if o.CacheDir != "" {
		all = append(all, newCacheSize(o.CacheDir))
	}
	var errs []error
	for _, collector := range all {
		errs = append(errs, o.Registry.Register(collector))
	}
	return r, errors.Join(errs...)
}

func newRecorder() *Recorder {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	return &Recorder{
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "stage_seconds",
			Help: "Time that changes of components spent in a stage, in seconds; observed once for each change, when it is Ready.",
			// From a ConfigMap to a database that recovers.
			Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800},
		}, []string{labelStage}),
		actions:  counter("actions_total", "Actions that have ended, failed ones included.", labelAction),
		failures: counter("failures_total", "Actions that failed, by why.", labelAction, labelReason),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "actions_in_flight", Help: "Actions that run now; those that wait for their turn do not count.",
		}, []string{labelAction}),
		corrections: counter("drift_corrections_total", "Objects of a component that were put back because somebody had changed them.", labelBundle, labelComponent),
		requests:    counter("chart_cache_requests_total", "Requests for a chart's archive, by whether the cache held it.", labelResult),
		downloaded: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "chart_downloaded_bytes_total", Help: "Bytes of charts' archives that the cache did not hold.",
		}),
		changed: map[string]string{},
	}
}

// Begun notes that an action has got its turn; the caller calls ended when it is over.
func (r *Recorder) Begun(action string) (ended func()) {
	if r == nil {
		return func() {}
	}
	gauge := r.inFlight.WithLabelValues(action)
	gauge.Inc()
	return gauge.Dec
}

// Ended counts an action that is over; the reason says why it failed and is a constant
// of the code, never a message. Empty: it did not fail.
func (r *Recorder) Ended(action, reason string) {
	if r == nil {
		return
	}
	r.actions.WithLabelValues(action).Inc()
	if reason != "" {
		r.failures.WithLabelValues(action, reason).Inc()
	}
}

// Changed observes the stages of a change that has become Ready; the same change of a
// release counts once.
func (r *Recorder) Changed(release string, timeline v1alpha1.Timeline) {
	if r == nil || !r.first(release, timeline) {
		return
	}
	for stage, took := range Stages(timeline) {
		r.stages.WithLabelValues(stage).Observe(took.Seconds())
	}
}

func (r *Recorder) first(release string, timeline v1alpha1.Timeline) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed[release] == timeline.Digest {
		return false
	}
	r.changed[release] = timeline.Digest
	return true
}

// Corrected counts an object that was put back.
func (r *Recorder) Corrected(bundle, component string) {
	if r != nil {
		r.corrections.WithLabelValues(bundle, component).Inc()
	}
}

// Forget drops the series of a ComponentRelease that is gone.
func (r *Recorder) Forget(release string) {
	if r == nil {
		return
	}
	bundle, component, _ := strings.Cut(release, ".")
	r.corrections.DeleteLabelValues(bundle, component)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.changed, release)
}

// ChartRequested counts a request for an archive, and the bytes that had to be fetched
// for it when the cache did not hold it.
func (r *Recorder) ChartRequested(hit bool, fetched int) {
	if r == nil {
		return
	}
	result := "miss"
	if hit {
		result = "hit"
	}
	r.requests.WithLabelValues(result).Inc()
	r.downloaded.Add(float64(max(0, fetched)))
}

// describe makes the description of a metric that is computed when it is read.
func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// gauge sends one sample of it.
func gauge(to chan<- prometheus.Metric, desc *prometheus.Desc, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

// truth is 1 for what holds and 0 for what does not.
func truth(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
