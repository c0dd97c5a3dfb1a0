// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli/source"
	"github.com/groundwork-dev/groundwork/test/bench/inputs"
	"github.com/groundwork-dev/groundwork/test/bench/report"
	"github.com/groundwork-dev/groundwork/test/bench/watch"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// kubeVersion is what the simulated cluster calls itself; charts ask for it.
const kubeVersion = "v1.36.3"

// sets are the two states of the platform: as it is installed, and upgraded.
type sets struct{ installed, upgraded *inputs.Set }

// bench does everything and returns what was measured, also before an error.
func bench(ctx context.Context, o options) (report.Results, error) {
	results := report.Results{Began: time.Now().UTC(), Machine: machine()}
	folder, err := os.MkdirTemp("", "groundwork-bench-inputs-")
	if err != nil {
		return results, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if results.Charts, err = o.chooseCharts(folder); err != nil {
		return results, err
	}
	o.log("rendering what everybody installs: %s", results.Charts)
	both, err := prepare(ctx, o, folder)
	if err != nil {
		return results, err
	}
	for number := 1; number <= o.runs; number++ {
		for _, name := range alternate(o.only, number) {
			o.log("run %d of %d: %s", number, o.runs, name)
			run, err := one(ctx, o, both, name, number)
			if err != nil {
				return results, fmt.Errorf("%s, run %d: %w", name, number, err)
			}
			results.Runs = append(results.Runs, run)
			if err := save(o, results); err != nil {
				return results, err
			}
		}
	}
	return results, nil
}

// alternate is the order of a run: every other one goes backwards, so that nobody is
// always the first on a machine that gets warm.
func alternate(names []string, number int) []string {
	out := slices.Clone(names)
	if number%2 == 0 {
		slices.Reverse(out)
	}
	return out
}

// chooseCharts makes stand-ins where no charts were given.
func (o *options) chooseCharts(folder string) (string, error) {
	if o.charts != "" {
		return "Charts: real ones from a folder", nil
	}
	o.charts = filepath.Join(folder, "charts")
	if err := charts.WriteDir(o.charts); err != nil {
		return "", fmt.Errorf("write the stand-in charts: %w", err)
	}
	return "Charts: stand-ins, a tenth of the real ones' size; the targets are about real ones (CHARTS=<folder>)", nil
}

// prepare renders both states.
func prepare(ctx context.Context, o options, folder string) (sets, error) {
	bundle, err := o.read()
	if err != nil {
		return sets{}, err
	}
	options := inputs.Options{Helm: o.bin("helm"), Charts: o.charts, Folder: folder, KubeVersion: kubeVersion, Bundle: bundle}
	var out sets
	if out.installed, err = inputs.Prepare(ctx, "installed", options); err != nil {
		return sets{}, err
	}
	if options.Bundle, err = inputs.Upgraded(bundle); err != nil {
		return sets{}, err
	}
	if out.upgraded, err = inputs.Prepare(ctx, "upgraded", options); err != nil {
		return sets{}, err
	}
	return out, nil
}

// read is the bundle that everybody installs.
func (o options) read() (*v1alpha1.PlatformBundle, error) {
	if o.bundle != "" {
		return source.Read(o.bundle, "", strings.NewReader(""))
	}
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "bench"}}
	for _, name := range inputs.Thirteen() {
		bundle.Spec.Components = append(bundle.Spec.Components, v1alpha1.Component{Name: name})
	}
	return bundle, nil
}

// one is one installer on a fresh cluster.
func one(ctx context.Context, o options, both sets, name string, number int) (report.Run, error) {
	run := report.Run{Installer: name, Number: number, Load: load()}
	w, err := newWorld(ctx, o, filepath.Join(o.out, fmt.Sprintf("%s-%d", strings.ToLower(name), number)))
	if err != nil {
		return run, err
	}
	i := newInstaller(w, o, name)
	err = steps(ctx, o, w, i, both, &run)
	return run, errors.Join(err, i.close(), w.close()) //nolint:contextcheck // what was interrupted is ended, too
}

func newInstaller(w *world, o options, name string) installer {
	switch name {
	case report.Helm:
		return &helm{newCommands(w, o, name)}
	case report.Helmfile:
		return &helmfile{newCommands(w, o, name)}
	case report.Floor:
		return &floor{newCommands(w, o, name)}
	default:
		return &groundwork{w: w, o: o}
	}
}

// steps takes one installer through the first table and perhaps the second.
func steps(ctx context.Context, o options, w *world, i installer, both sets, run *report.Run) error {
	if err := i.prepare(ctx); err != nil {
		return err
	}
	if err := o.install(ctx, w, i, both.installed, run); err != nil {
		return err
	}
	if run.Install.Failure != "" {
		return nil
	}
	if g, ok := i.(*groundwork); ok {
		g.timeline(ctx, both.installed.Bundle.Name)
		if err := o.idle(ctx, g, run); err != nil {
			return err
		}
	}
	if run.Installer == report.Floor || run.Number > o.after {
		return nil
	}
	return o.afterwards(ctx, w, i, both, run)
}

// install is the first table.
func (o options) install(ctx context.Context, w *world, i installer, set *inputs.Set, run *report.Run) error {
	missing := func(s watch.State) []string { return s.Missing(expected(set, run.Installer != report.Floor)) }
	var err error
	run.Install, err = step(ctx, w, i, o.limit, func(ctx context.Context, m *meter) error { return i.apply(ctx, m, set) }, missing, definitions(set)...)
	if err != nil {
		return err
	}
	run.Gaps = watch.Gaps(w.observer.State(), watched(set), set.Edges())
	o.say("installed", run.Install)
	return nil
}

// idle is what only an operator has: hand-offs, passes, quiet, memory in between.
func (o options) idle(ctx context.Context, g *groundwork, run *report.Run) error {
	var err error
	if run.Handoff, err = g.handoff(ctx); err != nil {
		return err
	}
	if o.quiet > 0 {
		if run.Quiet, err = g.quiet(ctx, o.quiet); err != nil {
			return err
		}
		run.IdleRSS = g.usage().Memory.RSS
		o.log("  quiet for %s: %d requests, %.1f MB", o.quiet, run.Quiet.Requests, float64(run.IdleRSS)/(1<<20))
	}
	if run.Number > o.after {
		return nil
	}
	run.Pass, err = g.pass(ctx)
	if err == nil {
		o.log("  no-op pass: bundle %s, release %s, %d requests", run.Pass.Bundle, run.Pass.Release, run.Pass.Requests)
	}
	return err
}

// afterwards is the second table.
func (o options) afterwards(ctx context.Context, w *world, i installer, both sets, run *report.Run) error {
	there := func(set *inputs.Set) func(watch.State) []string {
		return func(s watch.State) []string { return s.Missing(expected(set, true)) }
	}
	applying := func(set *inputs.Set) func(context.Context, *meter) error {
		return func(ctx context.Context, m *meter) error { return i.apply(ctx, m, set) }
	}
	measured := func(name string, act func(context.Context, *meter) error, missing func(watch.State) []string) (*report.Cost, error) {
		cost, err := step(ctx, w, i, o.limit, act, missing)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		o.say(name, cost)
		return &cost, nil
	}
	var err error
	g, operator := i.(*groundwork)
	if !operator {
		if run.NoOp, err = measured("no-op", applying(both.installed), there(both.installed)); err != nil {
			return err
		}
	}
	before := w.observer.State()
	run.Upgrade, err = measured("upgraded", applying(both.upgraded), func(s watch.State) []string {
		return slices.Concat(unchanged(before, s, both), s.Missing(expected(both.upgraded, true)))
	})
	if err != nil {
		return err
	}
	if operator && o.drifts > 0 && run.Upgrade.Failure == "" {
		if run.Drift, err = g.drifts(ctx, both.upgraded, o.drifts); err != nil {
			return fmt.Errorf("drift: %w", err)
		}
		o.log("  drift: %d healed, %d not", len(run.Drift.Healed), len(run.Drift.Unhealed))
	}
	run.Removal, err = measured("removed", func(ctx context.Context, _ *meter) error { return i.remove(ctx, both.upgraded) }, func(s watch.State) []string {
		return remaining(s, both.upgraded)
	})
	return err
}

// unchanged are the workloads that an upgrade must have changed and has not.
func unchanged(before, now watch.State, both sets) []string {
	var out []string
	for _, key := range inputs.Changed(both.installed, both.upgraded) {
		if now.Workloads[key].Generation <= before.Workloads[key].Generation {
			out = append(out, key+" (as before)")
		}
	}
	return out
}

// remaining is what a removal has left.
func remaining(s watch.State, set *inputs.Set) []string {
	var out []string
	e := expected(set, true)
	for _, key := range e.Workloads {
		if _, there := s.Workloads[key]; there {
			out = append(out, key+" (still there)")
		}
	}
	for _, key := range e.Releases {
		if record, there := s.Records[key]; there {
			out = append(out, "release "+key+" ("+record.Status+")")
		}
	}
	return out
}
