// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"testing/fstest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

var _ = Describe("An upgrade that the catalog knows a stop for", func() {
	var f *bundleFixture

	entry := func(name, upgrades string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("name: " + name + "\ntitle: T\ncategory: C\ndescription: D.\nhomepage: https://example.com\n" +
			"lifecycle: {phase: Active}\nchart: {repository: https://example.com/charts, name: " + name + ", version: 1.2.0}\n" + upgrades)}
	}
	version := func(name, version string) func(*v1alpha1.PlatformBundle) {
		return func(b *v1alpha1.PlatformBundle) {
			for i := range b.Spec.Components {
				if b.Spec.Components[i].Name == name {
					b.Spec.Components[i].Version = version
				}
			}
		}
	}
	approved := func(ctx context.Context, name string) string { return f.release(ctx, name).Spec.Chart.Version }

	BeforeEach(func() {
		f = newBundleFixture()
		catalogs, err := catalog.Load(fstest.MapFS{
			"catalog/2026.11/broker.yaml": entry("broker", "upgrades:\n- {from: \"<0.51.0\", via: 0.51.x, note: It converts what is stored.}\n"),
			"catalog/2026.11/vault.yaml":  entry("vault", "upgrades:\n- {from: \"<1.0.0\", via: 1.0.0, manual: true, note: Unseal it there.}\n"),
		})
		Expect(err).NotTo(HaveOccurred())
		f.reconciler.Catalogs = catalogs
		f.preparer.versions = map[string]string{"0.51.x": "0.51.4"}
	})

	It("goes to the stop first, and on when it is Ready there", func(ctx context.Context) {
		f.bundle.Spec.Components = []v1alpha1.Component{{Name: "broker", Version: "0.47.0"}, ownChart("topics", "1.0.0", "broker")}
		f.install(ctx)
		Expect(f.state(ctx, "broker").Warning).To(Equal("version 0.47.0 is not the one that catalog 2026.11 was tested with, 1.2.0"))
		f.change(ctx, version("broker", ""))
		f.change(ctx, version("topics", "2.0.0"))
		f.reconcile(ctx)
		const note = "goes through 0.51.x on the way to 1.2.0: It converts what is stored."
		Expect(approved(ctx, "broker")).To(Equal("0.51.4"))
		Expect(f.state(ctx, "broker").Version).To(Equal("0.51.4"))
		Expect(f.state(ctx, "broker").Warning).To(Equal(note))
		Expect(f.state(ctx, "broker").State).To(Equal(v1alpha1.StateUpgrading))
		Expect(f.events.notes).To(ContainElement("Warning VersionNotice broker: " + note))
		f.expectIdle(ctx)
		Expect(approved(ctx, "broker")).To(Equal("0.51.4"), "until it is Ready there")
		f.becomeReady(ctx, "broker")
		f.reconcile(ctx)
		Expect(approved(ctx, "broker")).To(Equal("1.2.0"))
		Expect(f.state(ctx, "broker").Warning).To(BeEmpty())
		Expect(approved(ctx, "topics")).To(Equal("1.0.0"), "the stop is not what its dependents wait for")
		f.expectIdle(ctx)
		f.becomeReady(ctx, "broker")
		f.reconcile(ctx)
		Expect(approved(ctx, "topics")).To(Equal("2.0.0"))
		f.becomeReady(ctx, "topics")
		f.reconcile(ctx)
		Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})

	It("stays at the stop when the operator restarts there", func(ctx context.Context) {
		f.bundle.Spec.Components = []v1alpha1.Component{{Name: "broker", Version: "0.47.0"}}
		f.install(ctx)
		f.change(ctx, version("broker", ""))
		f.reconcile(ctx)
		f.preparer.pending["broker"] = true // nothing is known any more
		f.reconcile(ctx)
		delete(f.preparer.pending, "broker")
		f.reconcile(ctx)
		Expect(approved(ctx, "broker")).To(Equal("0.51.4"))
	})

	It("is refused when a person has work to do there", func(ctx context.Context) {
		f.bundle.Spec.Components = []v1alpha1.Component{{Name: "vault", Version: "0.9.0"}}
		f.install(ctx)
		f.change(ctx, version("vault", ""))
		f.reconcile(ctx)
		Expect(approved(ctx, "vault")).To(Equal("0.9.0"))
		Expect(f.condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonUpgradePath))
		Expect(f.state(ctx, "vault").Message).To(ContainSubstring(
			"vault cannot be upgraded from 0.9.0 to 1.2.0 in one step: set version to 1.0.0 first. Unseal it there."))
		f.expectIdle(ctx)
		f.change(ctx, version("vault", "1.0.0"))
		f.reconcile(ctx)
		f.becomeReady(ctx, "vault")
		f.change(ctx, version("vault", ""))
		f.reconcile(ctx)
		Expect(approved(ctx, "vault")).To(Equal("1.2.0"))
	})
})
