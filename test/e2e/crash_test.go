// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/groundwork-dev/groundwork/test/harness"
)

var _ = Describe("An operator that is killed", func() {
	const name = "crash"

	// Points in the run, as numbers of writes to the API server: the run has some
	// 700. Each is drawn anew within its range; the seed is Ginkgo's.
	ranges := [][2]int{{40, 120}, {60, 160}, {60, 160}}

	It("is continued by the next one wherever it was", func(ctx context.Context) {
		random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 1))
		bundle := week1(name)
		size := len(bundle.Spec.Components)
		operator := startOperator(ctx, "--chart-mirror="+standIns)
		DeferCleanup(func(ctx context.Context) {
			if !operator.alive() {
				operator.start(ctx)
			}
			sim.RemoveBundle(ctx, name)
		}, NodeTimeout(harness.RolloutTimeout))
		DeferCleanup(func(ctx SpecContext) { operator.explain(ctx) })

		deployed, running := map[string][]harness.Revision{}, map[string]string{}
		for i, limits := range ranges {
			writes := limits[0] + random.IntN(limits[1]-limits[0])
			reached := gate.afterWrites(writes)
			if i == 0 {
				Expect(k8s.Create(ctx, bundle)).To(Succeed())
			} else {
				operator.start(ctx)
			}
			Eventually(reached).WithTimeout(harness.RolloutTimeout).Should(BeClosed(), "the operator does not make %d writes", writes)
			operator.kill()
			deployed, running = keepDeployed(ctx, deployed), keepRunning(ctx, name, deployed, running)
			harness.Say("kill %d after %d more writes: %d releases deployed, pending: %v", i+1, writes, len(deployed), pending(ctx))
			if i > 0 {
				deleteLease(ctx) // the first time, the lease runs out by itself
			}
		}
		operator.start(ctx)
		sim.ExpectReady(ctx, name, size)

		after := sim.Revisions(ctx)
		Expect(after).To(HaveLen(size))
		for release, records := range after {
			states := harness.Statuses(records)
			Expect(states[len(states)-1]).To(Equal("deployed"), "%s: %v", release, states)
			Expect(len(states)).To(BeNumerically("<=", 1+len(ranges)), "%s: %v", release, states)
			for _, state := range states[:len(states)-1] {
				Expect(state).To(BeElementOf("superseded", "failed"), "%s: %v", release, states)
			}
		}
		for release, records := range deployed {
			Expect(after[release]).To(Equal(records), "%s was deployed when the operator was killed and has been touched since", release)
		}
		for workload, uid := range running {
			Expect(sim.Workloads(ctx)).To(HaveKeyWithValue(workload, uid), "%s was replaced", workload)
		}
	}, NodeTimeout(4*time.Minute))
})

// keepDeployed adds the releases that are deployed now.
func keepDeployed(ctx context.Context, known map[string][]harness.Revision) map[string][]harness.Revision {
	GinkgoHelper()
	out := map[string][]harness.Revision{}
	for release, records := range sim.Revisions(ctx) {
		if states := harness.Statuses(records); states[len(states)-1] == "deployed" {
			out[release] = records
		}
	}
	for release, records := range known {
		Expect(out).To(HaveKeyWithValue(release, records), "%s was deployed before the last kill", release)
	}
	return out
}

// keepRunning adds the workloads of deployed releases.
func keepRunning(ctx context.Context, bundle string, deployed map[string][]harness.Revision, known map[string]string) map[string]string {
	GinkgoHelper()
	owners := map[string]bool{}
	for _, release := range sim.Releases(ctx, bundle) {
		if _, ok := deployed[release.Spec.Namespace+"/"+release.Spec.ReleaseName]; ok {
			owners[release.Name] = true
		}
	}
	out := map[string]string{}
	for workload, uid := range sim.Workloads(ctx) {
		if _, owner, _ := strings.Cut(workload, " of "); owners[owner] {
			out[workload] = uid
		}
	}
	for workload, uid := range known {
		Expect(out).To(HaveKeyWithValue(workload, uid), "%s ran before the last kill", workload)
	}
	return out
}

// pending are releases whose newest record says that an action is under way.
func pending(ctx context.Context) []string {
	var out []string
	for release, records := range sim.Revisions(ctx) {
		if strings.HasPrefix(records[len(records)-1].Status, "pending-") {
			out = append(out, release)
		}
	}
	return out
}
