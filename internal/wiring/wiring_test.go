// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

func facts() wiring.Facts {
	return wiring.Facts{
		Name: "grafana", Namespace: "monitoring", Release: "grafana",
		Hosts: map[string]string{"grafana": "grafana.example.com", "argo-cd": "argo-cd.example.com"},
		Settings: map[string]any{
			"domain": "example.com", "dns": map[string]any{"zones": []any{"example.com", "example.org"}}, "highAvailability": false,
		},
		Components: map[string]wiring.Peer{"grafana": {Namespace: "monitoring", Release: "grafana"}, "argo-cd": {Namespace: "argocd", Release: "cd"}},
		Namespaces: []string{"argocd", "monitoring"},
	}
}

func TestEvaluate(t *testing.T) {
	rules := []wiring.Rule{
		{Name: "always", Values: map[string]any{"a": float64(1), "b": map[string]any{"c": "plain"}}},
		{Name: "not-there", When: wiring.Condition{Components: []string{"loki"}}, Values: map[string]any{"x": "{{ .nonsense }}"}},
		{Name: "there-is-one", When: wiring.Condition{Without: []string{"argo-cd"}}, Values: map[string]any{"x": "y"}},
		{Name: "off", When: wiring.Condition{Settings: []string{"highAvailability"}}, Values: map[string]any{"x": "y"}},
		{Name: "unset", When: wiring.Condition{Settings: []string{"dns.provider"}}, Values: map[string]any{"x": "y"}},
		{
			Name: "both", When: wiring.Condition{Components: []string{"argo-cd"}, Without: []string{"loki"}, Settings: []string{"domain", "dns.zones"}},
			Values: map[string]any{
				"host": "{{ .host }}", "url": "https://{{ .host }}/", "list": []any{"{{ .settings.domain }}", map[string]any{"deep": "{{ .namespace }}"}},
				"zones": "{{ .settings.dns.zones }}", "peer": `{{ (index .components "argo-cd").namespace }}`, "namespaces": "{{ .namespaces }}",
				"off": "{{ .settings.highAvailability }}", "either": `{{ if eq .settings.domain "example.com" }}yes{{ else }}no{{ end }}`,
			},
			Manifests: []map[string]any{{"kind": "ConfigMap", "metadata": map[string]any{"name": "{{ .release }}-x"}}},
		},
		{Name: "secret", ValuesFrom: []v1alpha1.ValuesReference{{
			Kind: "Secret", Name: "{{ .settings.domain }}", Namespace: "{{ .namespace }}", Key: "a", TargetPath: "{{ .name }}.b", Optional: true,
		}}},
	}
	got, err := wiring.Evaluate(rules, facts())
	if err != nil {
		t.Fatal(err)
	}
	want := []wiring.Layer{
		{Rule: "always", Values: values.Values{"a": float64(1), "b": map[string]any{"c": "plain"}}},
		{
			Rule: "both",
			Values: values.Values{
				"host": "grafana.example.com", "url": "https://grafana.example.com/", "list": []any{"example.com", map[string]any{"deep": "monitoring"}},
				"zones": []any{"example.com", "example.org"}, "peer": "argocd", "namespaces": []any{"argocd", "monitoring"},
				"off": false, "either": "yes",
			},
			Manifests: []map[string]any{{"kind": "ConfigMap", "metadata": map[string]any{"name": "grafana-x"}}},
		},
		{Rule: "secret", Values: values.Values{}, ValuesFrom: []v1alpha1.ValuesReference{{
			Kind: "Secret", Name: "example.com", Namespace: "monitoring", Key: "a", TargetPath: "grafana.b", Optional: true,
		}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateSaysWhere(t *testing.T) {
	for name, tc := range map[string]struct {
		value any
		want  string
	}{
		"unknown fact":     {map[string]any{"a": []any{"{{ .domain }}"}}, `wiring rule: values.a[0]: `},
		"unset setting":    {map[string]any{"a": "x{{ .settings.dns.provider }}"}, `wiring rule: values.a: `},
		"unknown function": {map[string]any{"a": `{{ env "HOME" }}`}, `wiring rule: values.a: function "env" not defined`},
		"broken":           {map[string]any{"a": "{{ .host "}, `wiring rule: values.a: unclosed action`},
		"not in bundle":    {map[string]any{"a": `{{ (index .components "loki").namespace }}`}, `wiring rule: values.a: `},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wiring.Evaluate([]wiring.Rule{{Name: "rule", Values: tc.value.(map[string]any)}}, facts())
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			t.Log(err)
		})
	}
}

func TestEvaluateSaysWhichReference(t *testing.T) {
	for text, want := range map[string]string{
		"{{ .settings.dns.provider }}": "wiring rule: valuesFrom[0].name: ",
		"{{ .namespaces }}":            "wiring rule: valuesFrom[0].name: [argocd monitoring] is no text",
	} {
		_, err := wiring.Evaluate([]wiring.Rule{{Name: "rule", ValuesFrom: []v1alpha1.ValuesReference{{Kind: "Secret", Name: text}}}}, facts())
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestEvaluateSharesNothing: what comes out can be changed without changing what the
// next component gets.
func TestEvaluateSharesNothing(t *testing.T) {
	given := facts()
	rule := wiring.Rule{Name: "r", Values: map[string]any{"zones": "{{ .settings.dns.zones }}", "own": []any{"a"}}}
	first, err := wiring.Evaluate([]wiring.Rule{rule}, given)
	if err != nil {
		t.Fatal(err)
	}
	first[0].Values["zones"].([]any)[0] = "changed"
	first[0].Values["own"].([]any)[0] = "changed"
	second, err := wiring.Evaluate([]wiring.Rule{rule}, given)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(values.Values{"zones": []any{"example.com", "example.org"}, "own": []any{"a"}}, second[0].Values); diff != "" {
		t.Error(diff)
	}
}
