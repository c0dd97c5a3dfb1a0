// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gitops

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/groundwork-dev/groundwork/test/charts"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// The suite's one cluster, shared by all specs.
var (
	scratch string // folder of the run
	sim     *harness.Cluster
	k8s     client.WithWatch // sim's
)

func TestGitOps(t *testing.T) {
	if os.Getenv("E2E") == "" {
		t.Skip(`E2E is not set: run "make test-gitops", which builds the operator and the simulated cluster first`)
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(20 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	SetDefaultConsistentlyPollingInterval(200 * time.Millisecond)
	suite, reporter := GinkgoConfiguration()
	suite.Timeout = min(suite.Timeout, 15*time.Minute)
	RunSpecs(t, "GitOps", suite, reporter)
}

var _ = BeforeSuite(func(ctx context.Context) {
	logf.SetLogger(zap.New(zap.WriteTo(GinkgoWriter)))
	targets := []string{"--no-print-directory", "bin/simcluster", "bin/k8s/.stamp", "bin/helm"}
	manager := os.Getenv("E2E_MANAGER")
	if manager == "" {
		manager = filepath.Join(harness.Root, "bin", "manager")
		targets = append(targets, "build")
	}
	harness.Build(ctx, "make", targets...)
	var err error
	scratch, err = os.MkdirTemp("", "groundwork-gitops-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(os.RemoveAll(scratch)).To(Succeed()) })

	dir, simcluster := filepath.Join(scratch, "cluster"), filepath.Join("bin", "simcluster")
	DeferCleanup(func(ctx context.Context) { harness.Build(ctx, simcluster, "down", "--dir", dir) }, NodeTimeout(time.Minute))
	harness.Build(ctx, simcluster, "up", "--dir", dir, "--bin", filepath.Join("bin", "k8s"))
	sim = harness.Connect(filepath.Join(dir, "kubeconfig"))
	k8s = sim.Client
	sim.Kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(harness.Root, "config", "crd"))
	sim.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout=30s", "crd/platformbundles.platform.groundwork.dev")
	startOperator(manager)
}, NodeTimeout(10*time.Minute))

// startOperator runs the operator until the suite ends.
func startOperator(manager string) {
	GinkgoHelper()
	standIns := filepath.Join(scratch, "charts")
	Expect(charts.WriteDir(standIns)).To(Succeed())
	log, err := os.Create(filepath.Join(scratch, "operator.log"))
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = log.Close() }()
	cmd := exec.Command(manager, //nolint:noctx // it outlives this node; DeferCleanup ends it
		"--kubeconfig="+sim.Kubeconfig, "--chart-mirror="+standIns, "--chart-cache="+filepath.Join(scratch, "chart-cache"),
		"--health-probe-bind-address=0", "--metrics-bind-address=0")
	cmd.Stdout, cmd.Stderr = log, log
	Expect(cmd.Start()).To(Succeed())
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is in its log
	}()
	DeferCleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended already
		Eventually(exited).WithTimeout(45*time.Second).Should(BeClosed(), "the operator does not end")
	})
}

var _ = AfterEach(func(ctx SpecContext) {
	if !CurrentSpecReport().Failed() {
		return
	}
	out, _ := sim.Run(ctx, filepath.Join(harness.Root, "bin", "k8s", "kubectl"), "get", "pb,crel")
	log, _ := os.ReadFile(filepath.Join(scratch, "operator.log"))
	AddReportEntry("objects", "\n"+out)
	AddReportEntry("operator's log", "\n"+string(log[max(0, len(log)-6000):]))
})
