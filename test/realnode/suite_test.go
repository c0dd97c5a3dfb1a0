// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
	apitypes "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/groundwork-dev/groundwork/test/harness"
)

// The images of the run: the operator at two versions, and what the charts run.
const (
	operatorImage     = "realnode.local/groundwork:one"
	nextOperatorImage = "realnode.local/groundwork:two"
	standInImage      = "realnode.local/standin:1"
	chartServerImage  = "realnode.local/chartserver:1"
	prometheusImage   = "realnode.local/prometheus:1"
)

// Bounds that only a hang meets: specs take seconds on two cores, and may take
// many times as long on a busy machine.
const (
	// suiteTimeout ends a suite that hangs with its cleanups, before go test ends
	// it without.
	suiteTimeout = 50 * time.Minute
	// patience is that of a spec, and longer than any single wait in it.
	patience = NodeTimeout(6 * time.Minute)
)

// The suite's one node, shared by all specs.
var (
	scratch string // folder of the run
	node    *harness.Cluster
	k8s     client.WithWatch       // node's
	kills   map[apitypes.UID]int32 // how often specs have killed the operator's process in a pod
)

func TestRealNode(t *testing.T) {
	if os.Getenv("REALNODE") == "" {
		t.Skip("REALNODE is not set: run \"make realnode-test\", which builds the node and the operator first")
	}
	out, err := exec.CommandContext(t.Context(), tool("realnode"), "check", "--installed").CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		t.Skip(strings.TrimSpace(string(out)))
	}
	if err != nil {
		t.Fatalf("realnode check --installed: %v\n%s", err, out)
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(2 * time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	suite, reporter := GinkgoConfiguration()
	suite.Timeout = min(suite.Timeout, suiteTimeout)
	RunSpecs(t, "Real node", suite, reporter)
}

var _ = BeforeSuite(func(ctx context.Context) {
	logf.SetLogger(zap.New(zap.WriteTo(GinkgoWriter)))
	kills = map[apitypes.UID]int32{}
	var err error
	// Short: unix sockets below it have paths of at most 107 bytes.
	scratch, err = os.MkdirTemp("", "gwnode-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(os.RemoveAll(scratch)).To(Succeed()) })
	complete := false
	defer func() {
		if !complete {
			explain(context.WithoutCancel(ctx))
		}
	}()
	buildAndStart(ctx)
	serveCharts(ctx)
	deployOperator(ctx)
	complete = true
}, NodeTimeout(20*time.Minute))

// The operator must live through every spec, whatever else is asked of it.
var _ = AfterEach(func(ctx context.Context) {
	report := CurrentSpecReport()
	if report.State.Is(types.SpecStateSkipped) {
		return
	}
	if report.Failed() {
		explain(ctx)
		return
	}
	if ended := endedByThemselves(ctx); len(ended) > 0 {
		explain(ctx)
		Fail("the operator ended by itself in " + strings.Join(ended, ", "))
	}
}, NodeTimeout(2*time.Minute))

// tool is a program of the project's bin/.
func tool(name string) string { return filepath.Join(harness.Root, "bin", name) }

// buildAndStart starts a node while its images are built, and loads them. The node
// ends with the suite.
func buildAndStart(ctx context.Context) {
	GinkgoHelper()
	realnode, dir := filepath.Join("bin", "realnode"), filepath.Join(scratch, "node")
	DeferCleanup(func(ctx context.Context) { harness.Build(ctx, realnode, "down", "--dir", dir) }, NodeTimeout(3*time.Minute))
	began, started := time.Now(), make(chan struct{})
	go func() {
		defer GinkgoRecover()
		defer close(started)
		harness.Build(ctx, realnode, "up", "--dir", dir, "--bin", filepath.Join("bin", "k8s"))
	}()
	defer func() { <-started }() // also when an image cannot be built: what starts must be there to be ended
	images := buildImages(ctx)
	built := harness.Seconds(began)
	<-started
	harness.Build(ctx, realnode, append([]string{"load", "--dir", dir}, images...)...)
	harness.Say("the images are built after %.1f s, on the node after %.1f s", built, harness.Seconds(began))
	node = harness.Connect(filepath.Join(dir, "kubeconfig"))
	k8s = node.Client
}

// buildImages compiles what runs on the node and makes an image of each program.
func buildImages(ctx context.Context) []string {
	GinkgoHelper()
	operator := []string{"--dockerfile", "Dockerfile"} // the image is what that file says
	nobody := []string{"--user", "65532:65532"}
	return []string{
		image(ctx, operatorImage, compile(ctx, "one/manager", ".", "-X main.version=one"), operator),
		image(ctx, nextOperatorImage, compile(ctx, "two/manager", ".", "-X main.version=two"), operator),
		image(ctx, standInImage, compile(ctx, "standin", "./test/realnode/standin", ""), nobody),
		image(ctx, chartServerImage, compile(ctx, "chartserver", "./test/realnode/chartserver", ""), nobody),
		image(ctx, prometheusImage, filepath.Join("bin", "k8s", "prometheus"), nobody),
	}
}

// compile makes a static binary and returns its path.
func compile(ctx context.Context, name, pkg, ldflags string) string {
	GinkgoHelper()
	binary := filepath.Join(scratch, name)
	harness.Build(ctx, "env", "CGO_ENABLED=0", "go", "build", "-buildvcs=false", "-ldflags", "-s -w "+ldflags, "-o", binary, pkg)
	return binary
}

// image makes an archive of an image with one binary and returns its path.
func image(ctx context.Context, name, binary string, args []string) string {
	GinkgoHelper()
	archive := filepath.Join(scratch, strings.NewReplacer("realnode.local/", "", ":", "-").Replace(name)+".tar")
	args = append([]string{"image", "--name", name, "--binary", binary, "--out", archive}, args...)
	harness.Build(ctx, filepath.Join("bin", "realnode"), args...)
	return archive
}
