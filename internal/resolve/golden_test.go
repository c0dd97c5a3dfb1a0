// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// TestEffectiveValues shows what a dozen bundles get, value by value, with the source
// of each. UPDATE_GOLDEN=1 writes the files anew; read the difference.
func TestEffectiveValues(t *testing.T) {
	set, _ := embedded(t)
	all := profile(t, set, "week1")
	own := named("grafana")
	own[0].Values = raw(`{"ingress": {"enabled": false}, "replicas": 3, "grafana.ini": {"server": {"root_url": "https://elsewhere.example.com"}}}`)
	for name, spec := range map[string]v1alpha1.PlatformBundleSpec{
		"week1":               {Components: all},
		"week1-domain-acme":   {Components: all, Settings: &v1alpha1.Settings{Domain: "platform.example.com", ACME: &v1alpha1.ACMESettings{Email: "ops@example.com"}}},
		"week1-everything":    {Components: all, Settings: allSettings("s3")},
		"grafana-alone":       {Components: named("grafana")},
		"grafana-loki":        {Components: named("grafana", "loki")},
		"grafana-own-values":  {Components: own, Settings: &v1alpha1.Settings{Domain: "platform.example.com"}},
		"hosts":               {Components: named("argo-cd", "grafana"), Settings: &v1alpha1.Settings{Hosts: map[string]v1alpha1.Host{"grafana": "dashboards.example.com"}, Domain: "example.com"}},
		"existing-issuer":     {Components: named("cert-manager", "jaeger"), Settings: &v1alpha1.Settings{Domain: "example.com", ClusterIssuer: "corporate", IngressClassName: "internal"}},
		"dns-cloudflare":      {Components: named("external-dns"), Settings: &v1alpha1.Settings{Domain: "example.com", DNS: &v1alpha1.DNSSettings{Provider: "cloudflare", CredentialsSecretRef: &v1alpha1.LocalSecretReference{Name: "cloudflare"}}}},
		"object-storage-aws":  {Components: named("loki", "velero"), Settings: &v1alpha1.Settings{ObjectStorage: allSettings("aws").ObjectStorage}},
		"object-storage-gcp":  {Components: named("loki", "velero"), Settings: &v1alpha1.Settings{ObjectStorage: allSettings("gcp").ObjectStorage}},
		"policy":              {Components: named("gatekeeper", "kyverno", "argo-cd")},
		"vault-with-its-cert": {Components: named("bank-vaults", "cert-manager", "vault-secrets-webhook")},
	} {
		t.Run(name, func(t *testing.T) {
			bundle, err := resolve.Resolve(spec, "", set)
			if err != nil {
				t.Fatal(err)
			}
			got, file := effective(t, bundle), filepath.Join("testdata", "effective", name+".txt")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("the values are others than before; UPDATE_GOLDEN=1 accepts them:\n%s", diff)
			}
		})
	}
}

// effective prints every value of every component, with where it comes from.
func effective(t *testing.T, bundle *resolve.Bundle) string {
	t.Helper()
	var out strings.Builder
	for _, c := range bundle.Components {
		if c.Trouble != nil {
			t.Fatalf("%s: %v", c.Name, c.Trouble)
		}
		fmt.Fprintf(&out, "%s\n", c.Name)
		sources := values.Provenance(c.Layers()...)
		for _, path := range slices.Sorted(maps.Keys(sources)) {
			value, err := json.Marshal(at(c.Merged(), path))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "  %s = %s  # %s\n", path, value, sources[path])
		}
		for _, manifest := range c.Manifests {
			fmt.Fprintf(&out, "  manifest %s\n", brief(t, manifest.Raw))
		}
	}
	return out.String()
}

// brief names an object that nobody would read here, such as a dashboard: what it
// holds is judged where it is kept.
func brief(t *testing.T, raw []byte) string {
	t.Helper()
	const readable = 2000
	if len(raw) <= readable {
		return string(raw)
	}
	var object metav1.PartialObjectMetadata
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s (long)", object.Kind, object.Name)
}

// at follows a path as Provenance writes it.
func at(tree values.Values, path string) any {
	var node any = tree
	const dot = "\x00"
	for key := range strings.SplitSeq(strings.ReplaceAll(path, `\.`, dot), ".") {
		object, _ := node.(map[string]any)
		node = object[strings.ReplaceAll(key, dot, ".")]
	}
	return node
}
