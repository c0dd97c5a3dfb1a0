// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// The life of one platform, from `kubectl apply` to its removal. The specs go on
// from each other, because that is what a platform's life is; each one states
// what it needs of those before it by waiting for Ready.
var _ = Describe("The week-1 platform", Ordered, ContinueOnFailure, func() {
	const name = "week1"
	var (
		operator *operator
		seen     *history
		size     int
	)

	BeforeAll(func(ctx context.Context) {
		operator = startOperator(ctx, "--chart-mirror="+standIns)
		DeferCleanup(func(ctx context.Context) {
			sim.RemoveBundle(ctx, name)
		}, NodeTimeout(harness.RolloutTimeout))
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	It("becomes Ready, in the order of its dependencies", func(ctx context.Context) {
		bundle := week1(name)
		size = len(bundle.Spec.Components)
		seen = follow(ctx, name)
		began := time.Now()
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		sim.Kubectl(ctx, "wait", "--for=condition=Ready", "--timeout=2m", "platformbundle/"+name)
		harness.Say("%d stand-ins Ready after %.1f s", size, time.Since(began).Seconds())
		sim.ExpectReady(ctx, name, size)

		releases := sim.Releases(ctx, name)
		Expect(releases).To(HaveLen(size))
		seen.expectInstallOrder(releases)
	}, NodeTimeout(harness.RolloutTimeout))

	It("consists of ordinary Helm releases", func(ctx context.Context) {
		var listed []struct{ Name, Namespace, Revision, Status, Chart string }
		Expect(json.Unmarshal([]byte(sim.Helm(ctx, "list", "-A", "-o", "json")), &listed)).To(Succeed())
		got := map[string]string{}
		for _, release := range listed {
			Expect(release.Status).To(Equal("deployed"), "release %s", release.Name)
			Expect(release.Revision).To(Equal("1"), "release %s", release.Name)
			got[release.Namespace+"/"+release.Name] = release.Chart
		}
		want := map[string]string{}
		for _, release := range sim.Releases(ctx, name) {
			want[release.Spec.Namespace+"/"+release.Spec.ReleaseName] = release.Spec.Chart.Name + "-" + release.Spec.Chart.Version
		}
		Expect(want).To(HaveLen(size))
		Expect(got).To(Equal(want))
		Expect(sim.Helm(ctx, "-n", "monitoring", "history", "grafana")).To(ContainSubstring("deployed"))
	}, NodeTimeout(time.Minute))

	// Those that an earlier bundle left behind belong to this one now.
	It("has CRDs that belong to the operator and are kept", func(ctx context.Context) {
		releases := sim.Releases(ctx, name)
		// Taking over what is served already keeps nobody from being Ready.
		Eventually(func(g Gomega) {
			found := sim.Definitions(ctx)
			g.Expect(len(found)).To(BeNumerically(">", 50), "the stand-ins bring as many CRDs as the real charts")
			for crd, definition := range found {
				g.Expect(definition.Annotations).To(HaveKeyWithValue("helm.sh/resource-policy", "keep"), crd)
				owner, ok := strings.CutPrefix(definition.Labels[v1alpha1.CRDOwnerLabel], name+".")
				g.Expect(ok).To(BeTrue(), "%s is owned by %q", crd, definition.Labels[v1alpha1.CRDOwnerLabel])
				g.Expect(releases).To(HaveKey(owner), crd)
			}
		}).WithTimeout(45 * time.Second).Should(Succeed())
		for release := range sim.Revisions(ctx) {
			namespace, release, _ := strings.Cut(release, "/")
			Expect(sim.Helm(ctx, "-n", namespace, "get", "manifest", release)).NotTo(ContainSubstring("kind: CustomResourceDefinition"),
				"the Helm record of %s holds CRDs", release)
		}
	}, NodeTimeout(time.Minute))

	It("costs nothing while nothing changes", func(ctx context.Context) {
		sim.ExpectReady(ctx, name, size)
		point, began, before := settle(20), metav1.NowMicro(), versions(ctx)
		Consistently(func() []string { return gate.since(point) }).WithTimeout(15*time.Second).Should(BeEmpty(), "requests of an idle operator")
		Expect(versions(ctx)).To(Equal(before), "an idle operator wrote")
		Expect(eventsSince(ctx, began)).To(BeEmpty(), "an idle operator told of something")
	}, NodeTimeout(time.Minute))

	It("upgrades the one component whose values change", func(ctx context.Context) {
		before, running := sim.Revisions(ctx), sim.Workloads(ctx)
		sim.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) {
			harness.Component(spec, "grafana").Values = harness.Values(`{"replicas": 2}`)
		})
		sim.ExpectReady(ctx, name, size)
		after := sim.Revisions(ctx)
		for release, records := range before {
			if release == "monitoring/grafana" {
				Expect(harness.Statuses(after[release])).To(Equal([]string{"superseded", "deployed"}))
				continue
			}
			Expect(after[release]).To(Equal(records), "release %s was touched", release)
		}
		Expect(sim.Workloads(ctx)).To(Equal(running), "a workload was replaced")
		Expect(sim.Kubectl(ctx, "-n", "monitoring", "get", "deploy", "grafana", "-o", "jsonpath={.spec.replicas}/{.status.availableReplicas}")).To(Equal("2/2"))
	}, NodeTimeout(time.Minute))

	DescribeTable("survives that a ComponentRelease is deleted by hand", func(ctx context.Context, component string, policy metav1.DeletionPropagation) {
		before, running := sim.Revisions(ctx), sim.Workloads(ctx)
		release := sim.Releases(ctx, name)[component]
		Expect(k8s.Delete(ctx, &release, client.PropagationPolicy(policy))).To(Succeed())
		Eventually(func(g Gomega) {
			again := &v1alpha1.ComponentRelease{}
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(&release), again)).To(Succeed())
			g.Expect(again.UID).NotTo(Equal(release.UID), "it was not deleted")
			g.Expect(again.Status.ReadyDigest).To(Equal(release.Status.ReadyDigest), "it is not Ready again")
		}).Should(Succeed())
		sim.ExpectReady(ctx, name, size)
		Expect(sim.Revisions(ctx)).To(Equal(before), "Helm records changed")
		Expect(sim.Workloads(ctx)).To(Equal(running), "workloads changed")
	},
		Entry("in the background", NodeTimeout(time.Minute), "loki", metav1.DeletePropagationBackground),
		Entry("in the foreground", NodeTimeout(time.Minute), "cert-manager", metav1.DeletePropagationForeground),
	)

	It("removes what is taken off the list, dependents first", func(ctx context.Context) {
		releases, kept, spaces := sim.Releases(ctx, name), sim.Definitions(ctx), sim.Namespaces(ctx)
		seen = follow(ctx, name)
		sim.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) {
			var rest []v1alpha1.Component
			for _, c := range spec.Components {
				if c.Name != "grafana" && c.Name != "prometheus" {
					rest = append(rest, c)
				}
			}
			spec.Components = rest
		})
		size -= 2
		sim.ExpectReady(ctx, name, size)
		seen.expectRemovalOrder(releases, "grafana", "prometheus")
		for _, removed := range []string{"grafana", "prometheus"} {
			Expect(seen.statesOf(removed)).To(ContainElement(v1alpha1.StateRemoving), "%s showed no progress", removed)
			expectNothingRuns(ctx, releases[removed])
		}
		Expect(sim.Releases(ctx, name)).To(HaveLen(size))
		Expect(sim.Definitions(ctx)).To(HaveLen(len(kept)), "CRDs were deleted")
		Expect(sim.Namespaces(ctx)).To(ContainElements(spaces), "namespaces were deleted")
	}, NodeTimeout(time.Minute))

	It("removes what is switched off", func(ctx context.Context) {
		release := sim.Releases(ctx, name)["velero"]
		off := false
		sim.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "velero").Enabled = &off })
		size--
		sim.ExpectReady(ctx, name, size)
		expectNothingRuns(ctx, release)
		Expect(sim.Definitions(ctx)).To(HaveKey("backups.velero.io"))
	}, NodeTimeout(time.Minute))

	It("leaves its releases when the bundle is deleted, and takes them up again", func(ctx context.Context) {
		bundle := &v1alpha1.PlatformBundle{}
		Expect(k8s.Get(ctx, client.ObjectKey{Name: name}, bundle)).To(Succeed())
		before, running, kept := sim.Revisions(ctx), sim.Workloads(ctx), sim.Definitions(ctx)
		Expect(k8s.Delete(ctx, bundle, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		sim.ExpectGone(ctx, bundle)
		Eventually(func() int { return len(sim.Releases(ctx, name)) }).Should(BeZero(), "ComponentReleases are the operator's bookkeeping")
		Expect(sim.Revisions(ctx)).To(Equal(before), "Helm records changed")
		Expect(sim.Workloads(ctx)).To(Equal(running), "workloads changed")

		again := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: bundle.Spec}
		Expect(k8s.Create(ctx, again)).To(Succeed())
		sim.ExpectReady(ctx, name, size)
		Expect(sim.Revisions(ctx)).To(Equal(before), "taking over made Helm revisions")
		Expect(sim.Workloads(ctx)).To(Equal(running), "taking over replaced workloads")
		Expect(sim.Definitions(ctx)).To(HaveLen(len(kept)))
	}, NodeTimeout(time.Minute))

	It("uninstalls everything in reverse order with deletionPolicy Delete", func(ctx context.Context) {
		releases, kept := sim.Releases(ctx, name), sim.Definitions(ctx)
		Expect(releases).To(HaveLen(size))
		sim.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) { spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete })
		sim.ExpectReady(ctx, name, size)
		seen = follow(ctx, name)
		bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name}}
		began := time.Now()
		Expect(k8s.Delete(ctx, bundle)).To(Succeed())
		sim.ExpectGone(ctx, bundle)
		harness.Say("%d releases uninstalled after %.1f s", size, time.Since(began).Seconds())
		var all []string
		for component, release := range releases {
			all = append(all, component)
			expectNothingRuns(ctx, release)
		}
		seen.expectRemovalOrder(releases, all...)
		Expect(sim.Revisions(ctx)).To(BeEmpty())
		Expect(sim.Definitions(ctx)).To(HaveLen(len(kept)), "CRDs were deleted")
	}, NodeTimeout(harness.RolloutTimeout))
})

// settle waits until the operator has been silent for so many tenths of a second
// and returns the point in the gateway's record.
func settle(tenths int) int {
	GinkgoHelper()
	last, silent := -1, 0
	Eventually(func() int {
		if now := gate.seen(); now != last {
			last, silent = now, 0
		}
		silent++
		return silent
	}).WithTimeout(30*time.Second).WithPolling(100*time.Millisecond).Should(BeNumerically(">", tenths), "the operator does not become silent")
	return last
}

// eventsSince are the events that the operator made, or repeated, after a time.
func eventsSince(ctx context.Context, began metav1.MicroTime) []string {
	GinkgoHelper()
	var list eventsv1.EventList
	Expect(k8s.List(ctx, &list)).To(Succeed())
	var out []string
	own := 0
	for _, event := range list.Items {
		if event.ReportingController != "groundwork" {
			continue
		}
		own++
		if event.EventTime.After(began.Time) || (event.Series != nil && event.Series.LastObservedTime.After(began.Time)) {
			out = append(out, event.Reason+": "+event.Note)
		}
	}
	Expect(own).To(BeNumerically(">", 0), "the operator made no events at all")
	return out
}

// versions are the resourceVersions of all that the operator may write.
func versions(ctx context.Context) map[string]string {
	GinkgoHelper()
	out := map[string]string{}
	var bundles v1alpha1.PlatformBundleList
	Expect(k8s.List(ctx, &bundles)).To(Succeed())
	for _, b := range bundles.Items {
		out["PlatformBundle "+b.Name] = b.ResourceVersion
		for _, release := range sim.Releases(ctx, b.Name) {
			out["ComponentRelease "+release.Name] = release.ResourceVersion
		}
	}
	for crd, definition := range sim.Definitions(ctx) {
		out["CRD "+crd] = definition.ResourceVersion
	}
	for release, records := range sim.Revisions(ctx) {
		out["Helm records of "+release] = fmt.Sprint(records)
	}
	return out
}

// expectNothingRuns checks that a release and its objects are gone.
func expectNothingRuns(ctx context.Context, release v1alpha1.ComponentRelease) {
	GinkgoHelper()
	Expect(sim.Revisions(ctx)).NotTo(HaveKey(release.Spec.Namespace + "/" + release.Spec.ReleaseName))
	for workload := range sim.Workloads(ctx) {
		Expect(workload).NotTo(HaveSuffix(" of " + release.Name))
	}
	err := k8s.Get(ctx, client.ObjectKeyFromObject(&release), &v1alpha1.ComponentRelease{})
	Expect(apierrors.IsNotFound(err)).To(BeTrue(), "ComponentRelease %s: %v", release.Name, err)
}
