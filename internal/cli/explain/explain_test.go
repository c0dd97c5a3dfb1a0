// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/explain"
)

const text = `apiVersion: platform.groundwork.dev/v1alpha1
kind: PlatformBundle
metadata: {name: watching}
spec:
  profiles: [observability]
  components:
  - name: strimzi
  - name: grafana
    dependsOn: [strimzi]
    values:
      replicas: 2
      adminPassword: canary-own
      env: [{name: API_TOKEN, value: canary-env}]
    valuesFrom:
    - {kind: ConfigMap, name: plain}
    - {kind: Secret, name: secret}
    - {kind: Secret, name: single, key: word, targetPath: "grafana\\.ini.word"}
    - {kind: Secret, name: none, optional: true}
`

// run runs explain against a cluster with these objects.
func run(t *testing.T, objects []client.Object, args ...string) (code int, out, said string) {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	env := &cli.Env{Out: &stdout, Err: &stderr, Catalogs: catalogs}
	env.UseClient(fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(objects...).Build())
	command := explain.Command(env)
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(args)
	code = cli.Code(command.ExecuteContext(t.Context()), &stderr)
	return code, stdout.String(), stderr.String()
}

func TestLive(t *testing.T) {
	var bundle v1alpha1.PlatformBundle
	if err := yaml.Unmarshal([]byte(text), &bundle); err != nil {
		t.Fatal(err)
	}
	bundle.Status.Components = []v1alpha1.ComponentStatus{{
		Name: "grafana", State: v1alpha1.StateWaiting, Reason: v1alpha1.ReasonWaitingForDependencies, Message: "waits for strimzi",
	}}
	named := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: v1alpha1.DefaultNamespace, Name: name}
	}
	release := &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{Name: "watching.grafana", Labels: map[string]string{v1alpha1.BundleLabel: "watching"}}}
	release.Spec.Component, release.Spec.Chart.Version, release.Spec.GuardedBy = "grafana", "12.0.0", []string{"prometheus"}
	code, out, said := run(t, []client.Object{
		&bundle, release,
		&corev1.ConfigMap{ObjectMeta: named("plain"), Data: map[string]string{"values.yaml": "replicas: 9\nplugins: [clock]\n"}},
		&corev1.Secret{ObjectMeta: named("secret"), Data: map[string][]byte{"values.yaml": []byte("smtp: {host: canary-host}\n")}},
		&corev1.Secret{ObjectMeta: named("single"), Data: map[string][]byte{"word": []byte("canary-word")}},
	}, "grafana", "-o", "json")
	if code != cli.ExitOK {
		t.Fatal(said)
	}
	if strings.Contains(out, "canary") {
		t.Errorf("it shows a secret:\n%s", out)
	}
	var got explain.Explanation
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"spec.components lists it", "profile observability lists it"}, got.Here); diff != "" {
		t.Errorf("here (-want +got)\n%s", diff)
	}
	if got.State != "Waiting" || got.Now != "WaitingForDependencies: waits for strimzi" || got.Version != "12.0.0" {
		t.Errorf("now it is %q, %q at %q", got.State, got.Now, got.Version)
	}
	for _, want := range []explain.Edge{
		{Component: "strimzi", By: "dependsOn"},
		{Component: "prometheus", By: "webhooks", Why: "its webhooks stand before kinds that this one uses"},
	} {
		if !slices.Contains(got.After, want) {
			t.Errorf("%v is missing among %v", want, got.After)
		}
	}
	for _, want := range []explain.Value{
		{Path: "replicas", Value: "2", Source: "values"},
		{Path: "plugins", Value: `["clock"]`, Source: "ConfigMap groundwork-system/plain values.yaml"},
		{Path: "smtp.host", Value: "***", Source: "Secret groundwork-system/secret values.yaml"},
		{Path: `grafana\.ini.word`, Value: "***", Source: "Secret groundwork-system/single word"},
		{Path: "adminPassword", Value: "***", Source: "values"},
		{Path: "env", Value: `[{"name":"API_TOKEN","value":"***"}]`, Source: "values"},
		{Path: "serviceMonitor.enabled", Value: "true", Source: "wiring prometheus"},
	} {
		if !slices.Contains(got.Values, want) {
			t.Errorf("%v is missing among %v", want, got.Values)
		}
	}
	if diff := cmp.Diff([]string{"valuesFrom Secret groundwork-system/none values.yaml is not there, and optional"}, got.Notes); diff != "" {
		t.Errorf("notes (-want +got)\n%s", diff)
	}
}

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bundle.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, said := run(t, nil, "prometheus", "-f", file)
	if code != cli.ExitOK {
		t.Fatal(said)
	}
	for _, want := range []string{
		"prometheus of bundle watching: chart kube-prometheus-stack", "  profile observability lists it\n", "Comes before\n", "  grafana (catalog, after)",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\nNow\n") {
		t.Errorf("a file has no state:\n%s", out)
	}
	code, _, said = run(t, nil, "velero", "-f", file)
	if code != cli.ExitFailed || !strings.Contains(said, "bundle watching has no component velero: it has alloy, ") {
		t.Errorf("exit code %d, it says %s", code, said)
	}
}
