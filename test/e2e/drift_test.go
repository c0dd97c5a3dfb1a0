// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// A crowd is what 200 drifts fit into without anything being changed so often
// that it counts as flapping: a third correction within a minute would.
const (
	crowdSize  = 20 // Deployments, Services and Roles; ConfigMaps eight times that
	crowdChart = `{{- range $i := until (mul 8 (int .Values.size) | int) }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "crowd-{{ $i }}", namespace: {{ $.Release.Namespace }}, labels: {crowd: member, half: {{ if lt $i (mul 4 (int $.Values.size) | int) }}first{{ else }}second{{ end }}}}
data: {color: blue, size: large}
{{- end }}
{{- range $i := until (int .Values.size) }}
---
apiVersion: v1
kind: Service
metadata: {name: "crowd-{{ $i }}", namespace: {{ $.Release.Namespace }}, labels: {crowd: member}}
spec:
  selector: {crowd: nobody}
  ports: [{name: http, port: 80, protocol: TCP}, {name: admin, port: 81, protocol: TCP}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "crowd-{{ $i }}", namespace: {{ $.Release.Namespace }}, labels: {crowd: member}}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, list]}
- {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "crowd-{{ $i }}", namespace: {{ $.Release.Namespace }}, labels: {crowd: member}}
spec:
  replicas: 1
  selector: {matchLabels: {crowd: "{{ $i }}"}}
  template:
    metadata: {labels: {crowd: "{{ $i }}"}}
    spec: {containers: [{name: crowd, image: "registry.example.com/crowd:1"}]}
{{- end }}
`
)

// Drift: how fast it is healed, and when it is not.
var _ = Describe("Drift", Ordered, ContinueOnFailure, func() {
	const bundle = "drift"
	var (
		operator *operator
		shelf    cupboard
	)

	BeforeAll(func(ctx context.Context) {
		shelf = openCupboard("drift")
		Expect(charts.SaveVersions(shelf.folder, "crowd", []string{"1.0.0"},
			charts.WithValues(fmt.Sprintf("size: %d\ndata: {}\nlabels: {}\nannotations: {}\n", crowdSize)), charts.WithTemplate("crowd.yaml", crowdChart))).To(Succeed())
		operator = startOperator(ctx)
		warned := shelf.mug("warned", "")
		warned.Drift = v1alpha1.DriftWarn
		Expect(k8s.Create(ctx, harness.BundleOf(bundle, shelf.component("crowd", "crowd"), warned, shelf.mug("fought", ""), shelf.mug("stripped", ""),
			shelf.mug("shared", "")))).To(Succeed())
		DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, bundle) }, NodeTimeout(harness.RolloutTimeout))
		sim.ExpectReady(ctx, bundle, 5)
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	drifted := func(ctx context.Context, name string) func() string {
		return func() string { return sim.ReleaseCondition(ctx, bundle, name, v1alpha1.ConditionDrifted).Reason }
	}

	It("of 200 objects in five kinds is healed within a second or two, one by one", func(ctx context.Context) {
		before := sim.Revisions(ctx)
		settle(5)
		latencies := injectAll(ctx, "crowd")
		harness.Say("drift to heal, two at a time\n%s", table(latencies))
		all := slices.Concat(slices.Collect(maps.Values(latencies))...)
		Expect(len(all)).To(BeNumerically(">=", 200))
		// One second is the promise; a machine that does other things as well takes longer.
		Expect(quantile(all, 0.99)).To(BeNumerically("<=", 2*time.Second))
		Expect(drifted(ctx, "crowd")()).To(Equal(v1alpha1.ReasonNoDrift), "nothing flaps")
		Expect(sim.Revisions(ctx)).To(Equal(before), "drift is healed without a Helm revision")
		sim.ExpectReady(ctx, bundle, 5)

		silent, began := settle(10), metav1.NowMicro()
		Consistently(func() []string { return gate.since(silent) }).WithTimeout(2*time.Second).Should(BeEmpty(), "requests when all is healed")
		Expect(eventsSince(ctx, began)).To(BeEmpty())
	}, NodeTimeout(2*time.Minute))

	It("of 80 objects at once is healed at once", func(ctx context.Context) {
		second := client.MatchingLabels{"half": "second"}
		Expect(k8s.DeleteAllOf(ctx, &corev1.ConfigMap{}, client.InNamespace("crowd"), second)).To(Succeed())
		began := time.Now()
		Eventually(func(g Gomega) {
			var list corev1.ConfigMapList
			g.Expect(k8s.List(ctx, &list, client.InNamespace("crowd"), second)).To(Succeed())
			g.Expect(list.Items).To(HaveLen(4 * crowdSize))
		}).Should(Succeed())
		harness.Say("80 deleted ConfigMaps were back after %.2f s", harness.Seconds(began))
		sim.ExpectReady(ctx, bundle, 5)
	}, NodeTimeout(time.Minute))

	It("is reported and left with drift: Warn, and healed when that ends", func(ctx context.Context) {
		object := harness.ConfigMap("warned", "warned")
		Eventually(drifted(ctx, "warned")).Should(Equal(v1alpha1.ReasonNoDrift))
		point := gate.seen()
		sim.Patch(ctx, object, `{"data": {"color": "bad"}}`)
		Eventually(drifted(ctx, "warned")).Should(Equal(v1alpha1.ReasonDrifted))
		found := sim.ReleaseCondition(ctx, bundle, "warned", v1alpha1.ConditionDrifted)
		harness.Say("%s=%s %s: %s", found.Type, found.Status, found.Reason, found.Message)
		Expect(found.Message).To(Equal("ConfigMap warned/warned: data.color (written by somebody)"))
		Consistently(func() string { return colour(ctx, "warned", "warned") }).WithTimeout(2 * time.Second).Should(Equal("bad"))
		writes, dry := writesTo(point, "/configmaps/warned")
		Expect(writes).To(BeZero(), "%v", gate.since(point))
		Expect(dry).To(BeNumerically("<=", 2), "%v", gate.since(point))
		sim.ExpectReady(ctx, bundle, 5)

		began := time.Now()
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "warned").Drift = "" })
		Eventually(func() string { return colour(ctx, "warned", "warned") }).Should(Equal("blue"))
		harness.Say("healed %.2f s after Warn was taken back", harness.Seconds(began))
	}, NodeTimeout(time.Minute))

	// Somebody who writes all the time, and a controller that takes our label off
	// every second.
	It("that somebody causes again and again is reported, and not fought for ever", func(ctx context.Context) {
		point, began := gate.seen(), time.Now()
		spoil := func(object, merge string, every time.Duration) func() {
			return repeat(ctx, every, func(i int) { sim.Patch(ctx, harness.ConfigMap(object, object), fmt.Sprintf(merge, i)) })
		}
		endData := spoil("fought", `{"data": {"color": "bad-%d"}}`, 200*time.Millisecond)
		endLabel := spoil("stripped", `{"metadata": {"labels": {"`+v1alpha1.ReleaseLabel+`": null}, "annotations": {"round": "%d"}}}`, time.Second)
		for _, name := range []string{"fought", "stripped"} {
			Eventually(drifted(ctx, name)).Should(Equal(v1alpha1.ReasonDriftFlapping), name)
			found := sim.ReleaseCondition(ctx, bundle, name, v1alpha1.ConditionDrifted)
			harness.Say("%s after %.1f s: %s", name, harness.Seconds(began), found.Message)
			Expect(found.Message).To(ContainSubstring("again and again"))
		}
		Expect(sim.ReleaseCondition(ctx, bundle, "fought", v1alpha1.ConditionDrifted).Message).To(ContainSubstring("by somebody"), "who does it")
		// Three corrections, and the next after 10 s; without any backoff there
		// would be fifty.
		Eventually(func() float64 { return harness.Seconds(began) }).Should(BeNumerically(">", 7))
		for _, name := range []string{"fought", "stripped"} {
			writes, dry := writesTo(point, "/configmaps/"+name)
			harness.Say("%s: %d writes and %d dry runs within %.0f s", name, writes, dry, harness.Seconds(began))
			Expect(writes).To(BeNumerically("<=", 4))
			Expect(dry).To(BeNumerically("<=", 8))
		}
		sim.ExpectReady(ctx, bundle, 5)
		endData()
		endLabel()
		ended := time.Now()
		Eventually(func(g Gomega) {
			g.Expect(colour(ctx, "fought", "fought")).To(Equal("blue"))
			object := harness.ConfigMap("stripped", "stripped")
			g.Expect(k8s.Get(ctx, keyOf(object), object)).To(Succeed())
			g.Expect(object.Labels).To(HaveKey(v1alpha1.ReleaseLabel))
		}).WithTimeout(30 * time.Second).Should(Succeed())
		harness.Say("healed %.1f s after they ended", harness.Seconds(ended))
	}, NodeTimeout(2*time.Minute))

	It("is not what somebody adds", func(ctx context.Context) {
		point, object := settle(5), harness.ConfigMap("shared", "shared")
		sim.Patch(ctx, object, `{"metadata": {"labels": {"example.com/team": "kitchen"}, "annotations": {"example.com/seen": "yes"}}}`)
		Eventually(func() int { return gate.seen() }).Should(BeNumerically(">", point), "it is looked at")
		settle(5)
		Expect(k8s.Get(ctx, keyOf(object), object)).To(Succeed())
		Expect(object.Labels).To(HaveKeyWithValue("example.com/team", "kitchen"))
		Expect(object.Annotations).To(HaveKeyWithValue("example.com/seen", "yes"))
		Expect(drifted(ctx, "shared")()).To(Equal(v1alpha1.ReasonNoDrift))
	}, NodeTimeout(time.Minute))

	It("is left alone while its component is suspended", func(ctx context.Context) {
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "shared").Suspend = true })
		sim.AwaitComponent(ctx, bundle, "shared", v1alpha1.ReasonSuspended)
		sim.Patch(ctx, harness.ConfigMap("shared", "shared"), `{"data": {"color": "bad"}}`)
		Consistently(func() string { return colour(ctx, "shared", "shared") }).WithTimeout(2 * time.Second).Should(Equal("bad"))
		Expect(sim.ReleaseCondition(ctx, bundle, "shared", v1alpha1.ConditionDrifted).Type).To(BeEmpty(), "nobody looks")
		began := time.Now()
		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "shared").Suspend = false })
		Eventually(func() string { return colour(ctx, "shared", "shared") }).Should(Equal("blue"))
		harness.Say("healed %.2f s after suspend was taken back", harness.Seconds(began))
		sim.ExpectReady(ctx, bundle, 5)
		Expect(harness.Statuses(sim.Revisions(ctx)["shared/shared"])).To(Equal([]string{"deployed"}))
	}, NodeTimeout(time.Minute))
})
