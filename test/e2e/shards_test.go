// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/shard"
	"github.com/groundwork-dev/groundwork/test/harness"
)

var _ = Describe("Operators of two shards", func() {
	const name = "sharded"

	// startShard runs the operator of a shard, with a chart cache as on a node of its own.
	startShard := func(ctx context.Context, of string) *operator {
		return startOperator(ctx, "--chart-mirror="+standIns, "--shard="+of, "--chart-cache="+filepath.Join(scratch, "chart-cache-"+of))
	}
	move := func(ctx context.Context, to string) {
		sim.Kubectl(ctx, "label", "--overwrite", "platformbundle", name, v1alpha1.ShardLabel+"="+to)
	}
	// owners of the releases, and how many each has.
	owners := func(ctx context.Context) map[string]int {
		out := map[string]int{}
		for _, release := range sim.Releases(ctx, name) {
			out[shard.Of(&release)]++
		}
		return out
	}
	// holders of Helm's records, by shard.
	holders := func(ctx context.Context) map[string]int {
		var records corev1.SecretList
		Expect(k8s.List(ctx, &records, client.MatchingLabels{"owner": "helm"})).To(Succeed())
		out := map[string]int{}
		for _, record := range records.Items {
			out[shard.OfHolder(record.Labels[v1alpha1.HolderLabel])]++
		}
		return out
	}

	It("hand a bundle over, also when one of them is killed in the middle of the install", func(ctx context.Context) {
		bundle := week1(name)
		bundle.Labels = map[string]string{v1alpha1.ShardLabel: "a"}
		size := len(bundle.Spec.Components)
		a, b := startShard(ctx, "a"), startShard(ctx, "b")
		DeferCleanup(func(ctx context.Context) {
			move(ctx, "b")
			sim.RemoveBundle(ctx, name)
		}, NodeTimeout(harness.RolloutTimeout))
		DeferCleanup(func(ctx SpecContext) { b.explain(ctx) })

		reached := gate.afterWrites(250) // the run has some 700
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		Eventually(reached).WithTimeout(harness.RolloutTimeout).Should(BeClosed())
		Expect(holders(ctx)).NotTo(HaveKey("b"))
		a.kill()
		killed := time.Now()
		deployed := keepDeployed(ctx, nil)
		running := keepRunning(ctx, name, deployed, nil)
		interrupted := pending(ctx)
		harness.Say("killed with %d releases deployed, pending: %v", len(deployed), interrupted)
		move(ctx, "b")
		Expect(sim.AwaitReason(ctx, name, v1alpha1.ReasonHandingOver).Message).To(ContainSubstring("the operator of shard a to hand over"))
		Expect(owners(ctx)).NotTo(HaveKey("b"), "nothing may be taken while the lease lasts")
		Eventually(owners).WithContext(ctx).Should(And(HaveKey("b"), Not(HaveKey("a"))))
		taken := time.Since(killed)
		sim.ExpectReady(ctx, name, size)
		harness.Say("taken over %.1f s after the kill, Ready after %.1f s", taken.Seconds(), time.Since(killed).Seconds())

		after := sim.Revisions(ctx)
		Expect(after).To(HaveLen(size))
		for release, records := range after {
			states := strings.Join(harness.Statuses(records), " ")
			Expect(states).To(BeElementOf("deployed", "failed deployed"), release)
		}
		for release, records := range deployed {
			Expect(after[release]).To(Equal(records), "%s was deployed when the operator was killed and has been touched since", release)
		}
		for workload, uid := range running {
			Expect(sim.Workloads(ctx)).To(HaveKeyWithValue(workload, uid), "%s was replaced", workload)
		}

		By("moving the bundle back to an operator that lives")
		a.start(ctx)
		moved := time.Now()
		workloads := sim.Workloads(ctx)
		move(ctx, "a")
		Eventually(owners).WithContext(ctx).WithTimeout(harness.RolloutTimeout).Should(Equal(map[string]int{"a": size}))
		sim.ExpectReady(ctx, name, size)
		harness.Say("moved back in %.1f s", time.Since(moved).Seconds())
		Expect(sim.Revisions(ctx)).To(Equal(after), "Helm was called for a move")
		Expect(sim.Workloads(ctx)).To(Equal(workloads))
	}, NodeTimeout(4*time.Minute))
})
