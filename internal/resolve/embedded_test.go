// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// allSettings gives everything that a bundle can say.
func allSettings(provider v1alpha1.ObjectStorageProvider) *v1alpha1.Settings {
	secret := &v1alpha1.LocalSecretReference{Name: "cloud"}
	endpoint := ""
	if provider == "s3" {
		endpoint = "https://s3.example.com"
	}
	return &v1alpha1.Settings{
		Domain: "platform.example.com", ACME: &v1alpha1.ACMESettings{Email: "ops@example.com"}, StorageClassName: "fast",
		DNS: &v1alpha1.DNSSettings{Provider: "aws", CredentialsSecretRef: secret},
		ObjectStorage: &v1alpha1.ObjectStorageSettings{
			Provider: provider, Bucket: "platform", Region: "eu-1", Endpoint: endpoint, CredentialsSecretRef: secret,
		},
		Retention:        &v1alpha1.RetentionSettings{Metrics: "30d", Logs: "14d"},
		HighAvailability: true, ImageRegistry: "registry.example.com/mirror",
		AppOfApps: &v1alpha1.AppOfAppsSettings{RepoURL: "https://git.example.com/platform.git", CredentialsSecretRef: secret},
		Policies:  allPolicies(),
	}
}

// profile lists the components of a profile of the newest catalog.
func profile(t *testing.T, set *catalog.Set, name string) []v1alpha1.Component {
	t.Helper()
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	found, ok := newest.Profile(name)
	if !ok {
		t.Fatalf("the catalog has no profile %s", name)
	}
	return found.Components
}

// alone is a component with what it cannot be without.
func alone(t *testing.T, set *catalog.Set, name string) []v1alpha1.Component {
	t.Helper()
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	found, ok := newest.Component(name)
	if !ok {
		t.Fatalf("the catalog has no %s", name)
	}
	out := named(name)
	for _, needed := range found.Requires {
		for _, c := range alone(t, set, needed) {
			if !slices.ContainsFunc(out, func(have v1alpha1.Component) bool { return have.Name == c.Name }) {
				out = append(out, c)
			}
		}
	}
	return out
}

func embedded(t *testing.T) (*catalog.Set, []v1alpha1.Component) {
	t.Helper()
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	return set, named(newest.Names()...)
}

// TestEverySettingResolves: no rule of the catalog fails, asks for what is not there
// or makes a cycle, whatever is said, with everything in the bundle and with each
// component alone.
func TestEverySettingResolves(t *testing.T) {
	set, all := embedded(t)
	for name, settings := range map[string]*v1alpha1.Settings{
		"none": nil, "a domain": {Domain: "platform.example.com"}, "everything": allSettings("s3"), "gcp": allSettings("gcp"), "aws": allSettings("aws"),
	} {
		t.Run(name, func(t *testing.T) {
			lists := [][]v1alpha1.Component{all}
			for i := range all {
				lists = append(lists, alone(t, set, all[i].Name))
			}
			for _, list := range lists {
				given := settings.DeepCopy()
				if given != nil && len(list) < len(all) { // these need components of their own
					given.ACME, given.AppOfApps, given.Policies = nil, nil, nil
				}
				bundle, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Settings: given, Components: list}, "", set)
				if err != nil {
					t.Fatalf("%v: %v", list, err)
				}
				for _, c := range bundle.Components {
					if c.Trouble != nil && c.Trouble.Reason != v1alpha1.ReasonInputMissing {
						t.Errorf("%s of %d: %v", c.Name, len(list), c.Trouble)
					}
				}
			}
		})
	}
}

// TestSettingsReachWhoCares names every component that a setting must reach, so that
// a rule which is lost is noticed.
func TestSettingsReachWhoCares(t *testing.T) {
	set, all := embedded(t)
	for setting, tc := range map[string]struct {
		given v1alpha1.Settings
		leaf  string // a leaf that holds it
		want  []string
	}{
		"domain":           {v1alpha1.Settings{Domain: "d.example.com"}, "d.example.com", []string{"argo-cd", "dex", "goldilocks", "grafana", "jaeger", "oauth2-proxy", "prometheus", "zipkin"}},
		"clusterIssuer":    {v1alpha1.Settings{Domain: "d.example.com", ClusterIssuer: "my-issuer"}, "my-issuer", []string{"argo-cd", "dex", "goldilocks", "grafana", "jaeger", "oauth2-proxy", "prometheus", "zipkin"}},
		"ingressClassName": {v1alpha1.Settings{Domain: "d.example.com", IngressClassName: "my-class"}, "my-class", []string{"argo-cd", "dex", "grafana", "jaeger", "oauth2-proxy", "prometheus", "zipkin"}},
		"storageClassName": {v1alpha1.Settings{StorageClassName: "my-storage"}, "my-storage", []string{"grafana", "loki", "prometheus", "tempo"}},
		"zones":            {v1alpha1.Settings{Domain: "d.example.com", DNS: &v1alpha1.DNSSettings{Provider: "p", Zones: []v1alpha1.Host{"my.zone"}}}, "my.zone", []string{"external-dns"}},
		"dns":              {v1alpha1.Settings{Domain: "d.example.com", DNS: &v1alpha1.DNSSettings{Provider: "my-provider"}}, "my-provider", []string{"external-dns"}},
		"objectStorage": {v1alpha1.Settings{ObjectStorage: &v1alpha1.ObjectStorageSettings{
			Provider: "aws", Bucket: "my-bucket", Region: "r",
		}}, "my-bucket", []string{"loki", "tempo", "velero"}},
		"retention": {v1alpha1.Settings{Retention: &v1alpha1.RetentionSettings{Metrics: "77d", Logs: "77d"}}, "77d", []string{"loki", "prometheus"}},
		"imageRegistry": {v1alpha1.Settings{ImageRegistry: "my.registry/x"}, "my.registry", []string{
			"alloy", "argo-cd", "argo-rollouts", "bank-vaults", "cert-manager", "dex", "envoy-gateway", "external-dns", "external-secrets", "flux",
			"gatekeeper", "goldilocks", "grafana", "ingress-nginx", "istiod", "jaeger", "kyverno", "linkerd", "loki", "metrics-server",
			"node-feature-discovery", "oauth2-proxy", "opentelemetry-operator", "prometheus", "reloader", "strimzi", "tekton", "telepresence", "tempo",
			"traefik", "trust-manager", "vault-secrets-webhook", "velero", "vertical-pod-autoscaler", "zipkin",
		}},
	} {
		t.Run(setting, func(t *testing.T) {
			bundle, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Settings: &tc.given, Components: all}, "", set)
			if err != nil {
				t.Fatal(err)
			}
			var reached []string
			for _, c := range bundle.Components {
				if holds(c.Merged(), tc.leaf) {
					reached = append(reached, c.Name)
				}
			}
			if !slices.Equal(reached, tc.want) {
				t.Errorf("%s reaches %v, want %v", setting, reached, tc.want)
			}
		})
	}
}

// TestPeersKnowEachOther: with the names alone.
func TestPeersKnowEachOther(t *testing.T) {
	set, all := embedded(t)
	bundle, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Components: all}, "", set)
	if err != nil {
		t.Fatal(err)
	}
	sources := find(t, bundle, "grafana").Merged()
	for _, source := range []string{"-prometheus.monitoring:9090", "http://loki", "http://jaeger"} {
		if !holds(sources, source) {
			t.Errorf("grafana has no datasource with %s", source)
		}
	}
	for _, engine := range []string{"gatekeeper", "kyverno"} {
		for _, c := range bundle.Components {
			if !holds(find(t, bundle, engine).Merged(), c.Namespace) {
				t.Errorf("%s does not exempt namespace %s", engine, c.Namespace)
			}
		}
	}
	alone, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{Components: named("grafana")}, "", set)
	if err != nil {
		t.Fatal(err)
	}
	if holds(alone.Components[0].Merged(), "http://loki") {
		t.Error("grafana alone has a datasource that is not there")
	}
}

// holds says whether a leaf of a tree contains a text.
func holds(node any, text string) bool {
	switch n := node.(type) {
	case values.Values:
		return slices.ContainsFunc(slices.Collect(maps.Values(n)), func(v any) bool { return holds(v, text) })
	case []any:
		return slices.ContainsFunc(n, func(v any) bool { return holds(v, text) })
	case string:
		return strings.Contains(n, text)
	}
	return false
}
