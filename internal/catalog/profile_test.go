// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

// profileHead is a complete profile but for its components.
const profileHead = `apiVersion: platform.groundwork.dev/v1alpha1
kind: PlatformBundle
metadata:
  name: NAME
  annotations: {platform.groundwork.dev/description: A sentence.}
spec:
`

func profile(name, components string) string {
	return strings.ReplaceAll(profileHead, "NAME", name) + "  components:\n" + components
}

// profileFiles are two catalogs, the newer one with a component that requires and
// one that conflicts, and these profiles.
func profileFiles(profiles map[string]string) fstest.MapFS {
	contents := map[string]string{
		"catalog/2026.9/a.yaml": component("a"), "a.yaml": component("a"), "b.yaml": component("b", "requires: [a]"),
		"c.yaml": component("c", "conflicts: [a]"),
	}
	for name, content := range profiles {
		contents["profiles/"+name] = content
	}
	return files(contents)
}

func TestLoadRefusesProfiles(t *testing.T) {
	good := profile("p", "  - name: a\n")
	for name, tc := range map[string]struct {
		file, content string
		want          []string
	}{
		"Empty":        {content: "", want: []string{"profiles/p.yaml: the file is empty"}},
		"NoYAML":       {content: "a: [", want: []string{"profiles/p.yaml:1: not YAML: did not find expected node content"}},
		"TwoDocuments": {content: good + "---\n" + good, want: []string{"profiles/p.yaml:10: one file holds one YAML document"}},
		"OtherFile":    {file: "p.yml", content: good, want: []string{"profiles/p.yml: only files named <profile>.yaml belong here"}},
		"Folder":       {file: "2026.9/p.yaml/p.yaml", content: good, want: []string{"profiles/2026.9/p.yaml: only files named <profile>.yaml belong here"}},
		"OldBoolean": {
			content: profile("p", "  - {name: a, values: {y: 1}}\n"),
			want:    []string{"profiles/p.yaml:8: y is a boolean in YAML 1.1 and text in YAML 1.2: write true or false, or quote it"},
		},
		"Anchor": {
			content: profile("p", "  - &a {name: a}\n  - *a\n"), want: []string{"profiles/p.yaml:9: anchors and aliases are not used in a catalog: write the value out"},
		},
		"UnknownField": {content: strings.Replace(good, "name: a", "nam: a", 1), want: []string{`profiles/p.yaml: unknown field "nam"`}},
		"OtherKind": {
			content: strings.Replace(good, "kind: PlatformBundle", "kind: Bundle", 1),
			want:    []string{`profiles/p.yaml: a profile is a PlatformBundle of platform.groundwork.dev/v1alpha1, not a Bundle of "platform.groundwork.dev/v1alpha1"`},
		},
		"OtherGroup": {
			content: strings.Replace(good, "groundwork.dev/v1alpha1", "groundwork.dev/v1", 1),
			want:    []string{`profiles/p.yaml: a profile is a PlatformBundle of platform.groundwork.dev/v1alpha1, not a PlatformBundle of "platform.groundwork.dev/v1"`},
		},
		"OtherName": {content: profile("q", "  - name: a\n"), want: []string{`profiles/p.yaml: metadata.name "q" must be the name of the file, "p"`}},
		"NoLabel": {
			file: "P_.yaml", content: profile("P_", "  - name: a\n"),
			want: []string{`profiles/P_.yaml: the name "P_" must be lower case letters, digits and dashes, at most 63 of them`},
		},
		"LongName": {
			file: strings.Repeat("p", 64) + ".yaml", content: profile(strings.Repeat("p", 64), "  - name: a\n"),
			want: []string{"profiles/" + strings.Repeat("p", 64) + `.yaml: the name "` + strings.Repeat("p", 64) + `" must be lower case letters, digits and dashes, at most 63 of them`},
		},
		"NoDescription": {
			content: strings.Replace(good, "A sentence.", "''", 1),
			want:    []string{"profiles/p.yaml: the annotation platform.groundwork.dev/description is missing: say in a sentence what the profile is for"},
		},
		"MoreThanComponents": {
			content: good + "  settings: {domain: example.com}\n",
			want:    []string{"profiles/p.yaml: a profile lists components and nothing else: everything else is the bundle's own business"},
		},
		"Profiles": {
			content: good + "  profiles: [p]\n",
			want:    []string{"profiles/p.yaml: a profile lists components and nothing else: everything else is the bundle's own business"},
		},
		"NoComponents":     {content: strings.Replace(profile("p", ""), "components:", "components: []", 1), want: []string{"profiles/p.yaml: a profile needs components"}},
		"Twice":            {content: profile("p", "  - name: a\n  - name: a\n"), want: []string{`profiles/p.yaml: component "a" is there twice`}},
		"UnknownComponent": {content: profile("p", "  - name: aa\n"), want: []string{`profiles/p.yaml: no component "aa" in this catalog; did you mean "a"?`}},
		"Requires":         {content: profile("p", "  - name: b\n"), want: []string{"profiles/p.yaml: b requires a, which the profile does not list"}},
		"DependsOn":        {content: profile("p", "  - {name: a, dependsOn: [x]}\n"), want: []string{"profiles/p.yaml: a depends on x, which the profile does not list"}},
		"Conflicts":        {content: profile("p", "  - name: a\n  - name: c\n"), want: []string{"profiles/p.yaml: c conflicts with a"}},
		"Disabled":         {content: profile("p", "  - {name: a, enabled: false}\n"), want: []string{"profiles/p.yaml: a: enabled, suspend, adopt and allowDataLoss are the bundle's own business"}},
		"Suspended":        {content: profile("p", "  - {name: a, suspend: true}\n"), want: []string{"profiles/p.yaml: a: enabled, suspend, adopt and allowDataLoss are the bundle's own business"}},
		"Adopts":           {content: profile("p", "  - {name: a, adopt: true}\n"), want: []string{"profiles/p.yaml: a: enabled, suspend, adopt and allowDataLoss are the bundle's own business"}},
		"LosesData":        {content: profile("p", "  - {name: a, allowDataLoss: [Kafka]}\n"), want: []string{"profiles/p.yaml: a: enabled, suspend, adopt and allowDataLoss are the bundle's own business"}},
		"UnknownCatalog":   {file: "2025.1/p.yaml", content: good, want: []string{"profiles/2025.1: there is no catalog of this version"}},
		"NewestCatalog":    {file: "2026.11/p.yaml", content: good, want: []string{"profiles/2026.11: the profiles of the newest catalog belong into profiles itself"}},
		"OlderCatalog":     {file: "2026.9/p.yaml", content: profile("p", "  - name: b\n"), want: []string{`profiles/2026.9/p.yaml: no component "b" in this catalog`}},
		"SeveralMistakes": {
			content: profile("q", "  - name: b\n  - name: b\n"),
			want: []string{
				`profiles/p.yaml: metadata.name "q" must be the name of the file, "p"`, `profiles/p.yaml: component "b" is there twice`,
				"profiles/p.yaml: b requires a, which the profile does not list", "profiles/p.yaml: b requires a, which the profile does not list",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.file == "" {
				tc.file = "p.yaml"
			}
			_, err := catalog.Load(profileFiles(map[string]string{tc.file: tc.content}))
			if err == nil {
				t.Fatal("it was accepted")
			}
			if diff := cmp.Diff(tc.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("mistakes (-want +got)\n%s", diff)
			}
		})
	}
}

// TestProfilesOfVersions: those beside the folders belong to the newest catalog, and
// a catalog knows no other one's.
func TestProfilesOfVersions(t *testing.T) {
	set, err := catalog.Load(profileFiles(map[string]string{
		"both.yaml": profile("both", "  - name: a\n  - name: b\n"), "new.yaml": profile("new", "  - name: a\n"),
		"2026.9/both.yaml": profile("both", "  - name: a\n"),
		// A chart of its own needs no catalog.
		"2026.9/own.yaml": profile("own", "  - {name: x, chart: {repository: 'https://example.com', version: 1.0.0}}\n"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]map[string][]string{
		"2026.11": {"both": {"a", "b"}, "new": {"a"}},
		"2026.9":  {"both": {"a"}, "own": {"x"}},
	} {
		c, err := set.Get(version)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, name := range c.Profiles() {
			got[name] = componentsOf(t, c, name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("profiles of %s (-want +got)\n%s", version, diff)
		}
	}
	newest, _ := set.Get("2026.11")
	if got, ok := newest.NearestProfile("boht"); got != "both" || !ok {
		t.Errorf("nearest is %q (%t)", got, ok)
	}
	if got, ok := newest.NearestProfile("own"); ok {
		t.Errorf("a profile of another catalog is near: %q", got)
	}
	if _, ok := newest.Profile("own"); ok {
		t.Error("a profile of another catalog is there")
	}
	first, _ := newest.Profile("both")
	first.Components[0].Name = "spoilt"
	if got := componentsOf(t, newest, "both"); got[0] != "a" {
		t.Error("a profile was changed through a copy")
	}
}

func componentsOf(t *testing.T, c *catalog.Catalog, name string) []string {
	t.Helper()
	found, ok := c.Profile(name)
	if !ok {
		t.Fatalf("there is no profile %s", name)
	}
	var out []string
	for _, component := range found.Components {
		out = append(out, component.Name)
	}
	return out
}

// TestEmbeddedProfiles: the names are part of the API. Every catalog that a bundle
// can be pinned to has its own, or an operator's next image would break the bundle.
func TestEmbeddedProfiles(t *testing.T) {
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range set.Versions() {
		c, err := set.Get(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"data", "delivery", "minimal", "observability", "policy", "week1"} {
			if _, there := c.Profile(name); !there {
				t.Errorf("catalog %s has no profile %s: copy the profiles of a catalog that is not the newest any more into profiles/<version>", version, name)
			}
		}
	}
}

// TestWeek1HoldsAll: it is the first tier, and alloy that fills Loki, and all components of the other profiles
// by name alone, so that nothing is given up by choosing it.
func TestWeek1HoldsAll(t *testing.T) {
	c := newest(t)
	week1 := componentsOf(t, c, "week1")
	want := append([]string{"alloy"}, firstTier...)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(week1))); diff != "" {
		t.Errorf("week1 is not the first tier (-want +got)\n%s", diff)
	}
	for _, name := range c.Profiles() {
		for _, component := range componentsOf(t, c, name) {
			if !slices.Contains(week1, component) {
				t.Errorf("week1 lacks %s, which %s has", component, name)
			}
		}
	}
	found, _ := c.Profile("week1")
	for _, component := range found.Components {
		if component.Manifests != nil || component.Values != nil {
			t.Errorf("%s comes with more than its name", component.Name)
		}
	}
}
