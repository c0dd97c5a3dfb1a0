// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/bench/inputs"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
	"github.com/groundwork-dev/groundwork/test/bench/report"
)

const (
	// startTimeout is how long the operator may take until its controllers run.
	startTimeout = time.Minute
	// memoryLimit is the one that the Deployment in config/manager sets.
	memoryLimit = "GOMEMLIMIT=448MiB"
	// handoffMetric is the operator's own measure of its idle gaps.
	handoffMetric = "groundwork_handoff_seconds"
	// poll is how often a metrics page is read while something is waited for.
	poll = 20 * time.Millisecond
)

// groundwork is the operator as a process of its own, with the arguments of its
// Deployment, and a bundle.
type groundwork struct {
	w *world
	o options

	process *measure.Process
	metrics string // the page's address
	last    measure.Usage
}

// prepare installs the API; an operator without it has nothing to watch.
func (g *groundwork) prepare(ctx context.Context) error {
	bases := filepath.Join(g.o.root, "config", "crd", "bases")
	if err := g.w.cluster.Kubectl(ctx, "apply", "--server-side", "-f", bases); err != nil {
		return err
	}
	return g.w.cluster.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout=60s", "-f", bases)
}

// apply starts the operator if need be, and gives it the bundle. The clock runs from
// the bundle on; requests, bytes and CPU of the start count.
func (g *groundwork) apply(ctx context.Context, m *meter, set *inputs.Set) error {
	if err := g.start(ctx); err != nil {
		return err
	}
	bundle := set.Bundle.DeepCopy()
	found := &v1alpha1.PlatformBundle{}
	err := g.w.client.Get(ctx, client.ObjectKeyFromObject(bundle), found)
	m.start()
	switch {
	case apierrors.IsNotFound(err):
		err = g.w.client.Create(ctx, bundle)
	case err == nil:
		found.Spec = bundle.Spec
		bundle = found
		err = g.w.client.Update(ctx, bundle)
	}
	if err != nil {
		return fmt.Errorf("apply the bundle: %w", err)
	}
	return g.ready(ctx, bundle)
}

func (g *groundwork) start(ctx context.Context) error {
	if g.process != nil {
		return nil
	}
	address, err := measure.FreeAddress(ctx)
	if err != nil {
		return err
	}
	g.metrics = "http://" + address + "/metrics"
	g.process, err = measure.Start(measure.Command{
		Path: g.o.manager, Dir: g.w.folder, Log: filepath.Join(g.w.logs, "manager.log"), Env: append(g.w.env(g.o), memoryLimit),
		Args: append([]string{"--chart-mirror", g.o.charts, "--chart-cache", filepath.Join(g.w.folder, "charts"),
			"--health-probe-bind-address", "0", "--metrics-bind-address", address, "--metrics-secure=false"}, g.o.managerArgs...),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return g.until(ctx, func() (bool, error) {
		page, err := g.scrape(ctx, "controller_runtime_max_concurrent_reconciles")
		return err == nil && page.Sum("controller_runtime_max_concurrent_reconciles", nil) > 0, nil
	})
}

// until polls, and fails when the operator ends.
func (g *groundwork) until(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-g.process.Exited():
			return errors.Join(errors.New("the operator ended"), g.process.Err())
		}
	}
}

func (g *groundwork) scrape(ctx context.Context, names ...string) (measure.Snapshot, error) {
	return measure.Scrape(ctx, http.DefaultClient, g.metrics, names...)
}

// ready waits as kubectl wait --for=condition=Ready does, by watch.
func (g *groundwork) ready(ctx context.Context, bundle *v1alpha1.PlatformBundle) error {
	return g.watch(ctx, bundle, func(event apiwatch.EventType, b *v1alpha1.PlatformBundle) bool {
		return event != apiwatch.Deleted && b.Status.ObservedGeneration >= bundle.Generation &&
			meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionReady)
	})
}

// watch waits until what is seen of a bundle is as wanted. When that fails, the error
// says what the bundle's status says.
func (g *groundwork) watch(ctx context.Context, bundle *v1alpha1.PlatformBundle, wanted func(apiwatch.EventType, *v1alpha1.PlatformBundle) bool) error {
	last := ""
	for {
		events, err := g.w.client.Watch(ctx, &v1alpha1.PlatformBundleList{}, client.MatchingFields{"metadata.name": bundle.Name})
		if err != nil {
			return fmt.Errorf("watch the bundle: %w: %s", err, last)
		}
		done, err := g.follow(ctx, events, wanted, &last)
		events.Stop()
		if done || err != nil {
			return err
		}
	}
}

// follow reads one watch, which the server may end.
func (g *groundwork) follow(ctx context.Context, events apiwatch.Interface, wanted func(apiwatch.EventType, *v1alpha1.PlatformBundle) bool, last *string) (bool, error) {
	for {
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("%w: %s", ctx.Err(), *last)
		case <-g.process.Exited():
			return false, errors.Join(errors.New("the operator ended"), g.process.Err())
		case event, open := <-events.ResultChan():
			if !open {
				return false, nil
			}
			bundle, ok := event.Object.(*v1alpha1.PlatformBundle)
			if !ok {
				return false, nil
			}
			*last = bundle.Status.Ready
			if ready := meta.FindStatusCondition(bundle.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
				*last += " " + ready.Message
			}
			if wanted(event.Type, bundle) {
				return true, nil
			}
		}
	}
}

// remove deletes the bundle with everything that it installed.
func (g *groundwork) remove(ctx context.Context, set *inputs.Set) error {
	bundle := &v1alpha1.PlatformBundle{}
	if err := g.w.client.Get(ctx, client.ObjectKeyFromObject(set.Bundle), bundle); err != nil {
		return err
	}
	bundle.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
	if err := g.w.client.Update(ctx, bundle); err != nil {
		return err
	}
	if err := g.w.client.Delete(ctx, bundle); err != nil {
		return err
	}
	err := g.watch(ctx, bundle, func(event apiwatch.EventType, _ *v1alpha1.PlatformBundle) bool { return event == apiwatch.Deleted })
	if apierrors.IsNotFound(g.w.client.Get(ctx, client.ObjectKeyFromObject(bundle), bundle)) {
		return nil
	}
	return err
}

// timeline keeps what kubectl-platform says about where the time went; where the
// plugin is not built there is none.
func (g *groundwork) timeline(ctx context.Context, bundle string) {
	cmd := exec.CommandContext(ctx, g.o.bin("kubectl-platform"), "timeline", bundle)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+g.w.cluster.Kubeconfig)
	out, err := cmd.CombinedOutput()
	if err == nil {
		err = os.WriteFile(filepath.Join(g.w.logs, "timeline.txt"), out, 0o600)
	}
	if err != nil {
		g.o.log("  no timeline: %v", err)
	}
}

// handoff is what the operator says about its hand-offs so far.
func (g *groundwork) handoff(ctx context.Context) (*report.Handoff, error) {
	page, err := g.scrape(ctx, handoffMetric)
	if err != nil {
		return nil, err
	}
	h := page.Histogram(handoffMetric, nil)
	duration := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return &report.Handoff{P50: duration(h.Quantile(0.5)), P99: duration(h.Quantile(0.99)), Count: int(h.Count)}, nil
}

func (g *groundwork) usage() measure.Usage {
	if g.process != nil {
		g.last = g.process.Usage()
	}
	return g.last
}

func (g *groundwork) resetPeak() {
	if g.process != nil {
		g.process.ResetPeak()
	}
}

func (g *groundwork) close() error {
	if g.process == nil {
		return nil
	}
	return g.process.Stop(syscall.SIGTERM, grace)
}
