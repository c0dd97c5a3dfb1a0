// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// up brings everything up, or joins what runs already, and follows the bundle
// until it is Ready.
func up(ctx context.Context, o options, c *console) error {
	l := layout{o.dir}
	process := operator{l}
	s, err := l.read()
	if err != nil {
		return err
	}
	// The bundle is read first: a typo in its name should not cost a cluster.
	if _, _, err := readBundle(o.bundle); err != nil {
		return err
	}
	pid := process.running()
	if pid != 0 && s.Charts != "" {
		c.say("The quickstart runs already (operator process %d, charts: %s).", pid, s.Charts)
		c.say("This shows its state and changes nothing; `make quickstart-down` ends it.")
		if o.context != s.Context {
			c.say("It does not use the context that was asked for now: end it first.")
		}
	} else if s, err = start(ctx, o, l, c); err != nil {
		return err
	}
	api, err := newClient(l.kubeconfig())
	if err != nil {
		return err
	}
	began := time.Now()
	if err := applyBundle(ctx, api, s, pid == 0); err != nil {
		return err
	}
	f := &follower{
		client: api, console: c, operator: process, name: s.Bundle, began: began, timeout: o.timeout, progress: newProgress(),
	}
	err = f.follow(ctx)
	return conclude(ctx, f, s, l, err)
}

// start builds and starts everything but the bundle.
func start(ctx context.Context, o options, l layout, c *console) (state, error) {
	s := state{Context: o.context, BundleFile: o.bundle}
	var err error
	if _, s.Bundle, err = readBundle(o.bundle); err != nil {
		return s, err
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return s, err
	}
	if err := c.step("building the operator (some minutes the first time)", func() (string, error) {
		return "the operator is built", build(ctx, s.Context == "")
	}); err != nil {
		return s, err
	}
	if err := c.step("connecting to the cluster", func() (string, error) { return connect(ctx, s, l) }); err != nil {
		return s, err
	}
	api, err := newClient(l.kubeconfig())
	if err != nil {
		return s, err
	}
	if err := c.step("installing the CRDs", func() (string, error) {
		return "the CRDs are installed", installDefinitions(ctx, api)
	}); err != nil {
		return s, interrupted(ctx, err)
	}
	probes, err := catalogProbes()
	if err != nil {
		return s, err
	}
	var choice chartChoice
	if err := c.step("choosing charts", func() (string, error) {
		choice, err = chooseCharts(ctx, o.charts, l.standIns(), probes)
		return "charts: " + choice.words, err
	}); err != nil {
		return s, interrupted(ctx, err)
	}
	s.Charts, _, _ = strings.Cut(choice.words, ",")
	s.Mirror = choice.mirror
	return s, c.step("starting the operator", func() (string, error) { return launch(l, &s) })
}

// connect prepares the kubeconfig of the simulated cluster or of the context.
func connect(ctx context.Context, s state, l layout) (string, error) {
	if s.Context == "" {
		return simulate(ctx, l)
	}
	server, err := useContext(l, s.Context)
	return fmt.Sprintf("the cluster is context %s, %s", s.Context, server), err
}

// launch starts the operator and writes down what it was started with.
func launch(l layout, s *state) (string, error) {
	var err error
	if s.Probes, err = freeAddress(); err != nil {
		return "", err
	}
	if s.Metrics, err = freeAddress(); err != nil {
		return "", err
	}
	if s.Dashboard, err = freeAddress(); err != nil {
		return "", err
	}
	if err := l.write(*s); err != nil {
		return "", err
	}
	args := []string{
		"--kubeconfig=" + l.kubeconfig(), "--chart-cache=" + l.cache(), "--chart-mirror=" + s.Mirror,
		"--health-probe-bind-address=" + s.Probes, "--metrics-bind-address=" + s.Metrics, "--metrics-secure=false",
		"--dashboard-bind-address=" + s.Dashboard,
	}
	process := operator{l}
	if err := process.start(filepath.Join("bin", "manager"), args, os.Environ()); err != nil {
		return "", err
	}
	return fmt.Sprintf("the operator runs as process %d, log %s, metrics http://%s/metrics, dashboard %s",
		process.running(), l.log(), s.Metrics, dashboardURL(*s)), nil
}

// dashboardURL is where to look; empty for an operator that has no dashboard.
func dashboardURL(s state) string {
	if s.Dashboard == "" {
		return ""
	}
	return "http://" + s.Dashboard + "/dashboard/"
}

// applyBundle applies the bundle's file; when joining, only where the bundle is
// missing, so that what somebody changed since stays.
func applyBundle(ctx context.Context, api client.Client, s state, fresh bool) error {
	if !fresh {
		exists, err := bundleExists(ctx, api, s.Bundle)
		if err != nil {
			return interrupted(ctx, fmt.Errorf("the operator runs but its cluster does not answer: %w; "+
				"`make quickstart-down`, then `make quickstart`", err))
		}
		if exists {
			return nil
		}
	}
	objects, _, err := readBundle(s.BundleFile)
	if err != nil {
		return err
	}
	return interrupted(ctx, apply(ctx, api, objects...))
}

func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// conclude prints how it ended and what to do next.
func conclude(ctx context.Context, f *follower, s state, l layout, ended error) error {
	c := f.console
	how := commandsFor(s, l, program("kubectl", "bin/k8s/kubectl"), program("helm", "bin/helm"))
	switch {
	case ended == nil:
		return farewell(ctx, f, how, dashboardURL(s))
	case errors.Is(ended, errInterrupted):
		c.say("\nInterrupted: the cluster and the operator go on.")
		if how.export != "" {
			c.say("  look:    %s", how.export)
		}
		if url := dashboardURL(s); url != "" {
			c.say("  look:    %s", url)
		}
		c.say("  look:    %s get pb,crel    (or run `make quickstart` again)\n  remove:  make quickstart-down", how.kubectl)
		return ended
	}
	c.say("\n%s", statusReport(f.last))
	if !errors.Is(ended, errStalled) { // its cause is in the spec, not in the operator
		c.say("The operator's log (%s) ends with:\n%s\n", l.log(), f.operator.lastLines(15))
	}
	switch {
	case errors.Is(ended, errLate):
		return fmt.Errorf("%s is not Ready after %s; everything is left running: `make quickstart` follows it again, `make quickstart-down` removes it",
			s.Bundle, f.timeout)
	case errors.Is(ended, errStalled):
		return fmt.Errorf("%s is stalled: change the bundle as the message says (%s edit pb %s), then `make quickstart` follows it again",
			s.Bundle, how.kubectl, s.Bundle)
	}
	return fmt.Errorf("%w; `make quickstart` starts it again where it stopped", ended)
}

func farewell(ctx context.Context, f *follower, how commands, dashboard string) error {
	var releases v1alpha1.ComponentReleaseList
	if err := f.client.List(ctx, &releases, client.MatchingLabels{v1alpha1.BundleLabel: f.name}); err != nil {
		return interrupted(ctx, err)
	}
	f.console.say("\n%s", releaseTable(f.last, releases.Items, f.seenTimes()))
	if f.joined() {
		ready := meta.FindStatusCondition(f.last.Status.Conditions, v1alpha1.ConditionReady)
		f.console.say("%s has been Ready since %s.\n", f.name, ready.LastTransitionTime.Local().Format(time.DateTime))
	} else {
		f.console.say("%s is Ready %.1f s after it was applied.\n", f.name, time.Since(f.began).Seconds())
	}
	f.console.say("%s", lookAt(f.last.Name, how, dashboard))
	f.console.say("%s\nRemove everything:  make quickstart-down", nextSteps(f.last, how))
	return nil
}

// lookAt names the places where the platform can be seen.
func lookAt(bundle string, how commands, dashboard string) string {
	out := ""
	if dashboard != "" {
		out = fmt.Sprintf("Look at it:  %s\n", dashboard)
	}
	flag := ""
	if how.context != "" {
		flag = " --context " + how.context
	}
	return out + fmt.Sprintf("or type:     kubectl platform status %s%s     (with bin/kubectl-platform on the PATH)\n", bundle, flag)
}

// joined says that the bundle was Ready before it was followed.
func (f *follower) joined() bool {
	return f.last.CreationTimestamp.Time.Before(f.began.Add(-2 * time.Second))
}

// seenTimes are the times at which components became Ready, when they were seen.
func (f *follower) seenTimes() map[string]time.Duration {
	if f.joined() {
		return nil
	}
	return f.progress.readyAfter()
}

// program is the command from the PATH, or the one built here; what is not
// built yet is built by the command itself.
func program(name, built string) string {
	if _, err := exec.LookPath(name); err == nil {
		return name
	}
	if _, err := os.Stat(built); err != nil {
		return "make " + built + " && " + built
	}
	return built
}
