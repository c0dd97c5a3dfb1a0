// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli/masking"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// values fills in every value with its source.
func (e *Explanation) values(c resolve.Component, read reader) {
	layers := c.Layers()
	own := layers[len(layers)-1]
	layers = layers[:len(layers)-1]
	secret := map[string]bool{}
	for _, ref := range c.ValuesFrom {
		source := fmt.Sprintf("%s %s/%s %s", ref.Kind, ref.Namespace, ref.Name, ref.Key)
		secret[source] = ref.Kind == "Secret"
		layer, note := readLayer(ref, source, read)
		if note != "" {
			e.Notes = append(e.Notes, note)
			continue
		}
		layers = append(layers, values.Layer{Source: source, Values: layer})
	}
	layers = append(layers, own)
	var all []values.Values
	for _, layer := range layers {
		all = append(all, layer.Values)
	}
	sources := values.Provenance(layers...)
	leaves := map[string]string{}
	flatten(leaves, "", values.Merge(all...), false)
	for _, path := range slices.Sorted(maps.Keys(leaves)) {
		value := Value{path, leaves[path], sources[path]}
		if secret[value.Source] {
			value.Value = masking.Hidden
		}
		e.Values = append(e.Values, value)
	}
}

// readLayer reads a reference; the note says why it could not.
func readLayer(ref v1alpha1.ValuesReference, source string, read reader) (layer values.Values, note string) {
	if read == nil {
		return nil, "valuesFrom " + source + " is not read for a file"
	}
	content, found, err := read(ref)
	switch {
	case err != nil:
		return nil, fmt.Sprintf("valuesFrom %s cannot be read: %v", source, err)
	case !found && ref.Optional:
		return nil, "valuesFrom " + source + " is not there, and optional"
	case !found:
		return nil, "valuesFrom " + source + " is not there: create it, or set optional: true"
	case ref.TargetPath != "":
		layer, err = values.SetPath(values.Values{}, ref.TargetPath, content)
	default:
		layer, err = values.Parse([]byte(content))
	}
	if err != nil {
		return nil, "valuesFrom " + source + " is not what it must be" // its text may be secret
	}
	return layer, ""
}

// flatten writes the leaves of a tree by the paths of values.Provenance.
func flatten(into map[string]string, path string, node any, secret bool) {
	object, is := node.(map[string]any)
	if !is || (len(object) == 0 && path != "") {
		into[path] = shown(node, secret)
		return
	}
	for key, child := range object {
		at := strings.ReplaceAll(key, ".", "\\.")
		if path != "" {
			at = path + "." + at
		}
		flatten(into, at, child, secret || masking.Sensitive(key))
	}
}

// shownLength is how many characters of a value are shown.
const shownLength = 100

func shown(value any, secret bool) string {
	if secret && values.IsSet(value) && value != true {
		return masking.Hidden
	}
	raw, err := json.Marshal(redacted(value))
	if err != nil {
		return "?"
	}
	if text := string(raw); utf8.RuneCountInString(text) > shownLength {
		return string([]rune(text)[:shownLength]) + "…"
	}
	return string(raw)
}

// redacted hides what lists hold under names that speak of secrets.
func redacted(node any) any {
	switch n := node.(type) {
	case map[string]any:
		named, _ := n["name"].(string)
		out := map[string]any{}
		for key, child := range n {
			out[key] = redacted(child)
			if masking.Sensitive(key) || (key == "value" && masking.Sensitive(named)) {
				out[key] = masking.Hidden
			}
		}
		return out
	case []any:
		out := make([]any, len(n))
		for i := range n {
			out[i] = redacted(n[i])
		}
		return out
	default:
		return node
	}
}

// table draws the explanation for people.
func (e *Explanation) table(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s of bundle %s: chart %s %s as release %s\n", e.Component, e.Bundle, e.Chart, e.Version, e.Release)
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&out, "\n%s\n  %s\n", title, strings.Join(lines, "\n  "))
		}
	}
	section("Why it is here", e.Here)
	if e.State != "" {
		section("Now", []string{e.State + ", " + e.Now})
	}
	if e.Trouble != "" {
		section("Trouble", []string{e.Trouble})
	}
	section("Comes after", drawn(e.After))
	section("Comes before", drawn(e.Before))
	var lines []string
	for _, value := range e.Values {
		lines = append(lines, fmt.Sprintf("%s = %s  # %s", value.Path, value.Value, value.Source))
	}
	section("Values", lines)
	section("Not known", e.Notes)
	_, err := io.WriteString(w, out.String())
	return err
}

func drawn(edges []Edge) []string {
	var out []string
	for _, edge := range edges {
		out = append(out, strings.TrimSuffix(fmt.Sprintf("%s (%s): %s", edge.Component, edge.By, edge.Why), ": "))
	}
	return out
}
