// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

const wiredHead = `name: a
title: A
category: c
description: d
homepage: https://example.com
lifecycle: {phase: Active}
chart: {repository: https://example.com, name: a, version: 1.0.0}
wiring:
`

func loadWired(rules string) (*catalog.Set, error) {
	return catalog.Load(fstest.MapFS{"catalog/2026.11/a.yaml": &fstest.MapFile{Data: []byte(wiredHead + rules)}})
}

func TestWiringIsRead(t *testing.T) {
	set, err := loadWired(`- name: all
  when: {components: [a], without: [], settings: [domain, dns.provider]}
  values: {host: "{{ .host }}", list: [1, {x: "{{ .settings.dns.zones }}"}]}
  manifests: [{kind: ConfigMap, metadata: {name: "{{ .release }}"}}]
- name: bare
  values: {flag: true}
- name: secret
  valuesFrom: [{kind: Secret, name: "{{ .settings.dns.credentialsSecretRef.name }}", namespace: "{{ .namespace }}", key: k, targetPath: a.b, optional: true}]
`)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	read := func() []wiring.Rule { c, _ := newest.Component("a"); return c.Wiring }
	want := []wiring.Rule{
		{
			Name:      "all",
			When:      wiring.Condition{Components: []string{"a"}, Settings: []string{"domain", "dns.provider"}},
			Values:    map[string]any{"host": "{{ .host }}", "list": []any{float64(1), map[string]any{"x": "{{ .settings.dns.zones }}"}}},
			Manifests: []map[string]any{{"kind": "ConfigMap", "metadata": map[string]any{"name": "{{ .release }}"}}},
		},
		{Name: "bare", Values: map[string]any{"flag": true}},
		{Name: "secret", ValuesFrom: []v1alpha1.ValuesReference{{
			Kind: "Secret", Name: "{{ .settings.dns.credentialsSecretRef.name }}", Namespace: "{{ .namespace }}", Key: "k", TargetPath: "a.b", Optional: true,
		}}},
	}
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Error(diff)
	}
	read()[0].Values["host"], read()[0].Manifests[0]["kind"] = "changed", "changed"
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Errorf("a lookup is no copy: %s", diff)
	}
}

func TestWiringIsRefused(t *testing.T) {
	const file = "catalog/2026.11/a.yaml:"
	for rules, want := range map[string]string{
		"- name: r\n  values: {x: {z: '{{ .domain }}'}}\n":            file + `9: wiring r: values.x.z: <.domain>: map has no entry for key "domain"`,
		"- name: r\n  values: {x: ['{{ .host ']}\n":                   file + `9: wiring r: values.x[0]: unclosed action`,
		"- name: r\n  values: {x: '{{ env \"A\" }}'}\n":               file + `9: wiring r: values.x: function "env" not defined`,
		"- name: r\n  manifests: [{kind: '{{ .nobody }}'}]\n":         file + `9: wiring r: manifests[0].kind: <.nobody>: map has no entry for key "nobody"`,
		"- name: r\n  when: {settings: [domian]}\n  values: {x: a}\n": file + `9: wiring r: when.settings: there is no setting "domian"`,
		"- name: r\n  when: {components: [b]}\n  values: {x: a}\n":    file + `9: wiring r: when: the catalog has no component "b"`,
		"- name: r\n  values: {x: a}\n- name: r\n  values: {x: z}\n":  `wiring r is there twice`,
		"- name: r\n":        `a wiring rule needs values, valuesFrom or manifests`,
		"- values: {x: a}\n": `name`,
		"- name: r\n  values: {x: a}\nwhy: {b: Because}\n":                   file + `11: why: "b" is in no edge of this component`,
		"- name: r\n  valuesFrom: [{kind: Pod, name: x}]\n":                  `kind must be ConfigMap or Secret, not "Pod"`,
		"- name: r\n  valuesFrom: [{kind: Secret, name: '{{ .nobody }}'}]\n": file + `9: wiring r: valuesFrom[0].name: <.nobody>: map has no entry for key "nobody"`,
		"- name: r\n  wenn: {}\n  values: {x: a}\n":                          `wenn`,
	} {
		_, err := loadWired(rules)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\ngot  %v\nwant %s", rules, err, want)
		}
	}
}
