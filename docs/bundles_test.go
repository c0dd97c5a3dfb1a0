// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// shownBundles are the bundles in the YAML blocks of a page. A block that begins
// with spec is one without its head, if it lists components.
func shownBundles(page string) []string {
	var out []string
	for _, match := range regexp.MustCompile("(?ms)^( *)```ya?ml\n(.*?)^ *```").FindAllStringSubmatch(page, -1) {
		text := regexp.MustCompile("(?m)^"+match[1]).ReplaceAllString(match[2], "")
		for _, document := range regexp.MustCompile(`(?m)^---.*\n`).Split(text, -1) {
			switch {
			case regexp.MustCompile(`(?m)^kind: PlatformBundle$`).MatchString(document):
				out = append(out, document)
			case regexp.MustCompile(`(?m)\A(#.*\n)*spec:\n( .*\n)*?  (components|profiles):`).MatchString(document):
				out = append(out, "apiVersion: "+v1alpha1.GroupVersion.String()+"\nkind: PlatformBundle\nmetadata: {name: x}\n"+document)
			}
		}
	}
	return out
}

func TestBundles(t *testing.T) {
	t.Parallel()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := catalogs.Get(catalogs.Newest())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for page, text := range pages(t) {
		for _, shown := range shownBundles(text) {
			found++
			bundle := v1alpha1.PlatformBundle{}
			if err := yaml.UnmarshalStrict([]byte(shown), &bundle); err != nil {
				t.Errorf("%s: %v\n%s", page, err, shown)
				continue
			}
			if bundle.APIVersion != v1alpha1.GroupVersion.String() || bundle.Name == "" {
				t.Errorf("%s: a bundle needs the apiVersion %s and a name:\n%s", page, v1alpha1.GroupVersion, shown)
			}
			resolved, err := resolve.Resolve(bundle.Spec, "", catalogs)
			if err != nil {
				t.Errorf("%s: %v\n%s", page, err, shown)
				continue
			}
			for _, c := range resolved.Components {
				if c.Trouble != nil {
					t.Errorf("%s: %s: %v\n%s", page, c.Name, c.Trouble, shown)
				}
			}
		}
	}
	if least := len(newest.Names()) + 3; found < least {
		t.Errorf("%d bundles were found, not at least %d: one for each component, and some more", found, least)
	}
}

func TestShownBundles(t *testing.T) {
	t.Parallel()
	page := "x\n```yaml\nkind: Secret\n---\nkind: PlatformBundle\nspec: {}\n```\n" +
		"1. y\n   ```yaml\n   spec:\n     settings: {}\n     profiles: []\n   ```\n```yaml\nspec:\n  settings: {}\n```\n```sh\nspec:\n  profiles: []\n```\n"
	got := shownBundles(page)
	if len(got) != 2 || got[0] != "kind: PlatformBundle\nspec: {}\n" || !strings.HasSuffix(got[1], "\nspec:\n  settings: {}\n  profiles: []\n") {
		t.Errorf("found %q", got)
	}
}
