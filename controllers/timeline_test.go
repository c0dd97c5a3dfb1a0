// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var _ = Describe("The timeline of a bundle", func() {
	It("begins when a component is asked for, and is handed to its release", func(ctx context.Context) {
		f := newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0", "alpha"))
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		f.reconciler.Now = func() time.Time { return now }
		second := func(n int) *metav1.MicroTime {
			return &metav1.MicroTime{Time: now.Truncate(time.Hour).Add(time.Duration(n) * time.Second).Local()}
		}
		annotated := func(name string) v1alpha1.Timeline {
			GinkgoHelper()
			out := v1alpha1.Timeline{}
			Expect(json.Unmarshal([]byte(f.release(ctx, name).Annotations[v1alpha1.TimelineAnnotation]), &out)).To(Succeed())
			return out
		}
		f.preparer.pending["beta"] = true
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.release(ctx, "alpha")).To(BeNil())
		f.preparer.pending["beta"] = false
		now = now.Add(2 * time.Second)
		f.reconcile(ctx)
		alpha := annotated("alpha")
		Expect(alpha.Digest).To(Equal(f.release(ctx, "alpha").Spec.InputsDigest))
		alpha.Digest = ""
		Expect(alpha).To(Equal(v1alpha1.Timeline{Generation: 1, Queued: second(0), Prepared: second(0), Approved: second(2)}))
		f.becomeReady(ctx, "alpha")
		now = now.Add(3 * time.Second)
		f.reconcile(ctx)
		beta := annotated("beta")
		beta.Digest = ""
		Expect(beta).To(Equal(v1alpha1.Timeline{
			Generation: 1, Queued: second(0), Prepared: second(2), Approved: second(5), GatedBy: []string{"alpha"},
		}))

		By("summing up what the releases have seen, once all are Ready")
		for name, began := range map[string]int{"alpha": 3, "beta": 6} {
			release := f.release(ctx, name)
			seen := annotated(name)
			seen.Began, seen.Ready = second(began), second(began+1)
			release.Status.Timeline = &seen
			Expect(k8s.Status().Update(ctx, release)).To(Succeed())
			f.becomeReady(ctx, name)
			f.reconcile(ctx)
		}
		sum := f.observed(ctx).Status.Timeline
		Expect(sum.Took.Duration).To(Equal(7 * time.Second))
		Expect(sum.Idle.Duration).To(Equal(3*time.Second), "1 s after the gate had opened, 2 s after alpha was Ready")
		Expect(sum.CriticalPath).To(HaveLen(2))
		f.expectIdle(ctx)
	})
})
