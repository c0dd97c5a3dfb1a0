// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/values"
)

var _ = Describe("A revision that another Helm client made", func() {
	var f *releaseFixture

	BeforeEach(func(ctx context.Context) {
		f = newReleaseFixture()
		f.install(ctx)
		f.engine.history[0].Status = helm.StatusSuperseded
		f.engine.history = append(f.engine.history, helm.Revision{Number: 2, Status: helm.StatusDeployed, Changed: f.clock.Now()})
	})

	It("is held, with a message that says how to end it", func(ctx context.Context) {
		f.settle(ctx)
		Expect(f.engine.calls).To(BeEmpty())
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionFalse))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonReleasedExternally))
		Expect(f.ready(ctx).Message).To(Equal(
			"revision 2 of Helm release default/alpha was made by another Helm client and is left as it is " + untilAsked))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).NotTo(BeNil())
		Expect(f.condition(ctx, v1alpha1.ConditionReleasedExternally).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.observed(ctx).Status.Revision).To(Equal(2))
		Expect(f.engine.marked).To(Equal([]int{1}), "it is not one to go back to")
		Expect(f.events.notes).To(ContainElement(HavePrefix("Warning ReleasedExternally revision 2")))
		f.step(24 * time.Hour)
		f.expectIdle(ctx)
	})

	It("ends with a reconcile request", func(ctx context.Context) {
		f.settle(ctx)
		f.ask(ctx, "now")
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.observed(ctx).Status.LastHandledReconcileAt).To(Equal("now"))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.condition(ctx, v1alpha1.ConditionReleasedExternally)).To(BeNil())
		f.expectIdle(ctx)
	})

	It("ends with a request that was made while it was suspended, once it is resumed", func(ctx context.Context) {
		f.settle(ctx)
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Suspend, spec.ReconcileRequest = true, "now" })
		f.settle(ctx)
		Expect(f.engine.calls).To(BeEmpty())
		Expect(f.observed(ctx).Status.LastHandledReconcileAt).To(BeEmpty())
		f.expectIdle(ctx)
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Suspend = false })
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.observed(ctx).Status.LastHandledReconcileAt).To(Equal("now"))
	})

	It("ends with new inputs, and is not announced as an adoption", func(ctx context.Context) {
		f.settle(ctx)
		f.approve(ctx, "sha256:two")
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.observed(ctx).Status.Adopted).To(BeEmpty())
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})

	It("is repaired when it failed and nobody came back", func(ctx context.Context) {
		f.engine.history[0].Status, f.engine.history[1].Status = helm.StatusDeployed, helm.StatusFailed
		Expect(f.settle(ctx)).To(BeNumerically("~", 10*time.Minute, time.Second))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonReleasedExternally))
		Expect(f.engine.calls).To(BeEmpty())
		f.step(10*time.Minute + time.Second)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})
})

var _ = Describe("A Helm release that was there before", func() {
	var f *releaseFixture

	adopting := func() []string {
		return slices.DeleteFunc(slices.Clone(f.events.notes), func(note string) bool { return !strings.Contains(note, " Adopting ") })
	}
	// want sets the values that are approved.
	want := func(user string, merged values.Values) {
		f.release.Spec.Values = &apiextensionsv1.JSON{Raw: []byte(user)}
		f.release.Spec.InputsDigest = f.digest("sha256:one", merged)
	}

	BeforeEach(func() {
		f = newReleaseFixture()
		f.engine.history = []helm.Revision{{Number: 4, Status: helm.StatusDeployed, Changed: f.clock.Now().Add(-time.Hour)}}
		f.engine.found = helm.Description{ChartName: "alpha", ChartVersion: "0.9.0", Values: map[string]any{"color": "red", "size": float64(3)}}
	})

	It("is taken over after its differing values have been shown", func(ctx context.Context) {
		want(`{"color":"blue","size":3}`, values.Values{"color": "blue", "size": 3})
		f.create(ctx)
		f.reconcile(ctx)
		text := `takes over Helm release default/alpha, revision 4 of chart alpha 0.9.0; the chart becomes alpha 1.0.0; ` +
			`values that change: color: "red" → "blue"`
		Expect(f.engine.calls).To(BeEmpty(), "first it is said")
		Expect(f.observed(ctx).Status.Adopted).To(Equal(text))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonAdopting))
		Expect(f.ready(ctx).Message).To(Equal(text))
		Expect(adopting()).To(Equal([]string{"Normal Adopting " + text}), "once")
		f.reconcile(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(f.ready(ctx).Message).To(Equal("Helm upgrades the release: it " + text))
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(adopting()).To(HaveLen(1))
		f.expectIdle(ctx)
	})

	It("is taken over with the word that no values change", func(ctx context.Context) {
		f.engine.found.ChartVersion = "1.0.0"
		want(`{"color":"red","size":3}`, values.Values{"color": "red", "size": 3})
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.observed(ctx).Status.Adopted).To(Equal(
			"takes over Helm release default/alpha, revision 4 of chart alpha 1.0.0; no value changes"))
	})

	It("shows no value when one comes from a Secret", func(ctx context.Context) {
		f.references[refs.Ref{Kind: refs.Secret, Namespace: v1alpha1.DefaultNamespace, Name: "alpha"}] = refs.Content{
			Data: map[string][]byte{"values.yaml": []byte("color: ultramarine")},
		}
		f.release.Spec.ValuesFrom = []v1alpha1.ValuesReference{{Kind: refs.Secret, Name: "alpha"}}
		f.release.Spec.InputsDigest = f.digest("sha256:one", values.Values{"color": "ultramarine"})
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.observed(ctx).Status.Adopted).To(HaveSuffix("values that change: color: *** → ***, size: *** → (unset)"))
		Expect(strings.Join(f.events.notes, "\n")).NotTo(ContainSubstring("ultramarine"))
	})

	It("is not announced a second time by the next operator", func(ctx context.Context) {
		f.create(ctx)
		f.reconcile(ctx)
		f.restart()
		f.reconcile(ctx)
		Expect(f.engine.calls).To(Equal([]string{"upgrade"}))
		Expect(adopting()).To(HaveLen(1))
	})

	It("is taken over only when the action of its other client has ended, or was left behind", func(ctx context.Context) {
		f.engine.history[0].Status, f.engine.history[0].Changed = "pending-upgrade", f.clock.Now()
		f.create(ctx)
		Expect(f.settle(ctx)).To(BeNumerically("~", 10*time.Minute, time.Second))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonReleasePending))
		Expect(f.engine.calls).To(BeEmpty())
		f.step(10*time.Minute + time.Second)
		f.reconcile(ctx)
		Expect(f.engine.calls).To(Equal([]string{"take over 4"}))
	})

	It("is left alone while the component is suspended", func(ctx context.Context) {
		f.release.Spec.Suspend = true
		f.create(ctx)
		f.settle(ctx)
		Expect(f.engine.calls).To(BeEmpty())
		Expect(f.observed(ctx).Status.Adopted).To(BeEmpty())
		f.expectIdle(ctx)
	})
})
