// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// Upgrades: what moves, what stays, and what follows when one goes wrong.
var _ = Describe("An upgrade", Ordered, ContinueOnFailure, func() {
	var (
		operator *operator
		shelf    cupboard
	)

	BeforeAll(func(ctx context.Context) {
		shelf = openCupboard("upgrade")
		operator = startOperator(ctx)
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	revise := func(ctx context.Context, bundle, name, object string) time.Time {
		GinkgoHelper()
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, name).Values = harness.Values(object) })
		return time.Now()
	}
	selects := func(ctx context.Context, name string) func() map[string]string {
		return func() map[string]string {
			deployment := &appsv1.Deployment{}
			_ = k8s.Get(ctx, client.ObjectKey{Namespace: name, Name: name}, deployment)
			return deployment.Spec.Template.Spec.NodeSelector
		}
	}

	It("follows a Secret without any label, holds dependents at their old version, and is interrupted by a fix", func(ctx context.Context) {
		const bundle = "steps"
		Expect(k8s.Create(ctx, secret("steps", map[string]string{"values.yaml": "data: {color: red}"}))).To(Succeed())
		base := shelf.mug("base", `{"workload": true}`)
		base.ValuesFrom = []v1alpha1.ValuesReference{{Kind: "Secret", Name: "steps"}}
		sim.Create(ctx, harness.BundleOf(bundle, base, shelf.mug("upper", `{"workload": true}`, "base"), shelf.mug("other", "")))
		sim.ExpectReady(ctx, bundle, 3)

		By("changing the Secret")
		before, running, began := sim.Revisions(ctx), sim.Workloads(ctx), time.Now()
		Expect(k8s.Update(ctx, secret("steps", map[string]string{"values.yaml": "data: {color: green}"}))).To(Succeed())
		Eventually(func() string { return colour(ctx, "base", "base") }).Should(Equal("green"))
		harness.Say("a changed Secret was released after %.2f s", harness.Seconds(began))
		sim.ExpectReady(ctx, bundle, 3)
		after := sim.Revisions(ctx)
		Expect(harness.Statuses(after["base/base"])).To(Equal([]string{"superseded", "deployed"}))
		Expect(after["upper/upper"]).To(Equal(before["upper/upper"]))
		Expect(after["other/other"]).To(Equal(before["other/other"]))
		Expect(sim.Workloads(ctx)).To(Equal(running))

		By("upgrading both, the lower one to what never becomes ready")
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			harness.Component(spec, "base").Values = harness.Values(`{"workload": true, "nodeSelector": ` + nowhere + `}`)
			harness.Component(spec, "upper").Values = harness.Values(`{"workload": true, "data": {"color": "white"}}`)
		})
		sim.AwaitComponent(ctx, bundle, "base", v1alpha1.ReasonWaitingForObjects)
		sim.AwaitComponent(ctx, bundle, "upper", v1alpha1.ReasonWaitingForDependencies)
		Expect(selects(ctx, "base")()).NotTo(BeEmpty())
		Consistently(func() string { return colour(ctx, "upper", "upper") }).WithTimeout(time.Second).Should(Equal("blue"), "it runs at its old version")
		Expect(sim.Revisions(ctx)["upper/upper"]).To(Equal(before["upper/upper"]))
		Expect(sim.Workloads(ctx)).To(Equal(running), "dependents keep running")

		By("sending the fix")
		began = revise(ctx, bundle, "base", `{"workload": true}`)
		Eventually(selects(ctx, "base")).Should(BeEmpty())
		harness.Say("the fix of a rollout that does not become ready was applied after %.2f s", harness.Seconds(began))
		Expect(harness.Seconds(began)).To(BeNumerically("<", 5))
		sim.ExpectReady(ctx, bundle, 3)
		Expect(colour(ctx, "upper", "upper")).To(Equal("white"))
		Expect(harness.Statuses(sim.Revisions(ctx)["upper/upper"])).To(Equal([]string{"superseded", "deployed"}))

		By("sending the fix while Helm waits for a hook")
		revise(ctx, bundle, "base", `{"workload": true, "check": "hangs"}`)
		Eventually(func() string { return sim.LastRevision(ctx, "base/base").Status }).Should(Equal("pending-upgrade"))
		Eventually(func() string { return sim.Kubectl(ctx, "-n", "base", "get", "jobs", "-o", "name") }).Should(ContainSubstring("base-check"))
		began = revise(ctx, bundle, "base", `{"workload": true, "check": "runs"}`)
		Eventually(func() string { return sim.LastRevision(ctx, "base/base").Status }).Should(Equal("deployed"))
		harness.Say("the fix of a hook that hangs was released after %.2f s", harness.Seconds(began))
		Expect(harness.Seconds(began)).To(BeNumerically("<", 10))
		sim.ExpectReady(ctx, bundle, 3)
		Expect(harness.Statuses(sim.Revisions(ctx)["upper/upper"])).To(Equal([]string{"superseded", "deployed"}))
	}, NodeTimeout(2*time.Minute))

	It("is rolled back when it does not become ready, and held until the inputs change or somebody asks", func(ctx context.Context) {
		const bundle = "mend"
		never := int32(0)
		c := shelf.mug("mended", `{"workload": true}`)
		c.Remediation, c.Timeout = &v1alpha1.Remediation{Retries: &never}, &metav1.Duration{Duration: 5 * time.Second}
		sim.Create(ctx, harness.BundleOf(bundle, c, shelf.mug("above", "", "mended")))
		sim.ExpectReady(ctx, bundle, 2)
		above := sim.Revisions(ctx)["above/above"]

		began := revise(ctx, bundle, "mended", `{"workload": true, "data": {"color": "bad"}, "nodeSelector": `+nowhere+`}`)
		held := sim.AwaitComponent(ctx, bundle, "mended", v1alpha1.ReasonRolledBack)
		harness.Say("rolled back and said so after %.2f s, with a timeout of 5 s", harness.Seconds(began))
		Expect(held.Message).To(ContainSubstring("Deployment mended/mended"), "what did not become ready")
		Expect(held.Message).To(ContainSubstring(v1alpha1.ReconcileRequestAnnotation), "what to do")
		Expect(colour(ctx, "mended", "mended")).To(Equal("blue"))
		Expect(selects(ctx, "mended")()).To(BeEmpty())
		Expect(harness.Statuses(sim.Revisions(ctx)["mended/mended"])).To(Equal([]string{"superseded", "superseded", "deployed"}))
		history := sim.Helm(ctx, "-n", "mended", "history", "mended")
		harness.Say("helm history mended\n%s", history)
		Expect(history).To(ContainSubstring("Rollback to 1"))

		By("staying there")
		point := settle(5)
		Consistently(func() []string { return gate.since(point) }).WithTimeout(2 * time.Second).Should(BeEmpty())

		By("asking for another try")
		sim.RequestReconcile(ctx, bundle, "once-more")
		Eventually(func() string { return colour(ctx, "mended", "mended") }).Should(Equal("bad"), "it is not tried again")
		Eventually(func(g Gomega) {
			g.Expect(harness.Statuses(sim.Revisions(ctx)["mended/mended"])).To(HaveLen(5))
			g.Expect(colour(ctx, "mended", "mended")).To(Equal("blue"))
			g.Expect(sim.Bundle(ctx, g, bundle).Status.LastHandledReconcileAt).To(Equal("once-more"))
		}).Should(Succeed())
		sim.AwaitComponent(ctx, bundle, "mended", v1alpha1.ReasonRolledBack)

		By("fixing the spec")
		revise(ctx, bundle, "mended", `{"workload": true, "data": {"color": "good"}}`)
		sim.ExpectReady(ctx, bundle, 2)
		Expect(colour(ctx, "mended", "mended")).To(Equal("good"))
		Expect(sim.Revisions(ctx)["above/above"]).To(Equal(above))
	}, NodeTimeout(2*time.Minute))

	It("by a person is left alone until the inputs change or a reconcile is asked for", func(ctx context.Context) {
		const bundle = "person"
		sim.Create(ctx, harness.BundleOf(bundle, shelf.mug("person", `{"data": {"color": "one"}}`), shelf.mug("bystander", "")))
		sim.ExpectReady(ctx, bundle, 2)
		revise(ctx, bundle, "person", `{"data": {"color": "two"}}`)
		sim.ExpectReady(ctx, bundle, 2)
		now := func() string { return colour(ctx, "person", "person") }

		sim.Helm(ctx, "-n", "person", "rollback", "person", "1")
		held := sim.AwaitComponent(ctx, bundle, "person", v1alpha1.ReasonReleasedExternally)
		Expect(held.State).To(Equal(v1alpha1.StateHeld))
		Consistently(now).WithTimeout(2 * time.Second).Should(Equal("one"))
		Expect(harness.Statuses(sim.Revisions(ctx)["person/person"])).To(HaveLen(3))
		sim.RequestReconcile(ctx, bundle, "back-to-the-spec")
		Eventually(now).Should(Equal("two"))
		sim.ExpectReady(ctx, bundle, 2)

		sim.Helm(ctx, "-n", "person", "upgrade", "person", filepath.Join(shelf.folder, "mug-1.1.0.tgz"), "--set", "data.color=three")
		sim.AwaitComponent(ctx, bundle, "person", v1alpha1.ReasonReleasedExternally)
		Consistently(now).WithTimeout(time.Second).Should(Equal("three"))
		revise(ctx, bundle, "person", `{"data": {"color": "four"}}`)
		Eventually(now).Should(Equal("four"))
		sim.ExpectReady(ctx, bundle, 2)
		Expect(strings.Join(harness.Statuses(sim.Revisions(ctx)["bystander/bystander"]), " ")).To(Equal("deployed"))
	}, NodeTimeout(time.Minute))
})
