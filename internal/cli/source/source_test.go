// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/groundwork-dev/groundwork/internal/cli/source"
)

const header = "apiVersion: platform.groundwork.dev/v1alpha1\nkind: PlatformBundle\n"

func TestRead(t *testing.T) {
	one := header + "metadata: {name: one}\nspec: {components: [{name: grafana}]}\n"
	two := header + "metadata: {name: two}\nspec: {profiles: [week1]}\n"
	other := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n"
	for name, tc := range map[string]struct{ content, ask, want, wrong string }{
		"alone":         {one, "", "one", ""},
		"between":       {other + "---\n" + one + "---\n# nothing\n", "", "one", ""},
		"by name":       {one + "---\n" + two, "two", "two", ""},
		"which":         {one + "---\n" + two, "", "", "several bundles, so name one of them: one, two"},
		"none":          {other, "", "", "no PlatformBundle"},
		"not this":      {one, "two", "", `no PlatformBundle "two"`},
		"unknown field": {header + "metadata: {name: one}\nspec: {componets: []}\n", "", "", `unknown field "componets"`},
		"no YAML":       {"a: [", "", "", "did not find"},
		"other group":   {"apiVersion: example.test/v1\nkind: PlatformBundle\n", "", "", "no PlatformBundle"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bundle.yaml")
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, from := range []string{path, "-"} {
				got, err := source.Read(from, tc.ask, strings.NewReader(tc.content))
				switch {
				case tc.wrong != "":
					if err == nil || !strings.Contains(err.Error(), tc.wrong) {
						t.Errorf("%s: error %v, want %q", from, err, tc.wrong)
					}
				case err != nil:
					t.Errorf("%s: %v", from, err)
				case got.Name != tc.want:
					t.Errorf("%s: bundle %s, want %s", from, got.Name, tc.want)
				}
			}
		})
	}
}
