// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

const (
	startTimeout = time.Minute
	stopGrace    = 45 * time.Second
	// quietCPU in quietWindow is what an operator that has nothing to do may use at
	// most: runtime housekeeping takes a tick now and then.
	quietCPU    = 40 * time.Millisecond
	quietWindow = 2 * time.Second
	lookEvery   = 50 * time.Millisecond
)

// operatorMetrics are read from the operator's page, at the ends of phases only:
// with thousands of releases the page itself is megabytes.
var operatorMetrics = []string{ //nolint:gochecknoglobals // a constant
	"rest_client_requests_total", "controller_runtime_reconcile_total", "controller_runtime_reconcile_time_seconds",
	"workqueue_queue_duration_seconds", "groundwork_handoff_seconds", "groundwork_failures_total", "groundwork_bundle_ready",
}

// operator is one process of the operator's binary.
type operator struct {
	*measure.Process
	metrics, pprof, probes string // addresses
}

// startOperator starts one; it need not be ready yet.
func (r *run) startOperator(ctx context.Context) (*operator, error) {
	var free [3]string
	for i := range free {
		var err error
		if free[i], err = measure.FreeAddress(ctx); err != nil {
			return nil, err
		}
	}
	o := &operator{metrics: free[0], pprof: free[1], probes: free[2]}
	var err error
	o.Process, err = measure.Start(measure.Command{
		Path: r.options.manager,
		Args: append([]string{
			"--kubeconfig=" + r.cluster.Kubeconfig,
			"--chart-mirror=" + filepath.Join(r.dir, "mirror"), "--chart-cache=" + filepath.Join(r.dir, "cache"),
			"--metrics-bind-address=" + o.metrics, "--metrics-secure=false",
			"--pprof-bind-address=" + o.pprof, "--health-probe-bind-address=" + o.probes,
		}, r.options.operatorArgs...),
		Log: filepath.Join(r.dir, "operator.log"),
	})
	return o, err
}

// awaitReady waits until the operator says that it is.
func (o *operator) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return o.until(ctx, "the operator to be ready", func() bool {
		body, err := o.get(ctx, "http://"+o.probes+"/readyz")
		return err == nil && body.Close() == nil
	})
}

// until looks again and again; it ends early when the operator does.
func (o *operator) until(ctx context.Context, what string, done func() bool) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-o.Exited():
			return fmt.Errorf("wait for %s: the operator has ended: %w", what, o.Err())
		case <-ticker.C:
		}
	}
	return nil
}

// settle waits until the operator has used next to no CPU for a while, and
// returns when that while began.
func (o *operator) settle(ctx context.Context) (time.Time, error) {
	since, used := time.Now(), o.Usage().CPU
	err := o.until(ctx, "the operator to come to rest", func() bool {
		if now := o.Usage().CPU; now-used > quietCPU {
			since, used = time.Now(), now
		}
		return time.Since(since) >= quietWindow
	})
	return since, err
}

func (o *operator) get(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return response.Body, nil
}

// scrape reads the operator's metrics.
func (o *operator) scrape(ctx context.Context) (measure.Snapshot, error) {
	return measure.Scrape(ctx, http.DefaultClient, "http://"+o.metrics+"/metrics", operatorMetrics...)
}

// page reads the whole metrics page: its size in bytes, and the seconds that took.
func (o *operator) page(ctx context.Context) (size, seconds float64, err error) {
	began := time.Now()
	body, err := o.get(ctx, "http://"+o.metrics+"/metrics")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = body.Close() }()
	n, err := io.Copy(io.Discard, body)
	return float64(n), time.Since(began).Seconds(), err
}

// heap has the operator collect its garbage and says what is left in use.
func (o *operator) heap(ctx context.Context) (float64, error) {
	body, err := o.get(ctx, "http://"+o.pprof+"/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	return parseHeap(body)
}

// parseHeap finds what Go says about its heap at the end of a profile in text.
func parseHeap(profile io.Reader) (float64, error) {
	lines := bufio.NewScanner(profile)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), "# HeapAlloc = "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("the heap profile has no HeapAlloc: has %s changed its format?", runtime.Version())
}

// save stores a profile in the output folder.
func (o *operator) save(ctx context.Context, query, path string) error {
	body, err := o.get(ctx, "http://"+o.pprof+"/debug/pprof/"+query)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, body)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// kill ends it between two instructions.
func (o *operator) kill() error { return o.Stop(syscall.SIGKILL, stopGrace) }
