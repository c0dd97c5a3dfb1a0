// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package harness is what the suites on running clusters share: the simulated
// cluster's (test/e2e) and the real node's (test/realnode). It talks to a cluster
// as an administrator does, reads what the operator reports, and fails the spec
// that calls it. It imports Ginkgo, Gomega, clients and api/v1alpha1.
package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Root is the repository's, seen from a suite's folder.
const Root = "../.."

// RolloutTimeout is how long a whole platform may take; far more than it does.
const RolloutTimeout = 2 * time.Minute

// Cluster is a running one, with the rights of its administrator.
type Cluster struct {
	// Client reads and writes without a cache.
	Client client.WithWatch
	// Kubeconfig is the path of the administrator's.
	Kubeconfig string
}

// Connect reads a kubeconfig; the spec fails when it cannot be used.
func Connect(kubeconfig string) *Cluster {
	GinkgoHelper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme} {
		Expect(add(scheme)).To(Succeed())
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	return &Cluster{Client: c, Kubeconfig: kubeconfig}
}

// Build runs a program of the project's own at the root of the repository, which
// must succeed: make, go, and what they put into bin/ (as bin/NAME). It sees no
// cluster and no outer make.
func Build(ctx context.Context, name string, args ...string) string {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = Root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s %v:\n%s", name, args, out)
	return string(out)
}

// Run runs a program with the administrator's kubeconfig and returns what it printed.
func (c *Cluster) Run(ctx context.Context, name string, args ...string) (string, error) {
	out, err := c.command(ctx, name, args...).CombinedOutput()
	return string(out), err
}

func (c *Cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig)
	return cmd
}

// Kubectl runs the administrator's kubectl, which must succeed.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := c.Run(ctx, filepath.Join(Root, "bin", "k8s", "kubectl"), args...)
	Expect(err).NotTo(HaveOccurred(), "kubectl %v:\n%s", args, out)
	return out
}

// Apply gives YAML to the administrator's kubectl, which must take it.
func (c *Cluster) Apply(ctx context.Context, yaml string) {
	GinkgoHelper()
	cmd := c.command(ctx, filepath.Join(Root, "bin", "k8s", "kubectl"), "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(yaml)
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "kubectl apply:\n%s\n%s", out, yaml)
}

// Helm runs the administrator's helm, which must succeed.
func (c *Cluster) Helm(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := c.Run(ctx, filepath.Join(Root, "bin", "helm"), args...)
	Expect(err).NotTo(HaveOccurred(), "helm %v:\n%s", args, out)
	return out
}

// Token asks for a token of a ServiceAccount in the operator's namespace.
func (c *Cluster) Token(ctx context.Context, name string) string {
	GinkgoHelper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1alpha1.DefaultNamespace}}
	hours := int64((4 * time.Hour).Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &hours}}
	Expect(c.Client.SubResource("token").Create(ctx, account, request)).To(Succeed())
	return request.Status.Token
}

// Exists says whether an object is there and not on its way out.
func (c *Cluster) Exists(ctx context.Context, object client.Object) bool {
	object = object.DeepCopyObject().(client.Object)
	return c.Client.Get(ctx, client.ObjectKeyFromObject(object), object) == nil && object.GetDeletionTimestamp() == nil
}

// ExpectGone waits until an object is not there any more.
func (c *Cluster) ExpectGone(ctx context.Context, object client.Object) {
	GinkgoHelper()
	Eventually(func() bool {
		return apierrors.IsNotFound(c.Client.Get(ctx, client.ObjectKeyFromObject(object), object))
	}).WithTimeout(RolloutTimeout).Should(BeTrue(), "%T %s is still there", object, object.GetName())
}

// Patch merges JSON into an object as somebody else would, and updates the object.
func (c *Cluster) Patch(ctx context.Context, object client.Object, merge string) {
	GinkgoHelper()
	Expect(c.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(merge)), client.FieldOwner("somebody"))).To(Succeed())
}

// list reads until that works: what reads in a poll must not end it at the first
// request that fails.
func (c *Cluster) list(ctx context.Context, list client.ObjectList, options ...client.ListOption) {
	GinkgoHelper()
	Eventually(func() error { return c.Client.List(ctx, list, options...) }).WithContext(ctx).Should(Succeed())
}

// Namespaces that exist.
func (c *Cluster) Namespaces(ctx context.Context) []string {
	GinkgoHelper()
	var list corev1.NamespaceList
	c.list(ctx, &list)
	var out []string
	for _, namespace := range list.Items {
		out = append(out, namespace.Name)
	}
	return out
}

// EventsAbout are the notes of the operator's events of a reason about a release.
func (c *Cluster) EventsAbout(ctx context.Context, release, reason string) []string {
	GinkgoHelper()
	var list eventsv1.EventList
	c.list(ctx, &list)
	var out []string
	for _, event := range list.Items {
		if event.Regarding.Name == release && event.Reason == reason {
			out = append(out, event.Note)
		}
	}
	return out
}

// Say puts a line into the run's output: what a report quotes.
func Say(format string, args ...any) {
	AddReportEntry("seen", fmt.Sprintf(format, args...), ReportEntryVisibilityAlways, Offset(1))
}

// Seconds since, for reports.
func Seconds(since time.Time) float64 { return time.Since(since).Seconds() }
