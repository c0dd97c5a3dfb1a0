// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wiring lets components know each other: rules of the catalog give values
// and follow-up manifests to a component when another one is in the bundle, or a
// setting is given. Templates stand in string leaves only and see nothing but
// Facts. It is pure and imports the standard library, internal/values and the API.
package wiring

import (
	"fmt"
	"maps"
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// Rule is one entry of a catalog file's wiring list.
type Rule struct {
	// Name is unique in its file; it is where values are said to come from.
	Name string
	// When says whether the rule applies.
	When Condition
	// After names components that must be Ready before this one starts when the rule
	// applies and they are in the bundle.
	After []string
	// Values lie over the catalog's own, in JSON types. String leaves may hold
	// templates; keys never do.
	Values map[string]any
	// ValuesFrom are references to values, which lie over those of all rules. Every
	// field may hold templates; a key that need not be there is optional.
	ValuesFrom []v1alpha1.ValuesReference
	// Manifests are applied once the component is Ready; they may hold templates, too.
	Manifests []map[string]any
}

// Condition holds when all that it names is so. The empty one always holds.
type Condition struct {
	// Components that must be in the bundle and enabled.
	Components []string
	// Without are components that must not be.
	Without []string
	// Settings are paths below spec.settings that must be given: not absent, empty or
	// false.
	Settings []string
}

// Peer is where a component of the bundle lives.
type Peer struct{ Namespace, Release string }

// Facts are what a rule is judged by, and all that its templates can ask for.
type Facts struct {
	// Name, Namespace and Release are those of the component that is wired.
	Name, Namespace, Release string
	// Hosts of the components' pages, by component; empty without a domain.
	Hosts map[string]string
	// Settings of the bundle with what follows from them, in JSON types.
	Settings map[string]any
	// Components that are in the bundle and enabled.
	Components map[string]Peer
	// Namespaces in which the platform lives, sorted.
	Namespaces []string
}

// Layer is what one rule gives.
type Layer struct {
	// Rule is its name.
	Rule string
	// Values without templates.
	Values values.Values
	// ValuesFrom without templates.
	ValuesFrom []v1alpha1.ValuesReference
	// Manifests without templates.
	Manifests []map[string]any
	// After is the rule's.
	After []string
}

// Evaluate returns the layers of the rules that apply, in their order. The error
// names the rule, the path of the leaf and the reason.
func Evaluate(rules []Rule, facts Facts) ([]Layer, error) {
	var out []Layer
	for _, rule := range rules {
		if !rule.When.holds(facts) {
			continue
		}
		layer, err := rule.evaluate(facts)
		if err != nil {
			return nil, err
		}
		out = append(out, layer)
	}
	return out, nil
}

func (c Condition) holds(facts Facts) bool {
	present := func(name string) bool { _, ok := facts.Components[name]; return ok }
	given := func(path string) bool { return values.IsSet(values.At(facts.Settings, path)) }
	return all(c.Components, present) && !slices.ContainsFunc(c.Without, present) && all(c.Settings, given)
}

func all(names []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !holds(name) })
}

func (r Rule) evaluate(facts Facts) (Layer, error) {
	layer := Layer{Rule: r.Name, After: slices.Clone(r.After)}
	data := facts.data()
	filled, err := fill(r.Values, data, "values")
	if err != nil {
		return Layer{}, fmt.Errorf("wiring %s: %w", r.Name, err)
	}
	layer.Values, _ = filled.(map[string]any)
	for i, ref := range r.ValuesFrom {
		if err := fillReference(&ref, data); err != nil {
			return Layer{}, fmt.Errorf("wiring %s: valuesFrom[%d].%w", r.Name, i, err)
		}
		layer.ValuesFrom = append(layer.ValuesFrom, ref)
	}
	for i, manifest := range r.Manifests {
		filled, err := fill(manifest, data, fmt.Sprintf("manifests[%d]", i))
		if err != nil {
			return Layer{}, fmt.Errorf("wiring %s: %w", r.Name, err)
		}
		object, _ := filled.(map[string]any)
		layer.Manifests = append(layer.Manifests, object)
	}
	return layer, nil
}

// fillReference evaluates the fields of a reference.
func fillReference(ref *v1alpha1.ValuesReference, data map[string]any) error {
	for _, field := range []struct {
		name string
		text *string
	}{{"name", &ref.Name}, {"namespace", &ref.Namespace}, {"key", &ref.Key}, {"targetPath", &ref.TargetPath}} {
		value, err := leaf(*field.text, data)
		if err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("%s: %v is no text", field.name, value)
		}
		*field.text = text
	}
	return nil
}

// data is what templates see.
func (f Facts) data() map[string]any {
	components := map[string]any{}
	for name, peer := range f.Components {
		components[name] = map[string]any{"namespace": peer.Namespace, "release": peer.Release}
	}
	hosts := map[string]any{}
	for name, host := range f.Hosts {
		hosts[name] = host
	}
	namespaces := make([]any, len(f.Namespaces))
	for i, name := range f.Namespaces {
		namespaces[i] = name
	}
	out := map[string]any{
		"name": f.Name, "namespace": f.Namespace, "release": f.Release, "hosts": hosts,
		"settings": maps.Clone(f.Settings), "components": components, "namespaces": namespaces,
	}
	if host := f.Hosts[f.Name]; host != "" {
		out["host"] = host
	}
	return out
}
