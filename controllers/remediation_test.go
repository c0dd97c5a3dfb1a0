// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
)

var _ = Describe("An upgrade that fails", func() {
	var f *releaseFixture

	BeforeEach(func(ctx context.Context) {
		f = newReleaseFixture()
		f.install(ctx)
		f.engine.fail, f.engine.leaves = errors.New("timed out waiting for the condition"), true
	})
	// failForGood tries as often as it may, each attempt after its delay.
	failForGood := func(ctx context.Context) {
		GinkgoHelper()
		for range 2 {
			f.settle(ctx)
			f.step(6 * time.Minute)
		}
		f.reconcile(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade", "upgrade", "upgrade"}))
	}

	It("is rolled back to what was Ready when its retries are used up, and held there", func(ctx context.Context) {
		first := f.release.Spec.InputsDigest
		second := f.approve(ctx, "sha256:two")
		failForGood(ctx)
		f.engine.fail = nil
		f.settle(ctx)
		Expect(f.engine.calls[3:]).To(Equal([]string{"rollback to 1"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionFalse))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRolledBack))
		Expect(f.ready(ctx).Message).To(Equal("rolled back, revision 5 is what was ready before: " +
			"upgrade failed 3 times: timed out waiting for the condition; it is held there " + untilAsked))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonRolledBack))
		Expect(f.condition(ctx, v1alpha1.ConditionReconciling)).To(BeNil())
		Expect(f.condition(ctx, v1alpha1.ConditionReleased).Status).To(Equal(metav1.ConditionFalse))
		Expect(f.observed(ctx).Status.ReleasedDigest).To(Equal(first), "what runs is what ran before")
		Expect(f.observed(ctx).Status.ReadyDigest).NotTo(Equal(second), "its dependents must not take it for the new inputs")
		Expect(f.events.notes).To(ContainElement(HavePrefix("Warning RolledBack rolled back, revision 5")))
		f.step(24 * time.Hour)
		f.expectIdle(ctx)
	})

	It("says what is going on while it is rolled back", func(ctx context.Context) {
		f.approve(ctx, "sha256:two")
		failForGood(ctx)
		f.table.hold = true
		f.reconcile(ctx)
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRollingBack))
		Expect(f.ready(ctx).Message).To(Equal(
			"upgrade failed 3 times, being rolled back to what was ready before: timed out waiting for the condition"))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())
	})

	It("is tried again when the inputs change after the rollback", func(ctx context.Context) {
		f.approve(ctx, "sha256:two")
		failForGood(ctx)
		f.engine.fail = nil
		f.settle(ctx)
		third := f.approve(ctx, "sha256:three")
		f.settle(ctx)
		Expect(f.engine.calls[4:]).To(Equal([]string{"upgrade"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.observed(ctx).Status.ReadyDigest).To(Equal(third))
		Expect(f.observed(ctx).Status.Failure).To(BeNil())
		f.expectIdle(ctx)
	})

	It("is tried again when a reconcile is asked for, once for each request", func(ctx context.Context) {
		f.approve(ctx, "sha256:two")
		failForGood(ctx)
		f.engine.fail = nil
		f.settle(ctx)
		f.engine.fail = errors.New("still broken")
		f.ask(ctx, "1")
		f.reconcile(ctx)
		Expect(f.engine.calls[4:]).To(Equal([]string{"upgrade"}))
		Expect(f.observed(ctx).Status.LastHandledReconcileAt).To(Equal("1"))
		f.settle(ctx)
		Expect(f.engine.calls[4:]).To(Equal([]string{"upgrade"}), "the next attempt waits for its time")
		Expect(f.ready(ctx).Message).To(Equal("upgrade failed once, tried again about 5s later: still broken"), "a request counts anew")
		f.engine.fail = nil
		f.ask(ctx, "2")
		f.settle(ctx)
		Expect(f.engine.calls[4:]).To(Equal([]string{"upgrade", "upgrade"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.observed(ctx).Status.LastHandledReconcileAt).To(Equal("2"))
		f.expectIdle(ctx)
	})

	It("goes on being tried when the strategy is None", func(ctx context.Context) {
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) {
			spec.Remediation = &v1alpha1.Remediation{Strategy: v1alpha1.RemediationNone}
		})
		f.approve(ctx, "sha256:two")
		for range 6 {
			f.settle(ctx)
			f.step(7 * time.Minute)
		}
		Expect(f.engine.calls).To(HaveLen(6))
		Expect(strings.Join(f.engine.calls, " ")).NotTo(ContainSubstring("rollback"))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonUpgradeFailed))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())
	})

	It("is rolled back at once when there are no retries", func(ctx context.Context) {
		none := int32(0)
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Remediation = &v1alpha1.Remediation{Retries: &none} })
		f.approve(ctx, "sha256:two")
		f.reconcile(ctx)
		f.engine.fail = nil
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade", "rollback to 1"}))
	})

	It("counts anew for a new generation", func(ctx context.Context) {
		f.approve(ctx, "sha256:two")
		f.settle(ctx)
		f.step(6 * time.Minute)
		f.settle(ctx)
		Expect(f.observed(ctx).Status.Failure.Count).To(Equal(int32(2)))
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.DependsOn = []string{"gamma"} })
		f.settle(ctx)
		Expect(f.engine.calls).To(HaveLen(3), "and does not wait")
		Expect(f.observed(ctx).Status.Failure.Count).To(Equal(int32(1)))
		f.step(6 * time.Minute)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade", "upgrade", "upgrade", "upgrade"}), "not rolled back yet")
	})

	It("tries a rollback that failed again, and not the upgrade", func(ctx context.Context) {
		f.approve(ctx, "sha256:two")
		failForGood(ctx)
		f.engine.fail = errors.New("webhook is down")
		f.settle(ctx)
		Expect(f.engine.calls[3:]).To(Equal([]string{"rollback to 1"}))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRollbackFailed))
		f.step(time.Minute)
		f.engine.fail = nil
		f.settle(ctx)
		Expect(f.engine.calls[3:]).To(Equal([]string{"rollback to 1", "rollback to 1"}))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRolledBack))
	})

	It("tries a rollback again that failed before it left a record", func(ctx context.Context) {
		f.approve(ctx, "sha256:two")
		failForGood(ctx)
		f.engine.fail, f.engine.leaves = errors.New("connection refused"), false
		f.settle(ctx)
		f.step(time.Minute)
		f.engine.fail = nil
		f.settle(ctx)
		Expect(f.engine.calls[3:]).To(Equal([]string{"rollback to 1", "rollback to 1"}))
	})

	It("is interrupted when its inputs are outdated, which is no failure", func(ctx context.Context) {
		f.approve(ctx, "sha256:two")
		f.table.hold = true
		f.reconcile(ctx)
		Expect(f.table.interrupted).To(BeEmpty())
		third := f.approve(ctx, "sha256:three")
		f.reconcile(ctx)
		Expect(f.table.interrupted).To(Equal([]string{f.release.Name}))
		f.engine.history = append(f.engine.history, helm.Revision{
			Number: 2, Status: helm.StatusFailed, Digest: f.digest("sha256:two", nil), Holder: "me", Changed: f.clock.Now(),
		})
		f.table.end(f.release.Name, helm.Result{}, jobs.ErrInterrupted)
		f.table.hold, f.engine.fail = false, nil
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}), "the newer one, at once")
		Expect(f.observed(ctx).Status.Failure).To(BeNil())
		Expect(f.observed(ctx).Status.ReadyDigest).To(Equal(third))
	})
})

var _ = Describe("A first install that fails", func() {
	It("is never rolled back nor uninstalled", func(ctx context.Context) {
		f := newReleaseFixture()
		f.engine.fail, f.engine.leaves = errors.New("quota exceeded"), true
		f.create(ctx)
		for range 5 {
			f.settle(ctx)
			f.step(7 * time.Minute)
		}
		Expect(f.engine.calls).To(HaveLen(5))
		Expect(f.engine.calls).To(HaveEach("install"))
		Expect(f.ready(ctx).Message).To(Equal("install failed 5 times, tried again about 1m20s later: quota exceeded"))
	})
})

var _ = Describe("A rollout", func() {
	var f *releaseFixture

	BeforeEach(func() { f = newReleaseFixture() })

	It("marks its revision as ready once", func(ctx context.Context) {
		f.tracker.status = notReady("is missing")
		f.create(ctx)
		f.settle(ctx)
		Expect(f.engine.marked).To(BeEmpty())
		f.tracker.status = allCurrent()
		f.settle(ctx)
		f.tracker.status = notReady("is missing")
		f.settle(ctx)
		f.tracker.status = allCurrent()
		f.settle(ctx)
		Expect(f.engine.marked).To(Equal([]int{1}))
		f.expectIdle(ctx)
	})

	It("that is not Ready in time is rolled back like a failed upgrade", func(ctx context.Context) {
		f.install(ctx)
		f.approve(ctx, "sha256:two")
		f.tracker.status = notReady("0 of 1 replicas are available")
		Expect(f.settle(ctx)).To(BeNumerically("~", 5*time.Minute, time.Second), "somebody must look when the time is up")
		f.step(4 * time.Minute)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonWaitingForObjects))
		f.step(61 * time.Second)
		f.reconcile(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade", "rollback to 1"}))
		f.tracker.status = allCurrent()
		f.settle(ctx)
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRolledBack))
		Expect(f.ready(ctx).Message).To(Equal("rolled back, revision 3 is what was ready before: " +
			"rollout failed once: ConfigMap default/alpha: 0 of 1 replicas are available; it is held there " + untilAsked))
		Expect(f.engine.marked).To(Equal([]int{1, 3}))
		f.expectIdle(ctx)
	})

	It("has its whole time again after a restart of the operator", func(ctx context.Context) {
		f.install(ctx)
		f.approve(ctx, "sha256:two")
		f.tracker.status = notReady("0 of 1 replicas are available")
		f.settle(ctx)
		f.step(time.Hour)
		f.restart()
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		f.step(5*time.Minute + time.Second)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade", "rollback to 1"}))
	})

	It("that was Ready once stays, whatever becomes of it", func(ctx context.Context) {
		f.install(ctx)
		f.approve(ctx, "sha256:two")
		f.settle(ctx)
		f.tracker.status = notReady("0 of 1 replicas are available")
		f.step(time.Hour)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonWaitingForObjects))
	})

	It("without a revision to go back to says what is not ready", func(ctx context.Context) {
		f.tracker.status = notReady("0 of 1 replicas are available")
		f.create(ctx)
		f.settle(ctx)
		f.step(6 * time.Minute)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install"}))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRolloutTimedOut))
		Expect(f.ready(ctx).Message).To(Equal("revision 1 is not ready after 5m0s: ConfigMap default/alpha: 0 of 1 replicas are available"))
		f.expectIdle(ctx)
		f.tracker.status = allCurrent()
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue), "late is not never")
	})
})
