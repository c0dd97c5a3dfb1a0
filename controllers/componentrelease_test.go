// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/controllers"
	"github.com/groundwork-dev/groundwork/internal/drift"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/values"
)

var _ = Describe("ComponentRelease", func() {
	var (
		engine     *stubEngine
		table      *stubJobs
		tracker    *stubTracker
		references stubReferences
		applied    *stubManifests
		webhooks   *stubAdmission
		events     *recorder
		clock      *clocktesting.FakePassiveClock
		reconciler *controllers.ComponentReleaseReconciler
		release    *v1alpha1.ComponentRelease
	)

	digest := func(v values.Values) string {
		GinkgoHelper()
		out, err := values.Inputs{
			ChartDigest: release.Spec.Chart.Digest, Namespace: release.Spec.Namespace, ReleaseName: release.Spec.ReleaseName, Values: v,
		}.Digest()
		Expect(err).NotTo(HaveOccurred())
		return out
	}
	reconcile := func(ctx context.Context) time.Duration {
		GinkgoHelper()
		result, err := reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: release.Name}})
		Expect(err).NotTo(HaveOccurred())
		table.finish(ctx)
		return result.RequeueAfter
	}
	observed := func(ctx context.Context) *v1alpha1.ComponentRelease {
		GinkgoHelper()
		out := &v1alpha1.ComponentRelease{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(release), out)).To(Succeed())
		return out
	}
	ready := func(ctx context.Context) *metav1.Condition {
		return meta.FindStatusCondition(observed(ctx).Status.Conditions, v1alpha1.ConditionReady)
	}
	change := func(ctx context.Context, f func(*v1alpha1.ComponentRelease)) {
		GinkgoHelper()
		current := observed(ctx)
		f(current)
		Expect(k8s.Update(ctx, current)).To(Succeed())
	}

	BeforeEach(func() {
		clock = clocktesting.NewFakePassiveClock(time.Now())
		engine = &stubEngine{identity: "me", now: clock.Now}
		table = newStubJobs(clock.Now)
		tracker = &stubTracker{status: readiness.Status{Ready: true, Total: 3, Current: 3}}
		references, events = stubReferences{}, &recorder{}
		applied, webhooks = &stubManifests{}, &stubAdmission{}
		reconciler = &controllers.ComponentReleaseReconciler{
			Client: k8s, Records: k8s, Recorder: events, References: references, Engine: engine, Jobs: table, Tracker: tracker,
			Identity: "me", Clock: clock, Mapper: k8s.RESTMapper(), Manifests: applied, Admission: webhooks, Pods: &stubPods{},
			Ledger: drift.NewLedger(drift.Options{Clock: clock}),
		}
		release = &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{Name: "spec.alpha"}}
		release.Spec = v1alpha1.ComponentReleaseSpec{
			Bundle: "spec", Component: "alpha", Namespace: "default", ReleaseName: "alpha",
			Chart: v1alpha1.PinnedChart{Repository: "https://charts.example.com", Name: "alpha", Version: "1.0.0", Digest: "sha256:alpha"},
		}
		release.Spec.InputsDigest = digest(values.Values{})
		DeferCleanup(func(ctx context.Context) {
			Expect(client.IgnoreNotFound(k8s.Delete(ctx, release))).To(Succeed())
		})
	})

	create := func(ctx context.Context) {
		GinkgoHelper()
		Expect(k8s.Create(ctx, release)).To(Succeed())
	}

	It("installs once, becomes Ready by digest, and then writes nothing", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		Expect(ready(ctx).Reason).To(Equal(v1alpha1.ReasonInstalling))
		reconcile(ctx)
		Expect(ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(observed(ctx).Status.ReadyDigest).To(Equal(release.Spec.InputsDigest))
		Expect(observed(ctx).Status.Revision).To(Equal(1))
		before, said := observed(ctx).ResourceVersion, len(events.notes)
		// The stub's records are not in the API server; the live read finds them.
		reconcile(ctx)
		reconcile(ctx)
		Expect(engine.calls).To(Equal([]string{"install"}))
		Expect(events.notes).To(HaveLen(said))
		Expect(observed(ctx).ResourceVersion).To(Equal(before))
	})

	It("upgrades when the approved inputs change, and only then", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		reconcile(ctx)
		change(ctx, func(r *v1alpha1.ComponentRelease) { r.Spec.DependsOn = []string{"gamma"} })
		reconcile(ctx)
		Expect(engine.calls).To(Equal([]string{"install"}))
		change(ctx, func(r *v1alpha1.ComponentRelease) {
			r.Spec.Chart.Digest = "sha256:beta"
			release.Spec.Chart.Digest = "sha256:beta"
			r.Spec.InputsDigest = digest(values.Values{})
		})
		reconcile(ctx)
		Expect(engine.calls).To(Equal([]string{"install", "upgrade"}))
	})

	It("remembers a failure, waits longer each time, and says it in one sentence", func(ctx context.Context) {
		engine.fail = errors.New("timed out waiting for the condition")
		create(ctx)
		reconcile(ctx)
		Expect(reconcile(ctx)).To(BeNumerically("~", 5*time.Second, 2*time.Second))
		Expect(ready(ctx).Reason).To(Equal(v1alpha1.ReasonInstallFailed))
		Expect(ready(ctx).Message).To(Equal("install failed once, tried again about 5s later: timed out waiting for the condition"))
		Expect(engine.calls).To(HaveLen(1))
		clock.SetTime(clock.Now().Add(6 * time.Second))
		reconcile(ctx)
		Expect(engine.calls).To(HaveLen(2))
		Expect(reconcile(ctx)).To(BeNumerically("~", 10*time.Second, 3*time.Second))
		engine.fail = nil
		clock.SetTime(clock.Now().Add(13 * time.Second))
		reconcile(ctx)
		reconcile(ctx)
		Expect(ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(observed(ctx).Status.Failure).To(BeNil())
	})

	It("shows what is being waited for while objects are not current", func(ctx context.Context) {
		tracker.status = readiness.Status{Total: 1, Waiting: []readiness.Finding{{
			Object: readiness.Object{Namespace: "default", Name: "alpha"}, Message: "0 of 1 replicas are available",
		}}}
		create(ctx)
		reconcile(ctx)
		reconcile(ctx)
		Expect(ready(ctx).Reason).To(Equal(v1alpha1.ReasonWaitingForObjects))
		Expect(ready(ctx).Message).To(ContainSubstring("0 of 1 replicas are available"))
		tracker.status = readiness.Status{Ready: true, Total: 1, Current: 1}
		reconcile(ctx)
		Expect(ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})

	It("starts no second action while one runs", func(ctx context.Context) {
		table.hold = true
		create(ctx)
		reconcile(ctx)
		reconcile(ctx)
		Expect(table.running).To(HaveLen(1))
		Expect(engine.calls).To(BeEmpty())
		Expect(ready(ctx).Message).To(Equal("Helm installs the release"))
	})

	It("takes over what its own dead predecessor left pending, and a stranger's only after its time", func(ctx context.Context) {
		engine.history = []helm.Revision{{Number: 1, Status: "pending-install", Digest: release.Spec.InputsDigest, Holder: "predecessor", Changed: clock.Now()}}
		create(ctx)
		reconcile(ctx)
		Expect(engine.calls).To(Equal([]string{"take over 1"}))
		reconcile(ctx)
		Expect(engine.calls).To(Equal([]string{"take over 1", "install"}))

		engine.calls = nil
		table.outcomes = map[string]jobs.Outcome{}
		engine.history = []helm.Revision{{Number: 1, Status: "pending-upgrade", Changed: clock.Now()}}
		Expect(reconcile(ctx)).To(BeNumerically("~", 10*time.Minute, time.Second))
		Expect(engine.calls).To(BeEmpty())
		Expect(ready(ctx).Reason).To(Equal(v1alpha1.ReasonReleasePending))
	})

	It("holds when a referenced Secret differs from what was approved", func(ctx context.Context) {
		references[refs.Ref{Kind: refs.Secret, Namespace: v1alpha1.DefaultNamespace, Name: "alpha"}] = refs.Content{
			Data: map[string][]byte{"values.yaml": []byte("color: red")},
		}
		release.Spec.ValuesFrom = []v1alpha1.ValuesReference{{Kind: refs.Secret, Name: "alpha"}}
		release.Spec.InputsDigest = digest(values.Values{"color": "blue"})
		create(ctx)
		reconcile(ctx)
		Expect(engine.calls).To(BeEmpty())
		Expect(ready(ctx).Reason).To(Equal(v1alpha1.ReasonInputsChanged))
		change(ctx, func(r *v1alpha1.ComponentRelease) { r.Spec.InputsDigest = digest(values.Values{"color": "red"}) })
		reconcile(ctx)
		Expect(engine.calls).To(Equal([]string{"install"}))
	})

	It("uninstalls on the planner's word and reports when the release is gone", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		reconcile(ctx)
		change(ctx, func(r *v1alpha1.ComponentRelease) { r.Spec.Removal = v1alpha1.RemovalUninstall })
		reconcile(ctx)
		Expect(engine.calls).To(Equal([]string{"install", "uninstall"}), "a watch that lags must not pass for a release that is gone")
		Expect(observed(ctx).Status.Removed).To(BeFalse())
		reconcile(ctx)
		Expect(observed(ctx).Status.Removed).To(BeTrue())
	})

	It("does nothing while it is suspended", func(ctx context.Context) {
		release.Spec.Suspend = true
		create(ctx)
		reconcile(ctx)
		Expect(engine.calls).To(BeEmpty())
		Expect(ready(ctx).Reason).To(Equal(v1alpha1.ReasonSuspended))
	})
})
