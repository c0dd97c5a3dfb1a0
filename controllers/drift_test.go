// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/drift"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

var _ = Describe("Drift", func() {
	var (
		f       *releaseFixture
		version int
	)
	const key = "spec.alpha#manifests"

	BeforeEach(func() {
		f = newReleaseFixture()
		f.engine.objects = append(f.engine.objects, helm.Object{GroupVersionKind: configMaps, Namespace: "default", Name: "beta"})
		version = 100
	})
	// touch is a watch event: somebody has written an object.
	touch := func(key, name string) {
		version++
		f.ledger.Changed(key, readiness.Change{
			Object: readiness.Object{GroupVersionKind: configMaps, Namespace: "default", Name: name}, UID: "1", ResourceVersion: strconv.Itoa(version),
		})
	}
	differs := func(corrected bool) {
		f.engine.drifted = []helm.Difference{{
			Object: f.engine.objects[0], Fields: []string{"data.color"}, Writer: "kubectl", Corrected: corrected,
		}}
	}
	mode := func(drift v1alpha1.DriftMode) func(*v1alpha1.ComponentReleaseSpec) {
		return func(spec *v1alpha1.ComponentReleaseSpec) { spec.Drift = drift }
	}
	corrections := func() int {
		return len(slices.DeleteFunc(slices.Clone(f.events.notes), func(note string) bool { return !strings.Contains(note, "DriftCorrected") }))
	}

	It("is looked for in the one object that changed, put back and told", func(ctx context.Context) {
		f.install(ctx)
		Expect(f.engine.examined).To(BeEmpty(), "what was just written needs no look")
		differs(true)
		touch(f.release.Name, "alpha")
		f.settle(ctx)
		Expect(f.engine.examined).To(Equal([]string{"1 of 1, correct true"}))
		Expect(f.events.notes).To(ContainElement("Normal DriftCorrected put back ConfigMap default/alpha: data.color (written by kubectl)"))
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted).Status).To(Equal(metav1.ConditionFalse))
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted).Reason).To(Equal(v1alpha1.ReasonNoDrift))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.engine.calls).To(BeEmpty())
		f.expectIdle(ctx)
	})

	It("is only told when it is Warn, and Ready does not depend on it", func(ctx context.Context) {
		f.release.Spec.Drift = v1alpha1.DriftWarn
		f.install(ctx)
		differs(false)
		touch(f.release.Name, "alpha")
		f.settle(ctx)
		Expect(f.engine.examined).To(Equal([]string{"1 of 1, correct false"}))
		drifted := f.condition(ctx, v1alpha1.ConditionDrifted)
		Expect(drifted.Status).To(Equal(metav1.ConditionTrue))
		Expect(drifted.Reason).To(Equal(v1alpha1.ReasonDrifted))
		Expect(drifted.Message).To(Equal("ConfigMap default/alpha: data.color (written by kubectl)"))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
		differs(true)
		f.change(ctx, mode(v1alpha1.DriftCorrect))
		f.settle(ctx)
		Expect(f.engine.examined[1:]).To(Equal([]string{"all of 1, correct true"}), "another mode looks at everything again")
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted).Status).To(Equal(metav1.ConditionFalse))
	})

	It("is not looked for when it is Off, and has no condition", func(ctx context.Context) {
		f.release.Spec.Drift = v1alpha1.DriftWarn
		f.install(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted)).NotTo(BeNil())
		f.change(ctx, mode(v1alpha1.DriftOff))
		touch(f.release.Name, "alpha")
		f.settle(ctx)
		Expect(f.engine.examined).To(BeEmpty())
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted)).To(BeNil())
		f.expectIdle(ctx)
	})

	It("that cannot be told is unknown, is looked for again, and holds nothing up", func(ctx context.Context) {
		f.install(ctx)
		f.engine.drifted = []helm.Difference{{Object: f.engine.objects[0], Unknown: errors.New("could not be compared: forbidden"), Retry: true}}
		touch(f.release.Name, "alpha")
		Expect(f.settle(ctx)).To(BeNumerically("~", 10*time.Second, time.Second))
		drifted := f.condition(ctx, v1alpha1.ConditionDrifted)
		Expect(drifted.Status).To(Equal(metav1.ConditionUnknown))
		Expect(drifted.Reason).To(Equal(v1alpha1.ReasonDriftUnknown))
		Expect(drifted.Message).To(Equal("ConfigMap default/alpha could not be compared: forbidden"))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.engine.drifted = nil
		f.step(11 * time.Second)
		f.settle(ctx)
		Expect(f.engine.examined).To(HaveLen(2))
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted).Status).To(Equal(metav1.ConditionFalse))
	})

	It("is looked for again when the look itself failed", func(ctx context.Context) {
		f.install(ctx)
		f.engine.fail = errors.New("connection refused")
		touch(f.release.Name, "alpha")
		Expect(f.settle(ctx)).To(BeNumerically("~", 10*time.Second, time.Second))
		Expect(f.observed(ctx).Status.Failure).To(BeNil(), "it is no failure of the release")
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.engine.fail = nil
		f.step(11 * time.Second)
		f.settle(ctx)
		Expect(f.engine.examined).To(Equal([]string{"1 of 1, correct true", "1 of 1, correct true"}))
		f.expectIdle(ctx)
	})

	It("that comes back again and again is put back less often, and reported", func(ctx context.Context) {
		f.install(ctx)
		differs(true)
		for range 3 {
			touch(f.release.Name, "alpha")
			f.settle(ctx)
			f.step(time.Second)
		}
		touch(f.release.Name, "alpha")
		Expect(f.settle(ctx)).To(BeNumerically("<=", 10*time.Second))
		Expect(f.engine.examined).To(HaveLen(3))
		Expect(corrections()).To(Equal(3))
		drifted := f.condition(ctx, v1alpha1.ConditionDrifted)
		Expect(drifted.Status).To(Equal(metav1.ConditionTrue))
		Expect(drifted.Reason).To(Equal(v1alpha1.ReasonDriftFlapping))
		Expect(drifted.Message).To(Equal("ConfigMap default/alpha is changed again and again by kubectl (data.color) and is put back less and less often"))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.step(10 * time.Second)
		f.settle(ctx)
		Expect(f.engine.examined).To(HaveLen(4))
		f.engine.drifted = nil
		f.step(11 * time.Minute)
		f.settle(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted).Status).To(Equal(metav1.ConditionFalse), "calm for ten minutes is calm")
	})

	It("is not looked for while the release is suspended", func(ctx context.Context) {
		f.install(ctx)
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Suspend = true })
		differs(true)
		touch(f.release.Name, "alpha")
		f.settle(ctx)
		Expect(f.engine.examined).To(BeEmpty())
		Expect(f.condition(ctx, v1alpha1.ConditionDrifted)).To(BeNil())
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue), "it runs as before")
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonSuspended))
		f.expectIdle(ctx)
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Suspend = false })
		f.settle(ctx)
		Expect(f.engine.examined).To(Equal([]string{"all of 1, correct true"}), "nobody looked on meanwhile")
	})

	It("is not looked for in what another Helm client released", func(ctx context.Context) {
		f.install(ctx)
		f.engine.history[0].Status = helm.StatusSuperseded
		f.engine.history = append(f.engine.history, helm.Revision{Number: 2, Status: helm.StatusDeployed, Changed: f.clock.Now()})
		touch(f.release.Name, "alpha")
		f.settle(ctx)
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonReleasedExternally))
		Expect(f.engine.examined).To(BeEmpty())
	})

	It("is looked for everywhere at the start of the operator, once", func(ctx context.Context) {
		f.install(ctx)
		f.ledger = drift.NewLedger(drift.Options{Clock: f.clock})
		f.restart()
		f.settle(ctx)
		Expect(f.engine.examined).To(Equal([]string{"all of 1, correct true"}))
		Expect(f.engine.calls).To(BeEmpty())
		f.expectIdle(ctx)
	})

	It("is looked for everywhere when the ignore rules change, and when it is asked for", func(ctx context.Context) {
		f.install(ctx)
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) {
			spec.IgnoreDifferences = []v1alpha1.IgnoreRule{{Kind: "ConfigMap", JSONPointers: []string{"/data/color"}}}
		})
		f.settle(ctx)
		Expect(f.engine.examined).To(Equal([]string{"all of 1, correct true"}))
		f.ask(ctx, "now")
		f.settle(ctx)
		Expect(f.engine.examined).To(HaveLen(2))
		Expect(f.observed(ctx).Status.LastHandledReconcileAt).To(Equal("now"))
		Expect(f.engine.calls).To(BeEmpty(), "nothing differs, so Helm has nothing to do")
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})

	It("of a release that was rolled back is measured by what was rolled back to", func(ctx context.Context) {
		f.install(ctx)
		f.approve(ctx, "sha256:two")
		f.tracker.status = notReady("is missing")
		f.settle(ctx)
		f.step(6 * time.Minute)
		f.tracker.status = notReady("is still missing")
		f.settle(ctx)
		f.tracker.status = allCurrent()
		touch(f.release.Name, "beta")
		f.settle(ctx)
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRolledBack))
		Expect(f.engine.examined).To(Equal([]string{"1 of 3, correct true"}))
	})

	It("of a follow-up manifest is put back by applying that one", func(ctx context.Context) {
		f.release.Spec.Manifests = []apiextensionsv1.JSON{settings("a", "red"), settings("b", "red")}
		f.install(ctx)
		f.manifests.calls, f.manifests.only = nil, nil
		touch(key, "b")
		f.settle(ctx)
		Expect(f.manifests.calls).To(HaveLen(1))
		Expect(f.manifests.only).To(Equal([]v1alpha1.ObjectReference{settingsRef("b")}))
		Expect(f.engine.examined).To(BeEmpty())
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})
})
