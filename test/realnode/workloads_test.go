// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

var _ = Describe("Workloads that really run", func() {
	It("start when what they depend on answers, however long that takes", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("order", chart("slow", "1.0.0", `{"startAfter": "5s"}`), chart("stateful", "1.0.0", "", "slow")))
		awaitStatus(ctx, "slow/slow", "deployed")
		story := node.AwaitComponent(ctx, "order", "stateful", v1alpha1.ReasonWaitingForDependencies)
		Expect(story.Message).To(ContainSubstring("slow"))
		Expect(node.Revisions(ctx)).NotTo(HaveKey("stateful/stateful"))
		node.ExpectReady(ctx, "order", 2)

		slow := &appsv1.Deployment{}
		Expect(k8s.Get(ctx, keyOf("slow", "slow"), slow)).To(Succeed())
		ready := lastTransition(slow.Status.Conditions)
		stateful := &appsv1.StatefulSet{}
		Expect(k8s.Get(ctx, keyOf("stateful", "stateful"), stateful)).To(Succeed())
		Expect(stateful.CreationTimestamp.Time).NotTo(BeTemporally("<", ready), "the dependent was there before its dependency was ready")
	}, patience)

	It("are put back within seconds when somebody changes or deletes them", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("repair", chart("slow", "1.0.0", `{"startAfter": "0s"}`)))
		node.ExpectReady(ctx, "repair", 1)
		slow := &appsv1.Deployment{}
		Expect(k8s.Get(ctx, keyOf("slow", "slow"), slow)).To(Succeed())

		began := time.Now()
		node.Patch(ctx, slow, `{"spec": {"replicas": 0}}`)
		Eventually(func(g Gomega) {
			g.Expect(k8s.Get(ctx, keyOf("slow", "slow"), slow)).To(Succeed())
			g.Expect(*slow.Spec.Replicas).To(BeEquivalentTo(1))
		}).Should(Succeed())
		harness.Say("scaled to 0: put back after %.2f s", harness.Seconds(began))
		began = time.Now()
		node.Kubectl(ctx, "-n", "slow", "delete", "service/slow", "deployment/slow")
		Eventually(func(g Gomega) {
			g.Expect(k8s.Get(ctx, keyOf("slow", "slow"), &corev1.Service{})).To(Succeed())
		}).Should(Succeed())
		awaitAvailable(ctx, "slow", "slow")
		harness.Say("deleted: running again after %.2f s", harness.Seconds(began))
		node.ExpectReady(ctx, "repair", 1)
		Expect(node.LastRevision(ctx, "slow/slow").Number).To(Equal(1), "repair is no upgrade")
	}, patience)

	It("keep what is on their claims through upgrade, removal and a new install", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("claims", chart("stateful", "1.0.0", "")))
		node.ExpectReady(ctx, "claims", 1)
		first := startsAfter(ctx, 0)
		upgrade(ctx, "claims", "stateful", "1.1.0", "")
		node.ExpectReady(ctx, "claims", 1)
		second := startsAfter(ctx, first)
		claims := &corev1.PersistentVolumeClaimList{}
		Expect(k8s.List(ctx, claims, client.InNamespace("stateful"))).To(Succeed())
		Expect(claims.Items).To(HaveLen(1))
		Expect(claims.Items[0].Status.Phase).To(Equal(corev1.ClaimBound))
		DeferCleanup(func(ctx context.Context) { // its pod may use it until the bundle is gone
			Expect(client.IgnoreNotFound(k8s.Delete(ctx, &claims.Items[0]))).To(Succeed())
		}, NodeTimeout(time.Minute))

		node.Change(ctx, "claims", func(spec *v1alpha1.PlatformBundleSpec) { spec.Components[0].Enabled = new(bool) })
		awaitNoRecord(ctx, "stateful/stateful")
		Eventually(func(g Gomega) { g.Expect(podsOf(ctx, g, "stateful")).To(BeEmpty()) }).Should(Succeed())
		kept := &corev1.PersistentVolumeClaim{}
		Expect(k8s.Get(ctx, keyOf("stateful", claims.Items[0].Name), kept)).To(Succeed(), "a claim is deleted by nobody in passing")
		Expect(kept.UID).To(Equal(claims.Items[0].UID))

		node.Change(ctx, "claims", func(spec *v1alpha1.PlatformBundleSpec) { spec.Components[0].Enabled = nil })
		node.ExpectReady(ctx, "claims", 1)
		startsAfter(ctx, second)
	}, patience)
})

// Both workloads are upgraded at once to what cannot run: each takes the whole of
// its timeout.
var _ = Describe("Workloads that do not stay up after an upgrade", Ordered, ContinueOnFailure, func() {
	greedy := func() bool { return !swapIsOn() }
	BeforeAll(func(ctx context.Context) {
		bundle := harness.BundleOf("failing", chart("crash", "1.0.0", ""))
		if greedy() {
			bundle.Spec.Components = append(bundle.Spec.Components, chart("greedy", "1.0.0", ""))
		}
		for i := range bundle.Spec.Components {
			bundle.Spec.Components[i].Timeout = duration(30 * time.Second)
		}
		node.Create(ctx, bundle)
		node.ExpectReady(ctx, "failing", len(bundle.Spec.Components))
		node.Change(ctx, "failing", func(spec *v1alpha1.PlatformBundleSpec) {
			for i := range spec.Components {
				spec.Components[i].Version = "1.1.0"
			}
		})
	}, patience)

	It("are named when they crash, and rolled back to what was ready", func(ctx context.Context) {
		progressing := awaitMessage(ctx, "failing", "crash", "container standin keeps ending (CrashLoopBackOff): exit code 1")
		harness.Say("%s %s: %s", progressing.State, progressing.Reason, progressing.Message)
		held := node.AwaitComponent(ctx, "failing", "crash", v1alpha1.ReasonRolledBack)
		Expect(held.Message).To(ContainSubstring("CrashLoopBackOff"))
		awaitAvailable(ctx, "crash", "crash")
		Expect(harness.Statuses(node.Revisions(ctx)["crash/crash"])).To(Equal([]string{"superseded", "superseded", "deployed"}))
		upgrade(ctx, "failing", "crash", "1.2.0", "")
		story := node.AwaitComponent(ctx, "failing", "crash", v1alpha1.ReasonReady)
		Expect(story.Version).To(Equal("1.2.0"))
		Expect(harness.Statuses(node.Revisions(ctx)["crash/crash"])).To(HaveLen(4), "one upgrade, and no more tries of the last one")
	}, patience)

	It("are named when the kernel ends them for want of memory", func(ctx context.Context) {
		if !greedy() {
			Skip("swap is on: the kernel may swap instead")
		}
		held := node.AwaitComponent(ctx, "failing", "greedy", v1alpha1.ReasonRolledBack)
		Expect(held.Message).To(ContainSubstring("OOMKilled"))
		awaitAvailable(ctx, "greedy", "greedy")
	}, patience)
})

// swapIsOn says whether the machine has any; what cannot be read has none.
func swapIsOn() bool {
	swaps, err := os.ReadFile("/proc/swaps")
	return err == nil && len(strings.Split(strings.TrimSpace(string(swaps)), "\n")) > 1
}
