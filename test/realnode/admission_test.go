// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// engineWebhooks is what the engine registers for resources while it runs.
const engineWebhooks = "kyverno-resource-validating-webhook-cfg"

// takeDown ends the pods of a namespace and lets nobody start new ones there,
// with nothing but writes to that namespace: an engine's webhook may refuse all
// others by then. What it returns brings them back, and is called after the spec
// at the latest.
func takeDown(ctx context.Context, namespace string) (bringBack func(context.Context)) {
	GinkgoHelper()
	none := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "outage"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
	}
	Expect(k8s.Create(ctx, none)).To(Succeed())
	bringBack = func(ctx context.Context) {
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, none))).To(Succeed())
		// Their controller waits longer from failure to failure; a change wakes it.
		node.Kubectl(ctx, "-n", namespace, "annotate", "--overwrite", "replicasets", "--all", "outage=over")
	}
	DeferCleanup(bringBack, NodeTimeout(time.Minute))
	Eventually(func(g Gomega) {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(none), none)).To(Succeed())
		g.Expect(none.Status.Hard).NotTo(BeEmpty(), "the quota does not count yet")
	}).Should(Succeed())
	Eventually(func(g Gomega) {
		pods := podsOf(ctx, g, namespace) // one may come past the quota while it begins to count
		for _, pod := range pods {
			if pod.DeletionTimestamp == nil {
				g.Expect(client.IgnoreNotFound(k8s.Delete(ctx, &pod, client.GracePeriodSeconds(1)))).To(Succeed())
			}
		}
		g.Expect(pods).To(BeEmpty())
	}).Should(Succeed())
	return bringBack
}

// awaitEngine waits until the engine judges the objects of everybody.
func awaitEngine(ctx context.Context) *admissionregistrationv1.ValidatingWebhookConfiguration {
	GinkgoHelper()
	found := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	Eventually(func() error { return k8s.Get(ctx, keyOf("", engineWebhooks), found) }).Should(Succeed())
	return found
}

// forgetEngine deletes what the engine registered and leaves behind.
func forgetEngine(ctx context.Context) {
	GinkgoHelper()
	node.Kubectl(ctx, "delete", "validatingwebhookconfigurations,mutatingwebhookconfigurations",
		"-l", "app.kubernetes.io/managed-by=standin-engine")
}

// awaitRefusal waits until the API server, which learns of webhooks and their
// endpoints a moment late, would refuse an object with these words.
func awaitRefusal(ctx context.Context, object client.Object, words string) {
	GinkgoHelper()
	Eventually(func() error {
		return k8s.Create(ctx, object.DeepCopyObject().(client.Object), client.DryRunAll)
	}).Should(MatchError(ContainSubstring(words)))
}

// What the API server says of a refusal: the webhook's answer, and that it has none.
const (
	denied   = "denied by the stand-in webhook"
	noAnswer = "failed calling webhook"
)

func configMapIn(namespace, name string, labels map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels}}
}

var _ = Describe("A fail-closed webhook in the component's own pod", func() {
	labels := map[string]any{"standin.groundwork.dev/guarded": "true"}
	// judged is a component with an object that the webhook is asked about.
	judged := func(color string) v1alpha1.Component {
		c := chart("slow", "1.0.0", `{"startAfter": "0s"}`)
		c.Manifests = []apiextensionsv1.JSON{harness.Manifest(map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"color": color},
			"metadata": map[string]any{"name": "judged", "namespace": "slow", "labels": labels},
		})}
		return c
	}

	It("is waited for, asked, upgraded, and missed when it is down", func(ctx context.Context) {
		after := judged("blue")
		after.DependsOn = []string{"guard"}
		node.Create(ctx, harness.BundleOf("guarded", chart("guard", "1.0.0", ""), after))
		node.ExpectReady(ctx, "guarded", 2)
		By("asking it for real")
		evil := map[string]string{"standin.groundwork.dev/guarded": "true", "standin.groundwork.dev/deny": "true"}
		awaitRefusal(ctx, configMapIn("slow", "evil", evil), denied)

		By("upgrading what serves it")
		upgrade(ctx, "guarded", "guard", "1.1.0", "")
		node.ExpectReady(ctx, "guarded", 2)

		By("taking it down, and asking for a write that it would be asked about")
		bringBack := takeDown(ctx, "guard")
		story := awaitMessage(ctx, "guarded", "guard", "Service guard/guard has no ready endpoint", "a pod is forbidden: exceeded quota: outage")
		harness.Say("%s %s: %s", story.State, story.Reason, story.Message)
		node.Change(ctx, "guarded", func(spec *v1alpha1.PlatformBundleSpec) {
			harness.Component(spec, "slow").Manifests = judged("green").Manifests
		})
		awaitMessage(ctx, "guarded", "slow", "waits for guard")

		By("bringing it back")
		bringBack(ctx)
		node.ExpectReady(ctx, "guarded", 2)
		awaitColor(ctx, "green")
	}, patience)

	It("is named as the obstacle to a component that does not know it", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("guarded", chart("guard", "1.0.0", "")))
		node.ExpectReady(ctx, "guarded", 1)
		node.Create(ctx, harness.BundleOf("beside", judged("blue")))
		node.ExpectReady(ctx, "beside", 1)
		bringBack := takeDown(ctx, "guard")
		node.Change(ctx, "beside", func(spec *v1alpha1.PlatformBundleSpec) {
			spec.Components[0].Manifests = judged("green").Manifests
		})
		story := awaitMessage(ctx, "beside", "slow", "webhook configmaps.standin.groundwork.dev")
		harness.Say("%s %s: %s", story.State, story.Reason, story.Message)
		bringBack(ctx)
		node.ExpectReady(ctx, "beside", 1)
		awaitColor(ctx, "green")
	}, patience)
})

// awaitColor waits until the judged object says so.
func awaitColor(ctx context.Context, want string) {
	GinkgoHelper()
	judged := &corev1.ConfigMap{}
	Eventually(func(g Gomega) {
		g.Expect(k8s.Get(ctx, keyOf("slow", "judged"), judged)).To(Succeed())
		g.Expect(judged.Data).To(HaveKeyWithValue("color", want))
	}).Should(Succeed())
}

var _ = Describe("A kind whose versions are converted by the component's own pod", func() {
	theirs := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "standin.groundwork.dev/v1beta1", "kind": "Gadget",
		"metadata": map[string]any{"name": "theirs", "namespace": "default"}, "spec": map[string]any{"size": "large"},
	}}
	It("is installed, converted, upgraded, kept while it is used, and left readable", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("convert", chart("convert", "1.0.0", "")))
		node.ExpectReady(ctx, "convert", 1)
		createForSpec(ctx, theirs.DeepCopy())
		converted := func() string {
			return node.Kubectl(ctx, "-n", "default", "get", "gadgets.v1.standin.groundwork.dev", "theirs",
				"-o", "jsonpath={.apiVersion} {.spec}")
		}
		Expect(converted()).To(And(HavePrefix("standin.groundwork.dev/v1 "), ContainSubstring("convertedFrom")))
		upgrade(ctx, "convert", "convert", "1.1.0", "")
		node.ExpectReady(ctx, "convert", 1)
		Expect(converted()).To(ContainSubstring("large"))

		By("removing it while an object is there")
		node.Change(ctx, "convert", func(spec *v1alpha1.PlatformBundleSpec) { spec.Components[0].Enabled = new(bool) })
		story := awaitMessage(ctx, "convert", "convert", "1 Gadget (default/theirs)")
		harness.Say("%s %s: %s", story.State, story.Reason, story.Message)
		Expect(converted()).To(ContainSubstring("large"), "who converts must live")

		By("deleting the object, so that the component can go")
		node.Kubectl(ctx, "-n", "default", "delete", "gadgets.v1.standin.groundwork.dev", "theirs")
		awaitNoRecord(ctx, "convert/convert")
		Eventually(func(g Gomega) {
			kept := node.Definitions(ctx)["gadgets.standin.groundwork.dev"]
			g.Expect(kept.Spec.Conversion.Strategy).To(Equal(apiextensionsv1.NoneConverter), "nobody answers the conversion webhook any more")
		}).Should(Succeed())
		node.Kubectl(ctx, "get", "gadgets.v1.standin.groundwork.dev", "-A")
	}, patience)
})

var _ = Describe("A policy engine that registers its webhooks at run time", func() {
	// After the bundle is gone: an engine that runs registers its webhooks again.
	BeforeEach(func() { DeferCleanup(forgetEngine, NodeTimeout(time.Minute)) })

	engine := func(values string) v1alpha1.Component { return named("kyverno", "kyverno", "3.9.0", values) }

	It("is Ready once it can answer", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("policy", engine("")))
		node.ExpectReady(ctx, "policy", 1)
		found := awaitEngine(ctx)
		Expect(*found.Webhooks[0].FailurePolicy).To(Equal(admissionregistrationv1.Fail))
		awaitRefusal(ctx, configMapIn("default", "evil", map[string]string{"standin.groundwork.dev/deny": "true"}), denied)
	}, patience)

	It("takes with it what it registered when it is removed", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("policy", engine("")))
		node.ExpectReady(ctx, "policy", 1)
		found := awaitEngine(ctx)
		node.Change(ctx, "policy", func(spec *v1alpha1.PlatformBundleSpec) { spec.Components[0].Enabled = new(bool) })
		Eventually(func() bool { return apierrors.IsNotFound(k8s.Get(ctx, keyOf("", engineWebhooks), found)) }).Should(BeTrue())
		node.ExpectReady(ctx, "policy", 0)
		Eventually(func() error {
			evil := configMapIn("default", "evil", map[string]string{"standin.groundwork.dev/deny": "true"})
			return k8s.Create(ctx, evil, client.DryRunAll)
		}).Should(Succeed(), "somebody is still asked")
	}, patience)

	It("does not hang the operator when it is down with its webhooks registered", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("policy", engine("")))
		node.ExpectReady(ctx, "policy", 1)
		awaitEngine(ctx)
		led := awaitLeader(ctx)
		bringBack := takeDown(ctx, "kyverno")
		awaitRefusal(ctx, configMapIn("default", "refused", nil), noAnswer)

		By("asking for another component meanwhile")
		node.Change(ctx, "policy", func(spec *v1alpha1.PlatformBundleSpec) {
			spec.Components = append(spec.Components, chart("slow", "1.0.0", `{"startAfter": "0s"}`))
		})
		story := awaitMessage(ctx, "policy", "slow", engineWebhooks, "start what stands behind it, or delete the configuration")
		harness.Say("%s %s: %s", story.State, story.Reason, story.Message)
		seen := node.Bundle(ctx, Default, "policy")
		harness.Say("kyverno: %s", harness.StatusOf(seen, "kyverno").Message)
		By("looking at the operator's own namespace")
		Expect(k8s.Create(ctx, configMapIn(v1alpha1.DefaultNamespace, "ours", nil), client.DryRunAll)).To(Succeed(), "never caught")
		expectLeading(ctx, led)

		By("bringing it back")
		bringBack(ctx)
		node.ExpectReady(ctx, "policy", 2)
	}, patience)

	It("is named with its cure when its Service went and its webhooks stayed", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("policy", engine("")))
		node.ExpectReady(ctx, "policy", 1)
		awaitEngine(ctx)
		By("deleting the namespace behind the operator's back")
		node.Kubectl(ctx, "delete", "namespace", "kyverno", "--wait=false")
		Eventually(func(g Gomega) { // its webhooks lose their Service one after the other
			conditions := node.Bundle(ctx, g, "policy").Status.Conditions
			g.Expect(meta.IsStatusConditionFalse(conditions, v1alpha1.ConditionAdmissionAvailable)).To(BeTrue())
			found := meta.FindStatusCondition(conditions, v1alpha1.ConditionAdmissionAvailable)
			g.Expect(found.Message).To(And(ContainSubstring(engineWebhooks), ContainSubstring("delete the configuration")))
			harness.Say("%s: %s", found.Reason, found.Message)
		}).Should(Succeed())
		By("following the advice")
		forgetEngine(ctx)
		node.ExpectReady(ctx, "policy", 1)
		Expect(apierrors.IsNotFound(k8s.Get(ctx, keyOf("", "kyverno"), &corev1.Namespace{}))).To(BeFalse())
	}, patience)
})
