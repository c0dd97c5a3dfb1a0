// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// profileCatalogs are two versions with the same profiles but one, of other contents.
func profileCatalogs(t *testing.T) *catalog.Set {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, file := range []string{"2026.9/alpha", "2026.9/beta", "2026.11/alpha", "2026.11/beta", "2026.11/gamma"} {
		name := path.Base(file)
		fsys["catalog/"+file+".yaml"] = &fstest.MapFile{Data: []byte("name: " + name + "\n" + head +
			"lifecycle: {phase: Active}\nchart: {repository: https://example.com/charts, name: " + name + ", version: 1.0.0}\n")}
	}
	for file, components := range map[string]string{
		"first":        `[{name: alpha, values: {x: 1, list: [1, 2]}, dependsOn: [beta]}, {name: beta}]`,
		"second":       `[{name: alpha, values: {z: 2}, timeout: 7m}, {name: gamma}]`,
		"2026.9/first": `[{name: alpha, values: {old: true}}]`,
	} {
		fsys["profiles/"+file+".yaml"] = &fstest.MapFile{Data: []byte("apiVersion: platform.groundwork.dev/v1alpha1\nkind: PlatformBundle\nmetadata: {name: " +
			path.Base(file) + ", annotations: {" + catalog.DescriptionAnnotation + ": D.}}\nspec: {components: " + components + "}\n")}
	}
	set, err := catalog.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// asText is what a bundle lists, as name and values.
func asText(components []v1alpha1.Component) []string {
	out := []string{}
	for _, c := range components {
		text := c.Name
		if c.Values != nil {
			text += " " + string(c.Values.Raw)
		}
		out = append(out, text)
	}
	return out
}

func TestListed(t *testing.T) {
	no := false
	for name, tc := range map[string]struct {
		reason   string
		spec     v1alpha1.PlatformBundleSpec
		sticky   string
		want     []string
		enabled  []string
		failure  string
		terminal string
	}{
		"NoProfiles": {
			reason: "then the catalog is not even asked for", spec: v1alpha1.PlatformBundleSpec{CatalogVersion: "2024.01", Components: named("alpha")},
			want: []string{"alpha"},
		},
		"One": {reason: "as the file lists them", spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"first"}}, want: []string{`alpha {"list":[1,2],"x":1}`, "beta"}, enabled: []string{"alpha", "beta"}},
		"Two": {
			reason: "a component of both is one", spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"first", "second"}},
			want: []string{`alpha {"list":[1,2],"x":1,"z":2}`, "beta", "gamma"}, enabled: []string{"alpha", "beta", "gamma"},
		},
		"TwoTurned": {
			reason: "whichever is named first", spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"second", "first"}},
			want: []string{`alpha {"list":[1,2],"x":1,"z":2}`, "gamma", "beta"}, enabled: []string{"alpha", "beta", "gamma"},
		},
		"OwnEntries": {
			reason: "the bundle's own entries are over the profiles', and the rest of them follows",
			spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"first"}, Components: []v1alpha1.Component{
				{Name: "gamma"}, {Name: "alpha", Values: raw(`{"list":[3],"x":null}`)},
			}},
			want: []string{`alpha {"list":[3],"x":null}`, "beta", "gamma"}, enabled: []string{"alpha", "beta", "gamma"},
		},
		"SwitchedOff": {
			reason: "enabled: false takes a component out, and keeps it listed for what else it says",
			spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"second"}, Components: []v1alpha1.Component{
				{Name: "gamma", Enabled: &no, AllowDataLoss: []string{"Kafka"}},
			}},
			want: []string{`alpha {"z":2}`, "gamma"}, enabled: []string{"alpha"},
		},
		"PinnedCatalog": {reason: "profiles are the catalog's", spec: v1alpha1.PlatformBundleSpec{CatalogVersion: "2026.9", Profiles: []string{"first"}}, want: []string{`alpha {"old":true}`}, enabled: []string{"alpha"}},
		"StickyCatalog": {reason: "a newer operator changes nothing", sticky: "2026.9", spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"first"}}, want: []string{`alpha {"old":true}`}, enabled: []string{"alpha"}},
		"Unknown": {
			reason: "the nearest one is named, and the bundle's own entries stay known", spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"second", "frist"}, Components: named("beta")},
			want: []string{"beta"}, terminal: v1alpha1.ReasonUnknownProfile,
			failure: `spec.profiles[frist]: catalog 2026.11 has no profile "frist": did you mean "first"?`,
		},
		"UnknownAndFar": {
			reason: "or all of them", spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"everything"}}, want: []string{}, terminal: v1alpha1.ReasonUnknownProfile,
			failure: `spec.profiles[everything]: catalog 2026.11 has no profile "everything": it has first, second`,
		},
		"NotInThatCatalog": {
			reason: "a profile of another catalog is none", sticky: "2026.9", spec: v1alpha1.PlatformBundleSpec{Profiles: []string{"second"}}, want: []string{},
			terminal: v1alpha1.ReasonUnknownProfile, failure: `spec.profiles[second]: catalog 2026.9 has no profile "second": it has first`,
		},
		"UnknownCatalog": {
			reason: "whose profiles?", spec: v1alpha1.PlatformBundleSpec{CatalogVersion: "2024.01", Profiles: []string{"first"}}, want: []string{},
			terminal: v1alpha1.ReasonUnknownCatalog, failure: `spec.catalogVersion: no catalog version "2024.01": this operator brings 2026.9, 2026.11`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := tc.spec.DeepCopy()
			got, err := resolve.Listed(tc.spec, tc.sticky, profileCatalogs(t))
			if diff := cmp.Diff(tc.want, asText(got)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(before, &tc.spec); diff != "" {
				t.Errorf("the spec was changed\n%s", diff)
			}
			var failed *failure.Error
			errors.As(err, &failed)
			if tc.failure == "" {
				if err != nil {
					t.Fatalf("%s: %v", tc.reason, err)
				}
			} else if failed == nil || failed.Error() != tc.failure || failed.Reason != tc.terminal || failed.Class != failure.ClassTerminal {
				t.Fatalf("%s: got %v, want %s %s", tc.reason, err, tc.terminal, tc.failure)
			}
			if tc.enabled == nil && tc.failure == "" {
				return
			}
			bundle, again := resolve.Resolve(tc.spec, tc.sticky, profileCatalogs(t))
			if tc.failure != "" {
				if again == nil || again.Error() != tc.failure {
					t.Errorf("Resolve says %v", again)
				}
				return
			}
			if diff := cmp.Diff(tc.enabled, namesOf(t, bundle)); diff != "" {
				t.Errorf("%s: enabled (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func namesOf(t *testing.T, bundle *resolve.Bundle) []string {
	t.Helper()
	var out []string
	for _, c := range bundle.Components {
		if c.Trouble != nil {
			t.Errorf("%s: %v", c.Name, c.Trouble)
		}
		out = append(out, c.Name)
	}
	return out
}

// TestNoProfiles: a catalog of an own distribution may have none.
func TestNoProfiles(t *testing.T) {
	_, err := resolve.Listed(v1alpha1.PlatformBundleSpec{Profiles: []string{"week1"}}, "", testCatalogs(t))
	if want := `spec.profiles[week1]: catalog 2026.11 has no profile "week1": it has none`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestProfileIsABundle: spec.profiles and the profile's components written out are
// the same platform, and so are all profiles in either order.
func TestProfileIsABundle(t *testing.T) {
	set, _ := embedded(t)
	chosen, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	all := chosen.Profiles()
	for _, name := range all {
		found, _ := chosen.Profile(name)
		same(t, name, set, v1alpha1.PlatformBundleSpec{Components: found.Components}, v1alpha1.PlatformBundleSpec{Profiles: []string{name}})
	}
	turned := slices.Clone(all)
	slices.Reverse(turned)
	same(t, "all profiles, turned around", set, v1alpha1.PlatformBundleSpec{Profiles: all}, v1alpha1.PlatformBundleSpec{Profiles: turned})
}

// TestSampleIsTheProfile: the sample writes week1 out, for those who start from a list
// that they can edit; it must not be another list.
func TestSampleIsTheProfile(t *testing.T) {
	set, _ := embedded(t)
	content, err := os.ReadFile(filepath.Join("..", "..", "config", "samples", "week1.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var sample v1alpha1.PlatformBundle
	if err := yaml.UnmarshalStrict(content, &sample); err != nil {
		t.Fatal(err)
	}
	same(t, "the sample", set, sample.Spec, v1alpha1.PlatformBundleSpec{Profiles: []string{"week1"}})
}

func same(t *testing.T, what string, set *catalog.Set, a, b v1alpha1.PlatformBundleSpec) {
	t.Helper()
	one, err := resolve.Resolve(a, "", set)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	other, err := resolve.Resolve(b, "", set)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if diff := cmp.Diff(namesOf(t, one), namesOf(t, other)); diff != "" {
		t.Errorf("%s: components\n%s", what, diff)
	}
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("%s\n%s", what, diff)
	}
}
