// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// Others who write to the cluster: backups, and people with kubectl.
var _ = Describe("Another writer", Ordered, ContinueOnFailure, func() {
	const (
		bundle = "shared"
		kegs   = "kegs.e2e.example.com"
	)
	var (
		operator *operator
		shelf    cupboard
	)

	BeforeAll(func(ctx context.Context) {
		shelf = openCupboard("writers")
		shelf.kind("taproom", "Keg", "kegs")
		DeferCleanup(removeDefinitions, NodeTimeout(time.Minute))
		operator = startOperator(ctx)
		sim.Create(ctx, harness.BundleOf(bundle, shelf.component("taproom", "taproom"), shelf.mug("table", `{"workload": true}`, "taproom"), shelf.mug("cloth", "")))
		sim.ExpectReady(ctx, bundle, 3)
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	// again creates a bundle anew, as a restored backup does.
	again := func(ctx context.Context, old *v1alpha1.PlatformBundle) {
		GinkgoHelper()
		restored := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: old.Name}, Spec: old.Spec}
		Expect(k8s.Create(ctx, restored)).To(Succeed())
		Expect(restored.UID).NotTo(Equal(old.UID))
	}

	It("that restores the bundle with a new UID causes no Helm revision", func(ctx context.Context) {
		before, running, old := sim.Revisions(ctx), sim.Workloads(ctx), sim.Bundle(ctx, Default, bundle)
		sim.Kubectl(ctx, "delete", "--cascade=orphan", "platformbundle", bundle)
		sim.ExpectGone(ctx, old.DeepCopy())
		Expect(sim.Revisions(ctx)).To(Equal(before))
		again(ctx, old)
		sim.ExpectReady(ctx, bundle, 3)
		Expect(sim.Revisions(ctx)).To(Equal(before))
		Expect(sim.Workloads(ctx)).To(Equal(running))
	}, NodeTimeout(time.Minute))

	It("that restores it while nobody is there, ComponentReleases and all, causes none either", func(ctx context.Context) {
		before, running, old := sim.Revisions(ctx), sim.Workloads(ctx), sim.Bundle(ctx, Default, bundle)
		operator.stop()
		sim.Patch(ctx, old.DeepCopy(), `{"metadata": {"finalizers": null}}`)
		Expect(k8s.Delete(ctx, old.DeepCopy())).To(Succeed())
		sim.ExpectGone(ctx, old.DeepCopy())
		Expect(sim.Releases(ctx, bundle)).To(HaveLen(3), "they are left over")
		again(ctx, old)
		operator.start(ctx)
		sim.ExpectReady(ctx, bundle, 3)
		Expect(sim.Revisions(ctx)).To(Equal(before))
		Expect(sim.Workloads(ctx)).To(Equal(running))
	}, NodeTimeout(time.Minute))

	// The namespace controller waits for five seconds before it begins.
	It("that deletes a namespace under a release gets it back", func(ctx context.Context) {
		before := sim.Revisions(ctx)
		stuck := harness.ConfigMap("cloth", "stuck")
		stuck.Finalizers = []string{"e2e.example.com/hold"}
		Expect(k8s.Create(ctx, stuck)).To(Succeed())
		release := sync.OnceFunc(func() { sim.Patch(context.WithoutCancel(ctx), stuck, `{"metadata": {"finalizers": null}}`) })
		DeferCleanup(release)
		gone := awaitGone(ctx, "cloth")
		Expect(k8s.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "cloth"}})).To(Succeed())

		By("waiting while it does not go")
		held := sim.AwaitComponent(ctx, bundle, "cloth", v1alpha1.ReasonNamespaceTerminating)
		Expect(held.Message).To(ContainSubstring("namespace cloth is being deleted"))
		Eventually(func(g Gomega) {
			held = harness.StatusOf(sim.Bundle(ctx, g, bundle), "cloth")
			g.Expect(held.Message).To(ContainSubstring("e2e.example.com/hold"), "what it waits for")
		}).Should(Succeed())
		harness.Say("%s", held.Message)
		operator.expectCalm()
		release()

		By("making it again")
		var since time.Time
		Eventually(gone).WithTimeout(30 * time.Second).Should(Receive(&since))
		sim.ExpectReady(ctx, bundle, 3)
		harness.Say("the release was back %.2f s after the namespace was gone", harness.Seconds(since))
		Expect(colour(ctx, "cloth", "cloth")).To(Equal("blue"))
		Expect(harness.Statuses(sim.Revisions(ctx)["cloth/cloth"])).To(Equal([]string{"deployed"}))
		Expect(sim.Revisions(ctx)["taproom/taproom"]).To(Equal(before["taproom/taproom"]))
		operator.expectCalm()
	}, NodeTimeout(time.Minute))

	It("that deletes a definition gets it back, and the release's objects of its kind", func(ctx context.Context) {
		before, running := sim.Revisions(ctx), sim.Workloads(ctx)
		definition, object := sim.Definitions(ctx)[kegs], custom("Keg", "taproom", "taproom")
		Expect(sim.Exists(ctx, object)).To(BeTrue())
		began := time.Now()
		Expect(k8s.Delete(ctx, &definition)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(sim.Definitions(ctx)).To(HaveKey(kegs))
			g.Expect(sim.Definitions(ctx)[kegs].UID).NotTo(Equal(definition.UID))
		}).Should(Succeed())
		harness.Say("the definition was back after %.2f s", harness.Seconds(began))
		Eventually(func() bool { return sim.Exists(ctx, object) }).WithTimeout(30*time.Second).Should(BeTrue(), "the custom resource")
		harness.Say("and the custom resource after %.2f s", harness.Seconds(began))
		Expect(harness.Seconds(began)).To(BeNumerically("<", 5), "it was not the definition's event that had it made again")
		sim.ExpectReady(ctx, bundle, 3)
		Expect(sim.Workloads(ctx)).To(Equal(running))
		Expect(sim.Revisions(ctx)).To(Equal(before), "an object is healed, not released again")
		operator.expectCalm()
	}, NodeTimeout(time.Minute))

	It("that deletes a record of Helm's history takes nothing with it", func(ctx context.Context) {
		running := sim.Workloads(ctx)
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			harness.Component(spec, "table").Values = harness.Values(`{"workload": true, "data": {"color": "red"}}`)
		})
		sim.ExpectReady(ctx, bundle, 3)
		Expect(k8s.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace("table"), client.MatchingLabels{"owner": "helm", "name": "table"})).To(Succeed())
		Eventually(func() []string { return harness.Statuses(sim.Revisions(ctx)["table/table"]) }).Should(ContainElement("deployed"))
		sim.ExpectReady(ctx, bundle, 3)
		Expect(colour(ctx, "table", "table")).To(Equal("red"))
		Expect(sim.Workloads(ctx)).To(Equal(running), "what runs was replaced")
	}, NodeTimeout(time.Minute))
})

// expectCalm checks that the operator has come to rest: nothing loops.
func (o *operator) expectCalm() {
	GinkgoHelper()
	Expect(o.alive()).To(BeTrue())
	silent := settle(10)
	Consistently(func() []string { return gate.since(silent) }).WithTimeout(time.Second).Should(BeEmpty(), "it does not come to rest")
}

// awaitGone sends the time at which a watch shows that a namespace is gone.
func awaitGone(ctx context.Context, namespace string) <-chan time.Time {
	GinkgoHelper()
	events, err := k8s.Watch(ctx, &corev1.NamespaceList{}, client.MatchingFields{"metadata.name": namespace})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(events.Stop)
	out := make(chan time.Time, 1)
	go func() {
		for event := range events.ResultChan() {
			if event.Type == watch.Deleted {
				out <- time.Now()
				return
			}
		}
	}()
	return out
}
