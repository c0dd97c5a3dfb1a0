// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/google/go-cmp/cmp"
	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

var config *rest.Config

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		os.Exit(m.Run())
	}
	server := &envtest.Environment{}
	var err error
	if config, err = server.Start(); err != nil {
		panic(err)
	}
	config.QPS = -1
	code := m.Run()
	if err := server.Stop(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// shelf is a ChartFetcher with one chart on it.
type shelf struct {
	build func() (*helmchart.Chart, error)
}

func (s *shelf) Load(context.Context, chart.Resolved, chart.Source) (*helmchart.Chart, error) {
	return s.build()
}

func (s *shelf) Fetch(_ context.Context, source chart.Source) (chart.Resolved, *helmchart.Chart, error) {
	loaded, err := s.build()
	return chart.Resolved{Name: source.Name, Version: "1.0.0", Digest: "sha256:1"}, loaded, err
}

func (s *shelf) Refresh(chart.Source) error { return nil }

// bench is an engine with a chart, a namespace and a release name of its own.
type bench struct {
	*helm.Engine
	client  kubernetes.Interface
	shelf   *shelf
	request helm.Request
	kinds   *cluster.Kinds
	// wait is called where an action waits for workloads; nil is content at once.
	wait    helm.Waiter
	explain func(helm.Object) string
}

func newBench(t *testing.T, opts ...charts.ChartOption) *bench {
	t.Helper()
	if config == nil {
		t.Skip("KUBEBUILDER_ASSETS is not set: run \"make test-envtest\", which builds an API server first")
	}
	client := kubernetes.NewForConfigOrDie(config)
	kinds, err := cluster.NewKinds(discovery.NewDiscoveryClientForConfigOrDie(config))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()[len("Test"):]))
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b := &bench{client: client, kinds: kinds, shelf: &shelf{}, request: helm.Request{
		Release: helm.Release{Namespace: name, Name: name}, Owner: "bundle." + name,
		Values: map[string]any{}, Digest: "d1", Timeout: 10 * time.Second, HistoryLimit: 5,
	}}
	b.stock(opts...)
	b.Engine, err = helm.New(helm.Options{
		Config: config, Kinds: kinds, Charts: b.shelf, Identity: "me",
		Wait: func(ctx context.Context, owner string, objects []helm.Applied) error {
			if b.wait == nil {
				return nil
			}
			return b.wait(ctx, owner, objects)
		},
		Explain: func(ctx context.Context, workload helm.Object) string {
			if b.explain == nil || ctx.Err() != nil {
				return ""
			}
			return b.explain(workload)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) stock(opts ...charts.ChartOption) {
	b.shelf.build = func() (*helmchart.Chart, error) { return charts.ConfigMapChart(b.request.Name, "1.0.0", opts...) }
}

func (b *bench) uninstall(timeout time.Duration) helm.UninstallRequest {
	return helm.UninstallRequest{Release: b.request.Release, Owner: b.request.Owner, Timeout: timeout}
}

func (b *bench) configMap(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	out, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(t.Context(), b.request.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *bench) revisions(t *testing.T) []helm.Revision {
	t.Helper()
	out, err := b.Observe(t.Context(), b.request.Release)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var widgets = charts.CRD{Group: "widgets.example.com", Kind: "Widget", Plural: "widgets", Scope: "Namespaced", Versions: "v1*"}

func TestInstallUpgradeUninstall(t *testing.T) {
	b := newBench(t, charts.WithCRD(charts.InCRDs, widgets))
	result, err := b.Install(t.Context(), b.request)
	if err != nil {
		t.Fatal(err)
	}
	if result.Revision != 1 || len(result.Inventory) != 1 || len(result.Applied) != 1 || result.Applied[0].UID == "" ||
		result.Applied[0].ResourceVersion != b.configMap(t).ResourceVersion {
		t.Errorf("result %+v", result)
	}
	if got := b.configMap(t).Labels[v1alpha1.ReleaseLabel]; got != b.request.Owner {
		t.Errorf("the object is labelled %q, want %q", got, b.request.Owner)
	}
	got := b.revisions(t)
	if len(got) != 1 || got[0].Status != helm.StatusDeployed || got[0].Digest != "d1" || got[0].Holder != "me" {
		t.Errorf("revisions %+v", got)
	}
	if b.kinds.Has("widgets.example.com/v1/Widget") {
		t.Error("Helm applied a CRD")
	}

	b.request.Values, b.request.Digest = map[string]any{"data": map[string]any{"color": "red"}}, "d2"
	if result, err = b.Upgrade(t.Context(), b.request); err != nil || result.Revision != 2 {
		t.Fatalf("upgrade: %+v, %v", result, err)
	}
	b.request.Values, b.request.Digest = map[string]any{}, "d3"
	if _, err = b.Upgrade(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	if got := b.configMap(t).Data["color"]; got != "blue" {
		t.Errorf("color is %q: empty values must not mean the old ones", got)
	}
	inventory, err := b.Inventory(t.Context(), b.request.Release, 3)
	if err != nil || len(inventory) != 1 || inventory[0].Name != b.request.Name {
		t.Errorf("inventory %+v, %v", inventory, err)
	}

	if err := b.Uninstall(t.Context(), b.uninstall(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if left := b.revisions(t); len(left) != 0 {
		t.Errorf("records are left: %+v", left)
	}
	_, err = b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(t.Context(), b.request.Name, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the object is left: %v", err)
	}
	if err := b.Uninstall(t.Context(), b.uninstall(time.Second)); err != nil {
		t.Errorf("uninstalling what is gone: %v", err)
	}
}

// A release whose first install failed is installed again with its install
// hooks, over the failed record and without deleting anything.
func TestFailedInstall(t *testing.T) {
	b := newBench(t, charts.WithTemplate("bad.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {type: Nonsense}\n"))
	if _, err := b.Install(t.Context(), b.request); err == nil || !strings.Contains(err.Error(), "Nonsense") {
		t.Fatalf("install: %v", err)
	}
	uid := b.configMap(t).UID
	b.stock()
	result, err := b.Install(t.Context(), b.request)
	if err != nil || result.Revision != 2 {
		t.Fatalf("second install: %+v, %v", result, err)
	}
	if b.configMap(t).UID != uid {
		t.Error("the object was made anew")
	}
	if got := b.revisions(t); got[1].Status != helm.StatusDeployed || got[0].Status == helm.StatusDeployed {
		t.Errorf("revisions %+v", got)
	}
}

func TestTakeOver(t *testing.T) {
	b := newBench(t)
	if _, err := b.Install(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	setStatus(t, b, "pending-upgrade")
	if _, err := b.Upgrade(t.Context(), b.request); err == nil || !strings.Contains(err.Error(), "in progress") {
		t.Fatalf("a pending record must block Helm, or this test shows nothing: %v", err)
	}
	if err := b.TakeOver(t.Context(), b.request.Release, 1); err != nil {
		t.Fatal(err)
	}
	if got := b.revisions(t); len(got) != 1 || got[0].Status != helm.StatusFailed || got[0].Digest != "d1" {
		t.Errorf("revisions %+v", got)
	}
	if _, err := b.Install(t.Context(), b.request); err != nil {
		t.Errorf("install after take-over: %v", err)
	}
}

// setStatus rewrites the newest record as a process that died would have left it.
func setStatus(t *testing.T, b *bench, status string) {
	t.Helper()
	if err := b.Pend(t.Context(), b.request.Release, 1, status); err != nil {
		t.Fatal(err)
	}
}

func TestUninstallNamesWhatStays(t *testing.T) {
	b := newBench(t)
	if _, err := b.Install(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	patch := func(finalizers string) {
		t.Helper()
		_, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Patch(t.Context(), b.request.Name, types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	patch(`["example.com/hold"]`)
	err := b.Uninstall(t.Context(), b.uninstall(300*time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "it has the finalizers example.com/hold") {
		t.Fatalf("uninstall: %v", err)
	}
	if len(b.revisions(t)) == 0 {
		t.Fatal("the inventory was forgotten while an object is left")
	}
	patch("null")
	if err := b.Uninstall(t.Context(), b.uninstall(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if len(b.revisions(t)) != 0 {
		t.Error("the records stay")
	}
}

// A claim and a namespace hold what people would miss: neither an upgrade without
// them nor an uninstall takes them along.
func TestPreciousObjectsStay(t *testing.T) {
	claim := charts.WithTemplate("claim.yaml", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"+
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n")
	b := newBench(t, claim)
	if _, err := b.Install(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	there := func() bool {
		got, err := b.client.CoreV1().PersistentVolumeClaims(b.request.Namespace).Get(t.Context(), "data", metav1.GetOptions{})
		return err == nil && got.DeletionTimestamp == nil
	}
	b.stock()
	if _, err := b.Upgrade(t.Context(), b.request); err != nil || !there() {
		t.Fatalf("after an upgrade without it the claim is there: %v (%v)", there(), err)
	}
	b.stock(claim)
	if _, err := b.Upgrade(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	if err := b.Uninstall(t.Context(), b.uninstall(10*time.Second)); err != nil || !there() {
		t.Fatalf("after the uninstall the claim is there: %v (%v)", there(), err)
	}
}

func TestLookupOfAKindThatIsNotServedFindsNothing(t *testing.T) {
	b := newBench(t, charts.WithTemplate("lookup.yaml",
		"{{ if not (lookup \"gone.example.com/v1\" \"Gone\" \"ns\" \"x\") }}\napiVersion: v1\nkind: Secret\nmetadata: {name: looked}\n{{ end }}"))
	rendered, err := b.Render(t.Context(), helm.RenderRequest{
		Release: b.request.Release, Values: map[string]any{}, Has: func(string) bool { return false },
	})
	if err != nil || len(rendered.Objects) != 2 {
		t.Errorf("%+v, %v", rendered, err)
	}
}

func TestAnEndedContextBeginsNoWrite(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Install(ctx, b.request); err == nil {
		t.Fatal("the install went on")
	}
	list, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: v1alpha1.ReleaseLabel})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("%d objects were written, %v", len(list.Items), err)
	}
}

func TestRenderRecordsQuestionsAndWritesNothing(t *testing.T) {
	b := newBench(t, charts.WithCRD(charts.InTemplates, widgets),
		charts.WithTemplate("monitor.yaml", "{{ if .Capabilities.APIVersions.Has \"monitoring.coreos.com/v1\" }}\n"+
			"apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m}\n{{ end }}"))
	for _, available := range []bool{false, true} {
		rendered, err := b.Render(t.Context(), helm.RenderRequest{
			Release: b.request.Release, Values: map[string]any{}, Has: func(string) bool { return available },
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(rendered.CRDs) != 1 || len(rendered.Capabilities) != 1 || rendered.Capabilities[0].Available != available {
			t.Errorf("%v: %d CRDs, questions %v", available, len(rendered.CRDs), rendered.Capabilities)
		}
		if want := map[bool]int{false: 1, true: 2}[available]; len(rendered.Kinds()) != want {
			t.Errorf("%v: kinds %v", available, rendered.Kinds())
		}
	}
	if len(b.revisions(t)) != 0 {
		t.Error("rendering wrote a record")
	}
}

// TestRenderLetsTemplatesSearchTheVersions: Helm's own list is one, and external-secrets
// searches it.
func TestRenderLetsTemplatesSearchTheVersions(t *testing.T) {
	b := newBench(t, charts.WithTemplate("walk.yaml", "{{ range .Capabilities.APIVersions }}{{ if hasPrefix \"none/\" . }}{{ fail . }}{{ end }}{{ end }}"),
		charts.WithTemplate("monitor.yaml", "{{ if has \"monitoring.coreos.com/v1/ServiceMonitor\" .Capabilities.APIVersions }}\n"+
			"apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m}\n{{ end }}"))
	for _, available := range []bool{false, true} {
		rendered, err := b.Render(t.Context(), helm.RenderRequest{
			Release: b.request.Release, Values: map[string]any{}, Has: func(string) bool { return available },
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []v1alpha1.CapabilityAnswer{{APIVersion: "monitoring.coreos.com/v1/ServiceMonitor", Available: available}}
		if diff := cmp.Diff(want, rendered.Capabilities); diff != "" {
			t.Errorf("questions (-want +got)\n%s", diff)
		}
		if want := map[bool]int{false: 1, true: 2}[available]; len(rendered.Kinds()) != want {
			t.Errorf("%v: kinds %v", available, rendered.Kinds())
		}
	}
}

func TestRenderRefusals(t *testing.T) {
	b := newBench(t)
	for reason, opts := range map[string][]charts.ChartOption{
		v1alpha1.ReasonRenderFailed:          {charts.FailingTemplate("set data.color")},
		v1alpha1.ReasonValuesInvalid:         {charts.WithSchema(`{"properties":{"data":{"type":"string"}}}`)},
		v1alpha1.ReasonKubernetesUnsupported: {charts.WithKubeVersion("<1.20")},
	} {
		b.stock(opts...)
		_, err := b.Render(t.Context(), helm.RenderRequest{Release: b.request.Release, Values: map[string]any{}, Has: func(string) bool { return false }})
		if failure.ReasonOf(err, "") != reason || failure.ClassOf(err) != failure.ClassTerminal {
			t.Errorf("%s: %v", reason, err)
		}
		t.Log(err)
	}
}
