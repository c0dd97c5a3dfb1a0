// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// startUp starts `up` without waiting for it, and waits until it has started
// at least the API server.
func startUp(t *testing.T, self, bin, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(self, "up", "--dir="+dir, "--bin="+bin)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "up is halfway", func(context.Context) error {
		if n := len(proc.Owned(dir)); n < 2 {
			return fmt.Errorf("%d processes", n)
		}
		return nil
	})
	return cmd
}

// TestUpKilled kills `up` halfway: down must find what it started.
func TestUpKilled(t *testing.T) {
	self, bin := program(t)
	dir := stateFolder(t, self)
	cmd := startUp(t, self, bin, dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if len(proc.Owned(dir)) == 0 {
		t.Fatal("nothing was left behind: the test proves nothing")
	}
	mustRun(t, self, "down", "--dir="+dir)
	wantNothingLeft(t, dir)
}

// TestUpInterrupted ends `up` halfway as a terminal does: it cleans up itself.
func TestUpInterrupted(t *testing.T) {
	self, bin := program(t)
	dir := stateFolder(t, self)
	cmd := startUp(t, self, bin, dir)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("up ended with %v, want exit code 1", err)
	}
	wantNothingLeft(t, dir)
}

// TestDownDuringUp calls `down` while `up` is at work.
func TestDownDuringUp(t *testing.T) {
	self, bin := program(t)
	dir := stateFolder(t, self)
	cmd := startUp(t, self, bin, dir)
	mustRun(t, self, "down", "--dir="+dir)
	_ = cmd.Wait()
	wantNothingLeft(t, dir)
}

// TestBrokenCluster kills one process of a running cluster: status tells, and
// a second up makes it whole.
func TestBrokenCluster(t *testing.T) {
	self, bin := program(t)
	dir := stateFolder(t, self)
	mustRun(t, self, "up", "--dir="+dir, "--bin="+bin, "--nodes=1")
	for _, p := range proc.Owned(dir) {
		if p.Name == "etcd" {
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "status tells of the dead process", func(ctx context.Context) error {
		out, err := exec.CommandContext(ctx, self, "status", "--dir="+dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "not running") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	out := mustRun(t, self, "up", "--dir="+dir, "--bin="+bin, "--nodes=2")
	if !strings.Contains(out, "etcd no longer runs") {
		t.Errorf("up says %q", out)
	}
	nodes, err := connect(t, dir).client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(nodes.Items) != 2 {
		t.Errorf("got %d Nodes and %v, want the 2 of the second up", len(nodes.Items), err)
	}
}

// TestSideBySide starts two clusters at once and ends one: the other stays.
func TestSideBySide(t *testing.T) {
	self, bin := program(t)
	dirs := []string{stateFolder(t, self), stateFolder(t, self)}
	var group sync.WaitGroup
	for _, dir := range dirs {
		group.Go(func() {
			out, err := exec.Command(self, "up", "--dir="+dir, "--bin="+bin).CombinedOutput()
			if err != nil {
				t.Errorf("up: %v\n%s", err, out)
			}
		})
	}
	group.Wait()
	mustRun(t, self, "down", "--dir="+dirs[0])
	wantNothingLeft(t, dirs[0])
	mustRun(t, self, "status", "--dir="+dirs[1])
	mustRun(t, filepath.Join(bin, "kubectl"), "--kubeconfig="+filepath.Join(dirs[1], "kubeconfig"), "get", "nodes")
}
