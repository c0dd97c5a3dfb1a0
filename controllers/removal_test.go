// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"bytes"
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/usage"
)

var _ = Describe("Removing what holds data", func() {
	var f *bundleFixture

	widgets := func(total int, names ...string) usage.Count {
		return usage.Count{
			GroupVersionKind: schema.GroupVersionKind{Group: "alpha.example.com", Version: "v1", Kind: "Widget"}, Total: total, Names: names,
		}
	}
	claim := v1alpha1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: "alpha", Name: "data-0"}
	namespace := v1alpha1.ObjectReference{APIVersion: "v1", Kind: "Namespace", Name: "tenants"}
	off := func(allow ...string) func(*v1alpha1.PlatformBundle) {
		return func(b *v1alpha1.PlatformBundle) {
			no := false
			b.Spec.Components[0].Enabled, b.Spec.Components[0].AllowDataLoss = &no, allow
		}
	}
	removal := func(ctx context.Context) v1alpha1.RemovalPolicy { return f.release(ctx, "alpha").Spec.Removal }

	BeforeEach(func() { f = newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0")) })

	It("is refused while custom resources of its kinds live, until they are gone", func(ctx context.Context) {
		f.define(ctx, "alpha")
		f.install(ctx)
		f.usage.counts = []usage.Count{widgets(4, "team/a", "team/b", "team/c")}
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components = b.Spec.Components[1:] })
		f.reconcile(ctx)
		const refusal = "alpha is not removed, because these objects would be lost or left without their operator: " +
			"4 Widget (team/a, team/b, team/c and 1 more); delete them, or keep the component listed with enabled: false and allowDataLoss: [Widget]"
		Expect(removal(ctx)).To(BeEmpty())
		Expect(f.usage.asked).To(Equal([]usage.Kind{{GroupVersionKind: widgets(0).GroupVersionKind, Excluded: v1alpha1.ReleaseName(f.bundle.Name, "alpha")}}))
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateHeld))
		Expect(f.state(ctx, "alpha").Reason).To(Equal(v1alpha1.ReasonDataLoss))
		Expect(f.state(ctx, "alpha").Message).To(Equal(refusal))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonDataLoss))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(Equal(refusal))
		Expect(f.state(ctx, "beta").State).To(Equal(v1alpha1.StateReady), "nobody else is held")
		Expect(f.events.notes).To(ContainElement(HavePrefix("Warning DataLoss alpha: alpha is not removed")))
		f.expectIdle(ctx)
		f.usage.counts = []usage.Count{widgets(0)}
		f.reconcile(ctx)
		Expect(removal(ctx)).To(Equal(v1alpha1.RemovalUninstall))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())
		f.reconcile(ctx)
		Expect(f.usage.asked).To(BeEmpty(), "nobody counts what nobody asks")
	})

	It("of an object that is kept is refused once it was applied, and it may move to another component", func(ctx context.Context) {
		kept := apiextensionsv1.JSON{Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept","annotations":{"helm.sh/resource-policy":"keep"}},"data":{}}`)}
		f.bundle.Spec.Components[0].Manifests = []apiextensionsv1.JSON{kept}
		f.create(ctx)
		f.reconcile(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[0].Manifests = nil })
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil(), "there never was one")

		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[0].Manifests = []apiextensionsv1.JSON{kept} })
		f.reconcile(ctx)
		f.report(ctx, "alpha", func(r *v1alpha1.ComponentRelease) {
			r.Status.Manifests = []v1alpha1.ObjectReference{{APIVersion: "v1", Kind: "ConfigMap", Namespace: "alpha", Name: "kept"}}
		})
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[0].Manifests = nil })
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Message).To(ContainSubstring("would delete 1 ConfigMap (alpha/kept)"))

		moved := apiextensionsv1.JSON{Raw: bytes.Replace(kept.Raw, []byte(`"name":"kept"`), []byte(`"name":"kept","namespace":"alpha"`), 1)}
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[1].Manifests = []apiextensionsv1.JSON{moved} })
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil(), "nothing is lost")
		Expect(f.release(ctx, "alpha").Spec.Manifests).To(BeEmpty())
		Expect(f.release(ctx, "beta").Spec.Manifests).To(HaveLen(1))
	})

	It("counts nothing of what is removed after it, or neither of them would ever go", func(ctx context.Context) {
		// As Prometheus, whose page waits for the ingress, which has a ServiceMonitor.
		f.bundle.Spec.Components = []v1alpha1.Component{ownChart("alpha", "1.0.0", "beta"), ownChart("beta", "1.0.0"), ownChart("gamma", "1.0.0")}
		f.bundle.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
		f.define(ctx, "alpha")
		f.install(ctx)
		Expect(k8s.Delete(ctx, f.observed(ctx))).To(Succeed())
		f.reconcile(ctx)
		Expect(f.usage.asked).To(Equal([]usage.Kind{{GroupVersionKind: widgets(0).GroupVersionKind, Excluded: "day-two.alpha,day-two.beta"}}),
			"gamma is removed by itself, and its widgets with it, while their operator is there")
	})

	It("counts what is removed after it when that is not going to be removed", func(ctx context.Context) {
		f.bundle.Spec.Components = []v1alpha1.Component{ownChart("alpha", "1.0.0", "beta"), ownChart("beta", "1.0.0")}
		f.define(ctx, "alpha")
		f.install(ctx)
		f.report(ctx, "beta", func(r *v1alpha1.ComponentRelease) { r.Status.Data = []v1alpha1.ObjectReference{claim} })
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components = nil })
		f.reconcile(ctx)
		Expect(f.usage.asked).To(Equal([]usage.Kind{{GroupVersionKind: widgets(0).GroupVersionKind, Excluded: "day-two.alpha"}}),
			"beta stays for its claim, and its widgets would be left without their operator")
	})

	It("is allowed by naming every kind that is given up", func(ctx context.Context) {
		f.define(ctx, "alpha")
		f.install(ctx)
		f.usage.counts = []usage.Count{widgets(1, "team/a")}
		f.report(ctx, "alpha", func(r *v1alpha1.ComponentRelease) { r.Status.Data = []v1alpha1.ObjectReference{namespace, claim} })
		f.change(ctx, off())
		f.reconcile(ctx)
		Expect(f.state(ctx, "alpha").Message).To(Equal(
			"alpha is not removed, because these objects would be lost or left without their operator: " +
				"1 Namespace (tenants), 1 PersistentVolumeClaim (alpha/data-0), 1 Widget (team/a); " +
				"keep the component listed with enabled: false and allowDataLoss: [Namespace, PersistentVolumeClaim, Widget]"))
		f.change(ctx, off("Widget", "PersistentVolumeClaim"))
		f.reconcile(ctx)
		Expect(removal(ctx)).To(BeEmpty())
		Expect(f.state(ctx, "alpha").Message).To(ContainSubstring("operator: 1 Namespace (tenants); keep the component listed"))
		f.expectIdle(ctx)
		f.change(ctx, off("Widget", "PersistentVolumeClaim", "Namespace"))
		f.reconcile(ctx)
		Expect(removal(ctx)).To(Equal(v1alpha1.RemovalUninstall))
		Expect(f.release(ctx, "alpha").Spec.AllowDataLoss).To(Equal([]string{"Namespace", "PersistentVolumeClaim", "Widget"}),
			"the uninstall deletes no more than that")
	})

	It("waits until everything has been counted", func(ctx context.Context) {
		f.define(ctx, "alpha")
		f.install(ctx)
		f.usage.listed = false
		f.change(ctx, off())
		f.reconcile(ctx)
		Expect(removal(ctx)).To(BeEmpty())
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateRemoving))
		Expect(f.state(ctx, "alpha").Reason).To(Equal(v1alpha1.ReasonPreparing))
		Expect(f.state(ctx, "alpha").Message).To(Equal("the live objects of its kinds are being counted before it is removed"))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())
		f.usage.trouble = []string{"Widget cannot be listed: forbidden"}
		f.reconcile(ctx)
		Expect(f.state(ctx, "alpha").Message).To(HaveSuffix("; Widget cannot be listed: forbidden; mend that, or name the kinds in allowDataLoss"))
		f.expectIdle(ctx)
		f.usage.listed, f.usage.trouble = true, nil
		f.reconcile(ctx)
		Expect(removal(ctx)).To(Equal(v1alpha1.RemovalUninstall))
	})

	It("takes an operator away after the components whose manifests have its kinds", func(ctx context.Context) {
		f.define(ctx, "alpha")
		f.install(ctx)
		f.report(ctx, "beta", func(r *v1alpha1.ComponentRelease) {
			r.Status.Manifests = []v1alpha1.ObjectReference{{APIVersion: "alpha.example.com/v1", Kind: "Widget", Namespace: "beta", Name: "a"}}
		})
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components = nil })
		f.reconcile(ctx)
		Expect(removal(ctx)).To(BeEmpty())
		Expect(f.state(ctx, "alpha").Message).To(Equal("is removed after beta"))
		Expect(f.release(ctx, "beta").Spec.Removal).To(Equal(v1alpha1.RemovalUninstall))
		f.report(ctx, "beta", func(r *v1alpha1.ComponentRelease) { r.Status.Removed, r.Status.Manifests = true, nil })
		f.reconcile(ctx)
		f.reconcile(ctx)
		Expect(removal(ctx)).To(Equal(v1alpha1.RemovalUninstall))
	})

	It("counts nothing of a kind whose definition belongs to somebody else", func(ctx context.Context) {
		theirs := f.define(ctx, "beta")
		f.install(ctx)
		release := f.release(ctx, "alpha")
		release.Spec.CRDs = []v1alpha1.CRDReference{{Name: theirs.Name, Digest: theirs.Digest}}
		Expect(k8s.Update(ctx, release)).To(Succeed())
		count := widgets(1, "team/a")
		count.Group = "beta.example.com"
		f.usage.counts = []usage.Count{count}
		f.change(ctx, off())
		f.reconcile(ctx)
		Expect(f.usage.asked).To(BeEmpty())
		Expect(removal(ctx)).To(Equal(v1alpha1.RemovalUninstall))
	})

	It("is refused when the whole bundle is deleted with deletionPolicy Delete, too", func(ctx context.Context) {
		f.bundle.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
		f.install(ctx)
		f.report(ctx, "alpha", func(r *v1alpha1.ComponentRelease) { r.Status.Data = []v1alpha1.ObjectReference{claim} })
		Expect(k8s.Delete(ctx, f.observed(ctx))).To(Succeed())
		f.reconcile(ctx)
		Expect(removal(ctx)).To(BeEmpty())
		Expect(f.release(ctx, "beta").Spec.Removal).To(Equal(v1alpha1.RemovalUninstall), "beta holds nothing")
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonDataLoss))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(Equal(
			"alpha is not removed, because these objects would be lost or left without their operator: " +
				"1 PersistentVolumeClaim (alpha/data-0); set allowDataLoss of the component: [PersistentVolumeClaim]"))
		f.report(ctx, "beta", func(r *v1alpha1.ComponentRelease) { r.Status.Removed = true })
		f.reconcile(ctx)
		f.expectIdle(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components[0].AllowDataLoss = []string{"PersistentVolumeClaim"}
		})
		f.reconcile(ctx)
		Expect(removal(ctx)).To(Equal(v1alpha1.RemovalUninstall))
		f.report(ctx, "alpha", func(r *v1alpha1.ComponentRelease) { r.Status.Removed = true })
		f.reconcile(ctx)
		f.reconcile(ctx)
		Expect(client.IgnoreNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(f.bundle), &v1alpha1.PlatformBundle{}))).To(Succeed())
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(f.bundle), &v1alpha1.PlatformBundle{})).NotTo(Succeed())
	})

	It("keeps everything when the bundle is deleted with the default policy", func(ctx context.Context) {
		f.install(ctx)
		f.report(ctx, "alpha", func(r *v1alpha1.ComponentRelease) { r.Status.Data = []v1alpha1.ObjectReference{claim} })
		Expect(k8s.Delete(ctx, f.observed(ctx))).To(Succeed())
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha")).To(BeNil(), "nothing is lost, so nothing is held")
	})
})

var _ = Describe("Definitions that outlive their component", func() {
	var f *bundleFixture

	conversion := func(ctx context.Context) string {
		GinkgoHelper()
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
		Expect(k8s.Get(ctx, types.NamespacedName{Name: "widgets.alpha.example.com"}, object)).To(Succeed())
		strategy, _, err := unstructured.NestedString(object.Object, "spec", "conversion", "strategy")
		Expect(err).NotTo(HaveOccurred())
		return strategy
	}

	It("lose the conversion webhook that went with it, once it is gone", func(ctx context.Context) {
		f = newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0"))
		f.define(ctx, "alpha", func(spec map[string]any) {
			spec["conversion"] = map[string]any{"strategy": "Webhook", "webhook": map[string]any{
				"conversionReviewVersions": []any{"v1"},
				"clientConfig":             map[string]any{"service": map[string]any{"namespace": "alpha", "name": "alpha"}},
			}}
		})
		f.install(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components = b.Spec.Components[1:] })
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Removal).To(Equal(v1alpha1.RemovalUninstall))
		Expect(conversion(ctx)).To(Equal("Webhook"), "its operator still runs")
		f.report(ctx, "alpha", func(r *v1alpha1.ComponentRelease) { r.Status.Removed = true })
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha")).To(BeNil())
		Expect(conversion(ctx)).To(Equal("None"))
	})
})

var _ = Describe("An upgrade that leaves out a claim", func() {
	It("is refused, until the claim is kept or given up", func(ctx context.Context) {
		f := newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0"))
		f.install(ctx)
		f.report(ctx, "alpha", func(r *v1alpha1.ComponentRelease) {
			r.Status.Data = []v1alpha1.ObjectReference{{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: "alpha", Name: "data"}}
		})
		approved := f.release(ctx, "alpha").Spec
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[0].Version = "2.0.0" })
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec).To(Equal(approved))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonDataLoss))
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateHeld))
		Expect(f.state(ctx, "alpha").Message).To(Equal("component alpha: the upgrade to 2.0.0 would delete " +
			"1 PersistentVolumeClaim (alpha/data); keep them in the values, or name their kinds in allowDataLoss"))
		f.expectIdle(ctx)

		kept := helm.Object{Namespace: "alpha", Name: "data"}
		kept.Version, kept.Kind = "v1", "PersistentVolumeClaim"
		f.preparer.objects = map[string][]helm.Object{"alpha": {kept}}
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("2.0.0"))
		f.becomeReady(ctx, "alpha")
		f.preparer.objects = nil
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components[0].Version, b.Spec.Components[0].AllowDataLoss = "3.0.0", []string{"PersistentVolumeClaim"}
		})
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("3.0.0"))
		Expect(f.release(ctx, "alpha").Spec.AllowDataLoss).To(Equal([]string{"PersistentVolumeClaim"}))
	})
})
