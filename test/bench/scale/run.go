// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	apiruntime "k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

const (
	progressEvery = 5 * time.Second
	// podsOnNode is less than a simulated Node takes, which leaves the scheduler a choice.
	podsOnNode = 400
	minNodes   = 3
	// restFor is longer than the operator waits with giving memory back.
	restFor = 20 * time.Second
)

// run measures one size on a cluster of its own.
type run struct {
	options  options
	bundles  int
	dir      string
	cluster  *measure.Cluster
	api      *measure.APIServer
	client   client.WithWatch
	operator *operator
	result   Result

	mu       sync.Mutex
	progress func() string
}

func (r *run) releases() int { return r.bundles * perBundle }

// measureSize runs all phases; what was measured before an error is in the result.
func measureSize(ctx context.Context, o options, bundles int, progress io.Writer) (result Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	r := &run{options: o, bundles: bundles}
	r.result = Result{Bundles: bundles, Releases: r.releases(), Replicas: o.replicas, Headless: !o.addresses, CPUs: runtime.NumCPU(), Load: load()}
	if r.dir, err = os.MkdirTemp("", "groundwork-scale-"); err != nil {
		return r.result, err
	}
	stop := r.report(progress, progressEvery)
	defer func() { //nolint:contextcheck // it is cleaned up after an interrupt as well
		stop()
		if ending := r.end(); err == nil {
			err = ending
		}
		result = r.result
	}()
	for _, phase := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"start", r.start}, {"install", r.install}, {"quiet", r.quiet}, {"drift", r.drift}, {"restart", r.restart},
	} {
		r.say(func() string { return phase.name })
		if err := phase.run(ctx); err != nil {
			return r.result, fmt.Errorf("%d bundles: %s: %w", bundles, phase.name, r.explain(err))
		}
		r.result.Done = append(r.result.Done, phase.name)
	}
	return r.result, nil
}

// explain adds that the operator has ended, which no phase expects.
func (r *run) explain(err error) error {
	if r.operator == nil {
		return err
	}
	if ended := r.operator.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w; the operator has ended: %w", err, ended)
	}
	return err
}

// start brings up a cluster and an operator that has nothing to do.
func (r *run) start(ctx context.Context) error {
	if err := writeChart(filepath.Join(r.dir, "mirror")); err != nil {
		return err
	}
	var err error
	nodes := max(minNodes, (r.releases()*r.options.replicas+podsOnNode-1)/podsOnNode)
	r.cluster, err = measure.StartCluster(ctx, measure.ClusterOptions{Root: r.options.root, Dir: filepath.Join(r.dir, "c"), Nodes: nodes})
	if err != nil {
		return err
	}
	if r.api, err = measure.NewAPIServer(r.cluster.Config, r.cluster.EtcdURL); err != nil {
		return err
	}
	scheme := apiruntime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	if r.client, err = client.NewWithWatch(r.cluster.Config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	definitions := filepath.Join(r.options.root, "config", "crd", "bases")
	if err := r.cluster.Kubectl(ctx, "apply", "--server-side", "-f", definitions); err != nil {
		return err
	}
	if err := r.cluster.Kubectl(ctx, "wait", "--for=condition=Established", "-f", definitions, "--timeout=30s"); err != nil {
		return err
	}
	if r.operator, err = r.startOperator(ctx); err != nil {
		return err
	}
	if err := r.operator.awaitReady(ctx); err != nil {
		return err
	}
	r.result.Empty, err = r.rest(ctx)
	return err
}

// rest waits until the operator is at rest and has given back what it does not
// need there, and says what it holds then.
func (r *run) rest(ctx context.Context) (Idle, error) {
	if _, err := r.operator.settle(ctx); err != nil {
		return Idle{}, err
	}
	if err := r.wait(ctx, min(restFor, r.options.quiet)); err != nil {
		return Idle{}, err
	}
	memory := r.operator.Usage().Memory
	heap, err := r.operator.heap(ctx)
	return Idle{Memory: memory, Heap: heap}, err
}

// wait lets time pass in which the operator must not end.
func (r *run) wait(ctx context.Context, length time.Duration) error {
	end := time.NewTimer(length)
	defer end.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.operator.Exited():
		return errors.New("the operator has ended")
	case <-end.C:
		return nil
	}
}

// end ends everything that was started, the operator first.
func (r *run) end() error {
	var errs []error
	if r.operator != nil {
		errs = append(errs, r.operator.Stop(syscall.SIGTERM, stopGrace))
	}
	if r.options.keepLog != "" {
		errs = append(errs, os.Rename(filepath.Join(r.dir, "operator.log"), fmt.Sprintf("%s-%d.log", r.options.keepLog, r.bundles)))
	}
	if r.cluster != nil {
		errs = append(errs, r.cluster.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}

// say sets what the progress tells from now on.
func (r *run) say(what func() string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress = what
}

// report tells of the progress, again and again, until it is stopped.
func (r *run) report(to io.Writer, every time.Duration) (stop func()) {
	began, done := time.Now(), make(chan struct{})
	var reporter sync.WaitGroup
	reporter.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			r.mu.Lock()
			what := r.progress
			r.mu.Unlock()
			_, _ = fmt.Fprintf(to, "%5.0f s  %d bundles: %s\n", time.Since(began).Seconds(), r.bundles, what())
		}
	})
	return func() { close(done); reporter.Wait() }
}

// load is the machine's load average, of 1, 5 and 15 minutes; empty where there is none.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(data))
	return strings.Join(fields[:min(3, len(fields))], " ")
}
