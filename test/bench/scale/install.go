// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

const (
	creators = 8
	// A profile that the end of the installation cuts off is lost, so they are short
	// where that is short.
	minProfile, maxProfile = 5, 30 // seconds
	maxProfiles            = 100
)

// install creates all bundles at once and waits until all are Ready.
func (r *run) install(ctx context.Context) error {
	before, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	page, err := r.operator.scrape(ctx)
	if err != nil {
		return err
	}
	cpu, err := r.cpu()
	if err != nil {
		return err
	}
	var watch v1alpha1.PlatformBundleList
	if err := r.client.List(ctx, &watch); err != nil {
		return err
	}
	r.operator.ResetPeak()
	began := time.Now()
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return r.createAll(working) })
	profiling, stopProfiling := context.WithCancel(ctx)
	defer stopProfiling()
	profiled := make(chan error, 1)
	go func() { profiled <- r.profile(profiling, "install") }()
	group.Go(func() error { return r.awaitAll(working, watch.ResourceVersion) })
	if err := group.Wait(); err != nil {
		return err
	}
	ready := time.Now()
	install := &r.result.Install
	install.Seconds = ready.Sub(began).Seconds()
	if install.CPU, err = r.cpuSince(cpu); err != nil {
		return err
	}
	if r.options.profiles {
		if err := r.operator.save(ctx, "heap", r.profilePath("heap-install")); err != nil {
			return err
		}
	}
	stopProfiling()
	if err := <-profiled; err != nil {
		return err
	}
	return r.finishInstall(ctx, ready, before, page)
}

// finishInstall reads what the installation has cost once its last echoes are over.
func (r *run) finishInstall(ctx context.Context, ready time.Time, before measure.Counters, page measure.Snapshot) error {
	rest, err := r.operator.settle(ctx)
	if err != nil {
		return err
	}
	after, err := r.api.Counters(ctx)
	if err != nil {
		return err
	}
	now, err := r.operator.scrape(ctx)
	if err != nil {
		return err
	}
	grown, counted := now.Since(page), after.Since(before)
	usage := r.operator.Usage()
	install := &r.result.Install
	install.Tail = max(0, rest.Sub(ready).Seconds())
	install.Peak, install.Highest = usage.Peak, float64(usage.Highest)
	install.Requests, install.Everybody, install.EtcdPuts = requests(grown), named(counted), counted.Puts
	install.Passes, install.Queue = passes(grown), latencies(grown, "workqueue_queue_duration_seconds", "name")
	install.Handoff = latency(grown.Histogram("groundwork_handoff_seconds", nil))
	install.Failures = grown.Sum("groundwork_failures_total", nil)
	return r.verify(ctx)
}

// createAll creates the bundles, several at a time.
func (r *run) createAll(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(creators)
	for i := range r.bundles {
		group.Go(func() error {
			b, err := bundle(i, &r.options)
			if err != nil {
				return err
			}
			return r.client.Create(ctx, b)
		})
	}
	return group.Wait()
}

// awaitAll watches the bundles from a version on, until all are Ready.
func (r *run) awaitAll(ctx context.Context, from string) error {
	events, err := r.client.Watch(ctx, &v1alpha1.PlatformBundleList{}, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: from}})
	if err != nil {
		return err
	}
	defer events.Stop()
	t := &tally{ready: map[string]int{}, done: map[string]bool{}}
	r.say(func() string {
		usage, releases, bundles := r.operator.Usage(), t.releases.Load(), t.bundles.Load()
		return fmt.Sprintf("install: %d/%d releases, %d/%d bundles Ready; operator %.1f CPU-s, %d MiB",
			releases, r.releases(), bundles, r.bundles, usage.CPU.Seconds(), usage.Memory.RSS>>20)
	})
	for len(t.done) < r.bundles {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d bundles are Ready: %w", len(t.done), r.bundles, ctx.Err())
		case <-r.operator.Exited():
			return fmt.Errorf("%d of %d bundles are Ready, and the operator has ended: %w", len(t.done), r.bundles, r.operator.Err())
		case event, open := <-events.ResultChan():
			b, ok := event.Object.(*v1alpha1.PlatformBundle)
			if !open || !ok {
				return fmt.Errorf("the watch on bundles ended with %d of %d Ready: %v", len(t.done), r.bundles, event.Object)
			}
			t.observe(b)
		}
	}
	return nil
}

// tally counts what is Ready; the two numbers may be read while it counts.
type tally struct {
	ready             map[string]int
	done              map[string]bool
	releases, bundles atomic.Int64
}

// observe takes in the newest state of a bundle.
func (t *tally) observe(b *v1alpha1.PlatformBundle) {
	first, _, _ := strings.Cut(b.Status.Ready, "/")
	count, err := strconv.Atoi(first)
	if err != nil {
		count = 0 // nothing was said yet
	}
	t.releases.Add(int64(count - t.ready[b.Name]))
	t.ready[b.Name] = count
	if b.Status.ObservedGeneration == b.Generation && meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionReady) {
		t.done[b.Name] = true
	} else {
		delete(t.done, b.Name)
	}
	t.bundles.Store(int64(len(t.done)))
}

// verify asks Helm's storage and the workloads whether what the operator says is true.
func (r *run) verify(ctx context.Context) error {
	var records metav1.PartialObjectMetadataList
	records.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	if err := r.client.List(ctx, &records, client.MatchingLabels{"owner": "helm", "status": "deployed"}); err != nil {
		return err
	}
	if len(records.Items) != r.releases() {
		return fmt.Errorf("all bundles are Ready, and Helm has %d deployed releases instead of %d", len(records.Items), r.releases())
	}
	var workloads appsv1.DeploymentList
	if err := r.client.List(ctx, &workloads); err != nil {
		return err
	}
	available := 0
	for _, w := range workloads.Items {
		if w.Status.ObservedGeneration == w.Generation && int(w.Status.AvailableReplicas) == r.options.replicas {
			available++
		}
	}
	if available != r.releases() {
		return fmt.Errorf("all bundles are Ready, and %d of %d Deployments are available", available, r.releases())
	}
	var service corev1.Service
	if err := r.client.Get(ctx, client.ObjectKey{Namespace: bundleName(0), Name: componentName(0)}, &service); err != nil {
		return err
	}
	if headless := service.Spec.ClusterIP == corev1.ClusterIPNone; headless == r.options.addresses {
		return fmt.Errorf("what is measured is not what was asked for: a Service has the address %s", service.Spec.ClusterIP)
	}
	return nil
}

// cpu seconds that everybody has used so far.
func (r *run) cpu() (map[string]float64, error) {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return nil, err
	}
	out := map[string]float64{
		"operator": r.operator.Usage().CPU.Seconds(),
		"bench":    time.Duration(self.Utime.Nano() + self.Stime.Nano()).Seconds(),
	}
	for name := range r.cluster.Processes {
		used, err := r.cluster.CPU(name)
		if err != nil {
			return nil, err
		}
		out[name] = used.Seconds()
	}
	return out, nil
}

func (r *run) cpuSince(before map[string]float64) (map[string]float64, error) {
	now, err := r.cpu()
	for name := range now {
		now[name] -= before[name]
	}
	return now, err
}

// profile saves CPU profiles, one after the other, until the context ends. "go tool
// pprof" adds up as many files as it is given.
func (r *run) profile(ctx context.Context, phase string) error {
	if !r.options.profiles {
		return nil
	}
	for i := range maxProfiles {
		query := fmt.Sprintf("profile?seconds=%d", min(max(minProfile, r.bundles/10), maxProfile))
		path := r.profilePath(fmt.Sprintf("cpu-%s-%02d", phase, i+1))
		if err := r.operator.save(ctx, query, path); ctx.Err() != nil {
			return os.RemoveAll(path) // cut off
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) profilePath(name string) string {
	return filepath.Join(r.options.out, fmt.Sprintf("%s-%d.pprof", name, r.bundles))
}
