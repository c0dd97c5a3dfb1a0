// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli/status"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

var update = flag.Bool("update", false, "write the golden files anew")

// epoch is when the bundles of these tests were made.
var epoch = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func at(seconds float64) *metav1.MicroTime {
	return &metav1.MicroTime{Time: epoch.Add(time.Duration(seconds * float64(time.Second)))}
}

// platform is a bundle with the releases of its components.
type platform struct {
	bundle   *v1alpha1.PlatformBundle
	releases []v1alpha1.ComponentRelease
}

func newPlatform() *platform {
	b := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1", Generation: 1, CreationTimestamp: metav1.Time{Time: epoch}}}
	b.Status.ObservedGeneration, b.Status.CatalogVersion = 1, "2026.11"
	return &platform{bundle: b}
}

func (p *platform) condition(kind, status, reason, message string) *platform {
	p.bundle.Status.Conditions = append(p.bundle.Status.Conditions, metav1.Condition{
		Type: kind, Status: metav1.ConditionStatus(status), Reason: reason, Message: message, LastTransitionTime: metav1.Time{Time: epoch},
	})
	return p
}

// wants adds a component that has no release yet.
func (p *platform) wants(name string, state v1alpha1.ComponentState, reason, message string, dependsOn ...string) *platform {
	p.bundle.Spec.Components = append(p.bundle.Spec.Components, v1alpha1.Component{Name: name, DependsOn: dependsOn})
	p.bundle.Status.Components = append(p.bundle.Status.Components, v1alpha1.ComponentStatus{
		Name: name, Version: "1.2.3", State: state, Reason: reason, Message: message,
	})
	return p
}

// has adds a component with a release whose change went through these stages.
func (p *platform) has(name string, state v1alpha1.ComponentState, reason, message string, timeline *v1alpha1.Timeline, dependsOn ...string) *platform {
	p.wants(name, state, reason, message)
	release := v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{Name: "week1." + name}}
	release.CreationTimestamp = metav1.Time{Time: epoch}
	release.Spec = v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: name, DependsOn: dependsOn}
	release.Status.Timeline = timeline
	p.releases = append(p.releases, release)
	return p
}

// ready adds a component that was Ready after so many seconds.
func (p *platform) ready(name string, began, ready float64, dependsOn ...string) *platform {
	t := &v1alpha1.Timeline{Generation: 1, Queued: at(0), Prepared: at(1), Approved: at(began), Began: at(began), Released: at(ready - 1), Ready: at(ready)}
	return p.has(name, v1alpha1.StateReady, v1alpha1.ReasonReady, "", t, dependsOn...)
}

func (p *platform) frame(now float64) status.Frame {
	return status.Frame{Bundle: p.bundle, Picture: topology.Live(p.bundle, p.releases, nil), Now: at(now).Time}
}

func midway() *platform {
	p := newPlatform().condition("Ready", "False", v1alpha1.ReasonProgressing, "installing")
	p.ready("cert-manager", 1.2, 6)
	p.ready("ingress-nginx", 1.3, 5.2)
	p.has("prometheus", v1alpha1.StateProgressing, v1alpha1.ReasonWaitingForObjects, "waits for Deployment monitoring/operator: 0 of 1 updated",
		&v1alpha1.Timeline{Generation: 1, Queued: at(0), Prepared: at(1), Approved: at(6), Began: at(6.1), Released: at(9)}, "cert-manager")
	p.has("loki", v1alpha1.StateInstalling, v1alpha1.ReasonInstalling, "", &v1alpha1.Timeline{Generation: 1, Began: at(1.5)})
	p.wants("grafana", v1alpha1.StateWaiting, v1alpha1.ReasonWaitingForDependencies, "waits for loki, prometheus", "cert-manager", "loki", "prometheus")
	p.wants("jaeger", v1alpha1.StateHeld, v1alpha1.ReasonRepositoryUnreachable, "https://charts.example.test did not answer; it is tried again", "cert-manager")
	p.has("velero", v1alpha1.StateFailed, v1alpha1.ReasonInstallFailed, "Helm: timed out \x1b[31mred\x1b[0m\nand a second line", nil)
	p.bundle.Status.Ready = "2/7"
	return p
}

func allReady() *platform {
	p := newPlatform().condition("Ready", "True", v1alpha1.ReasonReady, "all 3 components are ready")
	p.ready("cert-manager", 1.2, 6).ready("prometheus", 6.1, 15, "cert-manager").ready("grafana", 15.1, 21.4, "cert-manager", "prometheus")
	p.bundle.Status.Components[0].Lifecycle = "Retired since 2026-03-24: there will be no fixes; move to envoy-gateway"
	p.bundle.Status.NewerCatalogVersion = "2027.01"
	p.bundle.Status.Ready = "3/3"
	p.bundle.Status.Timeline = &v1alpha1.BundleTimeline{
		Began: *at(0), Ended: *at(21.4), Took: metav1.Duration{Duration: 21400 * time.Millisecond}, Idle: metav1.Duration{Duration: 200 * time.Millisecond},
		CriticalPath: []v1alpha1.PathStep{
			{Component: "cert-manager", Took: metav1.Duration{Duration: 4800 * time.Millisecond}},
			{Component: "prometheus", Took: metav1.Duration{Duration: 8900 * time.Millisecond}},
			{Component: "grafana", Took: metav1.Duration{Duration: 6300 * time.Millisecond}},
		},
	}
	return p
}

func stalled() *platform {
	p := newPlatform()
	sentence := "spec.components[grafna]: the catalog 2026.11 has no component of this name; did you mean grafana? A chart of your own needs chart.repository"
	p.condition("Ready", "False", v1alpha1.ReasonUnknownComponent, sentence).condition("Stalled", "True", v1alpha1.ReasonUnknownComponent, sentence)
	p.wants("cert-manager", v1alpha1.StateHeld, v1alpha1.ReasonHeld, "held until the spec of grafna is corrected")
	p.wants("grafna", v1alpha1.StateHeld, v1alpha1.ReasonUnknownComponent, sentence)
	return p
}

func awaiting() *platform {
	p := newPlatform().condition("Ready", "False", v1alpha1.ReasonAwaitingApproval, "plan 0123456789abcdef awaits approval")
	p.ready("cert-manager", 1.2, 6)
	p.has("prometheus", v1alpha1.StateWaiting, v1alpha1.ReasonAwaitingApproval, "waits for the approval of plan 0123456789abcdef", nil, "cert-manager")
	p.wants("loki", v1alpha1.StateWaiting, v1alpha1.ReasonAwaitingApproval, "waits for the approval of plan 0123456789abcdef")
	p.has("velero", v1alpha1.StateWaiting, v1alpha1.ReasonAwaitingWindow, "waits for the maintenance window", nil)
	p.bundle.Status.Plan = &v1alpha1.PlanStatus{Digest: "0123456789abcdef", Summary: "1 install, 1 upgrade, 1 removal", Changes: []v1alpha1.PlannedChange{
		{Component: "loki", Kind: v1alpha1.ChangeInstall, To: "6.46.0"},
		{Component: "prometheus", Kind: v1alpha1.ChangeUpgrade, From: "79.5.0", To: "79.6.1", What: []string{"version", "values"}},
		{Component: "velero", Kind: v1alpha1.ChangeRemove, From: "11.1.1"},
	}}
	p.bundle.Status.NextWindow = &metav1.Time{Time: epoch.Add(6*24*time.Hour + 4*time.Hour)}
	return p
}

func removing() *platform {
	p := newPlatform().condition("Ready", "False", v1alpha1.ReasonUninstalling, "deleting: removing grafana")
	p.bundle.DeletionTimestamp = &metav1.Time{Time: epoch}
	p.has("cert-manager", v1alpha1.StateRemoving, v1alpha1.ReasonWaitingForDependents, "is removed after prometheus", nil)
	p.has("prometheus", v1alpha1.StateRemoving, v1alpha1.ReasonWaitingForDependents, "is removed after grafana", nil, "cert-manager")
	p.has("grafana", v1alpha1.StateRemoving, v1alpha1.ReasonUninstalling, "2 objects are still there", nil, "prometheus")
	return p
}

func forty() *platform {
	p := newPlatform().condition("Ready", "False", v1alpha1.ReasonProgressing, "installing")
	for i := range 40 {
		name, above := fmt.Sprintf("component-%02d", i), fmt.Sprintf("component-%02d", i/3)
		switch {
		case i == 0:
			p.ready(name, 1, 2)
		case i < 30:
			p.ready(name, float64(i), float64(i)+1, above)
		default:
			p.wants(name, v1alpha1.StateWaiting, v1alpha1.ReasonWaitingForDependencies, "waits for "+above, above)
		}
	}
	return p
}

func TestDraw(t *testing.T) {
	for name, tc := range map[string]struct {
		frame status.Frame
		style style.Style
	}{
		"midway":          {midway().frame(12), style.Style{Width: 110}},
		"midway-narrow":   {midway().frame(12), style.Style{Width: 60}},
		"midway-ascii":    {midway().frame(12), style.Style{Width: 100, ASCII: true}},
		"midway-piped":    {midway().frame(12), style.Style{}},
		"midway-color":    {midway().frame(12), style.Style{Width: 80, Color: true}},
		"ready":           {allReady().frame(3 * 86400), style.Style{Width: 100}},
		"stalled":         {stalled().frame(65), style.Style{Width: 90}},
		"awaiting":        {awaiting().frame(600), style.Style{Width: 100}},
		"awaiting-narrow": {awaiting().frame(600), style.Style{Width: 60}},
		"removing":        {removing().frame(8), style.Style{Width: 100}},
		"forty":           {forty().frame(40), style.Style{Width: 100}},
		"forty-low":       {low(forty().frame(40)), style.Style{Width: 100}},
		"unseen":          {unseen().frame(3), style.Style{Width: 60}},
		"unseen-shard":    {unseen().in("blue").frame(3), style.Style{Width: 90}},
		"handing-over":    {handingOver().frame(3), style.Style{Width: 90}},
	} {
		t.Run(name, func(t *testing.T) {
			lines := status.Draw(tc.frame, tc.style)
			golden(t, name, lines)
			if tc.frame.Rows > 0 && len(lines) >= tc.frame.Rows {
				t.Errorf("%d lines do not fit into %d rows", len(lines), tc.frame.Rows)
			}
		})
	}
}

func low(f status.Frame) status.Frame {
	f.Rows = 20
	return f
}

// in puts the bundle into a shard.
func (p *platform) in(shard string) *platform {
	p.bundle.Labels = map[string]string{v1alpha1.ShardLabel: shard}
	return p
}

func handingOver() *platform {
	p := newPlatform().in("blue").condition("Ready", "False", v1alpha1.ReasonHandingOver, "waiting for the operator of shard green to hand over loki")
	return p.wants("loki", v1alpha1.StateInstalling, v1alpha1.ReasonInstalling, "")
}

func unseen() *platform {
	p := newPlatform()
	p.bundle.Status = v1alpha1.PlatformBundleStatus{}
	return p
}

func TestFinal(t *testing.T) {
	golden(t, "final-ready", status.Final(allReady().frame(30), epoch, style.Style{Width: 80}))
	golden(t, "final-stalled", status.Final(stalled().frame(30), epoch, style.Style{Width: 80}))
}

// escapes are what colours are made of.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// golden compares lines with a file, and none of them is wider than it may be.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "\x1b", "ESC")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDrawFits(t *testing.T) {
	for name, p := range map[string]*platform{
		"midway": midway(), "ready": allReady(), "stalled": stalled(), "awaiting": awaiting(), "removing": removing(), "forty": forty(),
	} {
		for width := 60; width <= 140; width += 7 {
			plain := status.Draw(p.frame(12), style.Style{Width: width})
			for _, line := range plain {
				if style.Columns(line) > width && !strings.Contains(line, "kubectl ") {
					t.Errorf("%s at %d columns: %d in %q", name, width, style.Columns(line), line)
				}
			}
			colored := status.Draw(p.frame(12), style.Style{Width: width, Color: true})
			for i := range colored {
				colored[i] = escapes.ReplaceAllString(colored[i], "")
			}
			if diff := cmp.Diff(plain, colored); diff != "" {
				t.Errorf("%s at %d columns: colours change more than colours (-plain +colored)\n%s", name, width, diff)
			}
			for _, line := range status.Draw(p.frame(12), style.Style{Width: width, ASCII: true}) {
				if len(line) != style.Columns(line) {
					t.Errorf("%s: %q is not ASCII", name, line)
				}
			}
		}
	}
}
