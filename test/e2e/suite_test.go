// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
)

const (
	// root is the repository's, seen from here.
	root = "../.."
	// rolloutTimeout is how long a whole platform may take; far more than it does.
	rolloutTimeout = 2 * time.Minute
)

// The suite's one cluster, shared by all specs.
var (
	scratch   string // folder of the run
	admin     string // kubeconfig of the administrator
	k8s       client.WithWatch
	gate      *gateway
	standIns  string // folder of the stand-in charts
	manager   string // the operator's binary
	operators int    // started so far
)

func TestE2E(t *testing.T) {
	if os.Getenv("E2E") == "" {
		t.Skip("E2E is not set: run \"make test-e2e\", which builds the operator and the simulated cluster first")
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(20 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	SetDefaultConsistentlyPollingInterval(500 * time.Millisecond)
	RunSpecs(t, "End to end")
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
		manager = filepath.Join(root, "bin", "manager")
		targets = append(targets, "build")
	}
	cmd := exec.CommandContext(ctx, "make", targets...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "make %v:\n%s", targets, out)
	manager, err = filepath.Abs(manager)
	Expect(err).NotTo(HaveOccurred())
}

// startCluster brings the simulated cluster up; it ends with the suite.
func startCluster(ctx context.Context) {
	dir := filepath.Join(scratch, "cluster")
	simcluster := func(ctx context.Context, command string, args ...string) {
		GinkgoHelper()
		out, err := run(ctx, filepath.Join(root, "bin", "simcluster"), append([]string{command, "--dir", dir}, args...)...)
		Expect(err).NotTo(HaveOccurred(), "simcluster %s:\n%s", command, out)
	}
	DeferCleanup(func(ctx context.Context) { simcluster(ctx, "down") }, NodeTimeout(time.Minute))
	simcluster(ctx, "up", "--bin", filepath.Join(root, "bin", "k8s"))
	admin = filepath.Join(dir, "kubeconfig")

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(apiextensionsv1.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	config, err := clientcmd.BuildConfigFromFlags("", admin)
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1
	k8s, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
}

// install applies what an administrator applies: kinds, namespace and rights.
func install(ctx context.Context) {
	kubectl(ctx, "apply", "--server-side", "-f", filepath.Join(root, "config", "manager", "namespace.yaml"))
	kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(root, "config", "crd"))
	kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(root, "config", "rbac"))
	kubectl(ctx, "wait", "--for=condition=Established", "--timeout=30s", "crd/platformbundles.platform.groundwork.dev",
		"crd/componentreleases.platform.groundwork.dev")
}

func run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+admin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// kubectl runs the administrator's kubectl, which must succeed.
func kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := run(ctx, filepath.Join(root, "bin", "k8s", "kubectl"), args...)
	Expect(err).NotTo(HaveOccurred(), "kubectl %v:\n%s", args, out)
	return out
}

// helm runs the administrator's helm, which must succeed.
func helm(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := run(ctx, filepath.Join(root, "bin", "helm"), args...)
	Expect(err).NotTo(HaveOccurred(), "helm %v:\n%s", args, out)
	return out
}

// say puts a line into the run's output: what a report quotes.
func say(format string, args ...any) {
	AddReportEntry("seen", fmt.Sprintf(format, args...), ReportEntryVisibilityAlways)
}
