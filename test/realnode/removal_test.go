// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

func widget(namespace, name string) *unstructured.Unstructured {
	out := &unstructured.Unstructured{}
	out.SetAPIVersion("standin.groundwork.dev/v1")
	out.SetKind("Widget")
	out.SetNamespace(namespace)
	out.SetName(name)
	return out
}

var _ = Describe("Removal with a finalizer that only the component's controller removes", func() {
	It("takes the component's own objects away while the controller still lives", func(ctx context.Context) {
		c := chart("widgets", "1.0.0", `{"cleanupAfter": "2s"}`)
		c.Manifests = []apiextensionsv1.JSON{harness.Manifest(map[string]any{
			"apiVersion": "standin.groundwork.dev/v1", "kind": "Widget",
			"metadata": map[string]any{"name": "ours", "namespace": "widgets"}, "spec": map[string]any{},
		})}
		node.Create(ctx, harness.BundleOf("widgets", c))
		node.ExpectReady(ctx, "widgets", 1)
		ours := widget("widgets", "ours")
		Eventually(func(g Gomega) {
			g.Expect(k8s.Get(ctx, keyOf("widgets", "ours"), ours)).To(Succeed())
			g.Expect(ours.GetFinalizers()).To(ContainElement("standin.groundwork.dev/cleanup"))
		}).Should(Succeed())

		node.Change(ctx, "widgets", func(spec *v1alpha1.PlatformBundleSpec) { spec.Components[0].Enabled = new(bool) })
		Eventually(func() bool {
			return apierrors.IsNotFound(k8s.Get(ctx, keyOf("widgets", "ours"), widget("widgets", "ours")))
		}).Should(BeTrue(), "the finalizer was never removed: the controller went first")
		awaitNoRecord(ctx, "widgets/widgets")
		Expect(node.Definitions(ctx)).To(HaveKey("widgets.standin.groundwork.dev"), "CRDs are kept")
	}, patience)

	It("waits for the objects of others, and names them", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("widgets", chart("widgets", "1.0.0", `{"cleanupAfter": "1s"}`)))
		node.ExpectReady(ctx, "widgets", 1)
		theirs := widget("default", "theirs")
		createForSpec(ctx, theirs)
		Eventually(func(g Gomega) {
			g.Expect(k8s.Get(ctx, keyOf("default", "theirs"), theirs)).To(Succeed())
			g.Expect(theirs.GetFinalizers()).NotTo(BeEmpty())
		}).Should(Succeed())

		node.Change(ctx, "widgets", func(spec *v1alpha1.PlatformBundleSpec) { spec.Components[0].Enabled = new(bool) })
		story := awaitMessage(ctx, "widgets", "widgets", "1 Widget (default/theirs)")
		harness.Say("%s %s: %s", story.State, story.Reason, story.Message)
		Expect(node.LastRevision(ctx, "widgets/widgets").Status).To(Equal("deployed"))
		awaitAvailable(ctx, "widgets", "widgets") // who removes finalizers must live

		Expect(k8s.Delete(ctx, theirs)).To(Succeed())
		awaitNoRecord(ctx, "widgets/widgets")
		Expect(apierrors.IsNotFound(k8s.Get(ctx, keyOf("default", "theirs"), theirs))).To(BeTrue())
	}, patience)
})
