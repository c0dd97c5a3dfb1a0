// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// Removal without regret.
var _ = Describe("A removal", Ordered, ContinueOnFailure, func() {
	const brews = "brews.e2e.example.com"
	var (
		operator *operator
		shelf    cupboard
	)

	BeforeAll(func(ctx context.Context) {
		shelf = openCupboard("removal")
		shelf.kind("brewery", "Brew", "brews")
		Expect(charts.WriteDir(shelf.folder, charts.Only("kyverno"))).To(Succeed())
		DeferCleanup(removeDefinitions, NodeTimeout(time.Minute))
		operator = startOperator(ctx)
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	drop := func(ctx context.Context, bundle, name string) {
		GinkgoHelper()
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			var rest []v1alpha1.Component
			for _, c := range spec.Components {
				if c.Name != name {
					rest = append(rest, c)
				}
			}
			spec.Components = rest
		})
	}
	allow := func(ctx context.Context, bundle, name string, kinds ...string) {
		GinkgoHelper()
		off := false
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			harness.Component(spec, name).Enabled, harness.Component(spec, name).AllowDataLoss = &off, kinds
		})
	}

	It("that would leave custom resources without their operator is refused until they are gone", func(ctx context.Context) {
		const bundle = "regret"
		brewery := shelf.component("brewery", "brewery")
		sim.Create(ctx, harness.BundleOf(bundle, brewery, shelf.mug("regretted", "")))
		sim.ExpectReady(ctx, bundle, 2)
		Expect(sim.Exists(ctx, custom("Brew", "brewery", "brewery"))).To(BeTrue())
		own := custom("Brew", "regretted", "mine")
		Expect(k8s.Create(ctx, own)).To(Succeed())

		drop(ctx, bundle, "brewery")
		refused := sim.AwaitComponent(ctx, bundle, "brewery", v1alpha1.ReasonDataLoss)
		Expect(refused.Message).To(Equal("brewery is not removed, because these objects would be lost or left without their operator: " +
			"1 Brew (regretted/mine); delete them, or keep the component listed with enabled: false and allowDataLoss: [Brew]"))
		ready := sim.AwaitReason(ctx, bundle, v1alpha1.ReasonDataLoss)
		harness.Say("Ready=%s %s: %s", ready.Status, ready.Reason, ready.Message)
		Consistently(func() bool { return sim.Exists(ctx, harness.ConfigMap("brewery", "brewery")) }).WithTimeout(time.Second).Should(BeTrue())
		Expect(sim.Exists(ctx, custom("Brew", "brewery", "brewery"))).To(BeTrue(), "it was taken apart")

		began := time.Now()
		Expect(k8s.Delete(ctx, own)).To(Succeed())
		sim.ExpectReady(ctx, bundle, 1)
		harness.Say("removed %.2f s after the last object was deleted", harness.Seconds(began))
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("brewery/brewery"))
		Expect(sim.Definitions(ctx)).To(HaveKey(brews))

		By("allowing it")
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { spec.Components = append(spec.Components, brewery) })
		sim.ExpectReady(ctx, bundle, 2)
		own = custom("Brew", "regretted", "mine")
		Expect(k8s.Create(ctx, own)).To(Succeed())
		off := false
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "brewery").Enabled = &off })
		sim.AwaitComponent(ctx, bundle, "brewery", v1alpha1.ReasonDataLoss)
		allow(ctx, bundle, "brewery", "Brew")
		sim.ExpectReady(ctx, bundle, 1)
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("brewery/brewery"))
		Expect(sim.Definitions(ctx)).To(HaveKey(brews), "the definition stays")
		Expect(sim.Exists(ctx, own)).To(BeTrue(), "and so does what is not ours")
		Expect(k8s.Delete(ctx, own)).To(Succeed())
	}, NodeTimeout(time.Minute))

	It("of a whole bundle is refused likewise, for the component in question alone", func(ctx context.Context) {
		bundle := harness.BundleOf("farewell", shelf.component("brewery", "brewery"), shelf.mug("goes", ""))
		bundle.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
		sim.Create(ctx, bundle)
		sim.ExpectReady(ctx, bundle.Name, 2)
		own := custom("Brew", "goes", "mine")
		Expect(k8s.Create(ctx, own)).To(Succeed())
		Expect(k8s.Delete(ctx, bundle)).To(Succeed())
		refused := sim.AwaitComponent(ctx, bundle.Name, "brewery", v1alpha1.ReasonDataLoss)
		Expect(refused.Message).To(ContainSubstring("1 Brew (goes/mine)"))
		Eventually(func() map[string][]harness.Revision { return sim.Revisions(ctx) }).ShouldNot(HaveKey("goes/goes"))
		Expect(sim.Exists(ctx, harness.ConfigMap("brewery", "brewery"))).To(BeTrue())
		Expect(k8s.Delete(ctx, own)).To(Succeed())
		sim.ExpectGone(ctx, bundle)
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("brewery/brewery"))
		Expect(sim.Definitions(ctx)).To(HaveKey(brews))
	}, NodeTimeout(time.Minute))

	It("or an upgrade that would delete a claim is refused until that is allowed", func(ctx context.Context) {
		const bundle = "claims"
		sim.Create(ctx, harness.BundleOf(bundle, shelf.mug("claimed", `{"claim": true}`), shelf.mug("unclaimed", "")))
		sim.ExpectReady(ctx, bundle, 2)
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: harness.ConfigMap("claimed", "claimed").ObjectMeta}
		Expect(sim.Exists(ctx, claim)).To(BeTrue())

		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			harness.Component(spec, "claimed").Values = harness.Values(`{"claim": false}`)
		})
		refused := sim.AwaitComponent(ctx, bundle, "claimed", v1alpha1.ReasonDataLoss)
		Expect(refused.Message).To(Equal("component claimed: the upgrade to 1.0.0 would delete 1 PersistentVolumeClaim (claimed/claimed); " +
			"keep them in the values, or name their kinds in allowDataLoss"))
		Expect(harness.Statuses(sim.Revisions(ctx)["claimed/claimed"])).To(Equal([]string{"deployed"}))

		drop(ctx, bundle, "claimed")
		refused = sim.AwaitComponent(ctx, bundle, "claimed", v1alpha1.ReasonDataLoss)
		Expect(refused.Message).To(ContainSubstring("claimed is not removed"))
		Expect(refused.Message).To(ContainSubstring("1 PersistentVolumeClaim (claimed/claimed)"))
		Expect(sim.Exists(ctx, claim)).To(BeTrue())
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			spec.Components = append(spec.Components, shelf.mug("claimed", `{"claim": true}`))
		})
		sim.ExpectReady(ctx, bundle, 2)
		allow(ctx, bundle, "claimed", "PersistentVolumeClaim")
		sim.ExpectReady(ctx, bundle, 1)
		Expect(sim.Exists(ctx, claim)).To(BeFalse())
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("claimed/claimed"))
	}, NodeTimeout(time.Minute))

	It("of policy engines comes before that of what they guard", func(ctx context.Context) {
		const bundle = "engines"
		kyverno := v1alpha1.Component{Name: "kyverno", Chart: &v1alpha1.ChartSource{Repository: shelf.url}}
		sim.Create(ctx, harness.BundleOf(bundle, kyverno, shelf.mug("guarded", ""), shelf.mug("stays", "")))
		sim.ExpectReady(ctx, bundle, 3)
		Expect(kyvernoWebhooks(ctx)).NotTo(BeEmpty(), "it registered none")
		seen := follow(ctx, bundle)
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			spec.Components = []v1alpha1.Component{*harness.Component(spec, "stays")}
		})
		sim.ExpectReady(ctx, bundle, 1)
		Eventually(seen.event(seen.gone, "guarded")).ShouldNot(BeZero())
		Expect(seen.event(seen.removing, "guarded")()).To(BeNumerically(">", seen.event(seen.gone, "kyverno")()))
		Consistently(func() []string { return kyvernoWebhooks(ctx) }).WithTimeout(time.Second).Should(BeEmpty())
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("kyverno/kyverno"))
	}, NodeTimeout(time.Minute))

	It("of the bundle while nobody is there is finished by the next operator", func(ctx context.Context) {
		bundle := harness.BundleOf("absent", shelf.mug("first", `{"workload": true}`), shelf.mug("second", "", "first"))
		bundle.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
		sim.Create(ctx, bundle)
		sim.ExpectReady(ctx, bundle.Name, 2)
		releases := sim.Releases(ctx, bundle.Name)
		operator.stop()
		Expect(k8s.Delete(ctx, bundle)).To(Succeed())
		began := time.Now()
		operator.start(ctx)
		sim.ExpectGone(ctx, bundle)
		harness.Say("finished %.1f s after the operator was started", harness.Seconds(began))
		for _, release := range releases {
			expectNothingRuns(ctx, release)
		}
	}, NodeTimeout(time.Minute))

	It("of a Service leaves a fail-closed webhook, which is named as the reason to wait", func(ctx context.Context) {
		const bundle = "blocked"
		hook := deadWebhook("e2e-dead", "blocked")
		Expect(k8s.Create(ctx, hook)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { _ = k8s.Delete(ctx, hook) }, NodeTimeout(time.Minute))
		sim.Create(ctx, harness.BundleOf(bundle, shelf.mug("blocked", ""), shelf.mug("unblocked", "")))
		blocked := sim.AwaitComponent(ctx, bundle, "blocked", v1alpha1.ReasonWebhookUnavailable)
		Expect(blocked.Message).To(ContainSubstring("ValidatingWebhookConfiguration e2e-dead"))
		Expect(blocked.Message).To(ContainSubstring("nowhere/nobody"), "the Service")
		Eventually(func(g Gomega) { g.Expect(sim.Bundle(ctx, g, bundle).Status.Ready).To(Equal("1/2")) }).Should(Succeed())
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("blocked/blocked"))
		began := time.Now()
		Expect(k8s.Delete(ctx, hook)).To(Succeed())
		sim.ExpectReady(ctx, bundle, 2)
		harness.Say("went on %.2f s after the webhook configuration was deleted", harness.Seconds(began))
	}, NodeTimeout(time.Minute))
})

// kyvernoWebhooks are the webhook configurations of Kyverno that exist.
func kyvernoWebhooks(ctx context.Context) []string {
	GinkgoHelper()
	var out []string
	for _, kind := range []string{"ValidatingWebhookConfigurationList", "MutatingWebhookConfigurationList"} {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(admissionregistrationv1.SchemeGroupVersion.WithKind(kind))
		Expect(k8s.List(ctx, &list)).To(Succeed())
		for _, configuration := range list.Items {
			if strings.Contains(configuration.Name, "kyverno") {
				out = append(out, configuration.Name)
			}
		}
	}
	return out
}

// deadWebhook would be asked about every ConfigMap of a namespace, and cannot
// answer: its Service does not exist.
func deadWebhook(name, namespace string) *admissionregistrationv1.ValidatingWebhookConfiguration {
	fail, none := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "dead.e2e.example.com", FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:      admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "nowhere", Name: "nobody"}},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}
}
