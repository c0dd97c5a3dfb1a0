// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// allPolicies says everything that can be said of policies.
func allPolicies() *v1alpha1.PolicySettings {
	enforce := v1alpha1.PolicyPreset{Enforcement: v1alpha1.PolicyEnforce}
	bounds := func(least, most string) *v1alpha1.Bounds {
		return &v1alpha1.Bounds{Min: new(resource.MustParse(least)), Max: new(resource.MustParse(most))}
	}
	return &v1alpha1.PolicySettings{
		Engine:              v1alpha1.PolicyEngineGatekeeper,
		RequiredLabels:      &v1alpha1.RequiredLabelsPolicy{PolicyPreset: enforce, Labels: []string{"app.kubernetes.io/name"}},
		ServiceTargetPorts:  &enforce,
		AllowedRegistries:   &v1alpha1.AllowedRegistriesPolicy{PolicyPreset: enforce, Registries: []string{"registry.example.com"}},
		ResourceBounds:      &v1alpha1.ResourceBoundsPolicy{PolicyPreset: enforce, CPU: bounds("10m", "4"), Memory: bounds("16Mi", "8Gi")},
		NoPrivileged:        &enforce,
		ProtectedNamespaces: &v1alpha1.ProtectedNamespacesPolicy{PolicyPreset: enforce, Namespaces: []string{"kube-system"}},
	}
}

// engines is a catalog whose two engines show the facts that policies are made from.
func engines(t *testing.T) *catalog.Set {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"kyverno", "gatekeeper"} {
		files["catalog/2026.11/"+name+".yaml"] = &fstest.MapFile{Data: []byte("name: " + name + "\n" + head +
			"lifecycle: {phase: Active}\nchart: {repository: https://example.com/charts, name: " + name + ", version: 1.0.0}\n" +
			"wiring:\n- name: all\n  when: {settings: [policies.by." + name + "]}\n  values: {policies: '{{ .settings.policies }}'}\n" +
			"- name: one\n  when: {settings: [policies.noPrivileged, policies.by." + name + "]}\n  values: {mode: '{{ .settings.policies.noPrivileged.enforcement }}'}\n")}
	}
	set, err := catalog.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestPoliciesGoToOneEngine(t *testing.T) {
	unnamed := &v1alpha1.PolicySettings{
		NoPrivileged: &v1alpha1.PolicyPreset{}, ProtectedNamespaces: &v1alpha1.ProtectedNamespacesPolicy{},
		ResourceBounds: &v1alpha1.ResourceBoundsPolicy{Memory: &v1alpha1.Bounds{Max: new(resource.MustParse("1Gi"))}},
	}
	named2 := unnamed.DeepCopy()
	named2.Engine = v1alpha1.PolicyEngineGatekeeper
	for name, tc := range map[string]struct {
		policies   *v1alpha1.PolicySettings
		components []string
		engine     string
	}{
		"the only one":         {unnamed, []string{"gatekeeper"}, "gatekeeper"},
		"kyverno of both":      {unnamed, []string{"gatekeeper", "kyverno"}, "kyverno"},
		"the one that is said": {named2, []string{"gatekeeper", "kyverno"}, "gatekeeper"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := v1alpha1.PlatformBundleSpec{Settings: &v1alpha1.Settings{Policies: tc.policies}, Components: named(tc.components...)}
			bundle, err := resolve.Resolve(spec, "", engines(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range bundle.Components {
				var want values.Values
				if c.Name == tc.engine {
					facts := map[string]any{
						"by": map[string]any{tc.engine: true}, "noPrivileged": map[string]any{"enforcement": "Audit"},
						"protectedNamespaces": map[string]any{"enforcement": "Audit", "namespaces": namespacesOf(tc.components)},
						"resourceBounds":      map[string]any{"enforcement": "Audit", "memory": map[string]any{"max": "1Gi"}},
					}
					if tc.policies.Engine != "" {
						facts["engine"] = string(tc.policies.Engine)
					}
					want = values.Values{"mode": "Audit", "policies": facts}
				}
				if diff := cmp.Diff(want, c.Merged()); diff != "" && len(want)+len(c.Merged()) > 0 {
					t.Errorf("%s:\n%s", c.Name, diff)
				}
			}
		})
	}
}

func namespacesOf(components []string) []any {
	out := []any{}
	for _, name := range []string{"gatekeeper", "groundwork-system", "kube-system", "kyverno"} {
		if name == "groundwork-system" || name == "kube-system" || name == components[0] || len(components) > 1 {
			out = append(out, name)
		}
	}
	return out
}

func TestPoliciesThatCannotBe(t *testing.T) {
	quantity := func(text string) *resource.Quantity { return new(resource.MustParse(text)) }
	for want, policies := range map[string]*v1alpha1.PolicySettings{
		`spec.settings.policies.engine: gatekeeper is not in the bundle: add "- name: gatekeeper" to spec.components, or name another engine`: {
			Engine: v1alpha1.PolicyEngineGatekeeper,
		},
		`spec.settings.policies.resourceBounds: set cpu or memory, or both`: {ResourceBounds: &v1alpha1.ResourceBoundsPolicy{}},
		`spec.settings.policies.resourceBounds.cpu: min 2 is more than max 500m`: {
			ResourceBounds: &v1alpha1.ResourceBoundsPolicy{CPU: &v1alpha1.Bounds{Min: quantity("2"), Max: quantity("500m")}},
		},
	} {
		spec := v1alpha1.PlatformBundleSpec{Settings: &v1alpha1.Settings{Policies: policies}, Components: named("kyverno")}
		_, err := resolve.Resolve(spec, "", engines(t))
		if err == nil || failure.Message(err) != want || failure.ReasonOf(err, "") != v1alpha1.ReasonSettingsInvalid {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
