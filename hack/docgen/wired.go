// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// policiesPrefix is how the settings begin that name a policy.
const policiesPrefix = "policies."

// always is the phrase of a rule without a condition.
const always = "always"

// whenPhrase says when a rule applies, to stand within a sentence.
func whenPhrase(c wiring.Condition) string {
	var parts []string
	if len(c.Components) > 0 {
		parts = append(parts, "with "+enumerate(c.Components))
	}
	if len(c.Without) > 0 {
		parts = append(parts, "without "+enumerate(c.Without))
	}
	if len(c.Settings) > 0 {
		verb := " is given"
		if len(c.Settings) > 1 {
			verb = " are given"
		}
		parts = append(parts, "when "+codes(prefixed("settings.", c.Settings))+verb)
	}
	return cmp.Or(strings.Join(parts, ", "), always)
}

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = prefix + name
	}
	return out
}

// wiring has a section for every rule that is not a policy.
func (p page) wiring() string {
	out := &strings.Builder{}
	for _, rule := range p.Wiring {
		if _, is := policyOf(rule); is {
			continue
		}
		if out.Len() == 0 {
			out.WriteString("On top of the default values, in this order; yours come on top of all. What stands in double braces is a fact " +
				"of the bundle: see [catalog.md](../catalog.md#wiring).\n\n")
		}
		phrase := whenPhrase(rule.When)
		fmt.Fprintf(out, "### %s\n\n%s", rule.Name, strings.ToUpper(phrase[:1])+phrase[1:])
		// Those that the condition names have been said.
		after := slices.DeleteFunc(slices.Clone(rule.After), func(name string) bool { return slices.Contains(rule.When.Components, name) })
		if len(after) > 0 {
			out.WriteString("; it then starts after " + enumerate(after))
		}
		out.WriteString(".")
		if note := p.source.ruleNote(rule.Name); note != "" {
			out.WriteString(" " + prose(note))
		}
		out.WriteString("\n\n" + p.given(rule))
	}
	return out.String()
}

// given is what a rule gives.
func (p page) given(rule wiring.Rule) string {
	out := &strings.Builder{}
	if len(rule.Values) > 0 {
		out.WriteString(block(p.source.ruleUnder(rule.Name, "values")) + "\n")
	}
	references(out, rule.ValuesFrom)
	if len(rule.Manifests) > 0 {
		fmt.Fprintf(out, "Objects: %s.\n\n", strings.Join(objects(rule.Manifests), ", "))
	}
	return out.String()
}

// references writes a table of the keys of each Secret and ConfigMap.
func references(out *strings.Builder, refs []v1alpha1.ValuesReference) {
	last := ""
	for _, ref := range refs {
		from := fmt.Sprintf("%s `%s`", ref.Kind, ref.Name)
		if ref.Namespace != "" {
			from += " in the namespace `" + ref.Namespace + "`"
		}
		if from != last {
			fmt.Fprintf(out, "From the %s:\n\n| Key | Value | |\n|---|---|---|\n", from)
			last = from
		}
		key, path, optional := cmp.Or(ref.Key, "values.yaml"), "all of it", ""
		if ref.TargetPath != "" {
			path = "`" + ref.TargetPath + "`"
		}
		if ref.Optional || ref.OptionalKey {
			optional = "if it is there"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", key, path, optional)
	}
	if len(refs) > 0 {
		out.WriteString("\n")
	}
}

// objects names objects by kind and name.
func objects(manifests []map[string]any) []string {
	out := make([]string, 0, len(manifests))
	for _, object := range manifests {
		metadata, _ := object["metadata"].(map[string]any)
		out = append(out, fmt.Sprintf("%v `%v`", object["kind"], metadata["name"]))
	}
	return out
}

// policyOf returns the policy that a rule is about.
func policyOf(rule wiring.Rule) (string, bool) {
	for _, setting := range rule.When.Settings {
		name, is := strings.CutPrefix(setting, policiesPrefix)
		if is && !strings.HasPrefix(name, "by.") && !strings.Contains(name, ".") {
			return name, true
		}
	}
	return "", false
}

// policies names what an engine is given for each policy of the settings.
func (p page) policies() string {
	found := map[string][]string{}
	for _, rule := range p.Wiring {
		if name, is := policyOf(rule); is {
			found[name] = append(found[name], objects(rule.Manifests)...)
		}
	}
	if len(found) == 0 {
		return ""
	}
	out := &strings.Builder{}
	out.WriteString("Off unless named in `settings.policies`, where this engine is the one that runs them: [policies.md](../policies.md).\n\n" +
		"| Setting | Objects |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(out, "| `policies.%s` | %s |\n", name, strings.Join(slices.Compact(found[name]), ", "))
	}
	return out.String()
}

// settings says which settings reach the component, and by which rule.
func (p page) settings() string {
	rules := settingsOf(p.Component)
	if len(rules) == 0 {
		return ""
	}
	out := &strings.Builder{}
	out.WriteString("What they mean: [settings.md](../settings.md).\n\n| Setting | Rules |\n|---|---|\n")
	for _, setting := range slices.Sorted(maps.Keys(rules)) {
		links := make([]string, len(rules[setting]))
		for i, rule := range rules[setting] {
			links[i] = fmt.Sprintf("[%s](#%s)", rule, rule)
		}
		if setting == strings.TrimSuffix(policiesPrefix, ".") {
			links = []string{"[policies](#policies)"}
		}
		fmt.Fprintf(out, "| %s | %s |\n", settingLabel(setting), strings.Join(links, ", "))
	}
	return out.String()
}

// settingLabel names a setting, and the one that gives it when it is not there.
func settingLabel(name string) string {
	if name == "clusterIssuer" {
		return "`clusterIssuer`, or `acme`"
	}
	return "`" + name + "`"
}

// settingsOf are the rules of a component by the setting, at the top level, that
// switches them on or that their templates ask for.
func settingsOf(c catalog.Component) map[string][]string {
	asked := regexp.MustCompile(`\.settings\.([A-Za-z]+)|\.(host)s?\b`)
	out := map[string][]string{}
	for _, rule := range c.Wiring {
		names := map[string]bool{}
		for _, setting := range rule.When.Settings {
			top, _, _ := strings.Cut(setting, ".")
			names[top] = true
		}
		text, err := json.Marshal([]any{rule.Values, rule.ValuesFrom, rule.Manifests})
		if err != nil {
			continue // JSON types alone: it cannot be
		}
		for _, match := range asked.FindAllStringSubmatch(string(text), -1) {
			if match[2] != "" {
				match[1] = "hosts"
			}
			names[match[1]] = true
		}
		for name := range names {
			out[name] = append(out[name], rule.Name)
		}
	}
	return out
}
