// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// component reads one component and fills in the defaults of its names.
func (d *decoder) component(n *yaml.Node) Component {
	var c Component
	d.object(n, "component", fields{
		"name":               func(n *yaml.Node) { d.at(n, "name"); c.Name = d.text(n, "name") },
		"title":              d.into(&c.Title, "title"),
		"category":           d.into(&c.Category, "category"),
		"description":        d.into(&c.Description, "description"),
		"homepage":           func(n *yaml.Node) { d.at(n, "homepage"); c.Homepage = d.text(n, "homepage") },
		"lifecycle":          func(n *yaml.Node) { d.at(n, "lifecycle"); c.Lifecycle = d.lifecycle(n) },
		"chart":              func(n *yaml.Node) { d.at(n, "chart"); c.Chart = d.chart(n) },
		"namespace":          func(n *yaml.Node) { d.at(n, "namespace"); c.Namespace = d.text(n, "namespace") },
		"releaseName":        func(n *yaml.Node) { d.at(n, "releaseName"); c.ReleaseName = d.text(n, "releaseName") },
		"namespaceLabels":    func(n *yaml.Node) { c.NamespaceLabels = d.textMap(n, "namespaceLabels") },
		"requires":           d.texts(&c.Requires, "requires"),
		"after":              d.texts(&c.After, "after"),
		"conflicts":          d.texts(&c.Conflicts, "conflicts"),
		"why":                func(n *yaml.Node) { d.at(n, "why"); c.Why = d.textMap(n, "why") },
		"traps":              d.texts(&c.Traps, "traps"),
		"values":             func(n *yaml.Node) { c.Values = d.values(n) },
		"readyWhen":          d.elements("readyWhen", func(n *yaml.Node) { c.ReadyWhen = append(c.ReadyWhen, d.readyRule(n)) }),
		"expectedWebhooks":   d.elements("expectedWebhooks", func(n *yaml.Node) { c.ExpectedWebhooks = append(c.ExpectedWebhooks, d.webhook(n)) }),
		"probes":             d.elements("probes", func(n *yaml.Node) { c.Probes = append(c.Probes, d.probe(n)) }),
		"hooksNeedWorkloads": d.boolean(&c.HooksNeedWorkloads, "hooksNeedWorkloads"),
		"ignoreDifferences":  d.elements("ignoreDifferences", func(n *yaml.Node) { c.IgnoreDifferences = append(c.IgnoreDifferences, d.ignoreRule(n)) }),
		"upgrades":           d.elements("upgrades", func(n *yaml.Node) { c.Upgrades = append(c.Upgrades, d.upgrade(n)) }),
		"wiring":             d.elements("wiring", func(n *yaml.Node) { c.Wiring = append(c.Wiring, d.wiringRule(n)) }),
		"required":           d.elements("required", func(n *yaml.Node) { c.Required = append(c.Required, d.requiredInput(n)) }),
		"timeout":            func(n *yaml.Node) { d.at(n, "timeout"); c.Timeout = d.text(n, "timeout") },
	}, "name", "title", "category", "description", "homepage", "lifecycle", "chart")
	if c.Namespace == "" {
		c.Namespace = c.Name
	}
	if c.ReleaseName == "" {
		c.ReleaseName = c.Name
	}
	return c
}

func (d *decoder) elements(what string, read func(*yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) { d.list(n, what, read) }
}

func (d *decoder) lifecycle(n *yaml.Node) Lifecycle {
	var l Lifecycle
	d.object(n, "lifecycle", fields{
		"phase": func(n *yaml.Node) {
			switch l.Phase = Phase(d.text(n, "phase")); l.Phase {
			case PhaseActive, PhaseMaintenance, PhaseRetired, "":
			default:
				d.fail(n, "phase must be Active, Maintenance or Retired, not %q", l.Phase)
			}
		},
		"since":      func(n *yaml.Node) { d.at(n, "since"); l.Since = d.text(n, "since") },
		"note":       d.into(&l.Note, "note"),
		"successors": d.texts(&l.Successors, "successors"),
	}, "phase")
	if l.Phase == PhaseMaintenance || l.Phase == PhaseRetired {
		if l.Since == "" || l.Note == "" {
			d.fail(n, "a lifecycle that is %s needs since and note", l.Phase)
		}
	}
	return l
}

func (d *decoder) chart(n *yaml.Node) Chart {
	var c Chart
	d.object(n, "chart", fields{
		"repository": func(n *yaml.Node) { d.at(n, "chart.repository"); c.Repository = d.text(n, "repository") },
		"name":       d.into(&c.Name, "name"),
		"version":    func(n *yaml.Node) { d.at(n, "chart.version"); c.Version = d.text(n, "version") },
	}, "repository", "name", "version")
	return c
}

func (d *decoder) textMap(n *yaml.Node, what string) map[string]string {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s must be a mapping", what)
		return nil
	}
	out := map[string]string{}
	d.pairs(n, func(key string, _, v *yaml.Node) { out[key] = d.text(v, what+"."+key) })
	return out
}

func (d *decoder) values(n *yaml.Node) map[string]any {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "values must be a mapping")
		return nil
	}
	return d.value(n).(map[string]any)
}

func (d *decoder) readyRule(n *yaml.Node) ReadyRule {
	var r ReadyRule
	d.object(n, "readyWhen rule", fields{
		"apiVersion": d.into(&r.APIVersion, "apiVersion"),
		"kind":       d.into(&r.Kind, "kind"),
		"expression": d.into(&r.Expression, "expression"),
		"message":    d.into(&r.Message, "message"),
	}, "apiVersion", "kind", "expression", "message")
	return r
}

func (d *decoder) webhook(n *yaml.Node) Webhook {
	var w Webhook
	d.object(n, "expected webhook", fields{
		"kind": func(n *yaml.Node) {
			switch w.Kind = d.text(n, "kind"); w.Kind {
			case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "":
			default:
				d.fail(n, "kind must be ValidatingWebhookConfiguration or MutatingWebhookConfiguration, not %q", w.Kind)
			}
		},
		"name": d.into(&w.Name, "name"),
	}, "kind", "name")
	return w
}

// probe reads an object; what it needs beyond its identity only its own definition can say.
func (d *decoder) probe(n *yaml.Node) map[string]any {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "each of probes must be a mapping")
		return nil
	}
	probe, _ := d.value(n).(map[string]any)
	metadata, _ := probe["metadata"].(map[string]any)
	for _, field := range []struct {
		path  string
		value any
	}{{"apiVersion", probe["apiVersion"]}, {"kind", probe["kind"]}, {"metadata.name", metadata["name"]}} {
		if s, ok := field.value.(string); !ok || strings.TrimSpace(s) == "" {
			d.fail(n, "a probe needs %s as text", field.path)
		}
	}
	if namespace, set := metadata["namespace"]; set {
		if s, ok := namespace.(string); !ok || strings.TrimSpace(s) == "" {
			d.fail(n, "a probe's metadata.namespace must be text: leave it out for the component's namespace")
		}
	}
	if _, set := probe["status"]; set {
		d.fail(n, "a probe has no status: nothing would ever write it")
	}
	return probe
}

func (d *decoder) ignoreRule(n *yaml.Node) IgnoreRule {
	var r IgnoreRule
	d.object(n, "ignoreDifferences rule", fields{
		"group": d.into(&r.Group, "group"),
		"kind":  d.into(&r.Kind, "kind"),
		"name":  d.into(&r.Name, "name"),
		"jsonPointers": d.elements("jsonPointers", func(n *yaml.Node) {
			p := d.text(n, "each of jsonPointers")
			if p != "" && p[0] != '/' {
				d.fail(n, "JSON pointer %q must begin with a slash", p)
			}
			r.JSONPointers = append(r.JSONPointers, p)
		}),
	}, "kind", "jsonPointers")
	return r
}

func (d *decoder) upgrade(n *yaml.Node) UpgradeBridge {
	var u UpgradeBridge
	d.object(n, "upgrade", fields{
		"from":   d.versionRange(&u.From, "from"),
		"via":    d.versionRange(&u.Via, "via"),
		"manual": d.boolean(&u.Manual, "manual"),
		"note":   d.into(&u.Note, "note"),
	}, "from", "via", "note")
	return u
}

func (d *decoder) requiredInput(n *yaml.Node) RequiredInput {
	var r RequiredInput
	d.object(n, "required input", fields{
		"path":    d.into(&r.Path, "path"),
		"when":    d.into(&r.When, "when"),
		"message": d.into(&r.Message, "message"),
	}, "path", "message")
	return r
}
