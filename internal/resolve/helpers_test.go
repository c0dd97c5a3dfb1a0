// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"testing"
	"testing/fstest"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

const head = `title: T
category: C
description: D.
homepage: https://example.com
`

// testCatalogs is a set of two versions; the newer one holds everything that a
// component can say.
func testCatalogs(t *testing.T) *catalog.Set {
	t.Helper()
	files := map[string]string{
		"2026.9/certs.yaml": "name: certs\n" + head + "lifecycle: {phase: Active}\nchart: {repository: https://example.com/old, name: certs, version: 0.9.0}\n",
		"2026.11/certs.yaml": "name: certs\n" + head + `lifecycle: {phase: Active}
chart: {repository: https://example.com/charts, name: certs, version: v1.2.3}
namespace: certs-system
releaseName: certs-release
namespaceLabels: {level: baseline, team: platform}
timeout: 10m
hooksNeedWorkloads: true
values: {replicas: 2, ratio: 0.5, tiny: 0.0000001, huge: 10000000, list: [1, {num: 2}], nothing: null, text: x, flag: true}
readyWhen:
- {apiVersion: example.com/v1, kind: Issuer, expression: "object.ok", message: no issuer}
`,
		"2026.11/ingress.yaml": "name: ingress\n" + head + `lifecycle: {phase: Retired, since: "2026-03-01", note: No more fixes., successors: [gateway, other]}
chart: {repository: https://example.com/charts, name: ingress, version: 4.0.0}
after: [certs, dns]
`,
		"2026.11/dns.yaml": "name: dns\n" + head + `lifecycle: {phase: Maintenance, since: "2026-01-01", note: Slow.}
chart: {repository: https://example.com/charts, name: dns, version: 1.0.0}
required:
- {path: provider.name, message: say which DNS provider to use}
- {path: provider.token, when: provider.remote, message: the provider needs a token}
- {path: dryRun, when: provider.options, message: say true or false}
`,
		"2026.11/vault.yaml": "name: vault\n" + head + `lifecycle: {phase: Active}
chart: {repository: oci://example.com/charts, name: vault, version: 1.0.0}
requires: [certs]
conflicts: [consul]
`,
		"2026.11/consul.yaml": "name: consul\n" + head + "lifecycle: {phase: Active}\nchart: {repository: https://example.com/charts, name: consul, version: 1.0.0}\n",
	}
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys["catalog/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	set, err := catalog.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func raw(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

// own is a component with a chart of the user's own.
func own(name string, change func(*v1alpha1.Component)) v1alpha1.Component {
	c := v1alpha1.Component{
		Name: name, Chart: &v1alpha1.ChartSource{Repository: "https://example.com/mine", Version: "1.4.x"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func named(names ...string) []v1alpha1.Component {
	var out []v1alpha1.Component
	for _, name := range names {
		out = append(out, v1alpha1.Component{Name: name})
	}
	return out
}

func resolveAll(t *testing.T, components ...v1alpha1.Component) (*resolve.Bundle, error) {
	t.Helper()
	return resolve.Resolve(v1alpha1.PlatformBundleSpec{Components: components}, "", testCatalogs(t))
}

// one resolves components and returns the one of that name.
func one(t *testing.T, name string, components ...v1alpha1.Component) resolve.Component {
	t.Helper()
	bundle, err := resolveAll(t, components...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range bundle.Components {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no component %s", name)
	return resolve.Component{}
}
