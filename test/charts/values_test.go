// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chartutil"
)

const monitoring = "monitoring.coreos.com/v1"

func TestServiceMonitors(t *testing.T) {
	const argo = "server: {metrics: {enabled: true, serviceMonitor: {enabled: true}}}"
	tests := []struct {
		reason, chart, values string
		apis, want            []string
	}{
		{"off by default", "argo-cd", "", []string{monitoring}, nil},
		{"dropped without the API", "argo-cd", argo, nil, nil},
		{"there with the API", "argo-cd", argo, []string{monitoring}, []string{"ServiceMonitor argocd-server"}},
		{"needs both switches", "argo-cd", "server: {metrics: {serviceMonitor: {enabled: true}}}", []string{monitoring}, nil},
		{"dropped without the API", "velero", "metrics: {serviceMonitor: {enabled: true}}", nil, nil},
		{"there with the API", "velero", "metrics: {serviceMonitor: {enabled: true}}", []string{monitoring}, []string{"ServiceMonitor velero"}},
		{"forced without the API", "velero", "metrics: {serviceMonitor: {enabled: true, autodetect: false}}", nil, []string{"ServiceMonitor velero"}},
		{"rendered whatever the API", "cert-manager", "prometheus: {servicemonitor: {enabled: true}}", nil, []string{"ServiceMonitor cert-manager"}},
		{"rendered whatever the API", "loki", "monitoring: {serviceMonitor: {enabled: true}}", nil, []string{"ServiceMonitor loki"}},
		{"needs both switches", "ingress-nginx", "controller: {metrics: {serviceMonitor: {enabled: true}}}", nil, nil},
	}
	for _, test := range tests {
		t.Run(test.chart+" "+test.reason, func(t *testing.T) {
			got := names(mustRender(t, test.chart, test.values, test.apis...), "ServiceMonitor")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ServiceMonitors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValuesAreHonoured(t *testing.T) {
	container := func(o object) any {
		return at(o, "spec", "template", "spec", "containers").([]any)[0].(object)["image"]
	}
	t.Run("replicas and image", func(t *testing.T) {
		o := find(t, mustRender(t, "cert-manager", "replicaCount: 2\nimage: {tag: v9}"), "Deployment", "cert-manager")
		if got := at(o, "spec", "replicas"); got != float64(2) {
			t.Errorf("replicas %v, want 2", got)
		}
		if got := container(o); got != "registry.example/standin:v9" {
			t.Errorf("image %v", got)
		}
	})
	t.Run("null replicas mean one, and nought means nought", func(t *testing.T) {
		objects := mustRender(t, "kyverno", "backgroundController: {replicas: 0}")
		if got := at(find(t, objects, "Deployment", "kyverno-admission-controller"), "spec", "replicas"); got != float64(1) {
			t.Errorf("replicas %v, want 1", got)
		}
		if got := at(find(t, objects, "Deployment", "kyverno-background-controller"), "spec", "replicas"); got != float64(0) {
			t.Errorf("replicas %v, want 0", got)
		}
	})
	t.Run("type of the Service", func(t *testing.T) {
		for given, want := range map[string]string{"": "LoadBalancer", "controller: {service: {type: NodePort}}": "NodePort"} {
			o := find(t, mustRender(t, "ingress-nginx", given), "Service", "ingress-nginx-controller")
			if got := at(o, "spec", "type"); got != want {
				t.Errorf("with %q: type %v, want %s", given, got, want)
			}
		}
	})
	t.Run("CRDs", func(t *testing.T) {
		for chart, off := range map[string]string{
			"cert-manager": "crds: {enabled: false}", "kyverno": "crds: {install: false}", "kube-prometheus-stack": "crds: {enabled: false}",
			"vault-operator": "crds: {install: false}", "argo-cd": "crds: {install: false}",
		} {
			if got := names(mustRender(t, chart, off), "CustomResourceDefinition"); len(got) > 0 {
				t.Errorf("%s with %q still has %q", chart, off, got)
			}
		}
	})
	t.Run("CRDs are kept by the catalog's values", func(t *testing.T) {
		for _, chart := range []string{"argo-cd", "cert-manager", "kyverno"} {
			for _, o := range mustRender(t, chart, "") {
				if o["kind"] == "CustomResourceDefinition" && at(o, "metadata", "annotations", "helm.sh/resource-policy") != "keep" {
					t.Errorf("%s: %v is not kept", chart, at(o, "metadata", "name"))
				}
			}
		}
	})
	t.Run("hooks that would apply CRDs", func(t *testing.T) {
		objects := mustRender(t, "velero", "upgradeCRDs: true")
		o := find(t, objects, "Job", "velero-upgrade-crds")
		if got := at(o, "metadata", "annotations", "helm.sh/hook"); got != "pre-install,pre-upgrade,pre-rollback" {
			t.Errorf("hook %v", got)
		}
	})
}

func TestReleaseName(t *testing.T) {
	release := component(t, "cert-manager")
	release.ReleaseName = "tls"
	objects, err := render(build(t, "cert-manager"), release, release.Values)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Deployment tls-cert-manager", "Deployment tls-cert-manager-cainjector", "Deployment tls-cert-manager-webhook"}
	if diff := cmp.Diff(want, names(objects, "Deployment")); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestWebhooks(t *testing.T) {
	objects := mustRender(t, "vault-secrets-webhook", "")
	webhook := find(t, objects, "MutatingWebhookConfiguration", "vault-secrets-webhook")["webhooks"].([]any)[0].(object)
	secret := find(t, objects, "Secret", "vault-secrets-webhook-webhook-tls")
	if bundle := at(webhook, "clientConfig", "caBundle"); bundle == nil || bundle != at(secret, "data", "ca.crt") {
		t.Error("the webhook does not trust the CA in the Secret")
	}
	policies := map[string]string{"cert-manager": "Fail", "ingress-nginx": "Fail", "kube-prometheus-stack": "Ignore"}
	for chart, want := range policies {
		for _, o := range mustRender(t, chart, "") {
			if o["kind"] != "ValidatingWebhookConfiguration" {
				continue
			}
			webhook := o["webhooks"].([]any)[0].(object)
			if webhook["failurePolicy"] != want {
				t.Errorf("%s: failurePolicy %v, want %s", chart, webhook["failurePolicy"], want)
			}
			service := at(webhook, "clientConfig", "service", "name").(string)
			find(t, mustRender(t, chart, ""), "Service", service)
		}
	}
	exempt := find(t, mustRender(t, "gatekeeper", ""), "ValidatingWebhookConfiguration", "gatekeeper-validating-webhook-configuration")
	want := []any{
		object{"key": "admission.gatekeeper.sh/ignore", "operator": "DoesNotExist"},
		object{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []any{"gatekeeper-system"}},
		object{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []any{"kube-system", "groundwork-system"}},
	}
	if diff := cmp.Diff(want, at(exempt["webhooks"].([]any)[0].(object), "namespaceSelector", "matchExpressions")); diff != "" {
		t.Errorf("namespaces that gatekeeper leaves alone (-want +got):\n%s", diff)
	}
}

func TestValuesAreRefused(t *testing.T) {
	tests := []struct{ reason, chart, values, want string }{
		{"unknown value at the top", "cert-manager", "bogus: 1", "bogus"},
		{"unknown value of the monitor", "cert-manager", "prometheus: {servicemonitor: {path: /metrics}}", "path"},
		{"not one of the policies", "external-dns", "policy: everything", "policy"},
		{"mode without a replica", "loki", "singleBinary: {replicas: 0}", "singleBinary.replicas is 0"},
		{"storage without a bucket", "loki", "loki: {storage: {type: s3}}", "bucketNames.chunks is empty"},
		{"no list of locations", "velero", "configuration: {backupStorageLocation: {name: default}}", "backupStorageLocation"},
	}
	for _, test := range tests {
		t.Run(test.chart+" "+test.reason, func(t *testing.T) {
			release := component(t, test.chart)
			given := chartutil.CoalesceTables(values(t, test.values), release.Values)
			if _, err := render(build(t, test.chart), release, given); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error about %q", err, test.want)
			}
		})
	}
}
