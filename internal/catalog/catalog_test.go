// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/catalog"
)

func TestVersions(t *testing.T) {
	set, err := catalog.Load(files(map[string]string{
		"catalog/2026.9/a.yaml": component("a"), "catalog/2026.11/a.yaml": component("a"),
		"catalog/2026.11.1/a.yaml": component("a"), "catalog/2025.12/a.yaml": component("a"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2025.12", "2026.9", "2026.11", "2026.11.1"}, set.Versions()); diff != "" {
		t.Errorf("versions (-want +got)\n%s", diff)
	}
	if got := set.Newest(); got != "2026.11.1" {
		t.Errorf("newest is %q", got)
	}
	_, err = set.Get("2024.1")
	want := `no catalog version "2024.1": this operator brings 2025.12, 2026.9, 2026.11, 2026.11.1`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestImmutable: whoever changes what a lookup returned changes a copy.
func TestImmutable(t *testing.T) {
	c := newest(t)
	for _, name := range c.Names() {
		first, _ := c.Component(name)
		spoil(first)
		second, _ := c.Component(name)
		third, _ := newest(t).Component(name)
		if diff := cmp.Diff(third, second); diff != "" {
			t.Errorf("%s was changed through a copy (-want +got)\n%s", name, diff)
		}
	}
	c.Names()[0] = "spoilt"
	if c.Names()[0] == "spoilt" {
		t.Error("the names were changed through a copy")
	}
}

func spoil(c catalog.Component) {
	spoilValue(c.Values)
	for k := range c.NamespaceLabels {
		c.NamespaceLabels[k] = "spoilt"
	}
	for _, list := range [][]string{c.Requires, c.After, c.Conflicts, c.Lifecycle.Successors} {
		for i := range list {
			list[i] = "spoilt"
		}
	}
	for i := range c.ReadyWhen {
		c.ReadyWhen[i].Message = "spoilt"
	}
	for i := range c.ExpectedWebhooks {
		c.ExpectedWebhooks[i].Name = "spoilt"
	}
	for i := range c.Probes {
		spoilValue(c.Probes[i])
	}
	for i := range c.IgnoreDifferences {
		c.IgnoreDifferences[i].JSONPointers[0] = "spoilt"
	}
	for i := range c.Upgrades {
		c.Upgrades[i].Note = "spoilt"
	}
	for i := range c.Required {
		c.Required[i].Path = "spoilt"
	}
}

func spoilValue(v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			spoilValue(e)
			v[k] = "spoilt"
		}
	case []any:
		for i, e := range v {
			spoilValue(e)
			v[i] = "spoilt"
		}
	}
}

func TestNearest(t *testing.T) {
	c := newest(t)
	for name, want := range map[string]string{
		"cert-manger":            "cert-manager",
		"certmanager":            "cert-manager",
		"argocd":                 "argo-cd",
		"agro-cd":                "argo-cd",
		"kubernetes":             "",
		"kube-prometheus-stack":  "prometheus",
		"strimzi-kafka-operator": "strimzi",
		"vault-operator":         "bank-vaults",
		"lokki":                  "loki",
		"istio":                  "istiod",
		"x":                      "",
		"":                       "",
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := c.Nearest(name)
			if got != want || ok != (want != "") {
				t.Errorf("nearest of %q is %q (%t), want %q", name, got, ok, want)
			}
		})
	}
}
