// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var _ = Describe("A bundle whose changes need consent", func() {
	var f *bundleFixture

	BeforeEach(func() { f = newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0", "alpha")) })

	annotate := func(ctx context.Context, key, value string) {
		GinkgoHelper()
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Annotations = map[string]string{key: value} })
		f.reconcile(ctx)
	}

	It("installs nothing before its plan is approved, and then everything", func(ctx context.Context) {
		f.bundle.Spec.Approval = v1alpha1.ApprovalManual
		f.define(ctx, "alpha")
		f.create(ctx)
		f.reconcile(ctx)
		shown := f.observed(ctx).Status.Plan
		Expect(shown).NotTo(BeNil())
		Expect(shown.Approved).To(BeFalse())
		Expect(shown.Summary).To(Equal("2 installs"))
		Expect(shown.Changes).To(Equal([]v1alpha1.PlannedChange{
			{Component: "alpha", Kind: v1alpha1.ChangeInstall, To: "1.0.0"}, {Component: "beta", Kind: v1alpha1.ChangeInstall, To: "1.0.0"},
		}))
		Expect(f.release(ctx, "alpha")).To(BeNil())
		Expect(f.applier.asked).To(BeEmpty(), "no definition is sent")
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil(), "waiting is never an error")
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonAwaitingApproval))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(Equal("plan " + shown.Digest +
			" (2 installs) awaits approval: kubectl annotate platformbundle day-two platform.groundwork.dev/approved-plan=" + shown.Digest + " --overwrite"))
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateWaiting))
		Expect(f.state(ctx, "alpha").Message).To(Equal("waits for the approval of plan " + shown.Digest))
		f.expectIdle(ctx)

		annotate(ctx, v1alpha1.ApprovedPlanAnnotation, "0000000000000000")
		Expect(f.release(ctx, "alpha")).To(BeNil(), "that was another plan")

		annotate(ctx, v1alpha1.ApprovedPlanAnnotation, shown.Digest)
		f.becomeReady(ctx, "alpha")
		f.reconcile(ctx)
		Expect(f.release(ctx, "beta")).NotTo(BeNil(), "one approval is enough for all of a plan")
		f.becomeReady(ctx, "beta")
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.observed(ctx).Status.Plan).To(BeNil(), "nothing is left of it")
		f.expectIdle(ctx)
	})

	It("says what an upgrade and a removal change, and makes another plan when an input changes", func(ctx context.Context) {
		f.bundle.Spec.Components = append(f.bundle.Spec.Components, ownChart("gamma", "1.0.0"))
		f.install(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Approval = v1alpha1.ApprovalManual
			b.Spec.Components = b.Spec.Components[:2]
			b.Spec.Components[0].Version = "2.0.0"
			b.Spec.Components[1].Values = &apiextensionsv1.JSON{Raw: []byte(`{"a":1}`)}
			b.Spec.Components[1].Timeout = &metav1.Duration{Duration: time.Minute}
		})
		f.reconcile(ctx)
		first := f.observed(ctx).Status.Plan
		Expect(first.Summary).To(Equal("2 upgrades, 1 removal"))
		Expect(first.Changes).To(Equal([]v1alpha1.PlannedChange{
			{Component: "alpha", Kind: v1alpha1.ChangeUpgrade, From: "1.0.0", To: "2.0.0", What: []string{"version"}},
			{Component: "beta", Kind: v1alpha1.ChangeUpgrade, From: "1.0.0", To: "1.0.0", What: []string{"values"}},
			{Component: "gamma", Kind: v1alpha1.ChangeRemove, From: "1.0.0"},
		}))
		Expect(f.release(ctx, "gamma").Spec.Removal).To(BeEmpty())
		Expect(f.state(ctx, "gamma").State).To(Equal(v1alpha1.StateWaiting))
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components[1].Values = &apiextensionsv1.JSON{Raw: []byte(`{"a":2}`)}
			b.Annotations = map[string]string{v1alpha1.ApprovedPlanAnnotation: first.Digest}
		})
		f.reconcile(ctx)
		Expect(f.observed(ctx).Status.Plan.Digest).NotTo(Equal(first.Digest), "another input is another plan")
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("1.0.0"))
		f.expectIdle(ctx)
	})

	It("asks nobody about what reaches the cluster in nothing", func(ctx context.Context) {
		f.install(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Approval = v1alpha1.ApprovalManual
			b.Spec.Components[0].Timeout = &metav1.Duration{Duration: time.Minute}
			b.Annotations = map[string]string{v1alpha1.ReconcileRequestAnnotation: "now"}
		})
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Timeout.Duration).To(Equal(time.Minute))
		Expect(f.release(ctx, "alpha").Spec.ReconcileRequest).To(Equal("now"))
		Expect(f.observed(ctx).Status.Plan).To(BeNil())
	})

	It("upgrades and removes in its window, installs at once, and looks again when it opens", func(ctx context.Context) {
		f.install(ctx)
		now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		f.reconciler.Now = func() time.Time { return now }
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Maintenance = &v1alpha1.Maintenance{Schedule: "0 2 * * 6", Duration: metav1.Duration{Duration: time.Hour}}
			b.Spec.Components = []v1alpha1.Component{ownChart("alpha", "2.0.0"), ownChart("gamma", "1.0.0")}
		})
		result, err := f.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: f.bundle.Name}})
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).To(Equal(14*time.Hour), "it wakes up when the window opens, and not before")
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("1.0.0"))
		Expect(f.release(ctx, "beta").Spec.Removal).To(BeEmpty())
		Expect(f.release(ctx, "gamma")).NotTo(BeNil(), "an install does not wait")
		f.becomeReady(ctx, "gamma")
		f.reconcile(ctx)
		shown := f.observed(ctx).Status
		Expect(shown.NextWindow.Time.UTC()).To(Equal(time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonAwaitingWindow))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(Equal("plan " + shown.Plan.Digest +
			" (1 upgrade, 1 removal) waits for the maintenance window, which opens at 2026-11-21T02:00:00Z"))
		f.expectIdle(ctx)

		now = now.Add(14 * time.Hour)
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("2.0.0"))
		Expect(f.release(ctx, "beta").Spec.Removal).To(Equal(v1alpha1.RemovalUninstall))
		Expect(f.observed(ctx).Status.NextWindow).To(BeNil())
	})

	It("lets one plan through outside of its window", func(ctx context.Context) {
		f.install(ctx)
		f.reconciler.Now = func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Maintenance = &v1alpha1.Maintenance{Schedule: "0 2 * * 6", Duration: metav1.Duration{Duration: time.Hour}}
			b.Spec.Components[0].Version = "2.0.0"
		})
		f.reconcile(ctx)
		annotate(ctx, v1alpha1.ExemptedPlanAnnotation, f.observed(ctx).Status.Plan.Digest)
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("2.0.0"))
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[0].Version = "3.0.0" })
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("2.0.0"), "that is another plan")
	})

	It("refuses a window that is none, and changes nothing", func(ctx context.Context) {
		f.bundle.Spec.Maintenance = &v1alpha1.Maintenance{Schedule: "0 2", Duration: metav1.Duration{Duration: time.Hour}}
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonMaintenanceInvalid))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Message).To(Equal(
			`spec.maintenance.schedule: expected exactly 5 fields, found 2: [0 2]: write five cron fields, for example "0 2 * * 6"`))
		Expect(f.release(ctx, "alpha")).To(BeNil())
	})

	It("is deleted without being asked", func(ctx context.Context) {
		f.install(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Approval, b.Spec.DeletionPolicy = v1alpha1.ApprovalManual, v1alpha1.DeletionPolicyDelete
		})
		f.reconcile(ctx)
		Expect(k8s.Delete(ctx, f.observed(ctx))).To(Succeed())
		f.reconcile(ctx)
		Expect(f.release(ctx, "beta").Spec.Removal).To(Equal(v1alpha1.RemovalUninstall))
	})
})
