// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

const (
	operatorName = "groundwork-controller-manager"
	leaseName    = "groundwork.platform.groundwork.dev"
)

// deployOperator applies what `make build-installer` writes as it ships, but for
// the image's name. It is written into the run's folder: dist/ is the user's.
func deployOperator(ctx context.Context) {
	GinkgoHelper()
	dist := filepath.Join(scratch, "dist")
	harness.Build(ctx, "make", "--no-print-directory", "build-installer", "IMG="+operatorImage, "DIST="+dist)
	node.Kubectl(ctx, "apply", "--server-side", "-f", filepath.Join(dist, "install.yaml"))
	awaitRollout(ctx)
}

func awaitRollout(ctx context.Context) {
	GinkgoHelper()
	node.Kubectl(ctx, "-n", v1alpha1.DefaultNamespace, "rollout", "status", "deployment/"+operatorName, "--timeout=180s")
}

// inNode runs a program of the host in the node's namespaces.
func inNode(ctx context.Context, args ...string) string {
	GinkgoHelper()
	args = append([]string{"exec", "--dir", filepath.Join(scratch, "node"), "--"}, args...)
	return harness.Build(ctx, filepath.Join("bin", "realnode"), args...)
}

// operatorPods are those that are not on their way out, by name.
func operatorPods(ctx context.Context, g Gomega) map[string]corev1.Pod {
	GinkgoHelper()
	out := map[string]corev1.Pod{}
	for _, pod := range podsOf(ctx, g, v1alpha1.DefaultNamespace) {
		if pod.Labels["app.kubernetes.io/component"] == "manager" && pod.DeletionTimestamp == nil {
			out[pod.Name] = pod
		}
	}
	return out
}

// restarts of the containers of a pod.
func restarts(pod corev1.Pod) int32 {
	var sum int32
	for _, c := range pod.Status.ContainerStatuses {
		sum += c.RestartCount
	}
	return sum
}

// endedByThemselves are the operator's pods whose process ended more often than
// specs have killed it.
func endedByThemselves(ctx context.Context) []string {
	GinkgoHelper()
	var pods map[string]corev1.Pod
	Eventually(func(g Gomega) { pods = operatorPods(ctx, g) }).Should(Succeed())
	var out []string
	for name, pod := range pods {
		if restarts(pod) > kills[pod.UID] {
			out = append(out, name)
		}
	}
	return out
}

// lease is the operators'.
func lease(ctx context.Context, g Gomega) *coordinationv1.Lease {
	GinkgoHelper()
	found := &coordinationv1.Lease{}
	g.Expect(k8s.Get(ctx, client.ObjectKey{Namespace: v1alpha1.DefaultNamespace, Name: leaseName}, found)).To(Succeed())
	g.Expect(found.Spec.HolderIdentity).NotTo(BeNil(), "nobody leads")
	return found
}

// leader is the name of the pod that leads.
func leader(ctx context.Context, g Gomega) string {
	GinkgoHelper()
	pod, _, _ := strings.Cut(*lease(ctx, g).Spec.HolderIdentity, "_")
	g.Expect(pod).NotTo(BeEmpty(), "nobody leads")
	return pod
}

func awaitLeader(ctx context.Context) string {
	GinkgoHelper()
	var found string
	Eventually(func(g Gomega) { found = leader(ctx, g) }).Should(Succeed())
	return found
}

// expectLeading waits until the leader has renewed its lease once more.
func expectLeading(ctx context.Context, pod string) {
	GinkgoHelper()
	since := time.Now()
	Eventually(func(g Gomega) {
		g.Expect(leader(ctx, g)).To(Equal(pod), "another one leads")
		g.Expect(lease(ctx, g).Spec.RenewTime.Time).To(BeTemporally(">", since))
	}).Should(Succeed())
}

// killProcess ends the container of a pod as the kernel would: without a word.
func killProcess(ctx context.Context, pod corev1.Pod) {
	GinkgoHelper()
	kills[pod.UID] = restarts(pod) + 1
	inNode(ctx, "bash", "-c", fmt.Sprintf(`
		for cgroup in $(grep -l %q /proc/[0-9]*/cgroup); do
			pid=${cgroup#/proc/}; pid=${pid%%/cgroup}
			case $(readlink /proc/$pid/exe) in */manager) kill -9 "$pid" && found=1;; esac
		done; test -n "$found"`, string(pod.UID)))
}
