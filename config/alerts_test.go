// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const rulesFile = "prometheus/prometheus-rule.yaml"

// prometheusRule is the part of the Prometheus operator's kind that is used here.
type prometheusRule struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		Groups []struct {
			Name  string  `json:"name"`
			Rules []alert `json:"rules"`
		} `json:"groups"`
	} `json:"spec"`
}

type alert struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var out []alert
	for _, group := range strict[prometheusRule](t, rulesFile, documents(t, rulesFile)[0]).Spec.Groups {
		out = append(out, group.Rules...)
	}
	if len(out) < 10 {
		t.Fatalf("only %d alerts were found", len(out))
	}
	return out
}

func TestAlertsAreExplained(t *testing.T) {
	t.Parallel()
	page := read(t, "../docs/metrics.md")
	var pages []string
	for _, a := range alerts(t) {
		if a.For == "" || !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s: for %q, severity %q", a.Alert, a.For, a.Labels["severity"])
		}
		for _, key := range []string{"summary", "description"} {
			if !strings.HasSuffix(a.Annotations[key], ".") {
				t.Errorf("%s: the %s %q is no sentence", a.Alert, key, a.Annotations[key])
			}
		}
		if want := "https://github.com/groundwork-dev/groundwork/blob/main/docs/runbooks/" + a.Alert + ".md"; a.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url %q, want %q", a.Alert, a.Annotations["runbook_url"], want)
		}
		runbook := read(t, "../docs/runbooks/"+a.Alert+".md")
		for _, heading := range []string{"# " + a.Alert + "\n", "\n## What it means\n", "\n## How to look\n", "\n## What to do\n"} {
			if !strings.Contains(runbook, heading) {
				t.Errorf("docs/runbooks/%s.md has no heading %q", a.Alert, strings.TrimSpace(heading))
			}
		}
		if row := "| [" + a.Alert + "](runbooks/" + a.Alert + ".md) | " + a.Labels["severity"] + " |"; !strings.Contains(page, row) {
			t.Errorf("docs/metrics.md has no row %s", row)
		}
		pages = append(pages, a.Alert+".md")
		documentedOnly(t, a.Alert, a.Expr)
	}
	slices.Sort(pages)
	files, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	if diff := cmp.Diff(pages, files); diff != "" {
		t.Errorf("each alert has a runbook, and each runbook an alert (-alerts +pages):\n%s", diff)
	}
}

// TestRunbookLinks follows the links of the runbooks, pages and headings alike.
func TestRunbookLinks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link, heading := regexp.MustCompile(`\]\(([^)#:]+)(?:#([^)]*))?\)`), regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchor := func(title string) string {
		return strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(title), ""), " ", "-")
	}
	for _, file := range files {
		for _, match := range link.FindAllStringSubmatch(read(t, file), -1) {
			var anchors []string
			for _, title := range heading.FindAllStringSubmatch(read(t, filepath.Join(filepath.Dir(file), match[1])), -1) {
				anchors = append(anchors, anchor(title[1]))
			}
			if match[2] != "" && !slices.Contains(anchors, match[2]) {
				t.Errorf("%s: %s has no heading #%s", file, match[1], match[2])
			}
		}
	}
}

// TestAlertsFire lets promtool check the rules, and run their cases. Every alert needs
// one in which it fires and one in which it does not.
func TestAlertsFire(t *testing.T) {
	t.Parallel()
	cases := read(t, "prometheus/alerts_test.yaml")
	for _, a := range alerts(t) {
		if !strings.Contains(cases, `"`+a.Alert+`: fires `) || !strings.Contains(cases, `alertname="`+a.Alert+`", alertstate="firing"`) {
			t.Errorf("alerts_test.yaml has no case in which %s fires", a.Alert)
		}
		if !regexp.MustCompile(`"` + a.Alert + `: [^"]*(not|until)`).MatchString(cases) {
			t.Errorf("alerts_test.yaml does not say when %s does not fire", a.Alert)
		}
	}
	dir := t.TempDir()
	rules, err := yaml.Marshal(strict[prometheusRule](t, rulesFile, documents(t, rulesFile)[0]).Spec)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"rules.yaml": rules, "alerts_test.yaml": []byte(cases)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	promtool(t, dir, "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml")
	promtool(t, dir, "test", "rules", "alerts_test.yaml")
}

// promtool runs it in a folder. Without it there is nothing to say; make test builds it.
func promtool(t *testing.T, dir string, args ...string) {
	t.Helper()
	path := os.Getenv("PROMTOOL")
	if path == "" {
		path = "../bin/promtool"
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is missing: make bin/promtool compiles it, and PROMTOOL names another", path)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestBundleBringsAlerts keeps the rules of the component prometheus those of
// config/prometheus.
func TestBundleBringsAlerts(t *testing.T) {
	t.Parallel()
	const source = rulesFile
	want := strict[prometheusRule](t, source, documents(t, source)[0])
	want.Metadata.Namespace, want.Metadata.Labels = "", nil // it goes where Prometheus is
	raw, err := yaml.Marshal([]any{map[string]any{
		"apiVersion": want.APIVersion, "kind": want.Kind, "metadata": map[string]any{"name": want.Metadata.Name}, "spec": want.Spec,
	}})
	if err != nil {
		t.Fatal(err)
	}
	generate(t, "prometheus", source, "  - name: groundwork-alerts\n    manifests:\n"+indent(escaped(string(raw)), 6))
	got := &prometheusRule{}
	if err := json.Unmarshal(manifestOf(t, "prometheus", "PrometheusRule"), got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the catalog brings other rules; UPDATE_GOLDEN=1 accepts these (-config +catalog):\n%s", diff)
	}
}

// TestBundleScrapesTheOperator keeps the ServiceMonitor of the component prometheus
// that of config/prometheus, and the right to read where its token is.
func TestBundleScrapesTheOperator(t *testing.T) {
	t.Parallel()
	const source = "prometheus/service-monitor.yaml"
	want := *strict[map[string]any](t, source, documents(t, source)[0])
	got := map[string]any{}
	if err := json.Unmarshal(manifestOf(t, "prometheus", "ServiceMonitor"), &got); err != nil {
		t.Fatal(err)
	}
	spec, _ := want["spec"].(map[string]any)
	spec["namespaceSelector"] = map[string]any{"matchNames": []any{"groundwork-system"}}
	if diff := cmp.Diff(spec, got["spec"]); diff != "" {
		t.Errorf("the catalog brings another ServiceMonitor (-config +catalog):\n%s", diff)
	}
	if binding := manifestOf(t, "prometheus", "ClusterRoleBinding"); !bytes.Contains(binding, []byte(`"kube-prometheus-stack-prometheus"`)) {
		t.Errorf("the binding is for another ServiceAccount: %s", binding)
	}
}
