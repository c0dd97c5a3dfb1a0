// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

func rollback(retries int32) v1alpha1.Remediation {
	return v1alpha1.Remediation{Strategy: v1alpha1.RemediationRollback, Retries: &retries}
}

func TestFromTheCatalogAlone(t *testing.T) {
	want := resolve.Component{
		Name: "certs", CatalogVersion: "2026.11",
		Repository: "https://example.com/charts", ChartName: "certs", Constraint: "v1.2.3",
		Namespace: "certs-system", ReleaseName: "certs-release",
		NamespaceLabels: map[string]string{"level": "baseline", "team": "platform"},
		Defaults: values.Values{
			"replicas": json.Number("2"), "ratio": json.Number("0.5"), "tiny": json.Number("1e-7"), "huge": json.Number("10000000"),
			"list":    []any{json.Number("1"), map[string]any{"num": json.Number("2")}},
			"nothing": nil, "text": "x", "flag": true,
		},
		Values:             values.Values{},
		ReadyWhen:          []v1alpha1.ReadyRule{{APIVersion: "example.com/v1", Kind: "Issuer", Expression: "object.ok", Message: "no issuer"}},
		HooksNeedWorkloads: true, Timeout: 10 * time.Minute, HistoryLimit: 5,
		Drift: v1alpha1.DriftCorrect, Remediation: rollback(2), TestedVersion: "v1.2.3",
	}
	if diff := cmp.Diff(want, one(t, "certs", named("certs")...), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOwnChartAlone(t *testing.T) {
	want := resolve.Component{
		Name: "mine", Repository: "https://example.com/mine", ChartName: "mine", Constraint: "1.4.x",
		Namespace: "mine", ReleaseName: "mine", Timeout: 5 * time.Minute, HistoryLimit: 5,
		Drift: v1alpha1.DriftCorrect, Remediation: rollback(2),
	}
	if diff := cmp.Diff(want, one(t, "mine", own("mine", nil)), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTheUserOverrides: everything that a person says goes before the catalog.
func TestTheUserOverrides(t *testing.T) {
	limit := int32(7)
	got := one(t, "certs", own("certs", func(c *v1alpha1.Component) {
		c.Chart = &v1alpha1.ChartSource{Repository: "oci://mine", Name: "other", Version: "1.x", SecretRef: &v1alpha1.SecretReference{Name: "creds"}}
		c.Version, c.Namespace, c.ReleaseName = "2.0.0", "ns", "rel"
		c.NamespaceLabels = map[string]string{"level": "privileged", "mine": "yes"}
		c.Values = raw(`{"replicas":3,"text":null}`)
		c.ValuesFrom = []v1alpha1.ValuesReference{{Kind: "Secret", Name: "s"}}
		c.Timeout, c.HistoryLimit, c.Suspend = &metav1.Duration{Duration: time.Minute}, &limit, true
	}))
	for what, pair := range map[string][2]any{
		"repository":      {"oci://mine", got.Repository},
		"chart":           {"other", got.ChartName},
		"version":         {"2.0.0", got.Constraint},
		"secret":          {v1alpha1.SecretReference{Name: "creds", Namespace: v1alpha1.DefaultNamespace}, *got.SecretRef},
		"namespace":       {"ns", got.Namespace},
		"releaseName":     {"rel", got.ReleaseName},
		"namespaceLabels": {map[string]string{"level": "privileged", "team": "platform", "mine": "yes"}, got.NamespaceLabels},
		"values":          {values.Values{"replicas": json.Number("3"), "text": nil}, got.Values},
		"merged replicas": {json.Number("3"), got.Merged()["replicas"]},
		"merged null":     {nil, got.Merged()["text"]},
		"merged default":  {json.Number("0.5"), got.Merged()["ratio"]},
		"valuesFrom":      {[]v1alpha1.ValuesReference{{Kind: "Secret", Namespace: v1alpha1.DefaultNamespace, Name: "s", Key: "values.yaml"}}, got.ValuesFrom},
		"timeout":         {time.Minute, got.Timeout},
		"historyLimit":    {int32(7), got.HistoryLimit},
		"suspend":         {true, got.Suspend},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", what, diff)
		}
	}
}

// TestInputIsLeftAlone: resolving twice gives the same, and the spec is not changed.
func TestInputIsLeftAlone(t *testing.T) {
	component := own("certs", func(c *v1alpha1.Component) {
		c.Chart.SecretRef = &v1alpha1.SecretReference{Name: "creds"}
		c.NamespaceLabels = map[string]string{"mine": "yes"}
		c.ValuesFrom = []v1alpha1.ValuesReference{{Kind: "Secret", Name: "s"}}
	})
	before := component.DeepCopy()
	set := testCatalogs(t)
	spec := v1alpha1.PlatformBundleSpec{Components: []v1alpha1.Component{component}}
	first, err := resolve.Resolve(spec, "", set)
	if err != nil {
		t.Fatal(err)
	}
	first.Components[0].Defaults["replicas"] = "spoilt"
	first.Components[0].NamespaceLabels["level"] = "spoilt"
	second, err := resolve.Resolve(spec, "", set)
	if err != nil {
		t.Fatal(err)
	}
	if c := second.Components[0]; c.Defaults["replicas"] != json.Number("2") || c.NamespaceLabels["level"] != "baseline" {
		t.Errorf("the catalog was changed: %v, %v", c.Defaults, c.NamespaceLabels)
	}
	if diff := cmp.Diff(*before, component); diff != "" {
		t.Errorf("the spec was changed (-want +got)\n%s", diff)
	}
}

func TestCatalogVersion(t *testing.T) {
	for name, tc := range map[string]struct{ reason, spec, sticky, want, chart string }{
		"Newest":   {reason: "the first time the newest, by numbers", want: "2026.11", chart: "v1.2.3"},
		"Sticky":   {reason: "after that the one that was chosen: a new operator upgrades nobody", sticky: "2026.9", want: "2026.9", chart: "0.9.0"},
		"Explicit": {reason: "the spec goes before both", spec: "2026.9", sticky: "2026.11", want: "2026.9", chart: "0.9.0"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{CatalogVersion: tc.spec, Components: named("certs")}, tc.sticky, testCatalogs(t))
			if err != nil {
				t.Fatal(err)
			}
			c := got.Components[0]
			if got.CatalogVersion != tc.want || c.CatalogVersion != tc.want || c.Constraint != tc.chart {
				t.Errorf("%s: got %s with chart %s of %s", tc.reason, got.CatalogVersion, c.Constraint, c.CatalogVersion)
			}
		})
	}
}

func TestDependencies(t *testing.T) {
	off := false
	for name, tc := range map[string]struct {
		reason     string
		components []v1alpha1.Component
		on         string
		want       []string
	}{
		"Soft":        {"a soft dependency counts when it is in the bundle", named("ingress", "certs"), "ingress", []string{"certs"}},
		"SoftAbsent":  {"and is nothing when it is not", named("ingress"), "ingress", nil},
		"SoftOff":     {"or is disabled", append(named("ingress"), v1alpha1.Component{Name: "certs", Enabled: &off}), "ingress", nil},
		"Hard":        {"a hard one", named("vault", "certs"), "vault", []string{"certs"}},
		"OwnAndTwice": {"the user's come on top, each once, sorted", append(named("certs", "dns", "consul"), v1alpha1.Component{Name: "ingress", DependsOn: []string{"consul", "certs"}}), "ingress", []string{"certs", "consul", "dns"}},
		"Unknown":     {"what is not in the bundle is no edge", []v1alpha1.Component{own("mine", func(c *v1alpha1.Component) { c.DependsOn = []string{"ghost"} })}, "mine", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, one(t, tc.on, tc.components...).DependsOn, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDisabledIsNotThere(t *testing.T) {
	off := false
	got, err := resolveAll(t, v1alpha1.Component{Name: "nonsense", Enabled: &off}, v1alpha1.Component{Name: "certs"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Components) != 1 || got.Components[0].Name != "certs" {
		t.Errorf("got %v, want certs alone", got.Components)
	}
}

func TestLifecycle(t *testing.T) {
	for name, want := range map[string]struct {
		note    string
		retired bool
	}{
		"certs":   {},
		"dns":     {note: "Maintenance since 2026-01-01: Slow."},
		"ingress": {note: "Retired since 2026-03-01: No more fixes. Successors: gateway, other", retired: true},
	} {
		got := one(t, name, named(name)...)
		if got.Lifecycle != want.note || got.Retired != want.retired {
			t.Errorf("%s: got %q, retired %v", name, got.Lifecycle, got.Retired)
		}
	}
}
