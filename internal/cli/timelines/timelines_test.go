// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package timelines_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
	"github.com/groundwork-dev/groundwork/internal/cli/timelines"
)

var update = flag.Bool("update", false, "write the golden files anew")

var epoch = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// at is a time after the epoch; 0 is none.
func at(seconds float64) *metav1.MicroTime {
	if seconds == 0 {
		return nil
	}
	return &metav1.MicroTime{Time: epoch.Add(time.Duration(math.Round(1000*seconds)) * time.Millisecond)}
}

// release went through queued, prepared, approved, began, released and ready at these
// seconds.
func release(name string, generation int64, hooks float64, stages [6]float64, dependsOn ...string) v1alpha1.ComponentRelease {
	out := v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{Name: "week1." + name, Labels: map[string]string{v1alpha1.BundleLabel: "week1"}}}
	out.Spec = v1alpha1.ComponentReleaseSpec{Bundle: "week1", Component: name, DependsOn: dependsOn}
	out.Status.Timeline = &v1alpha1.Timeline{
		Generation: generation, GatedBy: dependsOn, Queued: at(stages[0]), Prepared: at(stages[1]), Approved: at(stages[2]),
		Began: at(stages[3]), Released: at(stages[4]), Ready: at(stages[5]),
	}
	if hooks > 0 {
		out.Status.Timeline.Hooks = &metav1.Duration{Duration: time.Duration(hooks * float64(time.Second))}
	}
	return out
}

// week1 is the bundle; components with these names wait and have no release.
func week1(waiting ...string) *v1alpha1.PlatformBundle {
	out := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1"}}
	for _, name := range waiting {
		out.Status.Components = append(out.Status.Components, v1alpha1.ComponentStatus{Name: name, State: v1alpha1.StateWaiting})
	}
	return out
}

func done() []v1alpha1.ComponentRelease {
	return []v1alpha1.ComponentRelease{
		release("cert-manager", 2, 1.5, [6]float64{1, 2.1, 2.4, 2.5, 6.2, 7}),
		release("grafana", 2, 0, [6]float64{1, 1.8, 15.3, 15.5, 17, 21.4}, "cert-manager", "loki", "prometheus"),
		release("loki", 2, 0, [6]float64{1, 2.4, 2.5, 2.6, 4.1, 9}),
		release("prometheus", 2, 2, [6]float64{1, 2.2, 7, 7, 13, 15.2}, "cert-manager"),
		release("velero", 1, 0, [6]float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}),
	}
}

func underWay() []v1alpha1.ComponentRelease {
	out := done()
	out[1] = release("grafana", 2, 0, [6]float64{1, 1.8})
	out[3] = release("prometheus", 2, 0, [6]float64{1, 2.2, 7, 7})
	out[0] = release("cert-manager", 2, 0, [6]float64{0, 0, 2.4, 2.5, 6.2, 7}) // the operator was restarted
	return out
}

func TestDraw(t *testing.T) {
	for name, tc := range map[string]struct {
		releases []v1alpha1.ComponentRelease
		style    style.Style
	}{
		"done":         {done(), style.Style{Width: 100}},
		"done-ascii":   {done(), style.Style{Width: 80, ASCII: true}},
		"done-narrow":  {done(), style.Style{Width: 60}},
		"done-color":   {done(), style.Style{Width: 80, Color: true}},
		"done-piped":   {done(), style.Style{}},
		"under-way":    {underWay(), style.Style{Width: 100}},
		"nothing-took": {[]v1alpha1.ComponentRelease{release("a", 1, 0, [6]float64{1, 1, 1, 1, 1, 1})}, style.Style{Width: 60}},
	} {
		t.Run(name, func(t *testing.T) {
			chart, seen := timelines.Of(week1(), tc.releases, at(16).Time)
			if !seen {
				t.Fatal("no change")
			}
			lines := timelines.Draw(chart, tc.style)
			for _, line := range lines {
				if tc.style.Width > 0 && !tc.style.Color && style.Columns(line) > tc.style.Width && !strings.Contains(line, "critical") {
					t.Errorf("%d columns: %q", style.Columns(line), line)
				}
			}
			golden(t, name, strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "\x1b", "ESC"))
		})
	}
}

// TestSpans holds the stages to the times that they come from.
func TestSpans(t *testing.T) {
	chart, _ := timelines.Of(week1(), done(), at(30).Time)
	got := map[string]map[timelines.Stage]string{}
	for _, row := range chart.Rows {
		got[row.Component] = map[timelines.Stage]string{}
		for _, stage := range timelines.Stages() {
			if d := row.In(stage); d > 0 {
				got[row.Component][stage] = d.String()
			}
		}
	}
	want := map[string]map[timelines.Stage]string{
		"cert-manager": {"preparing": "1.1s", "gated": "300ms", "idle": "100ms", "applying": "2.2s", "hooks": "1.5s", "waiting": "800ms"},
		"prometheus":   {"preparing": "1.2s", "gated": "4.8s", "applying": "4s", "hooks": "2s", "waiting": "2.2s"},
		"loki":         {"preparing": "1.4s", "gated": "100ms", "idle": "100ms", "applying": "1.5s", "waiting": "4.9s"},
		"grafana":      {"preparing": "800ms", "gated": "13.5s", "idle": "200ms", "applying": "1.5s", "waiting": "4.4s"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !chart.Done || chart.Took.Duration != 20400*time.Millisecond || len(chart.CriticalPath) != 3 {
		t.Errorf("it says %+v", chart)
	}
	if diff := cmp.Diff([]string{"velero"}, chart.Others); diff != "" {
		t.Errorf("others (-want +got)\n%s", diff)
	}
}

// TestNotDone: between two components everything that has a release is Ready.
func TestNotDone(t *testing.T) {
	chart, _ := timelines.Of(week1("jaeger", "loki"), done(), at(30).Time)
	if chart.Done || len(chart.CriticalPath) > 0 || chart.Took.Duration != 29*time.Second {
		t.Errorf("it says %+v", chart)
	}
	if diff := cmp.Diff([]string{"jaeger"}, chart.Pending); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCommand(t *testing.T) {
	ask := func(releases []v1alpha1.ComponentRelease, args ...string) (out, complaints bytes.Buffer, code int) {
		builder := fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(week1())
		for i := range releases {
			builder.WithObjects(client.Object(&releases[i]))
		}
		env := &cli.Env{Out: &out, Now: func() time.Time { return at(30).Time }}
		env.UseClient(builder.Build())
		command := timelines.Command(env)
		command.SilenceErrors, command.SilenceUsage = true, true
		command.SetArgs(append([]string{}, args...))
		code = cli.Code(command.ExecuteContext(t.Context()), &complaints)
		return out, complaints, code
	}
	if _, complaints, code := ask(nil); code != cli.ExitNo || complaints.String() != "error: platformbundle week1: no change was seen yet\n" {
		t.Errorf("without releases: exit code %d, %s", code, complaints.String())
	}
	out, complaints, code := ask(done(), "-o", "json")
	var got timelines.Chart
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || code != cli.ExitOK {
		t.Fatalf("exit code %d, %v: %s", code, err, complaints.String())
	}
	want, _ := timelines.Of(week1(), done(), at(30).Time)
	if diff := cmp.Diff(want.Rows, got.Rows); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if out, _, code := ask(done(), "--ascii", "week1"); code != cli.ExitOK || !strings.Contains(out.String(), "critical path: ") {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
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
