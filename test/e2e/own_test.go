// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// Specs about charts of the user's own: what is refused, what waits, and private
// repositories. The charts are a ConfigMap each.
var _ = Describe("Charts of one's own", Ordered, ContinueOnFailure, func() {
	var (
		operator  *operator
		http, oci string // repositories
		private   string // the HTTP one that wants a login
		closed    string // an address where nobody listens
	)

	BeforeAll(func(ctx context.Context) {
		folder := filepath.Join(scratch, "own")
		writeOwnCharts(folder)
		http, oci, private = serve(folder)
		closed = "http://" + freeAddress()
		DeferCleanup(removeDefinitions, NodeTimeout(time.Minute))
		operator = startOperator(ctx)
		for name, password := range map[string]string{"login": "correct", "wrong-login": "incorrect"} {
			Expect(k8s.Create(ctx, secret(name, map[string]string{"username": "e2e", "password": password}))).To(Succeed())
		}
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	// tea is a component that could be installed at once: with a CRD, so that
	// "nothing was written" is said of CRDs as well.
	tea := func(namespace string) v1alpha1.Component {
		return v1alpha1.Component{
			Name: "tea", Version: "1.0.0", Namespace: namespace,
			Chart: &v1alpha1.ChartSource{Repository: http},
		}
	}
	own := func(name, chart, version string) v1alpha1.Component {
		return v1alpha1.Component{Name: name, Version: version, Chart: &v1alpha1.ChartSource{Repository: http, Name: chart}}
	}

	DescribeTable("refuses what cannot be right, and writes nothing",
		func(ctx context.Context, reason, message string, bad func() []v1alpha1.Component) {
			bundle := harness.BundleOf("refused", append(bad(), tea("refused-tea"))...)
			DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, bundle.Name) }, NodeTimeout(harness.RolloutTimeout))
			point := settle(5)
			Expect(k8s.Create(ctx, bundle)).To(Succeed())
			stalled := sim.AwaitCondition(ctx, bundle.Name, v1alpha1.ConditionStalled, metav1.ConditionTrue)
			harness.Say("%s: %s", stalled.Reason, stalled.Message)
			message = strings.NewReplacer("HTTP", http).Replace(message)
			Expect(stalled.Reason).To(Equal(reason))
			Expect(stalled.Message).To(Equal(message))
			ready := sim.AwaitCondition(ctx, bundle.Name, v1alpha1.ConditionReady, metav1.ConditionFalse)
			Expect(ready.Message).To(Equal(message))
			settle(5)
			for _, request := range gate.since(point) {
				Expect(request).To(Or(HavePrefix("GET "), ContainSubstring("/platformbundles/refused"), HaveSuffix("/events")),
					"written in spite of the refusal")
			}
			Expect(sim.Releases(ctx, bundle.Name)).To(BeEmpty())
			Expect(sim.Namespaces(ctx)).NotTo(ContainElement("refused-tea"))
			Expect(sim.Definitions(ctx)).NotTo(HaveKey("kettles.e2e.example.com"))
		},
		Entry("an unknown component", NodeTimeout(time.Minute), v1alpha1.ReasonUnknownComponent,
			`spec.components[graphana]: catalog 2026.11 has no component "graphana": did you mean "grafana"? `+
				`To install a chart of your own, set chart.repository and chart.version`,
			func() []v1alpha1.Component { return []v1alpha1.Component{{Name: "graphana"}} }),
		Entry("a component without a chart", NodeTimeout(time.Minute), v1alpha1.ReasonChartMissing,
			`spec.components[billing].chart.repository is missing: "billing" is not in the catalog, so say where its chart is`,
			func() []v1alpha1.Component {
				return []v1alpha1.Component{{Name: "billing", Version: "1.0.0", Chart: &v1alpha1.ChartSource{Name: "tea"}}}
			}),
		Entry("a dependency cycle", NodeTimeout(time.Minute), v1alpha1.ReasonDependencyCycle,
			`the dependencies form a cycle: a -> b -> c -> a; remove one of these from dependsOn`,
			func() []v1alpha1.Component {
				a, b, c := own("a", "tea", "1.0.0"), own("b", "tea", "1.0.0"), own("c", "tea", "1.0.0")
				a.DependsOn, b.DependsOn, c.DependsOn = []string{"b"}, []string{"c"}, []string{"a"}
				return []v1alpha1.Component{a, b, c}
			}),
		Entry("a dependency that is not there", NodeTimeout(time.Minute), v1alpha1.ReasonUnknownDependency,
			`spec.components[a].dependsOn names "b", which is not in the bundle: add "- name: b", or remove it from dependsOn`,
			func() []v1alpha1.Component {
				a := own("a", "tea", "1.0.0")
				a.DependsOn = []string{"b"}
				return []v1alpha1.Component{a}
			}),
		Entry("a range that matches nothing", NodeTimeout(time.Minute), v1alpha1.ReasonChartVersionNotFound,
			`component a: chart tea has no version that matches "^7.0" in HTTP: the newest are 1.1.0, 1.0.1, 1.0.0`,
			func() []v1alpha1.Component { return []v1alpha1.Component{own("a", "tea", "^7.0")} }),
		Entry("a chart that is not there", NodeTimeout(time.Minute), v1alpha1.ReasonChartNotFound,
			`component a: no chart coffee in HTTP, which has 3 others`,
			func() []v1alpha1.Component { return []v1alpha1.Component{own("a", "coffee", "1.0.0")} }),
		Entry("values that break the chart's schema", NodeTimeout(time.Minute), v1alpha1.ReasonValuesInvalid,
			`component a: values: values don't meet the specifications of the schema(s) in the following chart(s): strict: `+
				`- at '/cups': got string, want integer`,
			func() []v1alpha1.Component {
				a := own("a", "strict", "1.0.0")
				a.Values = harness.Values(`{"cups": "many"}`)
				return []v1alpha1.Component{a}
			}),
		Entry("a template that fails", NodeTimeout(time.Minute), v1alpha1.ReasonRenderFailed,
			`component a: the chart refuses these values: execution error at (failing/templates/failing.yaml:1:4): the kettle is dry`,
			func() []v1alpha1.Component { return []v1alpha1.Component{own("a", "failing", "1.0.0")} }),
		Entry("two components that want one release", NodeTimeout(time.Minute), v1alpha1.ReasonReleaseClaimedTwice,
			`spec.components[tea] and a both want the Helm release refused-tea/tea: set releaseName or namespace of one of them`,
			func() []v1alpha1.Component {
				a := own("a", "tea", "1.0.0")
				a.Namespace, a.ReleaseName = "refused-tea", "tea"
				return []v1alpha1.Component{a}
			}),
	)

	DescribeTable("holds what time may cure, and nobody else",
		func(ctx context.Context, reason, message string, held func() v1alpha1.Component) {
			c := held()
			bundle := harness.BundleOf("held", c, tea("held-tea"))
			DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, bundle.Name) }, NodeTimeout(harness.RolloutTimeout))
			Expect(k8s.Create(ctx, bundle)).To(Succeed())
			message = strings.NewReplacer("CLOSED", closed, "PRIVATE", private).Replace(message)
			Eventually(func(g Gomega) {
				b := sim.Bundle(ctx, g, bundle.Name)
				g.Expect(b.Status.Ready).To(Equal("1/2"), "the other component")
				got := harness.StatusOf(b, c.Name)
				g.Expect(got.State).To(Equal(v1alpha1.StateHeld))
				g.Expect(got.Reason).To(Equal(reason))
				g.Expect(got.Message).To(Equal(message))
				ready := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionReady)
				g.Expect(ready.Message).To(Equal(message))
				g.Expect(ready.Reason).To(Equal(reason))
				g.Expect(meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionStalled)).To(BeFalse(), "time may cure it")
			}).Should(Succeed())
			harness.Say("%s: %s", reason, message)
			Expect(sim.Releases(ctx, bundle.Name)).NotTo(HaveKey(c.Name))
			Expect(sim.Namespaces(ctx)).NotTo(ContainElement(c.Namespace))
		},
		Entry("a repository that does not answer", NodeTimeout(time.Minute), v1alpha1.ReasonRepositoryUnreachable,
			`component a: cannot reach CLOSED/index.yaml: connection refused`,
			func() v1alpha1.Component {
				return v1alpha1.Component{Name: "a", Namespace: "held-a", Version: "1.0.0", Chart: &v1alpha1.ChartSource{Repository: closed}}
			}),
		Entry("a repository that refuses the login", NodeTimeout(time.Minute), v1alpha1.ReasonAuthenticationFailed,
			`component a: PRIVATE/index.yaml refuses the credentials with 401 Unauthorized: check the Secret of secretRef`,
			func() v1alpha1.Component {
				return v1alpha1.Component{Name: "a", Namespace: "held-a", Version: "1.0.0", Chart: &v1alpha1.ChartSource{
					Repository: private, Name: "tea", SecretRef: &v1alpha1.SecretReference{Name: "wrong-login"},
				}}
			}),
		Entry("a login that is not there", NodeTimeout(time.Minute), v1alpha1.ReasonReferenceNotFound,
			`component a: chart.secretRef: Secret groundwork-system/nobody is not there; create it with username and password, token or .dockerconfigjson`,
			func() v1alpha1.Component {
				return v1alpha1.Component{Name: "a", Namespace: "held-a", Version: "1.0.0", Chart: &v1alpha1.ChartSource{
					Repository: private, Name: "tea", SecretRef: &v1alpha1.SecretReference{Name: "nobody"},
				}}
			}),
	)

	It("goes on when the Secret with values appears, and upgrades when it changes", func(ctx context.Context) {
		c := own("a", "tea", "1.0.0")
		c.Namespace = "values-a"
		c.ValuesFrom = []v1alpha1.ValuesReference{{Kind: "Secret", Name: "late"}}
		bundle := harness.BundleOf("values", c)
		DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, bundle.Name) }, NodeTimeout(harness.RolloutTimeout))
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		ready := sim.AwaitReason(ctx, bundle.Name, v1alpha1.ReasonReferenceNotFound)
		harness.Say("%s: %s", ready.Reason, ready.Message)
		Expect(ready.Message).To(Equal(`component a: valuesFrom: Secret groundwork-system/late with key "values.yaml" is not there; create it, or set optional: true`))
		Expect(sim.Namespaces(ctx)).NotTo(ContainElement("values-a"))

		late := secret("late", map[string]string{"values.yaml": "data: {color: red}"})
		Expect(k8s.Create(ctx, late)).To(Succeed())
		sim.ExpectReady(ctx, bundle.Name, 1)
		Expect(colour(ctx, "values-a", "a")).To(Equal("red"))

		late.Data = map[string][]byte{"values.yaml": []byte("data: {color: green}")}
		Expect(k8s.Update(ctx, late)).To(Succeed())
		Eventually(func() string { return colour(ctx, "values-a", "a") }).Should(Equal("green"))
		sim.ExpectReady(ctx, bundle.Name, 1)
		Expect(harness.Statuses(sim.Revisions(ctx)["values-a/a"])).To(Equal([]string{"superseded", "deployed"}))
	}, NodeTimeout(time.Minute))

	It("come from private HTTP and OCI repositories, and one upgrade touches one release", func(ctx context.Context) {
		login := &v1alpha1.SecretReference{Name: "login"}
		overHTTP := v1alpha1.Component{Name: "over-http", Version: "1.0.x", Chart: &v1alpha1.ChartSource{Repository: private, Name: "tea", SecretRef: login}}
		overOCI := v1alpha1.Component{
			Name: "over-oci", Version: "1.0.0", Chart: &v1alpha1.ChartSource{Repository: oci, Name: "tea", SecretRef: login},
			DependsOn: []string{"over-http"},
		}
		bundle := harness.BundleOf("private", overHTTP, overOCI)
		DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, bundle.Name) }, NodeTimeout(harness.RolloutTimeout))
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
		sim.ExpectReady(ctx, bundle.Name, 2)
		pinned := sim.Releases(ctx, bundle.Name)["over-http"].Spec.Chart
		Expect(pinned.Version).To(Equal("1.0.1"), "the highest version in the range")
		Expect(pinned.Digest).To(HavePrefix("sha256:"))

		before := sim.Revisions(ctx)
		sim.Change(ctx, bundle.Name, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "over-oci").Version = "^1.1" })
		sim.ExpectReady(ctx, bundle.Name, 2)
		after := sim.Revisions(ctx)
		Expect(after["over-http/over-http"]).To(Equal(before["over-http/over-http"]))
		Expect(harness.Statuses(after["over-oci/over-oci"])).To(Equal([]string{"superseded", "deployed"}))
		Expect(sim.Releases(ctx, bundle.Name)["over-oci"].Spec.Chart.Version).To(Equal("1.1.0"))
	}, NodeTimeout(time.Minute))

	It("are measured for those who may read metrics, and for nobody else", func(ctx context.Context) {
		for _, name := range []string{"reader", "stranger"} {
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1alpha1.DefaultNamespace}}
			Expect(k8s.Create(ctx, account)).To(Succeed())
		}
		sim.Kubectl(ctx, "create", "clusterrolebinding", "e2e-reader", "--clusterrole=groundwork-metrics-reader",
			"--serviceaccount="+v1alpha1.DefaultNamespace+":reader")
		code, _ := metrics(ctx, operator.metrics, "")
		Expect(code).To(Equal(401), "without a token")
		code, _ = metrics(ctx, operator.metrics, sim.Token(ctx, "stranger"))
		Expect(code).To(Equal(403), "with a token that may not")
		code, body := metrics(ctx, operator.metrics, sim.Token(ctx, "reader"))
		Expect(code).To(Equal(200), "with a token that may")
		Expect(body).To(ContainSubstring("controller_runtime_reconcile_total"))
		Expect(body).To(ContainSubstring("handoff"))
	}, NodeTimeout(time.Minute))
})

// writeOwnCharts writes the charts of these specs.
func writeOwnCharts(folder string) {
	GinkgoHelper()
	Expect(os.MkdirAll(folder, 0o750)).To(Succeed())
	kettle := charts.WithCRD(charts.InCRDs, charts.CRD{Group: "e2e.example.com", Kind: "Kettle", Plural: "kettles", Scope: "Namespaced", Versions: "v1*", KB: 1})
	Expect(charts.SaveVersions(folder, "tea", []string{"1.0.0", "1.0.1", "1.1.0"}, kettle)).To(Succeed())
	Expect(charts.SaveVersions(folder, "strict", []string{"1.0.0"},
		charts.WithSchema(`{"type": "object", "properties": {"cups": {"type": "integer"}}}`))).To(Succeed())
	Expect(charts.SaveVersions(folder, "failing", []string{"1.0.0"}, charts.FailingTemplate("the kettle is dry"))).To(Succeed())
}

// serve starts the repositories; they end with the container.
func serve(folder string) (http, oci, private string) {
	GinkgoHelper()
	public, err := charts.ServeHTTP(folder)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(public.Close)
	login := charts.BasicAuth("e2e", "correct")
	guarded, err := charts.ServeHTTP(folder, login)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(guarded.Close)
	registry, err := charts.ServeOCI(folder, login)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(registry.Close)
	return public.URL, registry.URL, guarded.URL
}

func secret(name string, data map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1alpha1.DefaultNamespace}, StringData: data}
}

// colour is what a release of tea says.
func colour(ctx context.Context, namespace, name string) string {
	GinkgoHelper()
	var object corev1.ConfigMap
	Expect(k8s.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &object)).To(Succeed())
	return object.Data["color"]
}
