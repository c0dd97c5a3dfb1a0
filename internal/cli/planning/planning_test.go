// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/planning/rehearsal"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// definition is a CustomResourceDefinition whose field size has this schema.
func definition(size string) string {
	return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: wheels.cars.example.com}
spec:
  group: cars.example.com
  names: {kind: Wheel, plural: wheels}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object, properties: {size: ` + size + `}}}
`
}

const workload = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector: {matchLabels: {app: {{ .Values.app | default "web" }}}}
  template:
    metadata: {labels: {app: {{ .Values.app | default "web" }}}}
    spec:
      containers:
      - name: web
        image: registry.example.com/web:{{ .Chart.Version }}
        args: ["--dsn=postgres://web:{{ .Values.pin }}@db/web"]
        env:
        - {name: DB_PASSWORD, value: {{ .Values.pin | quote }}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: {{ .Values.service | default "db" }}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "registry.example.com/db:1"}]}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData:
  pin: {{ .Values.pin | quote }}
  free: {{ .Values.free | quote }}
{{- $_ := lookup "apps/v1" "Deployment" .Release.Namespace "web" }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, annotations: {checksum/secret: {{ .Values.pin | toString | sha256sum }}}}
data:
  copied: {{ .Values.pin | quote }}
  packed: {{ .Values.pin | toString | b64enc | quote }}
  app.ini: |
    [db]
    password = {{ .Values.plain }}
    mode = {{ .Values.mode | default "slow" }}
`

const webhook = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: wheels}
webhooks:
- name: wheels.cars.example.com
  clientConfig: {service: {name: wheels, namespace: wheels}}
  rules: [{apiGroups: [cars.example.com], apiVersions: ["*"], operations: ["*"], resources: ["*"]}]
  admissionReviewVersions: [v1]
  sideEffects: None
`

// shelf is a folder of charts.
func shelf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	save := func(name, version string, options ...charts.ChartOption) {
		made, err := charts.ConfigMapChart(name, version, options...)
		if err != nil {
			t.Fatal(err)
		}
		if err := charts.Save(dir, made); err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		save("web", version, charts.WithTemplate("workload.yaml", workload))
	}
	save("wheels", "1.0.0", charts.WithTemplate("webhook.yaml", webhook), charts.WithFile("crds/wheels.yaml", definition("{type: integer}")))
	save("wheels", "2.0.0", charts.WithTemplate("webhook.yaml", webhook), charts.WithFile("crds/wheels.yaml", definition("{type: integer, maximum: 20}")))
	save("car", "1.0.0", charts.WithTemplate("wheel.yaml",
		`{{ if .Capabilities.APIVersions.Has "cars.example.com/v1/Wheel" }}{{ $_ := lookup "cars.example.com/v1" "Wheel" "" "" }}`+"\napiVersion: cars.example.com/v1\nkind: Wheel\nmetadata: {name: front}\nspec: {size: 17}\n{{ end }}"))
	save("gone", "1.0.0", charts.WithTemplate("claim.yaml", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce]}\n"))
	return dir
}

func bundle(components string) string {
	return "apiVersion: platform.groundwork.dev/v1alpha1\nkind: PlatformBundle\nmetadata: {name: cars}\nspec:\n  components:\n" + components
}

func own(name, version, more string) string {
	return "  - {name: " + name + ", version: " + version + ", chart: {repository: 'https://charts.example.com'}" + more + "}\n"
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bundle.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func planned(t *testing.T, dir string, args ...string) (code int, out, said string) {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	env := &cli.Env{Out: &stdout, Err: &stderr, Catalogs: catalogs, Now: func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }}
	command := Command(env)
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(append(args, "--chart-mirror", dir, "--chart-cache", t.TempDir()))
	code = cli.Code(command.ExecuteContext(t.Context()), &stderr)
	return code, stdout.String(), stderr.String()
}

func TestPlan(t *testing.T) {
	dir := shelf(t)
	before := write(t, bundle(own("web", "1.0.0", ", values: {pin: canary-1, plain: canary-2}")+own("wheels", "1.0.0", "")+own("gone", "1.0.0", "")))
	after := write(t, bundle(own("web", "1.1.0", ", dependsOn: [car], values: {pin: canary-3, plain: canary-4, replicas: 2, app: www, service: dbs, mode: fast}")+
		own("wheels", "2.0.0", "")+own("car", "1.0.0", "")))
	code, out, said := planned(t, dir, "-f", after, "--against", before)
	if code != cli.ExitOK {
		t.Fatalf("exit code %d: %s", code, said)
	}
	out = strings.ReplaceAll(out, before, "before.yaml")
	want, err := os.ReadFile("testdata/plan.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		want, err = []byte(out), os.WriteFile("testdata/plan.txt", []byte(out), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestExitCodes(t *testing.T) {
	dir := shelf(t)
	one, other := write(t, bundle(own("car", "1.0.0", ""))), write(t, bundle(own("car", "1.0.0", ", values: {data: {a: b}}")))
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no change":            {[]string{"-f", one, "--against", one, "--exit-code"}, cli.ExitOK, "no changes"},
		"a change":             {[]string{"-f", one, "--against", other}, cli.ExitOK, "1 upgrade"},
		"a change that counts": {[]string{"-f", one, "--against", other, "--exit-code"}, cli.ExitNo, "1 upgrade"},
		"nothing before":       {[]string{"-f", one, "--offline"}, cli.ExitOK, "against nothing: 1 install"},
		"no such chart":        {[]string{"-f", write(t, bundle(own("cart", "1.0.0", ""))), "--offline"}, cli.ExitOK, "1 refusal"},
		"no file":              {[]string{"-f", "nowhere.yaml", "--offline"}, cli.ExitFailed, ""},
		"no bundle":            {[]string{"-f", write(t, "kind: Secret\n"), "--offline"}, cli.ExitFailed, ""},
		"no such version":      {[]string{"-f", one, "--offline", "--kube-version", "new"}, cli.ExitFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, said := planned(t, dir, tc.args...)
			if code != tc.code || !strings.Contains(out, tc.want) {
				t.Errorf("exit code %d, want %d\n%s%s", code, tc.code, out, said)
			}
		})
	}
}

// TestCanaries greps every output for what is secret. The values come from a Secret, as
// they do from a cluster, and from the bundle.
func TestCanaries(t *testing.T) {
	canaries := []string{"canary-merged-4711", "canary-single-4712", "canary-own-4713", "canary-line-4714"}
	contents := map[string]string{
		"merged": "pin: canary-merged-4711\nfree: |\n  first\n  canary-line-4714\n", "single": "canary-single-4712",
	}
	before := bundle(own("web", "1.0.0", ""))
	after := bundle(own("web", "1.1.0", ", values: {password: canary-own-4713, plain: canary-own-4713}, "+
		"valuesFrom: [{kind: Secret, name: merged}, {kind: Secret, name: single, targetPath: data.single}]"))
	dir := shelf(t)
	for _, direction := range [][2]string{{before, after}, {after, before}} {
		report := rendered(t, dir, direction[0], direction[1], contents)
		raw, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		var drawn bytes.Buffer
		if err := report.table(&cli.Env{})(&drawn); err != nil {
			t.Fatal(err)
		}
		for _, canary := range canaries {
			for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary))} {
				for output, text := range map[string]string{"JSON": string(raw), "table": drawn.String()} {
					if strings.Contains(text, form) {
						t.Errorf("the %s shows %s:\n%s", output, form, text)
					}
				}
			}
		}
		if !strings.Contains(drawn.String(), "data.copied: ") || !strings.Contains(drawn.String(), "stringData.pin") {
			t.Errorf("the changes are not shown at all:\n%s", drawn.String())
		}
	}
}

// rendered is a plan whose references have contents.
func rendered(t *testing.T, dir, before, after string, contents map[string]string) *Report {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := chart.New(chart.Options{CacheDir: t.TempDir(), Mirror: dir})
	if err != nil {
		t.Fatal(err)
	}
	hiding := &mask{}
	var sides []*side
	for _, text := range []string{before, after} {
		read, err := readBundle(&cli.Env{}, write(t, text))
		if err != nil {
			t.Fatal(err)
		}
		kinds, err := rehearsal.Offline(defaultKubeVersion)
		if err != nil {
			t.Fatal(err)
		}
		stage, err := rehearsal.New(nil, kinds, fetched)
		if err != nil {
			t.Fatal(err)
		}
		s := &side{bundle: read, mask: hiding, stage: stage, note: t.Logf}
		s.references = func(_ context.Context, ref v1alpha1.ValuesReference) ([]byte, bool, bool, error) {
			content, found := contents[ref.Name]
			return []byte(content), found, found, nil
		}
		if err := s.resolve(t.Context(), catalogs); err != nil {
			t.Fatal(err)
		}
		sides = append(sides, s)
	}
	for _, s := range sides {
		s.render(t.Context())
	}
	report, err := build(t.Context(), sides[1], baseOf(sides[0]), time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestWindow notes what changes would wait for.
func TestWindow(t *testing.T) {
	text := bundle(own("car", "1.0.0", "")) + "  approval: Manual\n  maintenance: {schedule: '0 2 * * 0', duration: 2h}\n"
	_, out, _ := planned(t, shelf(t), "-f", write(t, text), "--offline")
	for _, want := range []string{"kubectl platform approve cars", "which opens at 2026-11-22T02:00:00Z"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}
