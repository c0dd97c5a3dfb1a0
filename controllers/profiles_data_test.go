// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/readiness"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

var _ = Describe("The Kafka and the Vault of the profile data", func() {
	condition := func(kind, status string) map[string]any {
		return map[string]any{"observedGeneration": int64(1), "conditions": []any{map[string]any{"type": kind, "status": status}}}
	}

	// Where nobody writes a status, an object is current as soon as it is there.
	DescribeTable("are not Ready by being there",
		func(kind string, status map[string]any, ready bool) {
			object, rules := ofData(kind)
			if status != nil {
				object.Object["status"] = status
			}
			key := readiness.Object{GroupVersionKind: object.GroupVersionKind(), Namespace: object.GetNamespace(), Name: object.GetName()}
			verdict := readiness.Judge([]readiness.Object{key},
				func(readiness.Object) (*unstructured.Unstructured, bool) { return object, true },
				rules, func(string, string) (int, bool) { return 0, false })
			Expect(verdict.Ready).To(Equal(ready), verdict.Message())
		},
		Entry("a Kafka that nobody has seen", "Kafka", nil, false),
		Entry("a Kafka that is being made", "Kafka", condition("NotReady", "True"), false),
		Entry("a Kafka with a warning and no more", "Kafka", condition("Warning", "True"), false),
		Entry("a Kafka that runs", "Kafka", condition("Ready", "True"), true),
		Entry("a Kafka whose newest spec nobody has seen", "Kafka", func() map[string]any {
			old := condition("Ready", "True")
			old["observedGeneration"] = int64(0)
			return old
		}(), false),
		Entry("a pool that nobody has seen", "KafkaNodePool", nil, false),
		Entry("a pool without nodes", "KafkaNodePool", map[string]any{"observedGeneration": int64(1)}, false),
		Entry("a pool with its node", "KafkaNodePool", map[string]any{"observedGeneration": int64(1), "nodeIds": []any{int64(0)}}, true),
		Entry("a Vault that nobody has seen", "Vault", nil, false),
		Entry("a Vault that does not answer", "Vault", condition("Healthy", "False"), false),
		Entry("a Vault without conditions", "Vault", map[string]any{"leader": "", "nodes": []any{"vault-0"}}, false),
		Entry("a Vault that is unsealed", "Vault", condition("Healthy", "True"), true),
	)
})

// ofData is the object of a kind in the profile, with the rules that the catalog has
// for its component.
func ofData(kind string) (*unstructured.Unstructured, []readiness.Rule) {
	GinkgoHelper()
	catalogs, err := catalog.Load(bundles.FS)
	Expect(err).NotTo(HaveOccurred())
	bundle, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Profiles: []string{"data"}}, "", catalogs)
	Expect(err).NotTo(HaveOccurred())
	for _, c := range bundle.Components {
		rules, err := readiness.CompileRules(c.ReadyWhen)
		Expect(err).NotTo(HaveOccurred())
		for _, manifest := range c.Manifests {
			object := &unstructured.Unstructured{}
			Expect(json.Unmarshal(manifest.Raw, &object.Object)).To(Succeed())
			if object.GetKind() == kind {
				object.SetGeneration(1)
				return object, rules
			}
		}
	}
	Fail("the profile has no " + kind)
	return nil, nil
}
