// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
)

var _ = Describe("A namespace that is being deleted", func() {
	It("is waited for, with what keeps it, and the removal of a release does not wait", func(ctx context.Context) {
		f := newReleaseFixture()
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "ending-"}}
		Expect(k8s.Create(ctx, namespace)).To(Succeed())
		digest, err := values.Inputs{
			ChartDigest: f.release.Spec.Chart.Digest, Namespace: namespace.Name, ReleaseName: "alpha", Values: values.Values{},
		}.Digest()
		Expect(err).NotTo(HaveOccurred())
		f.release.Spec.Namespace, f.release.Spec.InputsDigest = namespace.Name, digest
		f.install(ctx)

		// No controller ends it here: it stays in deletion.
		Expect(k8s.Delete(ctx, namespace)).To(Succeed())
		f.engine.history = nil
		f.step(2 * time.Second) // longer than a watch may lag behind what was written
		f.settle(ctx)
		Expect(f.engine.calls).To(BeEmpty())
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonNamespaceTerminating))
		Expect(f.ready(ctx).Message).To(Equal("namespace " + namespace.Name + " is being deleted, and the release is made again " +
			"when it is gone; it waits for: what is in it is being deleted"))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())
		Expect(f.events.notes).To(ContainElement(HavePrefix("Warning NamespaceTerminating")))

		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(namespace), namespace)).To(Succeed())
		namespace.Status.Conditions = []corev1.NamespaceCondition{
			{Type: corev1.NamespaceDeletionDiscoveryFailure, Status: corev1.ConditionFalse, Reason: "ResourcesDiscovered", Message: "all were found"},
			{
				Type: corev1.NamespaceContentRemaining, Status: corev1.ConditionTrue, Reason: "SomeResourcesRemain",
				Message: "Some resources are remaining: widgets.example.com has 1 resource instances",
			},
		}
		Expect(k8s.Status().Update(ctx, namespace)).To(Succeed())
		f.settle(ctx)
		Expect(f.ready(ctx).Message).To(HaveSuffix(
			"it waits for: Some resources are remaining: widgets.example.com has 1 resource instances"))
		Expect(f.engine.calls).To(BeEmpty())

		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Removal = v1alpha1.RemovalUninstall })
		f.settle(ctx)
		Expect(f.observed(ctx).Status.Removed).To(BeTrue())
	})
})
