// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// What people see and steer with, against a running operator: the plugin is the
// program that people type.
var _ = Describe("A bundle that asks before it acts", Ordered, func() {
	const name = "asking"
	var operator *operator

	platform := func(ctx context.Context, args ...string) (string, error) {
		return sim.Run(ctx, filepath.Join(harness.Root, "bin", "kubectl-platform"), args...)
	}
	must := func(ctx context.Context, args ...string) string {
		GinkgoHelper()
		out, err := platform(ctx, args...)
		Expect(err).NotTo(HaveOccurred(), "kubectl platform %v:\n%s", args, out)
		return out
	}

	BeforeAll(func(ctx context.Context) {
		operator = startOperator(ctx, "--chart-mirror="+standIns)
		DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, name) }, NodeTimeout(harness.RolloutTimeout))
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	It("installs nothing until its plan is approved, and then all of it", func(ctx context.Context) {
		bundle := harness.BundleOf(name, v1alpha1.Component{Name: "loki"}, v1alpha1.Component{Name: "grafana"})
		bundle.Spec.Approval = v1alpha1.ApprovalManual
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		sim.AwaitReason(ctx, name, v1alpha1.ReasonAwaitingApproval)
		shown := sim.Bundle(ctx, Default, name).Status.Plan
		Expect(shown.Summary).To(Equal("2 installs"))
		Consistently(func() map[string]v1alpha1.ComponentRelease { return sim.Releases(ctx, name) }).WithTimeout(2 * time.Second).Should(BeEmpty())

		out, err := platform(ctx, "status", name)
		Expect(err).To(HaveOccurred(), "it is not Ready, and its exit code says so")
		Expect(out).To(ContainSubstring(shown.Digest))
		out, err = platform(ctx, "approve", name, "--digest", "0123456789abcdef")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("the plan is " + shown.Digest + " by now, not 0123456789abcdef"))

		Expect(must(ctx, "approve", name, "--digest", shown.Digest)).To(ContainSubstring("begins with plan " + shown.Digest + ": 2 installs"))
		sim.ExpectReady(ctx, name, 2)
		Expect(sim.Bundle(ctx, Default, name).Status.Plan).To(BeNil())
		Expect(must(ctx, "status", name)).To(ContainSubstring("2/2"))
	}, NodeTimeout(harness.RolloutTimeout))

	It("tells where the time went", func(ctx context.Context) {
		Eventually(func(g Gomega) {
			sum := sim.Bundle(ctx, g, name).Status.Timeline
			g.Expect(sum).NotTo(BeNil())
			g.Expect(sum.Took.Duration).To(BeNumerically(">", 0))
			g.Expect(sum.CriticalPath).NotTo(BeEmpty())
			g.Expect(sum.CriticalPath[len(sum.CriticalPath)-1].Component).To(Equal("grafana"), "it waits for loki")
		}).WithTimeout(10 * time.Second).Should(Succeed())
		for component, release := range sim.Releases(ctx, name) {
			seen := release.Status.Timeline
			Expect(seen).NotTo(BeNil(), component)
			Expect(seen.Queued).NotTo(BeNil(), component)
			Expect(seen.Prepared.Before(seen.Queued)).To(BeFalse(), component)
			Expect(seen.Approved.Before(seen.Prepared)).To(BeFalse(), component)
			Expect(seen.Began.Before(seen.Approved)).To(BeFalse(), component)
			Expect(seen.Released.Before(seen.Began)).To(BeFalse(), component)
			Expect(seen.Ready.Before(seen.Released)).To(BeFalse(), component)
		}
		Expect(must(ctx, "timeline", name)).To(ContainSubstring("critical path"))
	}, NodeTimeout(time.Minute))

	It("upgrades nothing outside of its window, unless it is let through", func(ctx context.Context) {
		sim.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) {
			spec.Approval = v1alpha1.ApprovalAutomatic
			spec.Maintenance = &v1alpha1.Maintenance{Schedule: "0 0 29 2 *"} // a minute in four years
			spec.Maintenance.Duration.Duration = time.Minute
			harness.Component(spec, "grafana").Values = harness.Values(`{"replicas": 2}`)
		})
		sim.AwaitReason(ctx, name, v1alpha1.ReasonAwaitingWindow)
		Expect(sim.Bundle(ctx, Default, name).Status.NextWindow).NotTo(BeNil())
		Expect(sim.Revisions(ctx)["monitoring/grafana"]).To(HaveLen(1))
		must(ctx, "approve", name, "--now")
		sim.ExpectReady(ctx, name, 2)
		Expect(sim.Revisions(ctx)["monitoring/grafana"]).To(HaveLen(2))
	}, NodeTimeout(harness.RolloutTimeout))
})
