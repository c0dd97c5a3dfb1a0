// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// BundleOf is a bundle of these components.
func BundleOf(name string, components ...v1alpha1.Component) *v1alpha1.PlatformBundle {
	return &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PlatformBundleSpec{Components: components}}
}

// Values are written as a JSON object.
func Values(object string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(object)} }

// Manifest is an entry of a component's manifests.
func Manifest(object map[string]any) apiextensionsv1.JSON {
	GinkgoHelper()
	raw, err := json.Marshal(object)
	Expect(err).NotTo(HaveOccurred())
	return apiextensionsv1.JSON{Raw: raw}
}

// Component finds one of a spec, to edit it.
func Component(spec *v1alpha1.PlatformBundleSpec, name string) *v1alpha1.Component {
	GinkgoHelper()
	at := slices.IndexFunc(spec.Components, func(c v1alpha1.Component) bool { return c.Name == name })
	Expect(at).To(BeNumerically(">=", 0), "the bundle has no component %s", name)
	return &spec.Components[at]
}

// StatusOf is the story of one component.
func StatusOf(bundle *v1alpha1.PlatformBundle, name string) v1alpha1.ComponentStatus {
	for _, c := range bundle.Status.Components {
		if c.Name == name {
			return c
		}
	}
	return v1alpha1.ComponentStatus{}
}

// Create makes a bundle that is removed after the spec, whatever becomes of it.
func (c *Cluster) Create(ctx context.Context, bundle *v1alpha1.PlatformBundle) {
	GinkgoHelper()
	DeferCleanup(func(ctx context.Context) { c.RemoveBundle(ctx, bundle.Name) }, NodeTimeout(RolloutTimeout))
	Expect(c.Client.Create(ctx, bundle)).To(Succeed())
}

// RemoveBundle uninstalls everything of a bundle, for the next spec.
func (c *Cluster) RemoveBundle(ctx context.Context, name string) {
	GinkgoHelper()
	bundle := &v1alpha1.PlatformBundle{}
	err := c.Client.Get(ctx, client.ObjectKey{Name: name}, bundle)
	if apierrors.IsNotFound(err) {
		return
	}
	Expect(err).NotTo(HaveOccurred())
	c.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) { spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete })
	Expect(client.IgnoreNotFound(c.Client.Delete(ctx, bundle))).To(Succeed())
	c.ExpectGone(ctx, bundle)
}

// Change edits the newest spec of a bundle and writes it back.
func (c *Cluster) Change(ctx context.Context, name string, edit func(*v1alpha1.PlatformBundleSpec)) {
	GinkgoHelper()
	Eventually(func() error {
		bundle := &v1alpha1.PlatformBundle{}
		if err := c.Client.Get(ctx, client.ObjectKey{Name: name}, bundle); err != nil {
			return err
		}
		edit(&bundle.Spec)
		return c.Client.Update(ctx, bundle)
	}).Should(Succeed())
}

// RequestReconcile asks a bundle for a reconcile now, as its status advises.
func (c *Cluster) RequestReconcile(ctx context.Context, bundle, value string) {
	GinkgoHelper()
	c.Kubectl(ctx, "annotate", "--overwrite", "platformbundle", bundle, v1alpha1.ReconcileRequestAnnotation+"="+value)
}

// Bundle reads one, which must be there.
func (c *Cluster) Bundle(ctx context.Context, g Gomega, name string) *v1alpha1.PlatformBundle {
	GinkgoHelper()
	bundle := &v1alpha1.PlatformBundle{}
	g.Expect(c.Client.Get(ctx, client.ObjectKey{Name: name}, bundle)).To(Succeed())
	return bundle
}

// ExpectReady waits until a bundle is Ready at its newest spec, with so many components.
func (c *Cluster) ExpectReady(ctx context.Context, name string, components int) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		bundle := c.Bundle(ctx, g, name)
		ready := meta.FindStatusCondition(bundle.Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(bundle.Status.ObservedGeneration).To(Equal(bundle.Generation), "the newest spec has not been looked at")
		g.Expect(ready).NotTo(BeNil(), "there is no Ready condition")
		g.Expect(ready.Status).To(Equal(metav1.ConditionTrue), "%s %s: %s", bundle.Status.Ready, ready.Reason, ready.Message)
		g.Expect(bundle.Status.Ready).To(Equal(fmt.Sprintf("%d/%d", components, components)))
	}).WithTimeout(RolloutTimeout).Should(Succeed())
}

// AwaitCondition waits until a bundle has a condition in a status and returns it.
func (c *Cluster) AwaitCondition(ctx context.Context, name, kind string, status metav1.ConditionStatus) metav1.Condition {
	GinkgoHelper()
	var found metav1.Condition
	Eventually(func(g Gomega) {
		conditions := c.Bundle(ctx, g, name).Status.Conditions
		g.Expect(meta.IsStatusConditionPresentAndEqual(conditions, kind, status)).To(BeTrue(), "%s=%s is not among %v", kind, status, conditions)
		found = *meta.FindStatusCondition(conditions, kind)
	}).Should(Succeed())
	return found
}

// AwaitReason waits until a bundle's Ready condition has a reason and returns it.
func (c *Cluster) AwaitReason(ctx context.Context, name, reason string) metav1.Condition {
	GinkgoHelper()
	var found metav1.Condition
	Eventually(func(g Gomega) {
		ready := meta.FindStatusCondition(c.Bundle(ctx, g, name).Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Reason).To(Equal(reason), ready.Message)
		found = *ready
	}).Should(Succeed())
	return found
}

// AwaitComponent waits until a component of a bundle has a reason, at the newest
// spec, and returns its story.
func (c *Cluster) AwaitComponent(ctx context.Context, bundle, name, reason string) v1alpha1.ComponentStatus {
	GinkgoHelper()
	var found v1alpha1.ComponentStatus
	Eventually(func(g Gomega) {
		b := c.Bundle(ctx, g, bundle)
		g.Expect(b.Status.ObservedGeneration).To(Equal(b.Generation))
		found = StatusOf(b, name)
		g.Expect(found.Reason).To(Equal(reason), "%s %s", found.State, found.Message)
	}).Should(Succeed())
	Say("%s %s: %s", found.State, found.Reason, found.Message)
	return found
}
