// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// wiringRule reads one entry of a component's wiring.
func (d *decoder) wiringRule(n *yaml.Node) wiring.Rule {
	var r wiring.Rule
	d.object(n, "wiring rule", fields{
		"name":       func(n *yaml.Node) { r.Name = d.text(n, "name"); d.at(n, wiringKey(r.Name)) },
		"when":       func(n *yaml.Node) { r.When = d.condition(n) },
		"after":      d.texts(&r.After, "after"),
		"values":     func(n *yaml.Node) { r.Values = d.values(n) },
		"valuesFrom": d.elements("valuesFrom", func(n *yaml.Node) { r.ValuesFrom = append(r.ValuesFrom, d.reference(n)) }),
		"manifests": d.elements("manifests", func(n *yaml.Node) {
			if object, ok := d.value(n).(map[string]any); ok {
				r.Manifests = append(r.Manifests, object)
				return
			}
			d.fail(n, "manifests must be a list of objects")
		}),
	}, "name")
	if r.Values == nil && r.ValuesFrom == nil && r.Manifests == nil {
		d.fail(n, "a wiring rule needs values, valuesFrom or manifests")
	}
	return r
}

// reference reads where a value comes from.
func (d *decoder) reference(n *yaml.Node) v1alpha1.ValuesReference {
	var ref v1alpha1.ValuesReference
	d.object(n, "valuesFrom", fields{
		"kind": func(n *yaml.Node) {
			if ref.Kind = d.text(n, "kind"); ref.Kind != "ConfigMap" && ref.Kind != "Secret" {
				d.fail(n, "kind must be ConfigMap or Secret, not %q", ref.Kind)
			}
		},
		"name":        d.into(&ref.Name, "name"),
		"namespace":   d.into(&ref.Namespace, "namespace"),
		"key":         d.into(&ref.Key, "key"),
		"targetPath":  d.into(&ref.TargetPath, "targetPath"),
		"optional":    d.boolean(&ref.Optional, "optional"),
		"optionalKey": d.boolean(&ref.OptionalKey, "optionalKey"),
	}, "kind", "name")
	return ref
}

func (d *decoder) condition(n *yaml.Node) wiring.Condition {
	var c wiring.Condition
	d.object(n, "when", fields{
		"components": d.texts(&c.Components, "components"),
		"without":    d.texts(&c.Without, "without"),
		"settings":   d.texts(&c.Settings, "settings"),
	})
	return c
}

// wiringKey is where the line of a rule is kept.
func wiringKey(name string) string { return "wiring." + name }

// checkWiring judges the rules of all entries by a bundle in which there is
// everything.
func checkWiring(entries map[string]entry, found *problems) {
	peers := map[string]wiring.Peer{}
	for name, e := range entries {
		peers[name] = wiring.Peer{Namespace: e.Namespace, Release: e.ReleaseName}
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		e := entries[name]
		seen := map[string]bool{}
		for _, rule := range e.Wiring {
			fail := func(format string, args ...any) { found.add(e.file, e.line(wiringKey(rule.Name)), format, args...) }
			if seen[rule.Name] {
				fail("wiring %s is there twice", rule.Name)
			}
			seen[rule.Name] = true
			if err := rule.Check(wiring.Sample(name, peers)); err != nil {
				fail("%v", err)
			}
		}
	}
}

func cloneRules(rules []wiring.Rule) []wiring.Rule {
	rules = slices.Clone(rules)
	for i := range rules {
		r := &rules[i]
		r.When.Components, r.When.Without = slices.Clone(r.When.Components), slices.Clone(r.When.Without)
		r.When.Settings, r.After = slices.Clone(r.When.Settings), slices.Clone(r.After)
		if r.Values != nil {
			r.Values = cloneValue(r.Values).(map[string]any)
		}
		r.ValuesFrom = slices.Clone(r.ValuesFrom)
		r.Manifests = slices.Clone(r.Manifests)
		for j := range r.Manifests {
			r.Manifests[j] = cloneValue(r.Manifests[j]).(map[string]any)
		}
	}
	return rules
}
