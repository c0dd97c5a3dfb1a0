// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

func TestIndex(t *testing.T) {
	t.Parallel()
	holds(t, sample(t)["components.md"],
		"## Catalog 2026.11\n",
		"| security | [certs](components/certs.md) | Certs: Signs things. | `certs-chart` 1.2.3 |\n",
		"| trade | [shop](components/shop.md) | The Shop: Sells things for \\<money> by `values.price.list`. **Retired since 2026-03-31.** "+
			"You must set `values.owner.name`. | `shop` 2.0.0 |\n",
		"## Catalog 2026.9\n",
		"| security | `certs` | Certs: Signs things. | `certs-chart` 0.9.0 |\n",
		"| the component [certs](components/certs.md) | [shop](components/shop.md) |\n",
		"| the setting `domain` | [shop](components/shop.md) |\n",
		"| the setting `hosts` | [shop](components/shop.md) |\n",
	)
}

func TestPage(t *testing.T) {
	t.Parallel()
	holds(t, sample(t)["components/shop.md"],
		"# The Shop\n\n"+generated+"\n\nSells things for \\<money> by `values.price.list`.\n",
		"**Retired since 2026-03-31.** No fixes. Successors: [certs](certs.md), elsewhere.\n",
		"| Chart | `shop` 2.0.0 from `oci://example.com/charts` |\n| Release | `sh` in the namespace `trade`. The short name is part of its addresses. |\n| Namespace labels | `level: baseline` |\n",
		"[shop.yaml](../../bundles/catalog/2026.11/shop.yaml) |\n\n## Use it\n",
		"spec:\n  components:\n  - name: certs\n  - name: shop\n    values:\n      owner:\n        name: CHANGE-ME\n```\n",
		"- `values.owner.name`: say whose it is.\n- `values.owner.key`, where `values.remote` is set: a remote one needs a key.\n- `values.owner.door` must say where.\n",
		"- Set `settings.domain`, or `values.a.b[0]` and a\\*b stay.\n",
		"| needs | [certs](certs.md) | It serves by \\| TLS. |\n",
		"| starts after, when `settings.domain` is given | [till](till.md) | The till judges every sale. |\n",
		"| `domain` | [page](#page) |\n| `hosts` | [page](#page) |\n| `imageRegistry` | [sealed](#sealed) |\n| `policies` | [policies](#policies) |\n",
		"```yaml\n# It sells nothing at night.\nhours: day\nscript: |\n  1\n  2\n  3\n  4\n  [... 9 more lines]\nafter: true\n```\n",
		"### page\n\nWhen `settings.domain` is given; it then starts after till. It is shown. See https://example.com/page\n\n```yaml\nurl: http://{{ .host }}\n```\n",
		"### sealed\n\nWith certs, without till, when `settings.imageRegistry` and `settings.storageClassName` are given.\n\n```yaml\n{sealed: true}\n```\n",
		"From the Secret `keys` in the namespace `vault`:\n\n| Key | Value | |\n|---|---|---|\n| `k` | `sealed.key` | if it is there |\n| `values.yaml` | all of it |  |\n",
		"Objects: ConfigMap `seal`.\n",
		"## Policies\n", "| `policies.noPrivileged` | ConfigMap `rule` |\n",
		"- Every Sale (`trade/v1`) must fulfil `object.sold`; otherwise: a sale is open.\n",
		"ValidatingWebhookConfiguration `sales`", "Sale `try`", "run. A hook counts the money.\n", "may take 10m.",
		"# It counts by itself.\n- kind: Secret\n",
		"- From `<1.0.0` an upgrade stops at `1.0.x`, where you have work to do, and is refused until `version` says so: Count the money.\n",
		"- From `<0.5.0` an upgrade stops at `0.5.x`, and then goes on by itself: It is slow.\n",
	)
}

func TestOrderIsToldOnBothSides(t *testing.T) {
	t.Parallel()
	pages := sample(t)
	holds(t, pages["components/certs.md"],
		"| is needed by | [shop](shop.md) | It serves by \\| TLS. |\n",
		"| not together with | [shop-window](shop-window.md) | Both want the light. |\n")
	holds(t, pages["components/till.md"],
		"| starts after | [shop-window](shop-window.md) | It looks at it. |\n",
		"| starts before, when `settings.domain` is given | [shop](shop.md) | The till judges every sale. |\n")
	holds(t, pages["components/shop-window.md"], "  components:\n  - name: till\n  - name: shop-window\n```\n", "| starts before | [till](till.md) | It looks at it. |\n")
}

// Sections with nothing to say are left out.
func TestPageOfLittle(t *testing.T) {
	t.Parallel()
	page := sample(t)["components/certs.md"]
	for _, title := range []string{"What you must set", "What people stumble over", "Settings", "Wiring", "Policies", "Not drift", "Upgrades"} {
		if strings.Contains(page, "## "+title) {
			t.Errorf("the page has an empty section %s:\n%s", title, page)
		}
	}
	holds(t, page, "## Default values\n\nNone: the chart's own.\n")
}

func TestMost(t *testing.T) {
	t.Parallel()
	all := []catalog.Component{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}
	for _, tc := range []struct {
		names []string
		want  string
	}{
		{[]string{"a", "c"}, "[a](components/a.md), [c](components/c.md)"},
		{[]string{"a", "b", "d"}, "every component but [c](components/c.md)"},
		{[]string{"a", "b", "c", "d"}, "every component"},
	} {
		if got := most(all, tc.names); got != tc.want {
			t.Errorf("most(%v) = %s, want %s", tc.names, got, tc.want)
		}
	}
}

func TestRealPages(t *testing.T) {
	t.Parallel()
	if pages := sample(t); len(pages) != 5 {
		t.Errorf("there are %d pages, not an index and one for each of the newest catalog", len(pages))
	}
	all, err := components(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range all {
		if strings.Contains(page, "%!") {
			t.Errorf("%s: a format went wrong", name)
		}
	}
}

func TestWritePages(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("components/gone.md", generated)
	write("components/stale.md", generated+"old")
	write("other.md", "by hand")
	pages := map[string]string{"components.md": "index", "components/stale.md": "new", "components/more.md": "more"}
	if err := writePages(folder, pages); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"other.md": "by hand"}
	maps.Copy(want, pages)
	if diff := cmp.Diff(want, files(t, folder)); diff != "" {
		t.Errorf("-want +there:\n%s", diff)
	}
	write("components/mine.md", "by hand")
	write("components/more.md", generated)
	if err := writePages(folder, nil); err == nil || !strings.Contains(err.Error(), "mine.md") {
		t.Errorf("a page that somebody wrote gives %v, which does not name it", err)
	}
	if _, there := files(t, folder)["components/more.md"]; !there {
		t.Error("a page was deleted although the run failed")
	}
}

func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.md", "*/*.md"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(folder, file)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(text)
		}
	}
	return out
}

func TestProse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                                  "plain.",
		"two\n lines. Really?":                   "two lines. Really?.",
		"set values.a.b, or `values.c` and *.d":  "set `values.a.b`, or `values.c` and \\*.d.",
		"ends with values.a.b.":                  "ends with `values.a.b`.",
		"in `<code>` and <out>":                  "in `<code>` and \\<out>.",
		"new values: a. See https://x.example/y": "new values: a. See https://x.example/y",
		"settings.buckets[0].name and values":    "`settings.buckets[0].name` and values.",
		"set values.a.b: true, or values.c: d":   "set `values.a.b: true`, or `values.c`: d.",
		"one ` alone values.x":                   "one ` alone `values.x`.",
	} {
		if got := prose(text); got != want {
			t.Errorf("prose(%q)\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestFirstSentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"One. Two.": "One.", "One": "One.", "Version 1.2 of it. Then": "Version 1.2 of it.", "Dashboards. The rest": "Dashboards.",
	} {
		if got := firstSentence(text); got != want {
			t.Errorf("firstSentence(%q) = %q, want %q", text, got, want)
		}
	}
}
