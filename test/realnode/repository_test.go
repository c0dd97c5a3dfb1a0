// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

var _ = Describe("A repository that is down", func() {
	It("holds only its own component, which goes on when it is back", func(ctx context.Context) {
		DeferCleanup(func(ctx context.Context) { tellCharts(ctx, "/switch/on") }, NodeTimeout(time.Minute))
		tellCharts(ctx, "/switch/off")
		away := named("away", "slow", "1.0.0", `{"startAfter": "0s"}`)
		away.Chart.Repository = unsteadyURL
		node.Create(ctx, harness.BundleOf("outage", away, chart("slow", "1.0.0", `{"startAfter": "0s"}`)))
		story := node.AwaitComponent(ctx, "outage", "away", v1alpha1.ReasonRepositoryUnreachable)
		Expect(story.Message).To(And(ContainSubstring(unsteadyURL), ContainSubstring("503")))
		node.AwaitComponent(ctx, "outage", "slow", v1alpha1.ReasonReady)
		Expect(node.Revisions(ctx)).NotTo(HaveKey("away/away"))

		tellCharts(ctx, "/switch/on")
		began := time.Now()
		node.ExpectReady(ctx, "outage", 2)
		harness.Say("Ready %.1f s after the repository was back", harness.Seconds(began))
	}, patience)
})
