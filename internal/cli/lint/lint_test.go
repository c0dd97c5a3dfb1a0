// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/lint"
)

var update = flag.Bool("update", false, "write the golden files")

// run runs lint and returns its exit code and both of its outputs.
func run(t *testing.T, stdin string, args ...string) (code int, out, said string) {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	env := &cli.Env{In: strings.NewReader(stdin), Out: &stdout, Err: &stderr, Catalogs: catalogs}
	command := lint.Command(env)
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(args)
	code = cli.Code(command.ExecuteContext(t.Context()), &stderr)
	return code, stdout.String(), stderr.String()
}

// TestRepository lints a repository of ten bundles with ten different mistakes, a
// clean one, a patch, a chart, and a file that is not YAML.
func TestRepository(t *testing.T) {
	t.Chdir("testdata")
	for output, file := range map[string]string{"table": "repo.txt", "json": "repo.golden.json", "yaml": "repo.golden.yaml", "sarif": "repo.sarif"} {
		t.Run(output, func(t *testing.T) {
			code, out, _ := run(t, "", "repo", "--output", output)
			if code != cli.ExitNo {
				t.Errorf("exit code %d, want %d", code, cli.ExitNo)
			}
			if *update {
				if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestLines compares the lines of the golden findings with what stands there, so that
// writing the golden files anew cannot hide a wrong line.
func TestLines(t *testing.T) {
	t.Chdir("testdata")
	_, out, _ := run(t, "", "repo", "-o", "json")
	var report lint.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range report.Findings {
		content, err := os.ReadFile(f.File)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(f.File)+" "+f.Rule] = strings.TrimSpace(strings.Split(string(content), "\n")[f.Line-1])
	}
	want := map[string]string{
		"01-unknown-component.yaml UnknownComponent": "- name: cert-manger",
		"02-unknown-field.yaml RetiredComponent":     "- name: ingress-nginx",
		"02-unknown-field.yaml UnknownField":         "vallues:",
		"03-version-twice.yaml InvalidField":         "version: 6.9.1",
		"04-depends-on.yaml UnknownDependency":       "- ingress-nginx",
		"05-enum.yaml InvalidField":                  "drift: Corect",
		"06-window.yaml MaintenanceInvalid":          "timeZone: Europe/Berlyn",
		"07-cycle.json DependencyCycle":              `"dependsOn": ["velero"]`,
		"08-profile.yaml UnknownProfile":             "- observabillity",
		"08-profile.yaml SettingsInvalid":            "argocd: argo.example.com",
		"09-manifest.yaml ManifestInvalid":           "- apiVersion: v1",
		"09-manifest.yaml UntestedVersion":           "version: 1.0.0",
		"10-claims.yaml UnusedHost":                  "argo-cd: argo.example.com",
		"10-claims.yaml ReleaseClaimedTwice":         "- name: strimzi",
		"12-not-yaml.yaml NotYAML":                   "indented: wrongly",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSkipped(t *testing.T) {
	t.Chdir("testdata")
	_, _, said := run(t, "", "repo", "--verbose")
	want := "repo/chart/templates: skipped, these are templates of a Helm chart\n" +
		"repo/patches/production.yaml: skipped, it is a patch of repo/patches/kustomization.yaml\n" +
		"11 bundles: 12 mistakes, 3 warnings\n"
	if said != want {
		t.Errorf("it says\n%s\nwant\n%s", said, want)
	}
}

// TestOurs lints every bundle that this repository ships, each for a cluster of its own.
func TestOurs(t *testing.T) {
	var names []string
	for _, pattern := range []string{"../../../config/samples/*.yaml", "../../../bundles/profiles/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		names = append(names, found...)
	}
	for _, name := range names {
		if code, out, said := run(t, "", name); code != cli.ExitOK {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, said)
		}
	}
}

// TestDefinition compares the embedded copy with what controller-gen makes.
func TestDefinition(t *testing.T) {
	made, err := os.ReadFile("../../../config/crd/bases/platform.groundwork.dev_platformbundles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := os.ReadFile("platformbundle.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, embedded) {
		t.Error("the embedded CustomResourceDefinition is out of date: go generate ./internal/cli/lint")
	}
}

const head = "apiVersion: platform.groundwork.dev/v1alpha1\nkind: PlatformBundle\nmetadata: {name: x}\nspec:\n"

func TestStandardInput(t *testing.T) {
	for name, tc := range map[string]struct {
		content string
		args    []string
		code    int
		want    string
	}{
		"clean":             {head + "  components: [{name: cert-manager}]\n", nil, 0, ""},
		"YAML 1.1":          {head + "  components: [{name: cert-manager, enabled: yes}]\n", nil, 0, ""},
		"nothing":           {"# only a comment\n", nil, 0, ""},
		"another kind":      {"kind: Secret\napiVersion: v1\nvallues: 1\n", nil, 0, ""},
		"namespace":         {strings.Replace(head, "name: x", "name: x, namespace: ns", 1), nil, 0, ""},
		"metadata type":     {strings.Replace(head, "name: x", "name: x, namespace: y", 1), nil, 1, "stdin:3: metadata.namespace must be a string, not a bool: put it in quotes\n"},
		"merged anchor":     {"x: &c {name: cert-manager}\n" + head + "  components:\n  - <<: *c\n    version: '?'\n", nil, 1, "stdin:1: a PlatformBundle has no field \"x\": it has apiVersion, kind, metadata, spec, status\nstdin:8: spec.components[cert-manager].version: \"?\" should match '^[-0-9A-Za-z.*+^~<>=!|, ]+$'\n"},
		"warning":           {head + "  components: [{name: ingress-nginx}]\n", nil, 0, retired},
		"strict":            {head + "  components: [{name: ingress-nginx}]\n", []string{"--strict"}, 1, retired},
		"kind misspelt":     {"apiVersion: platform.groundwork.dev/v1alpha1\nkind: PlatformBundel\n", nil, 1, "stdin:2: platform.groundwork.dev/v1alpha1 has no kind \"PlatformBundel\": did you mean \"PlatformBundle\"?\n"},
		"version misspelt":  {"kind: PlatformBundle\napiVersion: platform.groundwork.dev/v1\n", nil, 1, "stdin:2: apiVersion \"platform.groundwork.dev/v1\" has no PlatformBundle: write platform.groundwork.dev/v1alpha1\n"},
		"field twice":       {head + "  drift: Warn\n  drift: Warn\n", nil, 1, "stdin:6: field \"drift\" is there twice: remove one of them\n"},
		"component twice":   {head + "  components:\n  - name: loki\n    namespace: a\n  - name: loki\n    namespace: b\n", nil, 1, "stdin:8: spec.components[loki] is there twice: remove one of them\n"},
		"no name":           {strings.Replace(head, "name: x", "labels: {}", 1), nil, 1, "stdin:3: metadata.name is missing\n"},
		"name with a dot":   {strings.Replace(head, "name: x", "name: x.y", 1), nil, 1, "stdin:3: metadata.name must not contain dots and must have at most 63 characters\n"},
		"metadata":          {strings.Replace(head, "name: x", "name: x, lables: {}", 1), nil, 1, "stdin:3: metadata has no field \"lables\": did you mean \"labels\"?\n"},
		"type":              {head + "  suspend: 'true'\n", nil, 1, "stdin:5: spec.suspend: must be of type boolean: \"string\"\n"},
		"in a list":         {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: platform.groundwork.dev/v1alpha1\n  kind: PlatformBundle\n  metadata:\n    name: x\n  spec:\n    profile: [week1]\n", nil, 1, "stdin:9: spec has no field \"profile\": did you mean \"profiles\"?\n"},
		"key with dots":     {head + "  components:\n  - name: loki\n    namespaceLabels:\n      pod-security.kubernetes.io/enforce: [x]\n", nil, 1, "stdin:8: spec.components[loki].namespaceLabels.pod-security.kubernetes.io/enforce: must be of type string: \"array\"\n"},
		"profile component": {head + "  profiles: [week1]\n  settings: {}\n  components: [{name: external-dns, dependsOn: [nobody]}]\n", nil, 1, "stdin:5: warning: " + strings.TrimPrefix(retired, "stdin:5: warning: ") + "stdin:7: spec.components[external-dns].dependsOn names \"nobody\", which is not in the bundle: add \"- name: nobody\", or remove it from dependsOn\n"},
		"same name":         {head + "---\n" + head, nil, 1, "stdin:8: bundle \"x\" is in stdin:3, too, and one cluster has one of a name: rename one of them, or lint the folder of each cluster by itself\n"},
		"ComponentRelease":  {"apiVersion: platform.groundwork.dev/v1alpha1\nkind: ComponentRelease\n", nil, 1, "stdin:2: a ComponentRelease is written by the operator alone: list the component in a PlatformBundle\n"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, said := run(t, tc.content, append(tc.args, "-")...)
			if diff := cmp.Diff(tc.want, out); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if code != tc.code {
				t.Errorf("exit code %d, want %d: %s", code, tc.code, said)
			}
		})
	}
}

const retired = "stdin:5: warning: spec.components[ingress-nginx]: Retired since 2026-03-31: ingress-nginx is retired upstream: " +
	"there are no releases and no fixes any more, not even for vulnerabilities. Plan the move to a Gateway API implementation. " +
	"Successors: envoy-gateway, traefik\n"

func TestUnreadable(t *testing.T) {
	good := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(good, []byte(head+"  nonsense: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, said := run(t, "", filepath.Join(t.TempDir(), "none.yaml"), good)
	if code != cli.ExitFailed || !strings.Contains(said, "none.yaml: no such file") {
		t.Errorf("exit code %d, it says %s", code, said)
	}
	if !strings.Contains(out, `bad.yaml:5: spec has no field "nonsense"`) {
		t.Errorf("what could be read is not judged: %s", out)
	}
}

// TestTrees gives each folder as a cluster of its own.
func TestTrees(t *testing.T) {
	root := t.TempDir()
	for _, cluster := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(root, cluster), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, cluster, "x.yaml"), []byte(head), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, _ := run(t, "", filepath.Join(root, "a"), filepath.Join(root, "b")); code != cli.ExitOK {
		t.Errorf("two clusters: exit code %d\n%s", code, out)
	}
	if code, _, _ := run(t, "", root); code != cli.ExitNo {
		t.Errorf("one cluster: exit code %d", code)
	}
}
