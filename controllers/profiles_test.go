// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

var _ = Describe("A bundle with profiles", func() {
	var f *bundleFixture

	BeforeEach(func() {
		f = newBundleFixture()
		f.bundle.Spec.Profiles = []string{"minimal"}
	})
	removal := func(ctx context.Context, component string) v1alpha1.RemovalPolicy {
		GinkgoHelper()
		release := f.release(ctx, component)
		Expect(release).NotTo(BeNil(), component)
		return release.Spec.Removal
	}
	// settle lets what is approved become Ready until so many components are.
	settle := func(ctx context.Context, components ...string) {
		GinkgoHelper()
		for range components {
			f.reconcile(ctx)
			for _, name := range components {
				if release := f.release(ctx, name); release != nil {
					f.becomeReady(ctx, name)
					if len(release.Spec.Manifests) > 0 {
						digest, err := manifests.Digest(release.Spec.Manifests)
						Expect(err).NotTo(HaveOccurred())
						f.report(ctx, name, func(r *v1alpha1.ComponentRelease) {
							r.Status.ReadyDigest += "+" + digest
							r.Status.Manifests = manifests.Listed(r.Spec.Manifests, r.Spec.Namespace)
						})
					}
				}
			}
		}
		f.reconcile(ctx)
		Expect(f.observed(ctx).Status.Ready).To(Equal(fmt.Sprintf("%d/%[1]d", len(components))), "%v", f.observed(ctx).Status.Components)
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
	}

	It("approves their components in order, with its own entries over them", func(ctx context.Context) {
		values := v1alpha1.Component{Name: "cert-manager", Values: &apiextensionsv1.JSON{Raw: []byte(`{"replicaCount":2}`)}}
		f.bundle.Spec.Components = []v1alpha1.Component{values, ownChart("mine", "1.0.0")}
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.release(ctx, "cert-manager").Spec.Values.Raw).To(MatchJSON(`{"replicaCount":2}`))
		Expect(f.release(ctx, "cert-manager").Spec.Chart.Name).To(Equal("cert-manager"))
		Expect(f.release(ctx, "ingress-nginx")).NotTo(BeNil())
		Expect(f.release(ctx, "external-dns")).To(BeNil(), "it comes after ingress-nginx")
		settle(ctx, "cert-manager", "ingress-nginx", "external-dns", "mine")
		f.expectIdle(ctx)
		Expect(f.observed(ctx).Spec.Components).To(HaveLen(2), "the spec is the user's")
	})

	It("removes their components in reverse order when they are taken off", func(ctx context.Context) {
		f.bundle.Spec.Components = []v1alpha1.Component{{Name: "cert-manager"}}
		f.create(ctx)
		settle(ctx, "cert-manager", "ingress-nginx", "external-dns")
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Profiles = nil })
		f.reconcile(ctx)
		Expect(removal(ctx, "external-dns")).To(Equal(v1alpha1.RemovalUninstall))
		Expect(removal(ctx, "ingress-nginx")).To(BeEmpty())
		Expect(f.state(ctx, "ingress-nginx").Message).To(Equal("is removed after external-dns"))
		f.report(ctx, "external-dns", func(r *v1alpha1.ComponentRelease) { r.Status.Removed = true })
		f.reconcile(ctx)
		f.reconcile(ctx)
		Expect(removal(ctx, "ingress-nginx")).To(Equal(v1alpha1.RemovalUninstall))
		f.report(ctx, "ingress-nginx", func(r *v1alpha1.ComponentRelease) { r.Status.Removed = true })
		f.reconcile(ctx)
		f.reconcile(ctx)
		Expect(removal(ctx, "cert-manager")).To(BeEmpty(), "the bundle lists it itself")
		Expect(f.observed(ctx).Status.Ready).To(Equal("1/1"))
	})

	It("removes a component of theirs that it switches off", func(ctx context.Context) {
		f.create(ctx)
		settle(ctx, "cert-manager", "ingress-nginx", "external-dns")
		no := false
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components = []v1alpha1.Component{{Name: "external-dns", Enabled: &no}}
		})
		f.reconcile(ctx)
		Expect(removal(ctx, "external-dns")).To(Equal(v1alpha1.RemovalUninstall))
		Expect(removal(ctx, "ingress-nginx")).To(BeEmpty())
	})

	It("loses no data with a profile, until that is allowed by kind", func(ctx context.Context) {
		f.bundle.Spec.Profiles = []string{"data"}
		f.create(ctx)
		settle(ctx, "strimzi", "bank-vaults")
		approved := f.release(ctx, "strimzi").Spec

		By("the components stay, and their manifests leave the list")
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Profiles, b.Spec.Components = nil, []v1alpha1.Component{{Name: "strimzi"}, {Name: "bank-vaults"}}
		})
		f.reconcile(ctx)
		Expect(f.release(ctx, "strimzi").Spec).To(Equal(approved), "the Kafka would be pruned")
		Expect(f.state(ctx, "strimzi").Reason).To(Equal(v1alpha1.ReasonDataLoss))
		Expect(f.state(ctx, "strimzi").Message).To(ContainSubstring("would delete 1 Kafka (kafka/main), 1 KafkaNodePool (kafka/main); keep them"))
		Expect(f.state(ctx, "bank-vaults").Message).To(ContainSubstring("would delete 1 Vault (vault/vault); keep them"))
		f.expectIdle(ctx)

		By("the components leave the list")
		f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components = nil })
		f.reconcile(ctx)
		Expect(removal(ctx, "strimzi")).To(BeEmpty())
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonDataLoss))
		Expect(f.state(ctx, "strimzi").Message).To(Equal("strimzi is not removed, because these objects would be lost or left without their operator: " +
			"1 Kafka (kafka/main), 1 KafkaNodePool (kafka/main); keep the component listed with enabled: false and allowDataLoss: [Kafka, KafkaNodePool]"))
		f.expectIdle(ctx)

		By("it is allowed")
		no := false
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components = []v1alpha1.Component{{Name: "strimzi", Enabled: &no, AllowDataLoss: []string{"Kafka", "KafkaNodePool"}}}
		})
		f.reconcile(ctx)
		Expect(removal(ctx, "strimzi")).To(Equal(v1alpha1.RemovalUninstall))
		Expect(f.release(ctx, "strimzi").Spec.AllowDataLoss).To(Equal([]string{"Kafka", "KafkaNodePool"}))
		Expect(removal(ctx, "bank-vaults")).To(BeEmpty())
	})

	It("changes nothing when it names one that there is not", func(ctx context.Context) {
		f.create(ctx)
		settle(ctx, "cert-manager", "ingress-nginx", "external-dns")
		approved := f.versions(ctx)
		f.change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Profiles, b.Spec.Components = []string{"minimal", "polcy"}, []v1alpha1.Component{{Name: "jaeger"}}
		})
		f.reconcile(ctx)
		stalled := f.condition(ctx, v1alpha1.ConditionStalled)
		Expect(stalled).NotTo(BeNil())
		Expect(stalled.Reason).To(Equal(v1alpha1.ReasonUnknownProfile))
		Expect(stalled.Message).To(Equal(`spec.profiles[polcy]: catalog 2026.11 has no profile "polcy": did you mean "policy"?`))
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionFalse))
		Expect(f.release(ctx, "jaeger")).To(BeNil())
		after := f.versions(ctx)
		delete(approved, f.bundle.Name)
		delete(after, f.bundle.Name)
		Expect(after).To(Equal(approved), "a release was touched")
		f.expectIdle(ctx)
	})

	DescribeTable("is refused by the schema",
		func(ctx context.Context, want string, profiles ...string) {
			f.bundle.Spec.Profiles = profiles
			Expect(k8s.Create(ctx, f.bundle, client.DryRunAll)).To(MatchError(ContainSubstring(want)))
		},
		Entry("with one twice", `spec.profiles[1]: Duplicate value: "minimal"`, "minimal", "minimal"),
		Entry("with a path", "spec.profiles[0]: Invalid value", "../minimal"),
		Entry("with capitals", "spec.profiles[0]: Invalid value", "Minimal"),
		Entry("with an empty name", "spec.profiles[0]: Invalid value", ""),
		Entry("with too many", "spec.profiles: Too many: 11", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"),
	)

	It("can be written out: the API server takes every profile as it is, and it means the same", func(ctx context.Context) {
		files, err := filepath.Glob(filepath.Join("..", "bundles", "profiles", "*.yaml"))
		Expect(err).NotTo(HaveOccurred())
		Expect(files).NotTo(BeEmpty())
		for _, file := range files {
			content, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			object := &unstructured.Unstructured{}
			Expect(yaml.Unmarshal(content, &object.Object)).To(Succeed())
			Expect(k8s.Create(ctx, object, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))).To(Succeed(), file)
			bundle := &v1alpha1.PlatformBundle{}
			Expect(yaml.Unmarshal(content, bundle)).To(Succeed())
			listed, err := resolve.Listed(v1alpha1.PlatformBundleSpec{Profiles: []string{bundle.Name}}, "", f.reconciler.Catalogs)
			Expect(err).NotTo(HaveOccurred())
			Expect(listed).To(Equal(bundle.Spec.Components), file)
		}
	})
})
