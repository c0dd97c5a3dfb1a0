// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/graph"
)

// firstTier is what every catalog must hold.
var firstTier = []string{
	"argo-cd", "bank-vaults", "cert-manager", "external-dns", "gatekeeper", "grafana", "ingress-nginx", "jaeger", "kyverno",
	"loki", "prometheus", "strimzi", "vault-secrets-webhook", "velero",
}

func newest(t *testing.T) *catalog.Catalog {
	t.Helper()
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	c, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEmbeddedCatalogs(t *testing.T) {
	c := newest(t)
	if diff := cmp.Diff("2026.11", c.Version); diff != "" {
		t.Errorf("newest version (-want +got)\n%s", diff)
	}
	for _, name := range firstTier {
		if _, there := c.Component(name); !there {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestEveryEdgeSaysWhy: an order that nobody can explain is one that nobody dares to change.
func TestEveryEdgeSaysWhy(t *testing.T) {
	c := newest(t)
	for _, name := range c.Names() {
		component, _ := c.Component(name)
		edges := slices.Concat(component.Requires, component.After, component.Conflicts)
		for _, rule := range component.Wiring {
			edges = append(edges, rule.After...)
		}
		for _, other := range slices.Compact(slices.Sorted(slices.Values(edges))) {
			if component.Why[other] == "" {
				t.Errorf("%s: why has no sentence for %s", name, other)
			}
		}
	}
}

// TestEmbeddedOrder pins the shape of the order: who waits for whom is a promise to users, and it must stay shallow, because
// every level adds its slowest component to the time in which a platform comes up.
func TestEmbeddedOrder(t *testing.T) {
	c := newest(t)
	got := map[string][]string{}
	g := graph.New()
	for _, name := range firstTier {
		component, _ := c.Component(name)
		if len(component.Requires) > 0 {
			t.Errorf("%s requires %v: every component must become Ready alone", name, component.Requires)
		}
		if len(component.After) > 0 {
			got[name] = component.After
		}
		g.Add(name, component.After...)
	}
	want := map[string][]string{
		"external-dns":          {"ingress-nginx"},
		"grafana":               {"prometheus", "loki", "tempo", "jaeger", "zipkin"},
		"vault-secrets-webhook": {"bank-vaults", "cert-manager"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("edges (-want +got)\n%s", diff)
	}
	for _, name := range g.Nodes() {
		for _, dep := range g.Dependencies(name) {
			if len(g.Dependencies(dep)) > 0 {
				t.Errorf("%s waits for %s, which waits itself: the order has become deeper than two levels", name, dep)
			}
		}
	}
}

// TestEmbeddedRequirements pins the hard edges of the second tier: each is a component that a bundle must have, too.
func TestEmbeddedRequirements(t *testing.T) {
	c := newest(t)
	got := map[string][]string{}
	for _, name := range c.Names() {
		if component, _ := c.Component(name); len(component.Requires) > 0 {
			got[name] = component.Requires
		}
	}
	want := map[string][]string{
		"envoy-gateway":          {"gateway-api"},
		"goldilocks":             {"vertical-pod-autoscaler"},
		"istio-gateway":          {"istiod"},
		"istiod":                 {"istio-base"},
		"linkerd":                {"linkerd-crds", "gateway-api"},
		"opentelemetry-operator": {"cert-manager"},
		"trust-manager":          {"cert-manager"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requirements (-want +got)\n%s", diff)
	}
}

// TestEmbeddedDefaults guards the defaults without which a component does not become Ready alone, or destroys something.
func TestEmbeddedDefaults(t *testing.T) {
	for _, tc := range []struct {
		component, path string
		want            any
		reason          string
	}{
		{"external-dns", "provider.name", "inmemory", "the chart's default needs credentials"},
		{"cert-manager", "crds.enabled", true, "off upstream"},
		{"gatekeeper", "upgradeCRDs.enabled", false, "the operator owns CRDs"},
		{"velero", "upgradeCRDs", false, "the operator owns CRDs"},
		{"velero", "cleanUpCRDs", false, "it deletes the records of all backups"},
		{"velero", "backupsEnabled", false, "the default location is refused by Velero's own CRD"},
		{"velero", "snapshotsEnabled", false, "the default location is refused by Velero's own CRD"},
		{"loki", "singleBinary.replicas", 1.0, "the chart renders no Loki at all otherwise"},
		{"prometheus", "grafana.enabled", false, "Grafana is a component of its own"},
		{"prometheus", "prometheus.prometheusSpec.serviceMonitorSelectorNilUsesHelmValues", false, "other charts' monitors"},
		{"strimzi", "watchAnyNamespace", true, "Kafka objects elsewhere would be ignored in silence"},
	} {
		t.Run(tc.component+"/"+tc.path, func(t *testing.T) {
			component, _ := newest(t).Component(tc.component)
			var got any = component.Values
			for key := range strings.SplitSeq(tc.path, ".") {
				m, ok := got.(map[string]any)
				if !ok {
					t.Fatalf("%s: there is no mapping above %q", tc.reason, key)
				}
				got = m[key]
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

// TestEmbeddedProbes: a probe is worth its dry run only where a webhook that fails closed is asked about it, and it names no
// namespace, because a bundle may put the component into another one.
func TestEmbeddedProbes(t *testing.T) {
	c := newest(t)
	got := map[string][]string{}
	for _, name := range c.Names() {
		component, _ := c.Component(name)
		for _, probe := range component.Probes {
			metadata, _ := probe["metadata"].(map[string]any)
			if metadata["name"] != "groundwork-probe" || metadata["namespace"] != nil {
				t.Errorf("%s: the probe is called %v, want groundwork-probe in the component's namespace", name, metadata)
			}
			got[name] = append(got[name], probe["apiVersion"].(string)+"/"+probe["kind"].(string))
		}
	}
	want := map[string][]string{
		"cert-manager":           {"cert-manager.io/v1/Issuer"},
		"external-secrets":       {"external-secrets.io/v1/SecretStore"},
		"kyverno":                {"policies.kyverno.io/v1/ValidatingPolicy"},
		"opentelemetry-operator": {"opentelemetry.io/v1alpha1/Instrumentation"},
		"trust-manager":          {"trust.cert-manager.io/v1alpha1/Bundle"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("probes (-want +got)\n%s", diff)
	}
}

// TestEmbeddedManual: what is stored in the old version must be converted by a person before Strimzi 1.0.
func TestEmbeddedManual(t *testing.T) {
	c := newest(t)
	for _, name := range c.Names() {
		component, _ := c.Component(name)
		for _, bridge := range component.Upgrades {
			if want := name == "strimzi"; bridge.Manual != want {
				t.Errorf("%s: the bridge from %s is manual: %t, want %t", name, bridge.From, bridge.Manual, want)
			}
		}
	}
}

// TestEmbeddedNoMonitors: a ServiceMonitor is switched on when Prometheus is in the bundle, never by a default.
func TestEmbeddedNoMonitors(t *testing.T) {
	c := newest(t)
	for _, name := range c.Names() {
		component, _ := c.Component(name)
		walk(component.Values, "", func(path string, v any) {
			if v == true && strings.Contains(strings.ToLower(path), "monitor") {
				t.Errorf("%s: values%s switches a monitor on", name, path)
			}
		})
	}
}

func TestEmbeddedLifecycle(t *testing.T) {
	c := newest(t)
	for _, name := range c.Names() {
		component, _ := c.Component(name)
		want := catalog.PhaseActive
		if name == "ingress-nginx" {
			want = catalog.PhaseRetired
		}
		if component.Lifecycle.Phase != want {
			t.Errorf("%s is %s, want %s", name, component.Lifecycle.Phase, want)
		}
		if want == catalog.PhaseRetired && len(component.Lifecycle.Successors) == 0 {
			t.Errorf("%s is retired and has no successor", name)
		}
	}
}

func walk(v any, path string, visit func(path string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			walk(e, path+"."+k, visit)
		}
	case []any:
		for _, e := range v {
			walk(e, path+"[]", visit)
		}
	default:
		visit(path, v)
	}
}
