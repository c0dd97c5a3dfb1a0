// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/groundwork-dev/groundwork/internal/catalog"
)

const (
	container  = "{name: main, image: example.com/app:1.0.0}"
	deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec: {template: {spec: {containers: [%s]}}}
`
	widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Cluster
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`
	widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: mine}\nspec: {image: \"example.com/widget:2\"}\n"
)

// small is a chart of a test: its templates, and what else its folder holds.
type small struct {
	templates []string
	files     map[string]string
	// chart and component are more lines of Chart.yaml and of the catalog's file.
	chart, component string
}

// laboratory makes a catalog and a mirror of small charts.
func laboratory(t *testing.T, charts map[string]small) (*lab, *catalog.Catalog) {
	t.Helper()
	mirror, files := t.TempDir(), fstest.MapFS{}
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range charts {
		files["catalog/2026.11/"+name+".yaml"] = &fstest.MapFile{Data: []byte("name: " + name + `
title: T
category: C
description: D.
homepage: https://example.com
lifecycle: {phase: Active}
chart: {repository: https://charts.example.com, name: ` + name + `, version: 1.0.0}
` + c.component)}
		if c.templates == nil {
			continue // the mirror does not have it
		}
		write(filepath.Join(mirror, name, "Chart.yaml"), "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\n"+c.chart)
		for i, text := range c.templates {
			write(filepath.Join(mirror, name, "templates", fmt.Sprintf("%d.yaml", i)), text)
		}
		for path, text := range c.files {
			write(filepath.Join(mirror, name, path), text)
		}
	}
	set, err := catalog.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		t.Fatal(err)
	}
	return newLab(t, mirror, set), newest
}

// gate is what the gate says of one component of small charts; err is why it could
// not be rendered.
func gate(t *testing.T, l *lab, c *catalog.Catalog, name string) (text string, problems []string, err error) {
	t.Helper()
	spec, err := smallest(c, name, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := run{name: name}
	if r.once, err = l.bundle(t, spec); err != nil {
		return "", nil, err
	}
	if r.again, err = l.bundle(t, spec); err != nil {
		return "", nil, err
	}
	known := providers{}
	for _, each := range r.once {
		known.learn(each)
	}
	kinds, _ := servedKinds(t, newestMinor)
	once, again := r.component()
	return summary(once, again, nil, kinds.Has, known, ""), append(judge(once, again, kinds.Has, known), l.accepts(t, once)...), nil
}

func hookJob(event string) string {
	return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: hook, annotations: {helm.sh/hook: \"" + event + "\"}}\n" +
		"spec: {template: {spec: {containers: [{name: run}]}}}\n"
}
