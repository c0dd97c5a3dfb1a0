// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// Follow-up manifests: what is applied once a release is ready.
var _ = Describe("Manifests of a component", Ordered, ContinueOnFailure, func() {
	const bundle = "follow"
	var (
		operator *operator
		shelf    cupboard
	)

	BeforeAll(func(ctx context.Context) {
		shelf = openCupboard("manifests")
		shelf.kind("cellar", "Cask", "casks")
		DeferCleanup(removeDefinitions, NodeTimeout(time.Minute))
		operator = startOperator(ctx)
		DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, bundle) }, NodeTimeout(harness.RolloutTimeout))
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	brought := func(kind, name, size string) apiextensionsv1.JSON {
		return harness.Manifest(map[string]any{
			"apiVersion": "e2e.example.com/v1", "kind": kind, "metadata": map[string]any{"name": name}, "spec": map[string]any{"size": size},
		})
	}
	note := harness.Manifest(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "note"}, "data": map[string]any{"color": "white"},
	})
	revise := func(ctx context.Context, manifests ...apiextensionsv1.JSON) time.Time {
		GinkgoHelper()
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "cellar").Manifests = manifests })
		return time.Now()
	}
	size := func(ctx context.Context, kind, name string) func() string {
		return func() string {
			object := custom(kind, "cellar", name)
			_ = k8s.Get(ctx, keyOf(object), object)
			out, _, _ := unstructured.NestedString(object.Object, "spec", "size")
			return out
		}
	}

	It("wait for a kind that comes later, and dependents wait for them", func(ctx context.Context) {
		cellar := shelf.component("cellar", "cellar")
		cellar.Manifests = []apiextensionsv1.JSON{brought("Cask", "main", "small"), note, brought("Latecomer", "late", "small")}
		Expect(k8s.Create(ctx, harness.BundleOf(bundle, cellar, shelf.mug("drinker", "", "cellar")))).To(Succeed())
		pending := sim.AwaitComponent(ctx, bundle, "cellar", v1alpha1.ReasonManifestsPending)
		Eventually(func(g Gomega) {
			pending = harness.StatusOf(sim.Bundle(ctx, g, bundle), "cellar")
			g.Expect(pending.Message).To(ContainSubstring("follow-up manifests wait for kinds that are not served yet: Latecomer (e2e.example.com/v1)"))
		}).Should(Succeed())
		Eventually(size(ctx, "Cask", "main")).Should(Equal("small"), "the others are applied")
		sim.AwaitComponent(ctx, bundle, "drinker", v1alpha1.ReasonWaitingForDependencies)
		Expect(harness.Statuses(sim.Revisions(ctx)["cellar/cellar"])).To(Equal([]string{"deployed"}))
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("drinker/drinker"))

		// In silence, so that nothing but the definition's event can be the cause.
		settle(10)
		Expect(k8s.Create(ctx, latecomer())).To(Succeed())
		began := time.Now()
		Eventually(size(ctx, "Latecomer", "late")).Should(Equal("small"))
		harness.Say("applied %.2f s after its definition was created", harness.Seconds(began))
		Expect(harness.Seconds(began)).To(BeNumerically("<", 4))
		sim.ExpectReady(ctx, bundle, 2)
		Expect(harness.Statuses(sim.Revisions(ctx)["cellar/cellar"])).To(Equal([]string{"deployed"}))
	}, NodeTimeout(time.Minute))

	It("are changed, healed and pruned without a Helm revision", func(ctx context.Context) {
		sim.ExpectReady(ctx, bundle, 2)
		before := sim.Revisions(ctx)
		began := revise(ctx, brought("Cask", "main", "large"), note, brought("Latecomer", "late", "small"))
		Eventually(size(ctx, "Cask", "main")).Should(Equal("large"))
		harness.Say("a changed manifest was applied after %.2f s", harness.Seconds(began))
		sim.ExpectReady(ctx, bundle, 2)

		began = time.Now()
		sim.Patch(ctx, harness.ConfigMap("cellar", "note"), `{"data": {"color": "bad"}}`)
		Eventually(func() string { return colour(ctx, "cellar", "note") }).Should(Equal("white"))
		harness.Say("a manifest was healed after %.2f s", harness.Seconds(began))

		began = revise(ctx, brought("Cask", "main", "large"), brought("Latecomer", "late", "small"))
		Eventually(func() bool { return sim.Exists(ctx, harness.ConfigMap("cellar", "note")) }).Should(BeFalse())
		harness.Say("a manifest that left the spec was pruned after %.2f s", harness.Seconds(began))
		sim.ExpectReady(ctx, bundle, 2)
		Expect(size(ctx, "Cask", "main")()).To(Equal("large"))
		Expect(sim.Revisions(ctx)).To(Equal(before), "manifests are no input of Helm's")
	}, NodeTimeout(time.Minute))

	It("go with their component", func(ctx context.Context) {
		sim.ExpectReady(ctx, bundle, 2)
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
			spec.Components = []v1alpha1.Component{shelf.mug("alone", "")}
		})
		sim.ExpectReady(ctx, bundle, 1)
		for _, object := range []*unstructured.Unstructured{custom("Cask", "cellar", "main"), custom("Latecomer", "cellar", "late")} {
			Expect(sim.Exists(ctx, object)).To(BeFalse(), object.GetKind())
		}
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("cellar/cellar"))
		Expect(sim.Definitions(ctx)).To(And(HaveKey("casks.e2e.example.com"), HaveKey("latecomers.e2e.example.com")))
	}, NodeTimeout(time.Minute))
})

// latecomer is the definition of a kind that no chart brings.
func latecomer() *apiextensionsv1.CustomResourceDefinition {
	open := true
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "latecomers.e2e.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "e2e.example.com", Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "Latecomer", ListKind: "LatecomerList", Plural: "latecomers", Singular: "latecomer"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", XPreserveUnknownFields: &open,
				}},
			}},
		},
	}
}
