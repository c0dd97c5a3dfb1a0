// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/values"
	"github.com/groundwork-dev/groundwork/internal/wiring"
)

// madeNamespaces are those that follow-up manifests make: what lives there is of the
// platform, too.
func madeNamespaces(manifests []apiextensionsv1.JSON) []string {
	var out []string
	for _, manifest := range manifests {
		var object map[string]any
		if json.Unmarshal(manifest.Raw, &object) != nil {
			continue
		}
		if made := identify(object, ""); made.group == "" && made.kind == "Namespace" && made.name != "" {
			out = append(out, made.name)
		}
	}
	return out
}

// facts are those of the bundle; those of one component are filled in by wire.
func (r resolver) facts(components []Component) (wiring.Facts, error) {
	facts := wiring.Facts{Components: map[string]wiring.Peer{}, Hosts: map[string]string{}}
	namespaces := []string{v1alpha1.DefaultNamespace, "kube-system"}
	for _, c := range components {
		facts.Components[c.Name] = wiring.Peer{Namespace: c.Namespace, Release: c.ReleaseName}
		namespaces = append(append(namespaces, c.Namespace), madeNamespaces(c.Manifests)...)
		if host := r.hostOf(c.Name); host != "" {
			facts.Hosts[c.Name] = host
		}
	}
	slices.Sort(namespaces)
	facts.Namespaces = slices.Compact(namespaces)
	var err error
	facts.Settings, err = r.settings(facts.Namespaces)
	return facts, err
}

// wireAll wires the components, and then says what only the user can give.
func (r resolver) wireAll(components []Component) error {
	facts, err := r.facts(components)
	if err != nil {
		return err
	}
	for i := range components {
		c := &components[i]
		if c.Trouble == nil {
			r.wire(c, facts)
		}
		if c.Trouble == nil && len(c.ValuesFrom) == 0 { // what references bring is judged when they have been read
			c.Trouble = c.MissingInput(c.Merged())
		}
	}
	return nil
}

// wire gives a component what the catalog's rules say. A chart that is not the
// catalog's would not know the values.
func (r resolver) wire(c *Component, facts wiring.Facts) {
	known, inCatalog := r.catalog.Component(c.Name)
	if !inCatalog || c.ChartName != known.Chart.Name {
		return
	}
	facts.Name, facts.Namespace, facts.Release = c.Name, c.Namespace, c.ReleaseName
	layers, err := wiring.Evaluate(known.Wiring, facts)
	if err != nil {
		c.Trouble = failure.Terminal(v1alpha1.ReasonSettingsInvalid, "spec.components[%s]: catalog %s: %w", c.Name, r.catalog.Version, err)
		return
	}
	var manifests []apiextensionsv1.JSON
	var references []v1alpha1.ValuesReference
	for _, layer := range layers {
		for _, name := range layer.After {
			if _, there := r.enabled[name]; there && !slices.Contains(c.DependsOn, name) {
				c.DependsOn = append(c.DependsOn, name)
			}
		}
		if len(layer.Values) > 0 {
			layer.Values = numbers(layer.Values)
			c.Wiring = append(c.Wiring, layer)
		}
		for _, ref := range layer.ValuesFrom {
			references = append(references, values.Normalize(ref))
		}
		for _, object := range layer.Manifests {
			if raw, err := json.Marshal(object); err == nil && !names(c.Manifests, object, c.Namespace) { // JSON types can be written as JSON
				manifests = append(manifests, apiextensionsv1.JSON{Raw: raw})
			}
		}
	}
	c.Manifests = append(manifests, c.Manifests...)
	c.ValuesFrom = append(references, c.ValuesFrom...)
	slices.Sort(c.DependsOn)
}

// identity is what tells manifests apart.
type identity struct{ group, kind, namespace, name string }

// identify returns what tells a manifest apart; one without a namespace is taken to be
// in that of its component.
func identify(object map[string]any, namespace string) identity {
	text := func(node any) string { s, _ := node.(string); return s }
	metadata, _ := object["metadata"].(map[string]any)
	group, _, found := strings.Cut(text(object["apiVersion"]), "/")
	if !found {
		group = ""
	}
	return identity{group: group, kind: text(object["kind"]), namespace: cmp.Or(text(metadata["namespace"]), namespace), name: text(metadata["name"])}
}

// names says whether the user has a manifest of the same kind and name, which then
// stands instead of the catalog's.
func names(manifests []apiextensionsv1.JSON, object map[string]any, namespace string) bool {
	wanted := identify(object, namespace)
	return slices.ContainsFunc(manifests, func(m apiextensionsv1.JSON) bool {
		var have map[string]any
		return json.Unmarshal(m.Raw, &have) == nil && identify(have, namespace) == wanted
	})
}
