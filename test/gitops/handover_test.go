// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gitops

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// The sample repository's overlay of dev, from an empty cluster to its removal, with
// Argo CD keeping the bundle that installed it.
var _ = Describe("The hand-over", Ordered, func() {
	const bundle, components = "platform", 9
	var (
		compare differ
		git     *unstructured.Unstructured
		before  map[string][]string
	)
	root := func() *unstructured.Unstructured {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Application"})
		object.SetNamespace("argocd")
		object.SetName("app-of-apps")
		return object
	}
	// change applies an edit of the spec as a commit would.
	change := func(ctx context.Context, value any, fields ...string) {
		GinkgoHelper()
		changed := git.DeepCopy()
		Expect(unstructured.SetNestedField(changed.Object, value, fields...)).To(Succeed())
		argoSync(ctx, changed)
	}
	bundleHealth := func(ctx context.Context) func() health {
		return func() health { return healthOf(live(ctx, bundle)) }
	}

	BeforeAll(func(ctx context.Context) {
		// As the guide says: Argo CD waits for the credentials that it is to have.
		sim.Apply(ctx, `apiVersion: v1
kind: Namespace
metadata: {name: argocd}
---
apiVersion: v1
kind: Secret
metadata: {name: platform-repository, namespace: argocd}
stringData: {username: git, password: none}
`)
		compare, git = newDiffer(), tracked(sample("dev"))
		DeferCleanup(func(ctx context.Context) {
			// Prometheus goes before the ingress that its page needs, whose ServiceMonitor must not hold it.
			sim.RemoveBundle(ctx, bundle)
		}, NodeTimeout(harness.RolloutTimeout))
	}, NodeTimeout(time.Minute))

	It("is Progressing until all of it is Ready, and then Healthy", func(ctx context.Context) {
		Expect(healthOf(git).Status).To(Equal("Progressing"), "a bundle that nobody has looked at")
		argoSync(ctx, sample("dev")) // by hand, for the first time: without marks
		var seen []string
		Eventually(func(g Gomega) {
			object := live(ctx, bundle)
			found := healthOf(object)
			if !slices.Contains(seen, found.Status) {
				seen = append(seen, found.Status)
			}
			g.Expect(found.Status).To(Equal("Healthy"), found.Message)
		}).WithTimeout(harness.RolloutTimeout).Should(Succeed())
		Expect(seen).To(Equal([]string{"Progressing", "Healthy"}))
		sim.ExpectReady(ctx, bundle, components)
		for name, release := range sim.Releases(ctx, bundle) {
			Expect(healthOf(unstructuredOf("ComponentRelease", &release)).Status).To(Equal("Healthy"), name)
		}
	}, NodeTimeout(harness.RolloutTimeout))

	It("has made the root Application, whose health is not waited for", func(ctx context.Context) {
		object := root()
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		Expect(object.GetFinalizers()).To(BeEmpty())
		path, _, _ := unstructured.NestedString(object.Object, "spec", "source", "path")
		Expect(path).To(Equal("overlays/dev"))
		sim.Patch(ctx, object, `{"status": {"health": {"status": "Degraded"}, "sync": {"status": "OutOfSync"},
			"conditions": [{"type": "ComparisonError", "message": "authentication required"}]}}`)
		Consistently(func(g Gomega) { g.Expect(ready(sim.Bundle(ctx, g, bundle))).To(BeTrue()) }).WithTimeout(3 * time.Second).Should(Succeed())
	}, NodeTimeout(time.Minute))

	It("goes over to Argo CD without a change", func(ctx context.Context) {
		before = revisions(ctx)
		releases := sim.Releases(ctx, bundle)
		argoSync(ctx, git) // what its first sync does: its marks, and nothing else
		Expect(live(ctx, bundle).GetGeneration()).To(BeEquivalentTo(1))
		for range 3 {
			Expect(argoSync(ctx, git)).To(ContainSubstring("unchanged"))
			Expect(compare.modified(ctx, git, "client-side")).To(BeEmpty())
		}
		Consistently(func(g Gomega) {
			for name, release := range sim.Releases(ctx, bundle) {
				g.Expect(release.Generation).To(Equal(releases[name].Generation), name)
			}
		}).WithTimeout(3 * time.Second).Should(Succeed())
		Expect(revisions(ctx)).To(Equal(before))
		expectUnmarked(ctx, map[string]string{
			trackingID: git.GetAnnotations()[trackingID], trackingName: application,
		})
	}, NodeTimeout(time.Minute))

	It("is Degraded when the spec cannot be right, and Suspended when it says so", func(ctx context.Context) {
		change(ctx, "2020.01", "spec", "catalogVersion")
		Eventually(bundleHealth(ctx)).Should(HaveField("Status", "Degraded"))
		harness.Say("Degraded: %s", bundleHealth(ctx)().Message)
		change(ctx, true, "spec", "suspend")
		Eventually(bundleHealth(ctx)).Should(HaveField("Status", "Suspended"))
		argoSync(ctx, git)
		Eventually(bundleHealth(ctx)).WithTimeout(harness.RolloutTimeout).Should(HaveField("Status", "Healthy"))
		Expect(revisions(ctx)).To(Equal(before), "nothing of it reached a release")

		// The newest spec counts: an old Ready says nothing about it.
		stale := live(ctx, bundle)
		stale.SetGeneration(stale.GetGeneration() + 1)
		Expect(healthOf(stale)).To(Equal(health{"Progressing", "waiting for the operator"}))
		release := sim.Releases(ctx, bundle)["grafana"]
		release.Spec.Suspend = true
		Expect(healthOf(unstructuredOf("ComponentRelease", &release)).Status).To(Equal("Suspended"))
		release.Spec.Suspend = false
		release.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Message: "no"}}
		Expect(healthOf(unstructuredOf("ComponentRelease", &release))).To(Equal(health{"Degraded", "no"}))
	}, NodeTimeout(harness.RolloutTimeout))

	It("leaves the platform behind when the bundle is pruned, and finds it again", func(ctx context.Context) {
		identities := func() string {
			return sim.Kubectl(ctx, "get", "deployments,statefulsets,crds", "-A", "-o",
				`jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\n"}{end}`)
		}
		workloads := identities()
		// As Argo CD prunes: in the foreground, which deletes what has an ownerReference.
		sim.Kubectl(ctx, "delete", "platformbundle", bundle, "--cascade=foreground")
		sim.ExpectGone(ctx, harness.BundleOf(bundle))
		Expect(sim.Releases(ctx, bundle)).To(BeEmpty())
		Expect(revisions(ctx)).To(Equal(before))
		argoSync(ctx, git)
		Eventually(bundleHealth(ctx)).WithTimeout(harness.RolloutTimeout).Should(HaveField("Status", "Healthy"))
		sim.ExpectReady(ctx, bundle, components)
		Expect(revisions(ctx)).To(Equal(before), "nothing was installed or upgraded again")
		Expect(identities()).To(Equal(workloads))
	}, NodeTimeout(harness.RolloutTimeout))

	It("lets Argo CD go, and what it deployed stays", func(ctx context.Context) {
		project := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{}}}
		project.SetGroupVersionKind(schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "AppProject"})
		project.SetNamespace("argocd")
		project.SetName("default") // Argo CD makes it when it starts
		Expect(k8s.Create(ctx, project)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(k8s.Delete(ctx, project)).To(Succeed()) })

		without := git.DeepCopy()
		unstructured.RemoveNestedField(without.Object, "spec", "settings", "appOfApps")
		list, _, _ := unstructured.NestedSlice(without.Object, "spec", "components")
		at := slices.IndexFunc(list, func(c any) bool { return c.(map[string]any)["name"] == "argo-cd" })
		list[at] = map[string]any{"name": "argo-cd", "enabled": false}
		Expect(unstructured.SetNestedSlice(without.Object, list, "spec", "components")).To(Succeed())
		argoSync(ctx, without)
		refusal := sim.AwaitReason(ctx, bundle, v1alpha1.ReasonDataLoss)
		harness.Say("%s", refusal.Message)
		Expect(refusal.Message).To(ContainSubstring("AppProject"))
		Expect(refusal.Message).NotTo(ContainSubstring("1 Application "), "the root Application is the component's own")

		list[at] = map[string]any{"name": "argo-cd", "enabled": false, "allowDataLoss": []any{"AppProject"}}
		Expect(unstructured.SetNestedSlice(without.Object, list, "spec", "components")).To(Succeed())
		argoSync(ctx, without)
		sim.ExpectReady(ctx, bundle, components-1)
		Expect(sim.Exists(ctx, root())).To(BeFalse())
		Expect(revisions(ctx)).NotTo(HaveKey("argocd/argocd"))
		Expect(live(ctx, bundle).GetAnnotations()).To(HaveKey(trackingID), "Argo CD's mark stays, and harms nobody")
	}, NodeTimeout(harness.RolloutTimeout))
})
