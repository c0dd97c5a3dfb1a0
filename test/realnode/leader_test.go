// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

var _ = Describe("The operator as it ships", func() {
	It("runs as two pods that fit the restricted pod security standard", func(ctx context.Context) {
		pods := operatorPods(ctx, Default)
		Expect(pods).To(HaveLen(2))
		for _, pod := range pods {
			Expect(pod.Spec.ServiceAccountName).To(Equal(operatorName))
			Expect(pod.Spec.Containers).To(HaveLen(1))
			container := pod.Spec.Containers[0]
			Expect(container.Image).To(BeElementOf(operatorImage, nextOperatorImage))
			Expect(*container.SecurityContext.ReadOnlyRootFilesystem).To(BeTrue())
			Expect(container.Resources.Limits.Memory().IsZero()).To(BeFalse())
			Expect(container.LivenessProbe).NotTo(BeNil())
			Expect(container.ReadinessProbe).NotTo(BeNil())
		}
		enforced := &corev1.Namespace{}
		Expect(k8s.Get(ctx, keyOf("", v1alpha1.DefaultNamespace), enforced)).To(Succeed())
		Expect(enforced.Labels).To(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))
		Expect(pods).To(HaveKey(awaitLeader(ctx)))
	}, patience)

	It("continues when the leader is killed in the middle of an install", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("killed",
			chart("hooked", "1.0.0", `{"startAfter": "8s"}`), chart("stateful", "1.0.0", "", "hooked")))
		awaitStatus(ctx, "hooked/hooked", "pending-install")
		led := awaitLeader(ctx)
		pod := operatorPods(ctx, Default)[led]
		killed := time.Now()
		killProcess(ctx, pod)
		node.ExpectReady(ctx, "killed", 2)
		ready := harness.Seconds(killed)
		harness.Say("%.1f s after the leader was killed the bundle was Ready; the other one leads now: %t", ready, awaitLeader(ctx) != led)
		harness.Say("Helm's records: %v", harness.Statuses(node.Revisions(ctx)["hooked/hooked"]))
		Expect(node.LastRevision(ctx, "hooked/hooked").Status).To(Equal("deployed"))
		Expect(harness.Statuses(node.Revisions(ctx)["stateful/stateful"])).To(Equal([]string{"deployed"}))
		Eventually(func(g Gomega) {
			g.Expect(restarts(operatorPods(ctx, g)[led])).To(Equal(restarts(pod)+1), "the kubelet starts it again")
		}).Should(Succeed())
		awaitRollout(ctx)
	}, patience)

	It("loses nothing when it is rolled to a new image in the middle of an upgrade", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("rolled", chart("hooked", "1.0.0", `{"startAfter": "0s"}`), chart("slow", "1.0.0", "", "hooked")))
		node.ExpectReady(ctx, "rolled", 2)
		deployment := &appsv1.Deployment{}
		Expect(k8s.Get(ctx, keyOf(v1alpha1.DefaultNamespace, operatorName), deployment)).To(Succeed())
		image := nextOperatorImage
		if deployment.Spec.Template.Spec.Containers[0].Image == image {
			image = operatorImage
		}

		node.Change(ctx, "rolled", func(spec *v1alpha1.PlatformBundleSpec) {
			harness.Component(spec, "hooked").Version = "1.1.0"
			harness.Component(spec, "hooked").Values = harness.Values(`{"startAfter": "8s"}`)
			harness.Component(spec, "slow").Values = harness.Values(`{"startAfter": "1s"}`)
		})
		awaitStatus(ctx, "hooked/hooked", "pending-upgrade")
		began := time.Now()
		node.Kubectl(ctx, "-n", v1alpha1.DefaultNamespace, "set", "image", "deployment/"+operatorName, "manager="+image)
		awaitRollout(ctx)
		rolled := harness.Seconds(began)
		node.ExpectReady(ctx, "rolled", 2)
		harness.Say("rolled to the new image after %.1f s, everything Ready after %.1f s", rolled, harness.Seconds(began))
		for _, pod := range operatorPods(ctx, Default) {
			Expect(pod.Spec.Containers[0].Image).To(Equal(image))
		}
		Expect(harness.Statuses(node.Revisions(ctx)["hooked/hooked"])).To(Equal([]string{"superseded", "deployed"}))
		Expect(harness.Statuses(node.Revisions(ctx)["slow/slow"])).To(Equal([]string{"superseded", "deployed"}))
	}, patience)
})
