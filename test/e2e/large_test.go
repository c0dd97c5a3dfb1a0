// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
	"github.com/groundwork-dev/groundwork/test/harness"
)

const (
	// largeVariable of the environment asks for what takes too long for every run: two
	// thousand definitions, and more shapes of a hundred components.
	largeVariable = "E2E_LARGE"
	// statusLimit is what the status of a bundle may take while all is well: far from
	// the 1.5 MiB that etcd takes.
	statusLimit = 128 << 10
)

// Specs about large things: a record near the limit of a Secret, a bundle with as
// many components as the API allows, a cluster with very many definitions. They have
// an API server of their own, which takes all that with it when it ends; releases of
// ConfigMaps need no more of a cluster.
var _ = Describe("Large things", Ordered, ContinueOnFailure, func() {
	var (
		operator *operator
		http     string // repository
	)

	BeforeAll(func(ctx context.Context) {
		ownAPIServer(ctx)
		folder := filepath.Join(scratch, "large")
		Expect(os.MkdirAll(folder, 0o750)).To(Succeed())
		kettle := charts.WithCRD(charts.InCRDs, charts.CRD{Group: "large.example.com", Kind: "Kettle", Plural: "kettles", Scope: "Namespaced", Versions: "v1*", KB: 1})
		Expect(charts.SaveVersions(folder, "tea", []string{"1.0.0"})).To(Succeed())
		Expect(charts.SaveVersions(folder, "kettle", []string{"1.0.0"}, kettle)).To(Succeed())
		Expect(charts.SaveVersions(folder, "wordy", []string{"1.0.0"}, charts.FailingTemplate(strings.Repeat("the kettle is dry; ", 2500)))).To(Succeed())
		Expect(charts.SaveVersions(folder, "bulk", []string{"0.9.0"}, bulk(1_000_000)...)).To(Succeed())
		Expect(charts.SaveVersions(folder, "bulk", []string{"1.0.0"}, bulk(1_200_000)...)).To(Succeed())
		server, err := charts.ServeHTTP(folder)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(server.Close)
		http = server.URL
		operator = startOperator(ctx)
	}, NodeTimeout(time.Minute))
	BeforeEach(func() {
		if slices.Contains(CurrentSpecReport().Labels(), "large") && os.Getenv(largeVariable) == "" {
			Skip(largeVariable + " is not set")
		}
	})
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	own := func(name, chart string) v1alpha1.Component {
		return v1alpha1.Component{Name: name, Version: "1.0.0", Chart: &v1alpha1.ChartSource{Repository: http, Name: chart}}
	}

	It("a release whose record no Secret holds is refused before anything is written", func(ctx context.Context) {
		bundle := harness.BundleOf("bulky", own("bulk", "bulk"), own("kettle", "kettle"))
		point := settle(5)
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		stalled := sim.AwaitCondition(ctx, bundle.Name, v1alpha1.ConditionStalled, metav1.ConditionTrue)
		harness.Say("%s: %s", stalled.Reason, stalled.Message)
		Expect(stalled.Reason).To(Equal(v1alpha1.ReasonReleaseTooLarge))
		Expect(stalled.Message).To(MatchRegexp(`^component bulk: the record of Helm release bulk/bulk would take 12\d{5} bytes, and 1044480 fit .* ConfigMap bulk-0\d \(8 %\)`))
		settle(5)
		for _, request := range gate.since(point) {
			Expect(request).To(Or(HavePrefix("GET "), ContainSubstring("/platformbundles/bulky"), HaveSuffix("/events")), "written in spite of the refusal")
		}
		Expect(sim.Releases(ctx, bundle.Name)).To(BeEmpty())
		Expect(sim.Namespaces(ctx)).NotTo(ContainElements("bulk", "kettle"))
		Expect(sim.Definitions(ctx)).To(BeEmpty())
		Expect(sim.Revisions(ctx)).To(BeEmpty())

		sim.Change(ctx, bundle.Name, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "bulk").Version = "0.9.0" })
		sim.ExpectReady(ctx, bundle.Name, 2)
		Expect(harness.Statuses(sim.Revisions(ctx)["bulk/bulk"])).To(Equal([]string{"deployed"}))
	}, NodeTimeout(time.Minute))

	DescribeTable("a bundle of a hundred components",
		func(ctx context.Context, name string, needs func(i int) []int) {
			bundle := harness.BundleOf(name)
			for i := range 100 {
				c := own(fmt.Sprintf("%s-%02d", name, i), "tea")
				for _, other := range needs(i) {
					c.DependsOn = append(c.DependsOn, fmt.Sprintf("%s-%02d", name, other))
				}
				bundle.Spec.Components = append(bundle.Spec.Components, c)
			}
			cpu, began, largest := operator.cpu(), time.Now(), 0
			Expect(k8s.Create(ctx, bundle)).To(Succeed())
			Eventually(func(g Gomega) {
				b := sim.Bundle(ctx, g, bundle.Name)
				largest = max(largest, size(b.Status))
				g.Expect(b.Status.Ready).To(Equal("100/100"))
			}).WithTimeout(harness.RolloutTimeout).Should(Succeed())
			harness.Say("%s: %.1f s, %.1f CPU-seconds, status up to %d bytes, %s",
				name, harness.Seconds(began), operator.cpu()-cpu, largest, operator.usage())
			Expect(largest).To(BeNumerically("<", statusLimit))
			plugin(ctx, bundle)
			last := name + "-99"
			sim.Patch(ctx, harness.ConfigMap(last, last), `{"data": {"color": "grey"}}`)
			Eventually(func() string { return colour(ctx, last, last) }).Should(Equal("blue"))
		},
		Entry("in ten layers, each of which needs all of the one before", NodeTimeout(3*time.Minute), "layers",
			func(i int) []int { return upTo(i/10*10-10, i/10*10) }),
		Entry("that fan out from one and in to one", NodeTimeout(3*time.Minute), Label("large"), "fan",
			func(i int) []int {
				if i == 99 {
					return upTo(1, 99)
				}
				return upTo(0, min(i, 1))
			}),
		Entry("in one chain", NodeTimeout(3*time.Minute), Label("large"), "chain", func(i int) []int { return upTo(i-1, i) }),
	)

	It("a hundred long stories fit into a status", func(ctx context.Context) {
		bundle := harness.BundleOf("wordy")
		for i := range 100 {
			bundle.Spec.Components = append(bundle.Spec.Components, own(fmt.Sprintf("w%02d", i), "wordy"))
		}
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		stalled := sim.AwaitCondition(ctx, bundle.Name, v1alpha1.ConditionStalled, metav1.ConditionTrue)
		Expect(stalled.Reason).To(Equal(v1alpha1.ReasonRenderFailed))
		var status v1alpha1.PlatformBundleStatus
		Eventually(func(g Gomega) {
			status = sim.Bundle(ctx, g, bundle.Name).Status
			for _, c := range status.Components {
				g.Expect(c.Reason).To(Equal(v1alpha1.ReasonRenderFailed), c.Name)
			}
		}).Should(Succeed())
		harness.Say("100 components, each with 50 KB of trouble: the status has %d bytes", size(status))
		Expect(size(status)).To(BeNumerically("<", 1<<20))
	}, NodeTimeout(time.Minute))

	It("a cycle through a hundred components is told in one sentence", func(ctx context.Context) {
		bundle := harness.BundleOf("cycle")
		for i := range 100 {
			c := own(fmt.Sprintf("c%02d", i), "tea")
			c.DependsOn = []string{fmt.Sprintf("c%02d", (i+1)%100)}
			bundle.Spec.Components = append(bundle.Spec.Components, c)
		}
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		stalled := sim.AwaitCondition(ctx, bundle.Name, v1alpha1.ConditionStalled, metav1.ConditionTrue)
		harness.Say("%d characters: %s", len(stalled.Message), stalled.Message)
		Expect(stalled.Reason).To(Equal(v1alpha1.ReasonDependencyCycle))
		Expect(stalled.Message).To(HavePrefix("the dependencies form a cycle: c00 -> c01 -> "))
		Expect(len(stalled.Message)).To(BeNumerically("<", 2048))
	}, NodeTimeout(time.Minute))

	It("a cluster with very many definitions is discovered once", func(ctx context.Context) {
		definitions := 200
		if os.Getenv(largeVariable) != "" {
			definitions = 2000
		}
		before := operator.cpu()
		began := time.Now()
		define(ctx, definitions)
		harness.Say("%d definitions established in %.1f s; meanwhile the operator took %.1f CPU-seconds, %s",
			definitions, harness.Seconds(began), operator.cpu()-before, operator.usage())

		operator.stop()
		deleteLease(ctx)
		point := gate.seen()
		operator.start(ctx)
		settle(10)
		harness.Say("a start with everything in place: %.1f CPU-seconds, %s, discovered with %v",
			operator.cpu(), operator.usage(), discoveries(gate.since(point)))

		bundle := harness.BundleOf("many")
		for i := range 10 {
			bundle.Spec.Components = append(bundle.Spec.Components, own(fmt.Sprintf("m%d", i), []string{"tea", "kettle"}[i/9]))
		}
		phase := func(name string, work func()) {
			point, cpu, began := settle(5), operator.cpu(), time.Now()
			work()
			took := harness.Seconds(began)
			asked := discoveries(gate.since(point))
			harness.Say("%s: %.2f s, %.2f CPU-seconds, discovery: %v", name, took, operator.cpu()-cpu, asked)
			Expect(asked).To(BeEmpty(), "discovery is repeated in: %s", name)
		}
		phase("install of 10 releases", func() {
			Expect(k8s.Create(ctx, bundle)).To(Succeed())
			sim.ExpectReady(ctx, bundle.Name, 10)
		})
		phase("upgrade of 10 releases", func() {
			sim.Change(ctx, bundle.Name, func(spec *v1alpha1.PlatformBundleSpec) {
				for i := range spec.Components {
					spec.Components[i].Values = harness.Values(`{"data": {"color": "green"}}`)
				}
			})
			sim.ExpectReady(ctx, bundle.Name, 10)
			Expect(colour(ctx, "m0", "m0")).To(Equal("green"))
		})
		phase("drift", func() {
			sim.Patch(ctx, harness.ConfigMap("m3", "m3"), `{"data": {"color": "grey"}}`)
			Eventually(func() string { return colour(ctx, "m3", "m3") }).Should(Equal("green"))
		})
		phase("five passes that are asked for and change nothing", func() {
			for i := range 5 {
				sim.Patch(ctx, &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: bundle.Name}},
					fmt.Sprintf(`{"metadata": {"annotations": {%q: "%d"}}}`, v1alpha1.ReconcileRequestAnnotation, i))
				Eventually(func(g Gomega) {
					g.Expect(sim.Bundle(ctx, g, bundle.Name).Status.LastHandledReconcileAt).To(Equal(fmt.Sprint(i)))
				}).WithPolling(5 * time.Millisecond).Should(Succeed())
			}
		})
	}, NodeTimeout(15*time.Minute))
})
