// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
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
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// untilAsked is how the message of every hold ends.
const untilAsked = "until its inputs change or a reconcile is asked for: " +
	"kubectl annotate --overwrite platformbundle spec platform.groundwork.dev/reconcile-requested-at=<a new value>"

// releaseFixture is one ComponentRelease in the API server, and a reconciler whose
// rooms are stubs. Its drift ledger is the real one.
type releaseFixture struct {
	engine     *stubEngine
	table      *stubJobs
	tracker    *stubTracker
	references stubReferences
	manifests  *stubManifests
	webhooks   *stubAdmission
	pods       *stubPods
	ledger     *drift.Ledger
	events     *recorder
	clock      *clocktesting.FakePassiveClock
	reconciler *controllers.ComponentReleaseReconciler
	release    *v1alpha1.ComponentRelease
}

func newReleaseFixture() *releaseFixture {
	f := &releaseFixture{
		clock: clocktesting.NewFakePassiveClock(time.Now().Truncate(time.Second)), tracker: &stubTracker{status: allCurrent()},
		references: stubReferences{}, manifests: &stubManifests{}, webhooks: &stubAdmission{}, pods: &stubPods{}, events: &recorder{},
	}
	f.engine = &stubEngine{identity: "me", now: f.clock.Now, objects: []helm.Object{{
		GroupVersionKind: configMaps, Namespace: "default", Name: "alpha",
	}}}
	f.table = newStubJobs(f.clock.Now)
	f.ledger = drift.NewLedger(drift.Options{Clock: f.clock})
	f.restart()
	f.release = &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{Name: "spec.alpha"}}
	f.release.Spec = v1alpha1.ComponentReleaseSpec{
		Bundle: "spec", Component: "alpha", Namespace: "default", ReleaseName: "alpha",
		Chart: v1alpha1.PinnedChart{Repository: "https://charts.example.com", Name: "alpha", Version: "1.0.0", Digest: "sha256:one"},
	}
	f.release.Spec.InputsDigest = f.digest("sha256:one", values.Values{})
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, f.release))).To(Succeed())
	})
	return f
}

var configMaps = corev1.SchemeGroupVersion.WithKind("ConfigMap")

func allCurrent() readiness.Status { return readiness.Status{Ready: true, Total: 1, Current: 1} }

func notReady(message string) readiness.Status {
	return readiness.Status{Total: 1, Waiting: []readiness.Finding{{
		Object: readiness.Object{GroupVersionKind: configMaps, Namespace: "default", Name: "alpha"}, Message: message,
	}}}
}

// restart begins a new operator process: what is only in memory is gone.
func (f *releaseFixture) restart() {
	f.reconciler = &controllers.ComponentReleaseReconciler{
		Client: &recordClient{Client: k8s, engine: f.engine}, Records: &recordClient{Client: k8s, engine: f.engine}, Recorder: f.events, References: f.references, Engine: f.engine,
		Jobs: f.table, Tracker: f.tracker, Identity: "me", Clock: f.clock, Mapper: k8s.RESTMapper(),
		Manifests: f.manifests, Admission: f.webhooks, Pods: f.pods, Ledger: f.ledger,
	}
}

func (f *releaseFixture) digest(chart string, merged values.Values) string {
	GinkgoHelper()
	out, err := values.Inputs{ChartDigest: chart, Namespace: "default", ReleaseName: "alpha", Values: merged}.Digest()
	Expect(err).NotTo(HaveOccurred())
	return out
}

func (f *releaseFixture) create(ctx context.Context) {
	GinkgoHelper()
	Expect(k8s.Create(ctx, f.release)).To(Succeed())
}

// reconcile makes one pass, lets the job end that it began, and says when the pass
// wants to come back.
func (f *releaseFixture) reconcile(ctx context.Context) time.Duration {
	GinkgoHelper()
	after, err := f.pass(ctx)
	Expect(err).NotTo(HaveOccurred())
	f.table.finish(ctx)
	return after
}

func (f *releaseFixture) pass(ctx context.Context) (time.Duration, error) {
	result, err := f.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: f.release.Name}})
	return result.RequeueAfter, err
}

// settle goes on until nothing happens any more without the clock, and says when
// the last pass wants to come back.
func (f *releaseFixture) settle(ctx context.Context) time.Duration {
	GinkgoHelper()
	for range 12 {
		before := f.observed(ctx).ResourceVersion
		after, err := f.pass(ctx)
		Expect(err).NotTo(HaveOccurred())
		if !f.table.finish(ctx) && f.observed(ctx).ResourceVersion == before && (after == 0 || after >= 100*time.Millisecond) {
			return after
		}
	}
	Fail(fmt.Sprintf("does not come to rest: %v, %v, %v", f.engine.calls, f.engine.examined, f.events.notes))
	return 0
}

// install makes the first revision and lets it become Ready.
func (f *releaseFixture) install(ctx context.Context) {
	GinkgoHelper()
	f.create(ctx)
	f.settle(ctx)
	Expect(f.engine.calls).To(Equal([]string{"install"}))
	Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	f.engine.calls = nil
}

func (f *releaseFixture) step(d time.Duration) { f.clock.SetTime(f.clock.Now().Add(d)) }

func (f *releaseFixture) observed(ctx context.Context) *v1alpha1.ComponentRelease {
	GinkgoHelper()
	out := &v1alpha1.ComponentRelease{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(f.release), out)).To(Succeed())
	return out
}

func (f *releaseFixture) condition(ctx context.Context, kind string) *metav1.Condition {
	GinkgoHelper()
	return meta.FindStatusCondition(f.observed(ctx).Status.Conditions, kind)
}

func (f *releaseFixture) ready(ctx context.Context) *metav1.Condition {
	GinkgoHelper()
	out := f.condition(ctx, v1alpha1.ConditionReady)
	Expect(out).NotTo(BeNil())
	return out
}

func (f *releaseFixture) change(ctx context.Context, change func(*v1alpha1.ComponentReleaseSpec)) {
	GinkgoHelper()
	current := f.observed(ctx)
	change(&current.Spec)
	Expect(k8s.Update(ctx, current)).To(Succeed())
}

// approve changes the inputs, as a new version of the chart does, and returns
// their digest.
func (f *releaseFixture) approve(ctx context.Context, chart string) string {
	GinkgoHelper()
	digest := f.digest(chart, values.Values{})
	f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Chart.Digest, spec.InputsDigest = chart, digest })
	return digest
}

// ask requests a reconcile, as the annotation of the bundle does.
func (f *releaseFixture) ask(ctx context.Context, request string) {
	GinkgoHelper()
	f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.ReconcileRequest = request })
}

// expectIdle makes sure that two more passes write, say and do nothing, and that
// nothing is read but the watches.
func (f *releaseFixture) expectIdle(ctx context.Context) {
	GinkgoHelper()
	before, said, reads := f.observed(ctx).ResourceVersion, slices.Clone(f.events.notes), f.engine.observed
	for range 2 {
		_, err := f.pass(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(f.table.begun).To(BeEmpty(), "a job was begun")
	}
	Expect(f.observed(ctx).ResourceVersion).To(Equal(before), "the status was written")
	Expect(f.events.notes).To(Equal(said))
	Expect(f.engine.observed).To(Equal(reads), "the records were read")
}
