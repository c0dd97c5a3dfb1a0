// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

var _ = Describe("What is looked at before a component is approved", func() {
	var f *bundleFixture

	BeforeEach(func() { f = newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0", "alpha")) })

	It("is whether the webhooks that will be asked can answer", func(ctx context.Context) {
		const obstacle = "the fail-closed webhook guard.example.com of ValidatingWebhookConfiguration guard has no ready endpoints"
		service := helm.Object{Namespace: "alpha", Name: "alpha"}
		service.Version, service.Kind = "v1", "Service"
		f.preparer.objects = map[string][]helm.Object{"alpha": {service}}
		f.webhooks.obstacle = obstacle
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha")).To(BeNil())
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateWaiting))
		Expect(f.state(ctx, "alpha").Reason).To(Equal(v1alpha1.ReasonWebhookUnavailable))
		Expect(f.state(ctx, "alpha").Message).To(Equal(obstacle))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(ContainSubstring("alpha: " + obstacle))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil(), "it may answer any moment")
		Expect(f.webhooks.asked[0].Owner).To(Equal("day-two.alpha"))
		Expect(f.webhooks.asked[0].Objects).To(HaveLen(1))
		Expect(f.webhooks.asked[0].OwnServices).To(Equal([]types.NamespacedName{{Namespace: "alpha", Name: "alpha"}}))
		f.expectIdle(ctx)
		f.webhooks.obstacle = ""
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha")).NotTo(BeNil())
	})

	It("is not whether they answer now, for what is approved already", func(ctx context.Context) {
		f.install(ctx)
		f.webhooks.obstacle = "nobody answers"
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})

	It("is told of webhooks that have lost their Service, which holds nobody", func(ctx context.Context) {
		f.install(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionAdmissionAvailable).Status).To(Equal(metav1.ConditionTrue))
		f.webhooks.orphans = []string{"webhook a has lost its Service", "webhook b has lost its Service"}
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionAdmissionAvailable).Status).To(Equal(metav1.ConditionFalse))
		Expect(f.condition(ctx, v1alpha1.ConditionAdmissionAvailable).Message).To(Equal(
			"webhook a has lost its Service; webhook b has lost its Service"))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.events.notes).To(ContainElement("Warning WebhookUnavailable webhook a has lost its Service; webhook b has lost its Service"))
		f.expectIdle(ctx)
	})

	It("is whether the change of a definition is safe", func(ctx context.Context) {
		definition := f.define(ctx, "alpha")
		f.install(ctx)
		approved, beta := f.release(ctx, "alpha").Spec, f.release(ctx, "beta").Spec
		f.checks.pending, f.checks.asked = true, nil
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components[0].Version, b.Spec.Components[1].Version = "2.0.0", "2.0.0"
		})
		f.reconcile(ctx)
		Expect(f.checks.asked).To(HaveLen(1))
		Expect(f.checks.asked[0].Owner).To(Equal("day-two.alpha"))
		Expect(f.checks.asked[0].Current.Name).To(Equal(definition.Name))
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StatePreparing))
		Expect(f.release(ctx, "alpha").Spec).To(Equal(approved))

		const refusal = "CRD widgets.alpha.example.com: version v1 would not be served any more, and 3 objects are stored in it"
		f.checks.pending, f.checks.refuse = false, failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, refusal)
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonCRDChangeUnsafe))
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateHeld))
		Expect(f.state(ctx, "alpha").Message).To(Equal("component alpha: " + refusal))
		Expect(f.state(ctx, "beta").State).To(Equal(v1alpha1.StateHeld), "the whole generation is held")
		Expect(f.release(ctx, "alpha").Spec).To(Equal(approved))
		Expect(f.release(ctx, "beta").Spec).To(Equal(beta))
		Expect(f.applier.asked).To(BeEmpty(), "no definition is sent")
		f.expectIdle(ctx)
		f.checks.refuse = nil
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("2.0.0"))
	})

	It("tells the refusals of several definitions together", func(ctx context.Context) {
		f.preparer.definitions["alpha"] = []*crds.Definition{{Name: "a.example.com"}, {Name: "b.example.com"}, {Name: "c.example.com"}, {Name: "d.example.com"}}
		f.checks.refuse = failure.Terminal(v1alpha1.ReasonCRDChangeUnsafe, "unsafe")
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.checks.asked).To(HaveLen(4))
		Expect(f.state(ctx, "alpha").Message).To(Equal("component alpha: unsafe; unsafe; unsafe; and 1 more of its definitions"))
	})

	It("is not whether a chart refuses a cluster whose kinds are not all known yet", func(ctx context.Context) {
		refusal := failure.Terminal(v1alpha1.ReasonRenderFailed, "deploy monitoring.coreos.com/v1 first")
		f.preparer.errors["alpha"] = &prepare.UnsureError{Err: refusal}
		f.preparer.pending["beta"] = true
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StatePreparing))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())
		Expect(f.events.notes).NotTo(ContainElement(ContainSubstring("RenderFailed")))
		f.preparer.errors["alpha"] = refusal
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonRenderFailed), "it asked for no kind")
		f.preparer.errors["alpha"] = &prepare.UnsureError{Err: refusal}
		f.preparer.pending["beta"] = false
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonRenderFailed), "now it is the last word")
	})

	It("is whether references bring what only the user has", func(ctx context.Context) {
		f.bundle.Spec.Components = []v1alpha1.Component{{
			Name: "oauth2-proxy", ValuesFrom: []v1alpha1.ValuesReference{{Kind: refs.ConfigMap, Name: "proxy"}},
		}}
		given := refs.Ref{Kind: refs.ConfigMap, Namespace: v1alpha1.DefaultNamespace, Name: "proxy"}
		references := stubReferences{given: {Data: map[string][]byte{"values.yaml": []byte("replicaCount: 2")}}}
		f.reconciler.References = references
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonInputMissing))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Message).To(HavePrefix("spec.components[oauth2-proxy].values.config.existingSecret is missing: "))
		references[given] = refs.Content{Data: map[string][]byte{"values.yaml": []byte("config: {existingSecret: mine}")}}
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())
		Expect(f.release(ctx, "oauth2-proxy")).NotTo(BeNil())
	})

	It("is whether its manifests can be applied", func(ctx context.Context) {
		f.bundle.Spec.Components[1].Manifests = []apiextensionsv1.JSON{
			settings("fine", "red"), {Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}`)},
		}
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonManifestInvalid))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(Equal(
			"spec.components[beta].manifests[1]: metadata.name is missing or not a string: set it"))
		Expect(f.release(ctx, "alpha")).To(BeNil(), "nothing is touched while anything is wrong")
		f.expectIdle(ctx)
	})

	It("says what exists already and belongs to nobody", func(ctx context.Context) {
		f.preparer.errors["alpha"] = failure.Blocked(v1alpha1.ReasonObjectsExist, "ConfigMap alpha/a exists already; set adopt: true")
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateHeld))
		Expect(f.state(ctx, "alpha").Reason).To(Equal(v1alpha1.ReasonObjectsExist))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil(), "deleting them helps, too")
	})
})

var _ = Describe("A reconcile request", func() {
	var f *bundleFixture

	ask := func(request string) func(*v1alpha1.PlatformBundle) {
		return func(b *v1alpha1.PlatformBundle) {
			b.Annotations = map[string]string{v1alpha1.ReconcileRequestAnnotation: request}
		}
	}

	BeforeEach(func(ctx context.Context) {
		f = newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0", "alpha"), ownChart("gamma", "1.0.0", "beta"))
		f.install(ctx)
	})

	It("reaches every release, and changes nothing about what is wanted", func(ctx context.Context) {
		calls := f.preparer.calls
		before := map[string]v1alpha1.ComponentReleaseSpec{}
		for _, name := range []string{"alpha", "beta", "gamma"} {
			before[name] = f.release(ctx, name).Spec
		}
		f.change(ctx, ask("1"))
		f.reconcile(ctx)
		for name, spec := range before {
			spec.ReconcileRequest = "1"
			Expect(f.release(ctx, name).Spec).To(Equal(spec), name)
		}
		Expect(f.preparer.calls).To(Equal(calls), "exact versions are not resolved again")
		Expect(f.observed(ctx).Status.LastHandledReconcileAt).To(Equal("1"))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})

	It("reaches a release that is held, and those that depend on it later", func(ctx context.Context) {
		f.report(ctx, "alpha", func(release *v1alpha1.ComponentRelease) {
			release.Status.Conditions[0].Status, release.Status.Conditions[0].Reason = metav1.ConditionFalse, v1alpha1.ReasonReleasedExternally
			release.Status.Conditions[0].Message = "was made by another Helm client"
		})
		f.reconcile(ctx)
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateHeld))
		Expect(f.state(ctx, "alpha").Message).To(Equal("was made by another Helm client"))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonReleasedExternally), "only a person gets it moving")
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(HavePrefix("alpha: was made by another Helm client"))
		f.expectIdle(ctx)
		f.change(ctx, ask("1"))
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.ReconcileRequest).To(Equal("1"))
		f.becomeReady(ctx, "alpha")
		f.reconcile(ctx)
		Expect(f.release(ctx, "beta").Spec.ReconcileRequest).To(Equal("1"))
		Expect(f.release(ctx, "gamma").Spec.ReconcileRequest).To(Equal("1"))
	})
})

var _ = Describe("A bundle that was restored from a backup", func() {
	It("finds its releases although its UID is another, and changes nothing", func(ctx context.Context) {
		f := newBundleFixture(v1alpha1.Component{Name: "ingress-nginx"}, ownChart("beta", "1.0.0", "ingress-nginx"))
		f.install(ctx)
		before := f.observed(ctx)
		releases := f.versions(ctx)
		f.vanish(ctx)
		f.bundle = &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: before.Name}, Spec: before.Spec}
		f.create(ctx)
		Expect(f.bundle.UID).NotTo(Equal(before.UID))
		calls := f.preparer.calls
		f.reconcile(ctx)
		after := f.versions(ctx)
		delete(releases, f.bundle.Name)
		delete(after, f.bundle.Name)
		Expect(after).To(Equal(releases))
		Expect(f.preparer.calls).To(Equal(calls))
		Expect(f.observed(ctx).Status.Ready).To(Equal("2/2"))
		Expect(f.observed(ctx).Status.CatalogVersion).To(Equal(before.Status.CatalogVersion))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})
})
