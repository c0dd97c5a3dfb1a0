// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// move labels a bundle or a release; empty takes the label away.
func move(ctx context.Context, object client.Object, shard string) {
	GinkgoHelper()
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1alpha1.ShardLabel] = shard
	if shard == "" {
		delete(labels, v1alpha1.ShardLabel)
	}
	object.SetLabels(labels)
	Expect(k8s.Update(ctx, object)).To(Succeed())
}

// stubPeers knows which shards nobody acts for.
type stubPeers struct {
	gone  map[string]bool
	asked []string
	err   error
}

func (s *stubPeers) Gone(_ context.Context, name string) (bool, time.Duration, error) {
	s.asked = append(s.asked, name)
	if s.gone[name] {
		return true, 0, s.err
	}
	return false, time.Second, s.err
}

var _ = Describe("A release whose bundle is in a shard", func() {
	var f *releaseFixture
	var bundle *v1alpha1.PlatformBundle

	BeforeEach(func(ctx context.Context) {
		f = newReleaseFixture()
		f.reconciler.Shard = "a"
		f.release.Labels = map[string]string{v1alpha1.ShardLabel: "a"}
		bundle = &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "spec", Labels: map[string]string{v1alpha1.ShardLabel: "a"}}}
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(k8s.Delete(ctx, bundle)).To(Succeed()) })
	})

	shardOf := func(ctx context.Context) string { return f.observed(ctx).Labels[v1alpha1.ShardLabel] }

	It("is made true by the operator of that shard", func(ctx context.Context) {
		f.install(ctx)
		f.expectIdle(ctx)
	})

	DescribeTable("is left alone by every other", func(ctx context.Context, shard string) {
		f.reconciler.Shard = shard
		f.create(ctx)
		before := f.observed(ctx).ResourceVersion
		f.reconcile(ctx)
		Expect(f.observed(ctx).ResourceVersion).To(Equal(before))
		Expect(f.engine.calls).To(BeEmpty())
		Expect(f.engine.observed).To(BeZero())
	}, Entry("of another", "b"), Entry("without one", ""))

	It("is handed over when its bundle has moved, with nothing else changed, and forgotten", func(ctx context.Context) {
		f.install(ctx)
		before := f.observed(ctx)
		Expect(f.tracker.tracked).NotTo(BeEmpty())
		move(ctx, bundle, "b")
		f.reconcile(ctx)
		after := f.observed(ctx)
		Expect(after.Labels).To(HaveKeyWithValue(v1alpha1.ShardLabel, "b"))
		Expect(after.Annotations).To(HaveKeyWithValue(v1alpha1.HandedOverAnnotation, "a"))
		Expect(after.Spec).To(Equal(before.Spec))
		Expect(after.Status).To(Equal(before.Status))
		Expect(f.tracker.tracked).To(BeEmpty(), "its objects are watched still")
		f.expectIdle(ctx)
		Expect(f.engine.calls).To(BeEmpty())
	})

	It("loses the label when its bundle does", func(ctx context.Context) {
		f.install(ctx)
		move(ctx, bundle, "")
		f.reconcile(ctx)
		Expect(f.observed(ctx).Labels).NotTo(HaveKey(v1alpha1.ShardLabel))
	})

	It("is handed over after the job that runs, and what that one left is written down", func(ctx context.Context) {
		f.table.hold, f.engine.fail, f.engine.leaves = true, errors.New("no such image"), true
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.table.running).To(HaveLen(1))
		move(ctx, bundle, "b")
		f.reconcile(ctx)
		f.reconcile(ctx)
		Expect(shardOf(ctx)).To(Equal("a"), "while a job runs")
		Expect(f.table.interrupted).To(BeEmpty(), "what was begun is finished")
		f.table.hold = false
		f.table.finish(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install"}))
		f.reconcile(ctx)
		Expect(shardOf(ctx)).To(Equal("b"))
		Expect(f.observed(ctx).Status.Failure.Message).To(ContainSubstring("no such image"))
		f.reconcile(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install"}), "no second attempt by the old operator")

		By("the new operator goes on from there")
		f.restart()
		f.reconciler.Shard, f.engine.fail = "b", nil
		f.step(time.Minute)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install", "install"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})

	It("is handed over by an operator that was away when the bundle moved", func(ctx context.Context) {
		f.install(ctx)
		move(ctx, bundle, "b")
		f.restart()
		f.reconciler.Shard = "a"
		f.reconcile(ctx)
		Expect(shardOf(ctx)).To(Equal("b"))
	})

	It("is not acted on from an older state when its bundle comes straight back", func(ctx context.Context) {
		f.install(ctx)
		old := f.observed(ctx)
		move(ctx, bundle, "b")
		f.reconcile(ctx)
		Expect(shardOf(ctx)).To(Equal("b"))
		move(ctx, bundle, "a")
		f.engine.history = nil // whoever acts would install
		f.reconciler.Client = &staleRelease{Client: f.reconciler.Client, release: old}
		f.reconcile(ctx)
		Expect(f.engine.calls).To(BeEmpty())
		Expect(shardOf(ctx)).To(Equal("b"))

		By("the other one gives it back")
		f.reconciler.Client = f.reconciler.Client.(*staleRelease).Client
		move(ctx, f.release, "a")
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install"}))
	})

	It("is kept while it has no bundle", func(ctx context.Context) {
		f.release.Spec.Bundle = "nobody"
		f.install(ctx)
		Expect(shardOf(ctx)).To(Equal("a"))
	})

	Context("with a record that the operator of another shard left pending", func() {
		BeforeEach(func() {
			f.engine.history = []helm.Revision{{
				Number: 1, Status: "pending-install", Digest: f.release.Spec.InputsDigest, Holder: "b.predecessor", Changed: f.clock.Now(),
			}}
		})

		It("waits: that one may live", func(ctx context.Context) {
			f.create(ctx)
			Expect(f.settle(ctx)).To(BeNumerically("~", 10*time.Minute, time.Second))
			Expect(f.engine.calls).To(BeEmpty())
			Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonReleasePending))
			f.step(10*time.Minute + time.Second)
			f.settle(ctx)
			Expect(f.engine.calls).To(Equal([]string{"take over 1", "install"}))
		})

		It("takes over at once what was given up", func(ctx context.Context) {
			f.release.Annotations = map[string]string{v1alpha1.HandedOverAnnotation: "b"}
			f.create(ctx)
			f.settle(ctx)
			Expect(f.engine.calls).To(Equal([]string{"take over 1", "install"}))
		})
	})
})

// staleRelease shows one release as it was.
type staleRelease struct {
	client.Client
	release *v1alpha1.ComponentRelease
}

func (s *staleRelease) Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error {
	if out, ok := into.(*v1alpha1.ComponentRelease); ok {
		s.release.DeepCopyInto(out)
		return nil
	}
	return s.Client.Get(ctx, key, into, opts...)
}

var _ = Describe("A bundle in a shard", func() {
	var f *bundleFixture
	var peers *stubPeers

	BeforeEach(func() {
		f = newBundleFixture(ownChart("alpha", "1.0.0"), ownChart("beta", "1.0.0", "alpha"))
		peers = &stubPeers{gone: map[string]bool{}}
		f.reconciler.Shard, f.reconciler.Peers = "a", peers
		f.bundle.Labels = map[string]string{v1alpha1.ShardLabel: "a"}
	})

	It("is reconciled by the operator of that shard, which labels the releases and not the bundle", func(ctx context.Context) {
		f.install(ctx)
		for _, name := range []string{"alpha", "beta"} {
			Expect(f.release(ctx, name).Labels).To(HaveKeyWithValue(v1alpha1.ShardLabel, "a"))
		}
		Expect(f.observed(ctx).Labels).To(Equal(map[string]string{v1alpha1.ShardLabel: "a"}))
		Expect(peers.asked).To(BeEmpty())
		f.expectIdle(ctx)
	})

	DescribeTable("is left alone by every other", func(ctx context.Context, label, shard string) {
		f.bundle.Labels = map[string]string{v1alpha1.ShardLabel: label}
		f.reconciler.Shard = shard
		f.create(ctx)
		f.expectIdle(ctx)
		Expect(f.observed(ctx).Finalizers).To(BeEmpty())
		Expect(f.preparer.calls).To(BeZero())
	},
		Entry("of another", "a", "b"), Entry("without one", "a", ""), Entry("and with an empty label", "", "b"),
		Entry("and so is one of a shard that nobody serves", "nobody", "a"),
		Entry("even where nobody can serve it", "No_Name", ""))

	Context("that has come from another", func() {
		BeforeEach(func(ctx context.Context) {
			f.install(ctx)
			move(ctx, f.bundle, "b")
			f.reconciler.Shard = "b"
		})

		giveUp := func(ctx context.Context, component string) { move(ctx, f.release(ctx, component), "b") }

		It("waits until all of its releases have, and says for whom", func(ctx context.Context) {
			f.change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[0].Version = "2.0.0" })
			versions := f.versions(ctx)
			result, err := f.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: f.bundle.Name}})
			Expect(err).NotTo(HaveOccurred())
			Expect(result.RequeueAfter).To(Equal(time.Second), "the lease has to be looked at again")
			Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(HavePrefix("waiting for the operator of shard a to hand over alpha, beta;"))
			Expect(f.condition(ctx, v1alpha1.ConditionReconciling).Reason).To(Equal(v1alpha1.ReasonHandingOver))
			f.expectIdle(ctx)
			giveUp(ctx, "beta")
			f.reconcile(ctx)
			Expect(f.condition(ctx, v1alpha1.ConditionReady).Message).To(HavePrefix("waiting for the operator of shard a to hand over alpha;"))
			after := f.versions(ctx)
			Expect(after["day-two.alpha"]).To(Equal(versions["day-two.alpha"]))
			Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("1.0.0"))

			giveUp(ctx, "alpha")
			f.reconcile(ctx)
			Expect(f.release(ctx, "alpha").Spec.Chart.Version).To(Equal("2.0.0"))
			Expect(f.release(ctx, "alpha").Labels).To(HaveKeyWithValue(v1alpha1.ShardLabel, "b"))
		})

		It("goes on without touching a release when it has all of them", func(ctx context.Context) {
			giveUp(ctx, "alpha")
			giveUp(ctx, "beta")
			f.reconcile(ctx)
			Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
			Expect(peers.asked).To(BeEmpty())
			f.expectIdle(ctx)
		})

		It("takes its releases itself when nobody acts for that shard any more", func(ctx context.Context) {
			before := f.release(ctx, "alpha")
			peers.gone["a"] = true
			f.reconcile(ctx)
			f.reconcile(ctx)
			for _, name := range []string{"alpha", "beta"} {
				Expect(f.release(ctx, name).Labels).To(HaveKeyWithValue(v1alpha1.ShardLabel, "b"))
				Expect(f.release(ctx, name).Annotations).To(HaveKeyWithValue(v1alpha1.HandedOverAnnotation, "a"))
			}
			Expect(f.release(ctx, "alpha").Spec).To(Equal(before.Spec))
			Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
			f.expectIdle(ctx)
		})

		It("takes nothing when the leases cannot be read", func(ctx context.Context) {
			peers.err, peers.gone["a"] = errors.New("leases is forbidden"), true
			versions := f.versions(ctx)
			_, err := f.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: f.bundle.Name}})
			Expect(err).To(MatchError(ContainSubstring("forbidden")))
			Expect(f.versions(ctx)["day-two.alpha"]).To(Equal(versions["day-two.alpha"]))
		})

		It("is not removed before", func(ctx context.Context) {
			Expect(k8s.Delete(ctx, f.bundle)).To(Succeed())
			f.reconcile(ctx)
			Expect(f.release(ctx, "alpha")).NotTo(BeNil())
			Expect(f.observed(ctx).Finalizers).NotTo(BeEmpty())
			peers.gone["a"] = true
			f.reconcile(ctx)
			f.reconcile(ctx)
			Expect(f.release(ctx, "alpha")).To(BeNil())
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(f.bundle), f.bundle)).NotTo(Succeed())
		})

		It("is dropped by the operator that had it", func(ctx context.Context) {
			f.reconciler.Shard = "a"
			versions, calls := f.versions(ctx), f.preparer.calls
			f.applier.asked = []string{"something"}
			f.reconcile(ctx)
			Expect(f.versions(ctx)).To(Equal(versions))
			Expect(f.applier.asked).To(BeEmpty(), "definitions are applied for it still")
			Expect(f.preparer.calls).To(Equal(calls))
		})
	})

	It("is refused a Helm release that a bundle of another shard claims", func(ctx context.Context) {
		f.create(ctx)
		f.reconcile(ctx)
		other := f.release(ctx, "alpha").DeepCopy()
		f.vanish(ctx)
		Expect(k8s.Delete(ctx, other)).To(Succeed())
		other.ObjectMeta = metav1.ObjectMeta{Name: "other.alpha", Labels: map[string]string{v1alpha1.ShardLabel: "b"}}
		other.Spec.Bundle = "other"
		Expect(k8s.Create(ctx, other)).To(Succeed())
		f.bundle.ResourceVersion, f.bundle.UID = "", ""
		f.create(ctx)
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonReleaseClaimedTwice))
		Expect(f.release(ctx, "alpha")).To(BeNil())
	})
})
