// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// meshCounts are upstream's, rendered with the catalog's values; Linkerd's with certificates of one's own, without which upstream's fails.
func meshCounts() map[string]counts {
	return map[string]counts{
		"gateway-crds-helm":     {12, 0, 10},
		"gateway-helm":          {17, 7, 0},
		"traefik":               {31, 0, 25},
		"base":                  {17, 0, 15},
		"istiod":                {17, 0, 0},
		"gateway":               {6, 0, 0},
		"linkerd-crds":          {10, 0, 10},
		"linkerd-control-plane": {40, 0, 0},
	}
}

// Envoy Gateway's own kinds come with those of the Gateway API, when they are asked for.
func TestDefinitionsOfGateways(t *testing.T) {
	groups := func(values string) []string {
		var out []string
		for _, o := range mustRender(t, "gateway-crds-helm", values) {
			if o["kind"] == "CustomResourceDefinition" {
				out = append(out, at(o, "spec", "group").(string))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	if diff := cmp.Diff([]string{"gateway.networking.k8s.io"}, groups("")); diff != "" {
		t.Errorf("groups by default (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"gateway.envoyproxy.io", "gateway.networking.k8s.io"}, groups("crds: {envoyGateway: {enabled: true}}")); diff != "" {
		t.Errorf("groups with Envoy's (-want +got):\n%s", diff)
	}
}

func TestKindsOfMeshesThatWiringSwitchesOn(t *testing.T) {
	tests := []struct {
		chart, values, kind string
		want                []string
	}{
		{"traefik", "", "Gateway", nil},
		{"traefik", "providers: {kubernetesGateway: {enabled: true}}", "Gateway", []string{"Gateway traefik-gateway"}},
		{"traefik", "providers: {kubernetesGateway: {enabled: true}}", "GatewayClass", []string{"GatewayClass traefik"}},
		{"gateway-helm", "", "PodDisruptionBudget", nil},
		{"gateway-helm", "podDisruptionBudget: {minAvailable: 1}", "PodDisruptionBudget", []string{"PodDisruptionBudget envoy-gateway"}},
		{"istiod", "global: {defaultPodDisruptionBudget: {enabled: true}}", "PodDisruptionBudget", []string{"PodDisruptionBudget istiod"}},
		{"istiod", "autoscaleEnabled: false", "HorizontalPodAutoscaler", nil},
		{"linkerd-control-plane", "identity: {externalCA: true, issuer: {scheme: kubernetes.io/tls}}", "Secret", []string{
			"Secret linkerd-policy-validator-k8s-tls", "Secret linkerd-proxy-injector-k8s-tls", "Secret linkerd-sp-validator-k8s-tls",
		}},
		{"linkerd-control-plane", "podMonitor: {enabled: true, serviceMirror: {enabled: false}}", "PodMonitor", []string{
			"PodMonitor linkerd-controller", "PodMonitor linkerd-proxy",
		}},
	}
	for _, test := range tests {
		t.Run(test.chart+" "+test.kind+" "+test.values, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(mustRender(t, test.chart, test.values), test.kind)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

// Where cert-manager makes the certificates, the chart makes none, and its configurations wait for a CA.
func TestLinkerdWithCertificatesOfOthers(t *testing.T) {
	const others = "proxyInjector: {externalSecret: true}\nprofileValidator: {externalSecret: true}\npolicyValidator: {externalSecret: true}\n" +
		"identity: {externalCA: true, issuer: {scheme: kubernetes.io/tls}}"
	objects := mustRender(t, "linkerd-control-plane", others)
	if got := names(objects, "Secret"); len(got) > 0 {
		t.Errorf("there are still %q", got)
	}
	for _, o := range objects {
		if kind, _ := o["kind"].(string); !strings.HasSuffix(kind, "WebhookConfiguration") {
			continue
		}
		webhook := o["webhooks"].([]any)[0].(object)
		if at(webhook, "clientConfig", "caBundle") != nil || webhook["failurePolicy"] != "Ignore" {
			t.Errorf("%v: %v", at(o, "metadata", "name"), webhook)
		}
	}
}

func TestTraefikRefusesAMonitorThatNobodyKnows(t *testing.T) {
	c := component(t, "traefik")
	given := values(t, "metrics: {prometheus: {serviceMonitor: {enabled: true}}}")
	if _, err := render(build(t, "traefik"), c, given); err == nil || !strings.Contains(err.Error(), "is not served") {
		t.Errorf("got %v, want an error about the API", err)
	}
	if _, err := render(build(t, "traefik"), c, given, monitoring); err != nil {
		t.Error(err)
	}
	got := names(mustRender(t, "traefik", "metrics: {prometheus: {disableAPICheck: true, serviceMonitor: {enabled: true}}}"), "ServiceMonitor")
	if diff := cmp.Diff([]string{"ServiceMonitor traefik"}, got); diff != "" {
		t.Errorf("without the check (-want +got):\n%s", diff)
	}
}
