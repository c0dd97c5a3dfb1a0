// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/status"
)

// cluster holds these platforms.
func cluster(platforms ...*platform) client.WithWatch {
	builder := fake.NewClientBuilder().WithScheme(cli.Scheme()).WithStatusSubresource(&v1alpha1.PlatformBundle{}, &v1alpha1.ComponentRelease{})
	for _, p := range platforms {
		builder.WithObjects(p.bundle)
		for i := range p.releases {
			p.releases[i].Labels = map[string]string{v1alpha1.BundleLabel: p.bundle.Name}
			builder.WithObjects(&p.releases[i])
		}
	}
	return builder.Build()
}

func run(t *testing.T, c client.WithWatch, out io.Writer, width int, args ...string) (code int, complaints string) {
	t.Helper()
	t.Setenv("LC_ALL", "C.UTF-8")
	env := &cli.Env{Out: out, Width: width, Now: func() time.Time { return at(30).Time }}
	env.UseClient(c)
	root := &cobra.Command{Use: "x", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(status.Command(env))
	root.SetArgs(append([]string{"status"}, args...))
	var said bytes.Buffer
	code = cli.Code(root.ExecuteContext(t.Context()), &said)
	return code, said.String()
}

func TestOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		platform *platform
		args     []string
		code     int
		says     string
	}{
		"ready":       {allReady(), nil, cli.ExitOK, "Ready"},
		"midway":      {midway(), []string{"week1"}, cli.ExitNo, "waits for loki, prometheus; also after cert-manager"},
		"stalled":     {stalled(), nil, cli.ExitNo, "did you mean grafana?"},
		"ascii":       {allReady(), []string{"--ascii"}, cli.ExitOK, "`- + prometheus"},
		"another":     {allReady(), []string{"week2"}, cli.ExitFailed, ""},
		"watch, json": {allReady(), []string{"-w", "-o", "json"}, cli.ExitFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			code, complaints := run(t, cluster(tc.platform), &out, 0, tc.args...)
			if code != tc.code || !strings.Contains(out.String(), tc.says) {
				t.Errorf("exit code %d, want %d; it says\n%s\n%s", code, tc.code, out.String(), complaints)
			}
			if strings.Contains(out.String(), "\x1b") {
				t.Errorf("escape sequences in a pipe: %q", out.String())
			}
		})
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if code, complaints := run(t, cluster(midway()), &out, 0, "-o", "json"); code != cli.ExitNo {
		t.Fatalf("exit code %d: %s", code, complaints)
	}
	var got status.Report
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Phase != "Progressing" || got.Ready != "2/7" || len(got.Components) != 7 {
		t.Errorf("it says %+v", got)
	}
	if diff := cmp.Diff([]string{"cert-manager", "loki", "prometheus"}, got.Components[1].DependsOn); diff != "" {
		t.Errorf("edges of %s (-want +got)\n%s", got.Components[1].Name, diff)
	}
}

// TestWatchLines follows a bundle without a terminal: what it says first, what it says
// about a change, and how it ends.
func TestWatchLines(t *testing.T) {
	p := newPlatform().condition("Ready", "False", v1alpha1.ReasonProgressing, "installing")
	p.wants("cert-manager", v1alpha1.StateInstalling, v1alpha1.ReasonInstalling, "")
	p.bundle.Status.Ready = "0/1"
	c := cluster(p)
	reader, writer := io.Pipe()
	codes := make(chan int, 1)
	go func() {
		code, complaints := run(t, c, writer, 0, "--watch", "--timeout", "30s")
		if complaints != "" {
			t.Error(complaints)
		}
		codes <- code
		writer.Close()
	}()
	said := bufio.NewScanner(reader)
	next := func() string {
		if !said.Scan() {
			t.Fatal("it says nothing more")
		}
		return said.Text()
	}
	want := []string{"12:00:30  cert-manager             1.2.3      Installing", "12:00:30  platform week1: Progressing, 0/1"}
	if diff := cmp.Diff(want, []string{next(), next()}); diff != "" {
		t.Fatalf("first (-want +got)\n%s", diff)
	}
	live := &v1alpha1.PlatformBundle{}
	if err := c.Get(t.Context(), client.ObjectKey{Name: "week1"}, live); err != nil {
		t.Fatal(err)
	}
	live.Status.Components[0].State, live.Status.Components[0].Reason = v1alpha1.StateReady, v1alpha1.ReasonReady
	live.Status.Ready, live.Status.Conditions = "1/1", newPlatform().condition("Ready", "True", v1alpha1.ReasonReady, "all 1 components are ready").bundle.Status.Conditions
	if err := c.Status().Update(t.Context(), live); err != nil {
		t.Fatal(err)
	}
	want = []string{"12:00:30  cert-manager             1.2.3      Ready", "12:00:30  platform week1: Ready, 1/1", "", "platform week1 is Ready"}
	if diff := cmp.Diff(want, []string{next(), next(), next(), next()}); diff != "" {
		t.Fatalf("then (-want +got)\n%s", diff)
	}
	for said.Scan() { // what to do next
	}
	if code := <-codes; code != cli.ExitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestWatchEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		platform  *platform
		args      []string
		width     int
		code      int
		complaint string
	}{
		"ready":    {allReady(), nil, 80, cli.ExitOK, ""},
		"stalled":  {stalled(), nil, 80, cli.ExitNo, ""},
		"too late": {midway(), []string{"--timeout", "10ms"}, 0, cli.ExitNo, "error: platformbundle week1: not Ready after 10ms\n"},
		"for ever": {allReady(), []string{"--forever", "--timeout", "10ms"}, 0, cli.ExitNo, "error: platformbundle week1: not Ready after 10ms\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			code, complaints := run(t, cluster(tc.platform), &out, tc.width, append(tc.args, "-w")...)
			if code != tc.code || complaints != tc.complaint {
				t.Errorf("exit code %d and %q, want %d and %q", code, complaints, tc.code, tc.complaint)
			}
			if onScreen := strings.Contains(out.String(), "\x1b[2K"); onScreen != (tc.width > 0) {
				t.Errorf("redrawn in place is %v at %d columns", onScreen, tc.width)
			}
		})
	}
}
