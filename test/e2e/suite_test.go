// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"path/filepath"
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
	scratch   string // folder of the run
	sim       *harness.Cluster
	k8s       client.WithWatch // sim's
	gate      *gateway
	standIns  string // folder of the stand-in charts
	manager   string // the operator's binary
	operators int    // started so far
)

// suiteTimeout ends a suite that hangs with its cleanups, before go test ends it
// without.
const suiteTimeout = 30 * time.Minute

func TestE2E(t *testing.T) {
	if os.Getenv("E2E") == "" {
		t.Skip("E2E is not set: run \"make test-e2e\", which builds the operator and the simulated cluster first")
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(20 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	SetDefaultConsistentlyPollingInterval(500 * time.Millisecond)
	suite, reporter := GinkgoConfiguration()
	suite.Timeout = min(suite.Timeout, suiteTimeout)
	RunSpecs(t, "End to end", suite, reporter)
}

var _ = BeforeSuite(func(ctx context.Context) {
	logf.SetLogger(zap.New(zap.WriteTo(GinkgoWriter)))
	build(ctx)
	var err error
	// Short: the path is in the arguments of every process of the cluster.
	scratch, err = os.MkdirTemp("", "groundwork-e2e-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(os.RemoveAll(scratch)).To(Succeed()) })
	startCluster(ctx)
	install(ctx)
	standIns = filepath.Join(scratch, "charts")
	Expect(charts.WriteDir(standIns)).To(Succeed())
	gate = openGateway()
}, NodeTimeout(15*time.Minute))

// build makes what is missing or old; everything up to date costs a second.
func build(ctx context.Context) {
	targets := []string{"--no-print-directory", "bin/simcluster", "bin/k8s/.stamp", "bin/helm"}
	manager = os.Getenv("E2E_MANAGER")
	if manager == "" {
		manager = filepath.Join(harness.Root, "bin", "manager")
		targets = append(targets, "build")
	}
	harness.Build(ctx, "make", targets...)
	var err error
	manager, err = filepath.Abs(manager)
	Expect(err).NotTo(HaveOccurred())
}

// startCluster brings the simulated cluster up; it ends with the suite.
func startCluster(ctx context.Context) {
	dir := filepath.Join(scratch, "cluster")
	simcluster := filepath.Join("bin", "simcluster")
	DeferCleanup(func(ctx context.Context) { harness.Build(ctx, simcluster, "down", "--dir", dir) }, NodeTimeout(time.Minute))
	harness.Build(ctx, simcluster, "up", "--dir", dir, "--bin", filepath.Join("bin", "k8s"))
	sim = harness.Connect(filepath.Join(dir, "kubeconfig"))
	k8s = sim.Client
}

// install applies what an administrator applies: kinds, namespace and rights.
func install(ctx context.Context) {
	sim.Kubectl(ctx, "apply", "--server-side", "-f", filepath.Join(harness.Root, "config", "manager", "namespace.yaml"))
	sim.Kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(harness.Root, "config", "crd"))
	sim.Kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(harness.Root, "config", "rbac"))
	sim.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout=30s", "crd/platformbundles.platform.groundwork.dev",
		"crd/componentreleases.platform.groundwork.dev")
}
