// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// operator is one process of the operator's binary.
type operator struct {
	args            []string
	cmd             *exec.Cmd
	log             string
	exited          chan struct{}
	metrics, probes string // addresses
}

// startOperator runs the binary as its Deployment does: with its ServiceAccount,
// with leader election, metrics secured. It ends with the node that started it.
// It need not lead yet when this returns.
func startOperator(ctx context.Context, args ...string) *operator {
	GinkgoHelper()
	o := &operator{args: args}
	DeferCleanup(o.stop)
	o.start(ctx)
	return o
}

// start runs the binary, once more after stop or kill.
func (o *operator) start(ctx context.Context) {
	GinkgoHelper()
	operators++
	o.log = filepath.Join(scratch, fmt.Sprintf("operator-%d.log", operators))
	o.exited, o.metrics, o.probes = make(chan struct{}), freeAddress(), freeAddress()
	log, err := os.Create(o.log)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = log.Close() }()
	args := append([]string{
		"--kubeconfig=" + gate.kubeconfig(ctx), "--chart-cache=" + filepath.Join(scratch, "chart-cache"),
		"--leader-elect", "--leader-election-namespace=" + v1alpha1.DefaultNamespace,
		"--metrics-bind-address=" + o.metrics, "--health-probe-bind-address=" + o.probes,
	}, o.args...)
	o.cmd = exec.Command(manager, args...) //nolint:noctx // it outlives the node that starts it; DeferCleanup ends it
	// Reads from the cache are not copied: whoever changes one ends the operator here.
	o.cmd.Env = append(os.Environ(), "KUBE_CACHE_MUTATION_DETECTOR=true")
	o.cmd.Stdout, o.cmd.Stderr = log, log
	Expect(o.cmd.Start()).To(Succeed())
	cmd, exited := o.cmd, o.exited
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is in its log
	}()
	Eventually(o.ready).WithTimeout(30*time.Second).Should(Succeed(), "the operator does not become ready")
}

func (o *operator) ready() error {
	if !o.alive() {
		return StopTrying("the operator has ended:\n" + o.tail(20))
	}
	response, err := http.Get("http://" + o.probes + "/readyz") //nolint:noctx // bounded by Eventually
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz answers %s", response.Status)
	}
	return nil
}

// stop ends it the way a kubelet does.
func (o *operator) stop() {
	o.end(syscall.SIGTERM, 45*time.Second)
}

// kill ends it between two instructions.
func (o *operator) kill() {
	o.end(syscall.SIGKILL, 10*time.Second)
}

// alive says whether the process runs.
func (o *operator) alive() bool {
	select {
	case <-o.exited:
		return false
	default:
		return true
	}
}

func (o *operator) end(signal syscall.Signal, within time.Duration) {
	GinkgoHelper()
	_ = o.cmd.Process.Signal(signal) // fails when it has ended already
	Eventually(o.exited).WithTimeout(within).Should(BeClosed(), "the operator does not end:\n%s", o.tail(20))
}

func (o *operator) tail(lines int) string {
	data, err := os.ReadFile(o.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// explain adds what a person would look at first to the report of a failed spec.
func (o *operator) explain(ctx SpecContext) {
	if !CurrentSpecReport().Failed() {
		return
	}
	out, _ := sim.Run(ctx, filepath.Join(harness.Root, "bin", "k8s", "kubectl"), "get", "pb,crel")
	AddReportEntry("objects", "\n"+out)
	AddReportEntry("operator's log", "\n"+o.tail(25))
}

func freeAddress() string {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
