// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

var _ = Describe("Hooks that really run", func() {
	// One that runs at once gives up after 4 s of refused connections.
	It("find the workload that they need, with one try, in the catalog's components and in others", func(ctx context.Context) {
		const values = `{"hookRetries": 0, "startAfter": "8s"}`
		node.Create(ctx, harness.BundleOf("hooks", chart("hooked", "1.0.0", values), named("gatekeeper", "hooked", "1.0.0", values)))
		node.ExpectReady(ctx, "hooks", 2)
		node.Change(ctx, "hooks", func(spec *v1alpha1.PlatformBundleSpec) {
			for i := range spec.Components {
				spec.Components[i].Version, spec.Components[i].Values = "1.1.0", harness.Values(`{"hookRetries": 0, "startAfter": "1s"}`)
			}
		})
		node.ExpectReady(ctx, "hooks", 2)
		for _, release := range []string{"hooked/hooked", "gatekeeper-system/gatekeeper"} {
			Expect(harness.Statuses(node.Revisions(ctx)[release])).To(Equal([]string{"superseded", "deployed"}), "%s never failed", release)
		}
	}, patience)

	It("may fail twice before an install, and nothing is uninstalled in between", func(ctx context.Context) {
		node.Create(ctx, harness.BundleOf("flaky", chart("flaky", "1.0.0", `{"failures": 2, "counter": "`+newCounter(ctx, "flaky")+`"}`)))
		story := awaitMessage(ctx, "flaky", "flaky", "failed once", "pre-install", "container standin ended: exit code 1")
		Expect(story.Reason).To(Equal(v1alpha1.ReasonInstallFailed))
		harness.Say("%s %s: %s", story.State, story.Reason, story.Message)
		namespace := &corev1.Namespace{}
		Expect(k8s.Get(ctx, keyOf("", "flaky"), namespace)).To(Succeed())
		awaitMessage(ctx, "flaky", "flaky", "failed 2 times")
		By("not waiting for the third try")
		node.RequestReconcile(ctx, "flaky", "now")
		node.ExpectReady(ctx, "flaky", 1)
		again := &corev1.Namespace{}
		Expect(k8s.Get(ctx, keyOf("", "flaky"), again)).To(Succeed())
		Expect(again.UID).To(Equal(namespace.UID))
		Expect(harness.Statuses(node.Revisions(ctx)["flaky/flaky"])).To(Equal([]string{"failed", "failed", "deployed"}))
	}, patience)
})
