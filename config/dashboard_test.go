// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

const dashboardFile = "grafana/groundwork.json"

// panel is the part of Grafana's model that is judged here.
type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	GridPos     struct{ X, Y, W, H int }
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

func panels(t *testing.T) []panel {
	t.Helper()
	var board struct {
		UID    string  `json:"uid"`
		Panels []panel `json:"panels"`
	}
	if err := json.Unmarshal([]byte(read(t, dashboardFile)), &board); err != nil {
		t.Fatal(err)
	}
	if board.UID != "groundwork" || len(board.Panels) < 15 {
		t.Fatalf("the dashboard %q has %d panels", board.UID, len(board.Panels))
	}
	return board.Panels
}

func TestDashboardPanels(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	taken := map[[2]int]string{}
	for _, p := range panels(t) {
		if seen[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q: the number is taken, or there is no title", p.ID, p.Title)
		}
		seen[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q lies over %q, or over the edge", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.FieldConfig.Defaults.Unit == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("%q has no unit, no description or no query", p.Title)
		}
		for _, target := range p.Targets {
			documentedOnly(t, p.Title, target.Expr)
		}
	}
}

// TestDashboardQueries lets promtool parse what the panels ask.
func TestDashboardQueries(t *testing.T) {
	t.Parallel()
	fill := strings.NewReplacer("$__rate_interval", "5m", "$__range", "6h", "$bundle", ".*")
	rules := &strings.Builder{}
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	queries := 0
	for _, p := range panels(t) {
		for _, target := range p.Targets {
			queries++
			fmt.Fprintf(rules, "  - record: panel:%d_%d\n    expr: %q\n", p.ID, queries, fill.Replace(target.Expr))
		}
	}
	if strings.Contains(rules.String(), "$") {
		t.Errorf("a query has a variable that is not known:\n%s", rules)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, dir, "check", "rules", "rules.yaml")
}

// TestBundleBringsDashboard keeps the dashboard of the component grafana that of
// config/grafana, templates of Grafana's included.
func TestBundleBringsDashboard(t *testing.T) {
	t.Parallel()
	source := read(t, dashboardFile)
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(source)); err != nil {
		t.Fatal(err)
	}
	if compact.Len() > 100<<10 {
		t.Errorf("the dashboard has %d bytes, which every release of grafana carries along", compact.Len())
	}
	lines := strings.ReplaceAll(compact.String(), `,{"id":`, ",\n"+`{"id":`) // a panel a line
	generate(t, "grafana", dashboardFile, `  - name: groundwork-dashboard
    when:
      components: [prometheus]
    manifests:
      - apiVersion: v1
        kind: ConfigMap
        metadata:
          name: groundwork-dashboard
          labels:
            grafana_dashboard: "1"
        data:
          groundwork.json: |
`+indent(escaped(lines)+"\n", 12))
	brought := &corev1.ConfigMap{}
	if err := json.Unmarshal(manifestOf(t, "grafana", "ConfigMap"), brought); err != nil {
		t.Fatal(err)
	}
	if brought.Labels["grafana_dashboard"] == "" {
		t.Error("without its label Grafana's sidecar does not see it")
	}
	var want, got any
	if err := json.Unmarshal([]byte(source), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(brought.Data["groundwork.json"]), &got); err != nil {
		t.Fatalf("what the catalog brings is no JSON: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the catalog brings another dashboard; UPDATE_GOLDEN=1 accepts this one (-config +catalog):\n%s", diff)
	}
}

// documentedOnly holds a query to metrics that docs/metrics.md lists.
func documentedOnly(t *testing.T, who, query string) {
	t.Helper()
	page := read(t, "../docs/metrics.md")
	names := regexp.MustCompile(`\b(groundwork|controller_runtime|workqueue|leader_election|process|go)_[a-z0-9_]+\b`).FindAllString(query, -1)
	if len(names) == 0 && !strings.Contains(query, "up{") {
		t.Errorf("%s: %q asks for no metric that is known", who, query)
	}
	for _, name := range names {
		histogram := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !strings.Contains(page, "| `"+name+"` | ") && !strings.Contains(page, "| `"+histogram+"` | histogram ") {
			t.Errorf("%s asks for %s, which docs/metrics.md does not list", who, name)
		}
	}
}

// manifestOf is what a component of the newest catalog brings in a bundle with
// prometheus and grafana: its one follow-up object of a kind.
func manifestOf(t *testing.T, component, kind string) []byte {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{
		Components: []v1alpha1.Component{{Name: "prometheus"}, {Name: "grafana"}},
	}, "", catalogs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range resolved.Components {
		for _, manifest := range c.Manifests {
			if c.Name == component && kindOf(t, component, manifest.Raw).Kind == kind {
				return manifest.Raw
			}
		}
	}
	t.Fatalf("component %s brings no %s", component, kind)
	return nil
}

// generate writes the part of a catalog's file that repeats one of config, when it is
// asked to; otherwise the embedded catalog is judged as it is. The next run of the
// test, whose program embeds what was written, sees it.
func generate(t *testing.T, component, source, block string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") == "" {
		return
	}
	files, err := filepath.Glob("../bundles/catalog/*/" + component + ".yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	slices.Sort(files)
	file := files[len(files)-1]
	const end = "  # End of what is generated.\n"
	begin := "  # Generated from config/" + source + ": run UPDATE_GOLDEN=1 go test ./config\n"
	before, rest, found := strings.Cut(read(t, file), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s lacks the line %q, or the one after it: %q", file, begin, end)
	}
	if err := os.WriteFile(file, []byte(before+begin+block+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Skipf("%s was written; run the test again without UPDATE_GOLDEN", file)
}

// escaped is text that the catalog's templates leave as it is.
func escaped(text string) string { return strings.ReplaceAll(text, "{{", `{{ "{{" }}`) }

func indent(text string, by int) string {
	pad := strings.Repeat(" ", by)
	return pad + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+pad) + "\n"
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
