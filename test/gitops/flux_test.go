// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gitops

import (
	"context"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/object"
	"github.com/fluxcd/pkg/ssa"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

const fluxGroup = "kustomize.toolkit.fluxcd.io"

// flux applies, waits and prunes as Flux's kustomize-controller does for one
// Kustomization named platform.
type flux struct{ manager *ssa.ResourceManager }

func newFlux() flux {
	poller := polling.NewStatusPoller(k8s, k8s.RESTMapper(), polling.Options{})
	return flux{ssa.NewResourceManager(k8s, poller, ssa.Owner{Field: "kustomize-controller", Group: fluxGroup})}
}

// apply is a reconciliation; it returns what became of the one object.
func (f flux) apply(ctx context.Context, object *unstructured.Unstructured) ssa.Action {
	GinkgoHelper()
	object = object.DeepCopy()
	f.manager.SetOwnerLabels([]*unstructured.Unstructured{object}, "platform", "flux-system")
	options := ssa.DefaultApplyOptions()
	// What kubectl has applied before is taken over, or it could never leave Git.
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{"kubectl.kubernetes.io/last-applied-configuration"},
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
		},
	}
	changes, err := f.manager.ApplyAllStaged(ctx, []*unstructured.Unstructured{object}, options)
	Expect(err).NotTo(HaveOccurred())
	Expect(changes.Entries).To(HaveLen(1))
	return changes.Entries[0].Action
}

// wait is what `wait: true` of a Kustomization does.
func (f flux) wait(ctx context.Context, bundle *unstructured.Unstructured) error {
	return f.manager.WaitForSetWithContext(ctx, object.UnstructuredSetToObjMetadataSet([]*unstructured.Unstructured{bundle}), ssa.WaitOptions{
		Interval: 200 * time.Millisecond, Timeout: harness.RolloutTimeout, FailFast: true,
	})
}

// prune deletes what has left Git, with the options that Flux uses.
func (f flux) prune(ctx context.Context, object *unstructured.Unstructured) ssa.Action {
	GinkgoHelper()
	changes, err := f.manager.DeleteAll(ctx, []*unstructured.Unstructured{object}, ssa.DeleteOptions{
		PropagationPolicy: metav1.DeletePropagationBackground, Inclusions: f.manager.GetOwnerLabels("platform", "flux-system"),
	})
	Expect(err).NotTo(HaveOccurred())
	return changes.Entries[0].Action
}

var _ = Describe("Flux", Ordered, func() {
	var tool flux
	BeforeAll(func() {
		tool = newFlux()
		DeferCleanup(func(ctx context.Context) {
			sim.RemoveBundle(ctx, "flux")
			sim.RemoveBundle(ctx, "renamed")
		}, NodeTimeout(harness.RolloutTimeout))
	})

	It("takes over what kubectl has applied, and a component can leave Git", func(ctx context.Context) {
		bootstrap := awkward("flux", onceApplied)
		sim.Apply(ctx, bootstrap)
		Expect(tool.apply(ctx, inGit(awkward("flux")))).To(Equal(ssa.ConfiguredAction))
		Expect(tool.wait(ctx, inGit(awkward("flux")))).To(Succeed(), "the bundle becomes Ready by kstatus")
		sim.ExpectReady(ctx, "flux", 2)
		components, _, _ := unstructured.NestedSlice(live(ctx, "flux").Object, "spec", "components")
		Expect(components).To(HaveLen(3), "what kubectl alone had applied is gone")
	}, NodeTimeout(harness.RolloutTimeout))

	It("finds nothing to do, however often it looks", func(ctx context.Context) {
		before, generation := writes(ctx, "flux"), live(ctx, "flux").GetGeneration()
		for range 5 {
			Expect(tool.apply(ctx, inGit(awkward("flux")))).To(Equal(ssa.UnchangedAction))
		}
		Consistently(func() map[string]string { return writes(ctx, "flux") }).WithTimeout(3 * time.Second).Should(Equal(before))
		Expect(live(ctx, "flux").GetGeneration()).To(Equal(generation))
	}, NodeTimeout(time.Minute))

	It("finds nothing to do while the operator works", func(ctx context.Context) {
		next := inGit(awkward("flux"))
		Expect(unstructured.SetNestedField(next.Object, "2026-11-21", "metadata", "annotations", v1alpha1.ReconcileRequestAnnotation)).To(Succeed())
		components, _, _ := unstructured.NestedSlice(next.Object, "spec", "components")
		Expect(unstructured.SetNestedField(components[1].(map[string]any), map[string]any{"notifications": map[string]any{"enabled": false}}, "values")).To(Succeed())
		Expect(unstructured.SetNestedSlice(next.Object, components, "spec", "components")).To(Succeed())
		Expect(tool.apply(ctx, next)).To(Equal(ssa.ConfiguredAction))
		looks := 0
		Eventually(func(g Gomega) {
			action := tool.apply(ctx, next)
			looks++
			if action != ssa.UnchangedAction {
				StopTrying("the bundle was " + action.String()).Now()
			}
			bundle := sim.Bundle(ctx, g, "flux")
			g.Expect(bundle.Status.ObservedGeneration).To(Equal(bundle.Generation))
			g.Expect(ready(bundle)).To(BeTrue())
		}).WithTimeout(harness.RolloutTimeout).Should(Succeed())
		harness.Say("Flux looked %d times during an upgrade and changed nothing", looks)
		Expect(revisions(ctx)["argocd/argocd"]).To(Equal([]string{"superseded", "deployed"}))
	}, NodeTimeout(harness.RolloutTimeout))

	It("fails fast, with the operator's sentence, on a spec that cannot be right", func(ctx context.Context) {
		wrong := inGit(awkward("flux", "  - name: extrenal-dns\n"))
		Expect(tool.apply(ctx, wrong)).To(Equal(ssa.ConfiguredAction))
		Expect(tool.wait(ctx, wrong)).To(MatchError(ContainSubstring("Failed")))
		Expect(tool.apply(ctx, inGit(awkward("flux")))).To(Equal(ssa.ConfiguredAction))
		Expect(tool.wait(ctx, inGit(awkward("flux")))).To(Succeed())
		sim.ExpectReady(ctx, "flux", 2)
	}, NodeTimeout(harness.RolloutTimeout))

	It("leaves no mark on what the operator makes", func(ctx context.Context) {
		marks := tool.manager.GetOwnerLabels("platform", "flux-system")
		Expect(marks).NotTo(BeEmpty())
		for key, value := range marks {
			Expect(live(ctx, "flux").GetLabels()).To(HaveKeyWithValue(key, value))
		}
		expectUnmarked(ctx, marks)
	}, NodeTimeout(time.Minute))

	It("prunes a renamed bundle and orphans its platform, which the new one takes over", func(ctx context.Context) {
		before := revisions(ctx)
		Expect(tool.apply(ctx, inGit(awkward("renamed")))).To(Equal(ssa.CreatedAction))
		waits := sim.AwaitReason(ctx, "renamed", v1alpha1.ReasonReleaseClaimedTwice)
		harness.Say("while both are there: %s", waits.Message)
		Expect(tool.prune(ctx, inGit(awkward("flux")))).To(Equal(ssa.DeletedAction))
		sim.ExpectGone(ctx, harness.BundleOf("flux"))
		Expect(sim.Releases(ctx, "flux")).To(BeEmpty())
		Expect(revisions(ctx)).To(Equal(before), "no release was touched")
		Eventually(func(g Gomega) {
			bundle := sim.Bundle(ctx, g, "renamed")
			condition := readyCondition(bundle)
			g.Expect(condition.Status).To(Equal(metav1.ConditionTrue), "%s: %s", condition.Reason, condition.Message)
		}).WithTimeout(30 * time.Second).Should(Succeed())
	}, NodeTimeout(harness.RolloutTimeout))
})
