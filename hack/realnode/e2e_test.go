// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// patience is for slow machines; nothing below takes a tenth of it on two cores.
const patience = 2 * time.Minute

// program builds realnode and returns its path and the folder of the binaries.
// It skips the test unless REALNODE_E2E=1 is set, and where no node can run.
func program(t *testing.T) (self, bin string) {
	t.Helper()
	if os.Getenv("REALNODE_E2E") != "1" {
		t.Skip("set REALNODE_E2E=1 to start real nodes")
	}
	bin, err := filepath.Abs(filepath.Join("..", "..", "bin", "k8s"))
	if value := os.Getenv("REALNODE_BIN"); value != "" {
		bin, err = filepath.Abs(value)
	}
	if err != nil {
		t.Fatal(err)
	}
	self = filepath.Join(t.TempDir(), "realnode")
	mustRun(t, "go", "build", "-buildvcs=false", "-o", self, ".")
	out, err := exec.CommandContext(t.Context(), self, "setup").CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == exitSkipped:
		t.Skip(string(out))
	case err != nil:
		t.Fatalf("realnode setup: %v\n%s", err, out)
	}
	mustRun(t, self, "build", "--bin="+bin, "--source="+filepath.Join("..", "simcluster", "binaries"))
	return self, bin
}

func mustRun(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// machine is what a node must leave as it was.
type machine struct{ Interfaces, Sysctls, Opt []string }

func look(t *testing.T) machine {
	t.Helper()
	var m machine
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		m.Interfaces = append(m.Interfaces, link.Name)
	}
	// containerd likes to make a folder there.
	entries, err := os.ReadDir("/opt")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		m.Opt = append(m.Opt, entry.Name())
	}
	for _, name := range []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"} {
		value, err := os.ReadFile(filepath.Join("/proc/sys", name))
		if err != nil {
			t.Fatal(err)
		}
		m.Sysctls = append(m.Sysctls, name+"="+strings.TrimSpace(string(value)))
	}
	slices.Sort(m.Interfaces)
	return m
}

// stateFolder returns a folder for a node's state that is torn down, and
// checked for remains, at the end of the test whatever happens in it.
func stateFolder(t *testing.T, self, name string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, name)
	before := look(t)
	t.Cleanup(func() {
		// Down itself fails when a process, a mount or a cgroup is left.
		if out, err := exec.Command(self, "down", "--dir="+dir).CombinedOutput(); err != nil {
			t.Errorf("down: %v\n%s", err, out)
		}
		if diff := cmp.Diff(before, look(t)); diff != "" {
			t.Errorf("the machine changed: %s", diff)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			entries, _ := os.ReadDir(dir)
			t.Errorf("%s still holds %v", dir, entries)
		}
	})
	return dir
}

func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true,
		func(ctx context.Context) (bool, error) {
			last = check(ctx)
			return last == nil, nil
		})
	if err != nil {
		t.Fatalf("%s: %v (last seen: %v)", what, err, last)
	}
}

// TestNode is the life of one node, from up to down.
func TestNode(t *testing.T) {
	self, bin := program(t)
	dir := stateFolder(t, self, "node")
	app := filepath.Join(t.TempDir(), "app")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", app, "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the test's workload: %v\n%s", err, out)
	}
	mustRun(t, self, "image", "--out="+app+".tar", "--name=realnode.local/test-app:1", "--binary="+app)

	t.Log(mustRun(t, self, "up", "--dir="+dir, "--bin="+bin))
	if out := mustRun(t, self, "up", "--dir="+dir, "--bin="+bin); !strings.Contains(out, "running already") {
		t.Errorf("a second up says %q", out)
	}
	mustRun(t, self, "load", "--dir="+dir, app+".tar")

	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	n := testNode{self: self, bin: bin, dir: dir, client: client}
	n.mustKubectl(t, "apply", "-f", filepath.Join("testdata", "app.yaml"))
	t.Run("pod", n.testPod)
	t.Run("names", n.testNames)
	t.Run("claim", n.testClaim)
	if out := mustRun(t, self, "exec", "--dir="+dir, "--", "hostname"); strings.TrimSpace(out) != "realnode" {
		t.Errorf("exec runs on %q", out)
	}
	t.Run("another", n.testBroken)
}

type testNode struct {
	self, bin, dir string
	client         kubernetes.Interface
}

func (n testNode) mustKubectl(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{"--kubeconfig=" + filepath.Join(n.dir, "kubeconfig")}, args...)
	return mustRun(t, filepath.Join(n.bin, "kubectl"), args...)
}

// get asks the workload, by way of the API server and the Service.
func (n testNode) get(ctx context.Context, path string, params map[string]string) (string, error) {
	data, err := n.client.CoreV1().Services("test").ProxyGet("http", "web", "http", path, params).DoRaw(ctx)
	return string(data), err
}

func (n testNode) testPod(t *testing.T) {
	eventually(t, "the Pod serves", func(ctx context.Context) error {
		_, err := n.get(ctx, "/ready", nil)
		return err
	})
	if logs := n.mustKubectl(t, "--namespace=test", "logs", "app"); !strings.Contains(logs, "listening") {
		t.Errorf("logs: %q", logs)
	}
	if out := n.mustKubectl(t, "--namespace=test", "exec", "app", "--", "/app", "hello"); !strings.Contains(out, "uid 65532") {
		t.Errorf("exec: %q", out)
	}
}

func (n testNode) testNames(t *testing.T) {
	service, err := n.client.CoreV1().Services("test").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"web":                                  service.Spec.ClusterIP,
		"web.test.svc":                         service.Spec.ClusterIP,
		"kubernetes.default.svc.cluster.local": "10.96.0.1",
	} {
		got, err := n.get(t.Context(), "/lookup", map[string]string{"name": name})
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("a Pod's lookup of %s: %q, %v, want %s", name, got, err, want)
		}
	}
	if got, err := n.get(t.Context(), "/lookup", map[string]string{"name": "absent.test.svc"}); err == nil {
		t.Errorf("a Service that does not exist has the address %q", got)
	}
}

// testClaim follows what a Pod writes to the node's folder, and its removal.
func (n testNode) testClaim(t *testing.T) {
	if _, err := n.get(t.Context(), "/write", map[string]string{"text": "kept"}); err != nil {
		t.Fatal(err)
	}
	claim, err := n.client.CoreV1().PersistentVolumeClaims("test").Get(t.Context(), "data", metav1.GetOptions{})
	if err != nil || claim.Status.Phase != corev1.ClaimBound {
		t.Fatalf("%v, phase %s", err, claim.Status.Phase)
	}
	folder := filepath.Join(n.dir, "volumes", claim.Spec.VolumeName)
	if text, err := os.ReadFile(filepath.Join(folder, "file")); err != nil || string(text) != "kept" {
		t.Errorf("the volume's file: %q, %v", text, err)
	}
	n.mustKubectl(t, "delete", "namespace", "test")
	eventually(t, "the volume goes with its claim", func(ctx context.Context) error {
		_, err := n.client.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return apierrors.NewConflict(corev1.Resource("persistentvolumes"), claim.Spec.VolumeName, err)
	})
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the volume's folder: %v, want none", err)
	}
}

// testBroken starts a second node beside the first, and breaks it: a program
// dies, and then its starter.
func (n testNode) testBroken(t *testing.T) {
	self, bin := n.self, n.bin
	dir := stateFolder(t, self, "broken")
	mustRun(t, self, "up", "--dir="+dir, "--bin="+bin)
	victims := slices.DeleteFunc(proc.Owned(dir), func(p proc.Identity) bool { return p.Name != "kube-scheduler" })
	if len(victims) != 1 {
		t.Fatalf("%d schedulers run", len(victims))
	}
	if err := syscall.Kill(victims[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the node ends with its scheduler", func(context.Context) error {
		if left := proc.Owned(dir); len(left) > 0 {
			return &stillRunning{left}
		}
		return nil
	})
	out, err := exec.CommandContext(t.Context(), self, "status", "--dir="+dir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "kube-scheduler ended") {
		t.Errorf("status: %v\n%s", err, out)
	}

	up := exec.CommandContext(t.Context(), self, "up", "--dir="+dir, "--bin="+bin)
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "etcd starts", func(context.Context) error {
		owned := proc.Owned(dir)
		if !slices.ContainsFunc(owned, func(p proc.Identity) bool { return p.Name == "etcd" }) {
			return &stillRunning{owned}
		}
		return nil
	})
	_ = up.Process.Kill()
	_ = up.Wait()
	// What is left is for down, at the end of the test.
}

type stillRunning struct{ processes []proc.Identity }

func (e *stillRunning) Error() string {
	var names []string
	for _, p := range e.processes {
		names = append(names, p.Name)
	}
	return "running: " + strings.Join(names, ", ")
}
