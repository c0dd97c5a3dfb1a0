// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

func keyOf(namespace, name string) client.ObjectKey {
	return client.ObjectKey{Namespace: namespace, Name: name}
}

// createForSpec makes an object that is gone after the spec.
func createForSpec(ctx context.Context, object client.Object) {
	GinkgoHelper()
	DeferCleanup(func(ctx context.Context) {
		err := k8s.Delete(ctx, object)
		Expect(err == nil || apierrors.IsNotFound(err) || meta.IsNoMatchError(err)).To(BeTrue(), "%v", err)
	}, NodeTimeout(time.Minute))
	Expect(k8s.Create(ctx, object)).To(Succeed())
}

// awaitStatus waits until Helm has a record of a release (namespace/name) with a status.
func awaitStatus(ctx context.Context, release, status string) {
	GinkgoHelper()
	Eventually(func() []string { return harness.Statuses(node.Revisions(ctx)[release]) }).Should(ContainElement(status), release)
}

// awaitNoRecord waits until Helm has no record of a release (namespace/name) any more.
func awaitNoRecord(ctx context.Context, release string) {
	GinkgoHelper()
	Eventually(func() map[string][]harness.Revision { return node.Revisions(ctx) }).ShouldNot(HaveKey(release))
}

// podsOf are the pods in a namespace.
func podsOf(ctx context.Context, g Gomega, namespace string) []corev1.Pod {
	GinkgoHelper()
	var list corev1.PodList
	g.Expect(k8s.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
	return list.Items
}

// upgrade gives a component another version, and other values unless they are empty.
func upgrade(ctx context.Context, bundle, component, version, values string) {
	GinkgoHelper()
	node.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
		c := harness.Component(spec, component)
		c.Version = version
		if values != "" {
			c.Values = harness.Values(values)
		}
	})
}

func duration(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }

// lastTransition is when a Deployment became available.
func lastTransition(conditions []appsv1.DeploymentCondition) time.Time {
	for _, c := range conditions {
		if c.Type == appsv1.DeploymentAvailable && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// awaitAvailable waits until a pod of a Deployment can serve.
func awaitAvailable(ctx context.Context, namespace, name string) {
	GinkgoHelper()
	deployment := &appsv1.Deployment{}
	Eventually(func(g Gomega) {
		g.Expect(k8s.Get(ctx, keyOf(namespace, name), deployment)).To(Succeed())
		g.Expect(deployment.Status.AvailableReplicas).To(BeNumerically(">=", 1))
	}).Should(Succeed())
}

// awaitMessage waits until what is said of a component contains all texts at once.
func awaitMessage(ctx context.Context, bundle, component string, texts ...string) v1alpha1.ComponentStatus {
	GinkgoHelper()
	var found v1alpha1.ComponentStatus
	Eventually(func(g Gomega) {
		found = harness.StatusOf(node.Bundle(ctx, g, bundle), component)
		for _, text := range texts {
			g.Expect(found.Message).To(ContainSubstring(text), "%s %s", found.State, found.Reason)
		}
	}).Should(Succeed())
	return found
}

// service asks a Service through the API server.
func service(ctx context.Context, g Gomega, namespace, name, path string) string {
	GinkgoHelper()
	raw := fmt.Sprintf("/api/v1/namespaces/%s/services/%s:http/proxy%s", namespace, name, path)
	out, err := node.Run(ctx, tool(filepath.Join("k8s", "kubectl")), "get", "--raw", raw)
	g.Expect(err).NotTo(HaveOccurred(), out)
	return out
}

// startsAfter is how often the container of the stateful chart was started, by what
// it wrote on its claim, once that is more than before.
func startsAfter(ctx context.Context, before int) int {
	GinkgoHelper()
	var n int
	Eventually(func(g Gomega) {
		text := strings.TrimSpace(service(ctx, g, "stateful", "stateful", "/starts"))
		var err error
		n, err = strconv.Atoi(text)
		g.Expect(err).NotTo(HaveOccurred(), "%q", text)
		g.Expect(n).To(BeNumerically(">", before), "the file on the claim was not read again")
	}).Should(Succeed())
	return n
}
