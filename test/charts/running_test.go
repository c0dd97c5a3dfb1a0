// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// counterValue is what flaky cannot do without.
const counterValue = "counter: http://charts.apps.svc:8080/counter/flaky\n"

func runningChart(t *testing.T, name, version string) *helmchart.Chart {
	t.Helper()
	all, err := charts.RunningCharts()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(c *helmchart.Chart) bool { return c.Name() == name && c.Metadata.Version == version })
	if i < 0 {
		t.Fatalf("no running chart %s %s", name, version)
	}
	return reload(t, all[i])
}

// renderRunning renders a running chart as the release of its name in the namespace "apps".
func renderRunning(t *testing.T, name, version, given string) []object {
	t.Helper()
	objects, err := render(runningChart(t, name, version), catalog.Component{ReleaseName: name, Namespace: "apps"}, values(t, given))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// podOf returns the spec of the pods that an object makes, or nil.
func podOf(o object) object {
	pod, _ := at(o, "spec", "template", "spec").(object)
	return pod
}

// arguments are those of the only container, joined by spaces.
func arguments(t *testing.T, pod object) string {
	t.Helper()
	containers, _ := pod["containers"].([]any)
	if len(containers) != 1 {
		t.Fatalf("%d containers, want 1", len(containers))
	}
	return strings.Trim(fmt.Sprint(containers[0].(object)["args"]), "[]")
}

func TestRunningChartsObjects(t *testing.T) {
	const account, webhook = "ServiceAccount ClusterRole ClusterRoleBinding ", "ValidatingWebhookConfiguration "
	tests := map[string]string{
		"convert 1.0.0":  account + "CustomResourceDefinition Deployment Service",
		"convert 1.1.0":  account + "CustomResourceDefinition Deployment Service",
		"crash 1.0.0":    "Deployment Service",
		"crash 1.1.0":    "Deployment Service",
		"crash 1.2.0":    "Deployment Service",
		"flaky 1.0.0":    "Deployment Service Job:pre-install",
		"greedy 1.0.0":   "Deployment Service",
		"greedy 1.1.0":   "Deployment Service",
		"guard 1.0.0":    account + webhook + "Deployment Service",
		"guard 1.1.0":    account + webhook + "Deployment Service",
		"hooked 1.0.0":   "Deployment Service Job:post-install,post-upgrade",
		"hooked 1.1.0":   "Deployment Service Job:post-install,post-upgrade",
		"kyverno 3.9.0":  account + "CustomResourceDefinition Deployment Service",
		"slow 1.0.0":     "Deployment Service",
		"stateful 1.0.0": "StatefulSet Service Service",
		"stateful 1.1.0": "StatefulSet Service Service",
		"widgets 1.0.0":  account + "CustomResourceDefinition Deployment",
	}
	all, err := charts.RunningCharts()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(tests) {
		t.Errorf("%d charts, want %d", len(all), len(tests))
	}
	for _, c := range all {
		name, version := c.Name(), c.Metadata.Version
		t.Run(name+" "+version, func(t *testing.T) {
			var got []string
			for _, o := range renderRunning(t, name, version, counterValue) {
				kind := fmt.Sprint(o["kind"])
				if events := at(o, "metadata", "annotations", "helm.sh/hook"); events != nil {
					kind += fmt.Sprint(":", events)
				}
				got = append(got, kind)
				if namespace := at(o, "metadata", "namespace"); namespace != nil && namespace != "apps" {
					t.Errorf("%s is in the namespace %v", kind, namespace)
				}
			}
			want := strings.Fields(tests[name+" "+version])
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
		})
	}
}

// Every pod, those of hooks included, is one that a namespace with the restricted standard admits, and runs the node's image.
func TestRunningPodsAreRestricted(t *testing.T) {
	all, err := charts.RunningCharts()
	if err != nil {
		t.Fatal(err)
	}
	pods := 0
	for _, c := range all {
		for _, o := range renderRunning(t, c.Name(), c.Metadata.Version, counterValue+"image: {tag: '7'}") {
			pod := podOf(o)
			if pod == nil {
				continue
			}
			pods++
			id := fmt.Sprint(c.Name(), " ", c.Metadata.Version, " ", o["kind"])
			container := pod["containers"].([]any)[0].(object)
			want := object{
				"runAsNonRoot": true, "runAsUser": 65532.0, "runAsGroup": 65532.0, "fsGroup": 65532.0,
				"seccompProfile": object{"type": "RuntimeDefault"},
			}
			if diff := cmp.Diff(want, pod["securityContext"]); diff != "" {
				t.Errorf("%s: pod (-want +got):\n%s", id, diff)
			}
			want = object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []any{"ALL"}}}
			if diff := cmp.Diff(want, container["securityContext"]); diff != "" {
				t.Errorf("%s: container (-want +got):\n%s", id, diff)
			}
			if container["image"] != "realnode.local/standin:7" || container["imagePullPolicy"] != "IfNotPresent" {
				t.Errorf("%s runs %v, pulled %v", id, container["image"], container["imagePullPolicy"])
			}
			if token := pod["serviceAccountName"] != nil; token == (pod["automountServiceAccountToken"] == false) {
				t.Errorf("%s has a token without an account of its own, or an account without one", id)
			}
			if probed := container["readinessProbe"] != nil && container["livenessProbe"] != nil; probed == (o["kind"] == "Job") {
				t.Errorf("%s: probes: %v", id, probed)
			}
		}
	}
	if want := len(all) + 3; pods != want { // the Jobs
		t.Errorf("%d pods, want %d", pods, want)
	}
}

func TestRunningArguments(t *testing.T) {
	tests := []struct {
		name, version, kind, object, given string
		want                               []string
	}{
		{"slow", "1.0.0", "Deployment", "slow", "", []string{"serve", "--start-after=3s", "--version=1.0.0"}},
		{"slow", "1.0.0", "Deployment", "slow", "startAfter: 9s\nextraArgs: [--crash]", []string{"--start-after=9s", "--crash"}},
		{"hooked", "1.1.0", "Job", "hooked-check", "", []string{"get http://hooked.apps.svc:8080/readyz --expect=ok --patience=4s"}},
		{"flaky", "1.0.0", "Job", "flaky-prepare", counterValue, []string{"fail-first 2 http://charts.apps.svc:8080/counter/flaky"}},
		{"crash", "1.1.0", "Deployment", "crash", "", []string{"serve --crash "}},
		{"greedy", "1.1.0", "Deployment", "greedy", "", []string{"serve --eat-memory "}},
		{"stateful", "1.1.0", "StatefulSet", "stateful", "", []string{"serve --data-dir=/data --version=1.1.0"}},
		{"guard", "1.0.0", "Deployment", "guard", "", []string{"webhook --service=guard.apps.svc --inject=validating/guard "}},
		{"convert", "1.0.0", "Deployment", "convert", "",
			[]string{"webhook --service=convert.apps.svc --inject-crd=gadgets.standin.groundwork.dev "}},
		{"widgets", "1.0.0", "Deployment", "widgets", "cleanupAfter: 5s",
			[]string{"controller --resource=widgets.standin.groundwork.dev --cleanup-after=5s "}},
		{"kyverno", "3.9.0", "Deployment", "kyverno", "", []string{
			"engine --service=kyverno.apps.svc ", " --register=kyverno-resource-validating-webhook-cfg --resources=*/* ",
			`--namespace-selector={"matchExpressions":[{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system"]}]}`,
		}},
		{"kyverno", "3.9.0", "Deployment", "kyverno", "engine: {catchAll: false}", []string{"--register= "}},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.version+" "+test.given, func(t *testing.T) {
			got := arguments(t, podOf(find(t, renderRunning(t, test.name, test.version, test.given), test.kind, test.object)))
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("arguments %q, want them to contain %q", got, want)
				}
			}
		})
	}
	for _, name := range []string{"crash", "greedy"} {
		got := arguments(t, podOf(find(t, renderRunning(t, name, "1.0.0", ""), "Deployment", name)))
		if want := "serve --version=1.0.0"; got != want {
			t.Errorf("%s 1.0.0: arguments %q, want %q", name, got, want)
		}
	}
}

func TestFlakyNeedsACounter(t *testing.T) {
	_, err := render(runningChart(t, "flaky", "1.0.0"), catalog.Component{ReleaseName: "flaky", Namespace: "apps"}, values(t, ""))
	if err == nil || !strings.Contains(err.Error(), "counter must be the URL") {
		t.Errorf("got %v, want an error that names the value", err)
	}
}

func TestGuardFailsClosed(t *testing.T) {
	configuration := find(t, renderRunning(t, "guard", "1.0.0", ""), "ValidatingWebhookConfiguration", "guard")
	webhook := configuration["webhooks"].([]any)[0].(object)
	if webhook["failurePolicy"] != "Fail" || at(webhook, "clientConfig", "caBundle") != nil {
		t.Errorf("failurePolicy %v, caBundle %v", webhook["failurePolicy"], at(webhook, "clientConfig", "caBundle"))
	}
	want := object{"name": "guard", "namespace": "apps", "path": "/validate", "port": 8443.0}
	if diff := cmp.Diff(want, at(webhook, "clientConfig", "service")); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
	labels := object{"standin.groundwork.dev/guarded": "true"}
	if diff := cmp.Diff(labels, at(webhook, "objectSelector", "matchLabels")); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestConvertMovesTheStoredVersion(t *testing.T) {
	for version, want := range map[string]string{"1.0.0": "v1beta1", "1.1.0": "v1"} {
		crd := find(t, renderRunning(t, "convert", version, ""), "CustomResourceDefinition", "gadgets.standin.groundwork.dev")
		var served, stored []string
		for _, v := range at(crd, "spec", "versions").([]any) {
			v := v.(object)
			if v["served"] == true {
				served = append(served, fmt.Sprint(v["name"]))
			}
			if v["storage"] == true {
				stored = append(stored, fmt.Sprint(v["name"]))
			}
		}
		slices.Sort(served)
		if diff := cmp.Diff([][]string{{"v1", "v1beta1"}, {want}}, [][]string{served, stored}); diff != "" {
			t.Errorf("%s: served and stored (-want +got):\n%s", version, diff)
		}
		if at(crd, "spec", "conversion", "webhook", "clientConfig", "service", "name") != "convert" {
			t.Errorf("%s: conversion %v", version, at(crd, "spec", "conversion"))
		}
	}
}

// The running chart of Kyverno's name takes the values of the catalog's component, registers what that waits for, and knows the kind
// that it probes with.
func TestKyvernoIsWhatTheCatalogExpects(t *testing.T) {
	known := component(t, "kyverno")
	c := runningChart(t, "kyverno", known.Chart.Version)
	objects, err := render(c, known, chartutil.CoalesceTables(map[string]any{}, known.Values))
	if err != nil {
		t.Fatal(err)
	}
	got := arguments(t, podOf(find(t, objects, "Deployment", known.ReleaseName)))
	for _, webhook := range known.ExpectedWebhooks {
		kind, _ := strings.CutSuffix(strings.ToLower(webhook.Kind), "webhookconfiguration")
		if want := "--guard=" + kind + "/" + webhook.Name + "=policies.kyverno.io"; !strings.Contains(got, want) {
			t.Errorf("arguments %q, want them to contain %q", got, want)
		}
	}
	for _, exempt := range []string{`"values":["kube-system","groundwork-system"]`, `request.resource.group != 'platform.groundwork.dev'`} {
		if !strings.Contains(got, exempt) {
			t.Errorf("arguments %q, want them to contain %q: the operator must never be caught", got, exempt)
		}
	}
	crd := find(t, objects, "CustomResourceDefinition", "validatingpolicies.policies.kyverno.io")
	if at(crd, "metadata", "annotations", "helm.sh/resource-policy") != "keep" {
		t.Errorf("annotations %v", at(crd, "metadata", "annotations"))
	}
	if len(known.Probes) == 0 || len(known.ExpectedWebhooks) == 0 {
		t.Errorf("the catalog expects %d webhooks and %d probes", len(known.ExpectedWebhooks), len(known.Probes))
	}
}

func TestRepositoryHandler(t *testing.T) {
	all, err := charts.RunningCharts()
	if err != nil {
		t.Fatal(err)
	}
	handler, err := charts.RepositoryHandler(all...)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	fetcher := newFetcher(t, chart.Options{})
	for _, c := range all {
		_, loaded, err := fetcher.Fetch(t.Context(), chart.Source{Repository: server.URL, Name: c.Name(), Version: c.Metadata.Version})
		if err != nil {
			t.Fatal(err)
		}
		if got := loaded.Name() + " " + loaded.Metadata.Version; got != c.Name()+" "+c.Metadata.Version {
			t.Errorf("got %s, want %s %s", got, c.Name(), c.Metadata.Version)
		}
	}
	if _, _, err := fetcher.Fetch(t.Context(), chart.Source{Repository: server.URL, Name: "crash", Version: "9.0.0"}); err == nil {
		t.Error("a version that is not there was fetched")
	}
}
