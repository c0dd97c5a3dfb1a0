// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shell returns an operator whose process is a shell script.
func shell(t *testing.T, script string) operator {
	t.Helper()
	path, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	o := operator{layout{t.TempDir()}}
	if err := o.start(path, []string{"-c", script}, os.Environ()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = o.stop(t.Context(), 0) })
	return o
}

func TestOperatorIsFoundAndStopped(t *testing.T) {
	o := shell(t, "exec sleep 60")
	if pid := (operator{o.layout}).running(); pid == 0 {
		t.Fatal("a running operator was not found")
	}
	if err := o.start("/bin/sh", nil, nil); err == nil || !strings.Contains(err.Error(), "another one") {
		t.Errorf("a second start says %v", err)
	}
	stopped, err := o.stop(t.Context(), time.Minute)
	if err != nil || !stopped {
		t.Errorf("stop = %t, %v", stopped, err)
	}
	if stopped, err := o.stop(t.Context(), time.Minute); err != nil || stopped {
		t.Errorf("stop of nothing = %t, %v", stopped, err)
	}
}

func TestOperatorThatDoesNotListenIsKilled(t *testing.T) {
	o := shell(t, "trap '' TERM; echo deaf; while :; do sleep 0.05; done")
	for !strings.Contains(o.lastLines(1), "deaf") { // the trap is set before that
		if o.running() == 0 {
			t.Fatal("the script has ended")
		}
	}
	if stopped, err := o.stop(t.Context(), 50*time.Millisecond); err != nil || !stopped {
		t.Errorf("stop = %t, %v", stopped, err)
	}
}

func TestPidOfAnEndedOperatorIsNobody(t *testing.T) {
	l := layout{t.TempDir()}
	// The number of a process that lives, but is not the operator: ourselves.
	if err := os.WriteFile(l.pid(), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid := (operator{l}).running(); pid != 0 {
		t.Errorf("running = %d: a number without the lock was believed", pid)
	}
}

func TestLastLines(t *testing.T) {
	l := layout{t.TempDir()}
	o := operator{l}
	if got := o.lastLines(2); got != "" {
		t.Errorf("without a log: %q", got)
	}
	if err := os.WriteFile(l.log(), []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := o.lastLines(2); got != "two\nthree" {
		t.Errorf("lastLines(2) = %q", got)
	}
}

func TestState(t *testing.T) {
	l := layout{filepath.Join(t.TempDir(), "new")}
	if s, err := l.read(); err != nil || s != (state{}) {
		t.Errorf("without a file: %+v, %v", s, err)
	}
	want := state{Context: "c", Charts: "words", BundleFile: "f", Bundle: "week1", Metrics: "m", Probes: "p"}
	if err := l.write(want); err != nil {
		t.Fatal(err)
	}
	if got, err := l.read(); err != nil || got != want {
		t.Errorf("read %+v, %v; want %+v", got, err, want)
	}
	if err := os.WriteFile(l.state(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.read(); err == nil || !strings.Contains(err.Error(), "make quickstart-down") {
		t.Errorf("half a file: %v", err)
	}
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		args  []string
		fails string
	}{
		{args: []string{"up", "--charts=", "--context=", "--timeout=3m"}},
		{args: []string{"down"}},
		{args: []string{"sideways"}, fails: `no command "sideways"`},
		{args: []string{"up", "now"}, fails: `unexpected argument "now"`},
		{args: []string{"up", "--timeout=0s"}, fails: "--timeout must be positive"},
	} {
		_, err := parse(tc.args[0], tc.args[1:])
		switch {
		case tc.fails == "" && err != nil:
			t.Errorf("%v: %v", tc.args, err)
		case tc.fails != "" && (err == nil || !strings.Contains(err.Error(), tc.fails)):
			t.Errorf("%v: error %v, want one that says %q", tc.args, err, tc.fails)
		}
	}
}

func TestReadBundle(t *testing.T) {
	bundle := "apiVersion: platform.groundwork.dev/v1alpha1\nkind: PlatformBundle\nmetadata: {name: %s}\n---\n"
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
	for _, tc := range []struct{ content, name, fails string }{
		{content: strings.ReplaceAll(bundle, "%s", "a") + secret, name: "a"},
		{content: secret, fails: "holds no PlatformBundle"},
		{content: strings.ReplaceAll(bundle, "%s", "a") + strings.ReplaceAll(bundle, "%s", "b"), fails: "holds two"},
		{content: "a: b: c", fails: "--bundle"},
	} {
		path := filepath.Join(t.TempDir(), "bundle.yaml")
		if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, name, err := readBundle(path)
		if name != tc.name || (err == nil) != (tc.fails == "") || (err != nil && !strings.Contains(err.Error(), tc.fails)) {
			t.Errorf("readBundle = %q, %v; want %q and an error with %q", name, err, tc.name, tc.fails)
		}
	}
}
