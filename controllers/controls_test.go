// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// brokenStatus refuses to write any status.
type brokenStatus struct{ client.Client }

func (b brokenStatus) Status() client.SubResourceWriter { return brokenWriter{b.Client.Status()} }

type brokenWriter struct{ client.SubResourceWriter }

func (brokenWriter) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	return errors.New("etcd has no leader")
}

var _ = Describe("An outcome", func() {
	var f *releaseFixture

	BeforeEach(func(ctx context.Context) {
		f = newReleaseFixture()
		f.install(ctx)
	})

	It("is kept while it cannot be written down, counted once, and told once", func(ctx context.Context) {
		f.engine.fail, f.engine.leaves = errors.New("timed out"), true
		f.approve(ctx, "sha256:two")
		f.reconcile(ctx)
		said := len(f.events.notes)
		working := f.reconciler.Client
		f.reconciler.Client = brokenStatus{working}
		for range 3 {
			_, err := f.pass(ctx)
			Expect(err).To(MatchError(ContainSubstring("etcd has no leader")))
		}
		Expect(f.events.notes).To(HaveLen(said), "nothing is told that is not written")
		f.reconciler.Client = working
		f.settle(ctx)
		Expect(f.observed(ctx).Status.Failure.Count).To(Equal(int32(1)))
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.events.notes).To(HaveLen(said + 1))
	})

	It("of a job that ends in the middle of a pass is learned by the next one", func(ctx context.Context) {
		f.engine.drifted = []helm.Difference{{Object: f.engine.objects[0], Fields: []string{"data.color"}, Corrected: true}}
		change := readiness.Change{
			Object: readiness.Object{GroupVersionKind: configMaps, Namespace: "default", Name: "alpha"}, UID: "1", ResourceVersion: "7",
		}
		f.ledger.Changed(f.release.Name, change)
		_, err := f.pass(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(f.table.begun).To(HaveLen(1))
		f.tracker.onStatus = func() { f.table.finish(ctx) }
		f.ask(ctx, "now") // there is something to begin
		_, err = f.pass(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(f.table.begun).To(BeEmpty(), "the pass has not seen what the job did")
		Expect(f.events.notes).NotTo(ContainElement(ContainSubstring("DriftCorrected")))
		f.tracker.onStatus = nil
		f.settle(ctx)
		Expect(f.events.notes).To(ContainElement(ContainSubstring("DriftCorrected")))
		f.expectIdle(ctx)
	})
})

var _ = Describe("A component that is suspended", func() {
	var f *bundleFixture

	suspend := func(suspend bool) func(*v1alpha1.PlatformBundle) {
		return func(b *v1alpha1.PlatformBundle) { b.Spec.Components[0].Suspend = suspend }
	}

	BeforeEach(func(ctx context.Context) {
		f = newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0", "alpha"))
		f.install(ctx)
	})

	It("is left as it is, says so, and holds nobody while that is Ready", func(ctx context.Context) {
		f.change(ctx, suspend(true))
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Suspend).To(BeTrue())
		Expect(f.release(ctx, "beta").Spec.Suspend).To(BeFalse())
		Expect(f.state(ctx, "alpha").Reason).To(Equal(v1alpha1.ReasonSuspended))
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components[0].Version, b.Spec.Components[1].Version = "2.0.0", "2.0.0"
		})
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("1.0.0"))
		Expect(f.release(ctx, "beta").Spec.Chart.Version).To(Equal("2.0.0"))
		f.becomeReady(ctx, "beta")
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
		f.change(ctx, suspend(false))
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha").Spec.Suspend).To(BeFalse())
		Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("2.0.0"))
	})

	It("is not removed before it is resumed", func(ctx context.Context) {
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Suspend = true })
		f.reconcile(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components = b.Spec.Components[:1] })
		f.reconcile(ctx)
		Expect(f.release(ctx, "beta").Spec.Removal).To(BeEmpty())
		f.expectIdle(ctx)
	})
})

var _ = Describe("A component that is held after a rollback", func() {
	It("stalls the bundle only when nothing else may go on by itself", func(ctx context.Context) {
		f := newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0", "alpha"), ownChart("gamma", "1.0.0"))
		f.install(ctx)
		f.report(ctx, "alpha", func(release *v1alpha1.ComponentRelease) {
			release.Status.Conditions[0].Status, release.Status.Conditions[0].Reason = metav1.ConditionFalse, v1alpha1.ReasonRolledBack
			release.Status.Conditions[0].Message = "rolled back"
		})
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components[1].Version, b.Spec.Components[2].Version = "2.0.0", "2.0.0"
		})
		f.webhooks.obstacle = "nobody answers"
		f.reconcile(ctx)
		Expect(f.state(ctx, "alpha").State).To(Equal(v1alpha1.StateHeld))
		Expect(f.state(ctx, "beta").Message).To(Equal("waits for alpha"))
		Expect(f.state(ctx, "gamma").Reason).To(Equal(v1alpha1.ReasonWebhookUnavailable))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil(), "gamma goes on when the webhook answers")
		f.webhooks.obstacle = ""
		f.reconcile(ctx)
		f.becomeReady(ctx, "gamma")
		f.reconcile(ctx)
		Expect(f.release(ctx, "gamma").Spec.Chart.Version).To(Equal("2.0.0"), "a held component holds its dependents and nobody else")
		Expect(f.release(ctx, "beta").Spec.Chart.Version).To(Equal("1.0.0"))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonRolledBack))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(Equal("alpha: rolled back; beta waits for alpha"))
		f.expectIdle(ctx)
	})

	It("does not hide an error in the spec", func(ctx context.Context) {
		f := newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("gamma", "1.0.0"))
		f.install(ctx)
		f.report(ctx, "alpha", func(release *v1alpha1.ComponentRelease) {
			release.Status.Conditions[0].Status, release.Status.Conditions[0].Reason = metav1.ConditionFalse, v1alpha1.ReasonRolledBack
		})
		f.preparer.errors["gamma"] = failure.Terminal(v1alpha1.ReasonRenderFailed, "a template fails")
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[1].Version = "2.0.0" })
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonRenderFailed))
	})
})
