// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder reads YAML nodes and writes down every mistake with its line. It is stricter than a library's decoder: no unknown
// or repeated field, no anchors, no number where text is meant, and no plain y, no, on or off, which are booleans to some
// YAML readers and text to others.
type decoder struct {
	file  string
	found *problems
	lines map[string]int // where a thing stands that later checks may complain about
}

func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	d.found.add(d.file, n.Line, format, args...)
}

// at remembers the line of a thing for checks that run when every file has been read.
func (d *decoder) at(n *yaml.Node, key string) { d.lines[key] = n.Line }

// fields says how each field of an object is read.
type fields map[string]func(*yaml.Node)

// object reads a mapping whose every key is one of known; what names the object in messages.
func (d *decoder) object(n *yaml.Node, what string, known fields, required ...string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s must be a mapping", what)
		return
	}
	seen := map[string]bool{}
	d.pairs(n, func(key string, k, v *yaml.Node) {
		read, ok := known[key]
		if !ok {
			d.fail(k, "unknown field %q in %s%s", key, what, didYouMean(key, slices.Sorted(maps.Keys(known))))
			return
		}
		seen[key] = true
		read(v)
	})
	for _, key := range required {
		if !seen[key] {
			d.fail(n, "%s has no field %q", what, key)
		}
	}
}

// pairs calls read for each pair of a mapping, leaving out repeated keys and keys that are no text.
func (d *decoder) pairs(n *yaml.Node, read func(key string, k, v *yaml.Node)) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode || k.ShortTag() != "!!str":
			d.fail(k, "a key must be text: quote it")
		case d.isOldBool(k):
		case seen[k.Value]:
			d.fail(k, "field %q is there twice", k.Value)
		default:
			seen[k.Value] = true
			read(k.Value, k, v)
		}
	}
}

// list calls read for each element of a sequence.
func (d *decoder) list(n *yaml.Node, what string, read func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "%s must be a list", what)
		return
	}
	for _, e := range n.Content {
		read(e)
	}
}

// text reads text that is not empty.
func (d *decoder) text(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || !slices.Contains([]string{"!!str", "!!timestamp"}, n.ShortTag()) {
		d.fail(n, "%s must be text: quote it if it is a number, true, false or null", what)
		return ""
	}
	if d.isOldBool(n) {
		return ""
	}
	if strings.TrimSpace(n.Value) == "" {
		d.fail(n, "%s must not be empty", what)
	}
	return n.Value
}

// into returns a reader that stores text.
func (d *decoder) into(target *string, what string) func(*yaml.Node) {
	return func(n *yaml.Node) { *target = d.text(n, what) }
}

// boolean returns a reader that stores true or false.
func (d *decoder) boolean(target *bool, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
			d.fail(n, "%s must be true or false", what)
			return
		}
		*target = n.Value == "true"
	}
}

// texts returns a reader that stores a list of different texts.
func (d *decoder) texts(target *[]string, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		d.list(n, what, func(e *yaml.Node) {
			s := d.text(e, "each of "+what)
			if s == "" {
				return
			}
			if slices.Contains(*target, s) {
				d.fail(e, "%s holds %q twice", what, s)
				return
			}
			d.at(e, what+"/"+s)
			*target = append(*target, s)
		})
	}
}

// value reads any YAML as JSON types.
func (d *decoder) value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		d.pairs(n, func(key string, _, v *yaml.Node) { out[key] = d.value(v) })
		return out
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, e := range n.Content {
			out = append(out, d.value(e))
		}
		return out
	case yaml.ScalarNode:
		return d.scalar(n)
	default:
		d.fail(n, "anchors and aliases are not used in a catalog: write the value out")
		return nil
	}
}

func (d *decoder) scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case "!!str", "!!timestamp":
		if d.isOldBool(n) {
			return nil
		}
		return n.Value
	case "!!int", "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			d.fail(n, "%s is no number that JSON knows", n.Value)
			return nil
		}
		return f
	default:
		d.fail(n, "a value of YAML type %s has no JSON type", n.ShortTag())
		return nil
	}
}

// isOldBool refuses a plain word that YAML 1.1 takes for a boolean.
func (d *decoder) isOldBool(n *yaml.Node) bool {
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if quoted || !slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(n.Value)) {
		return false
	}
	d.fail(n, "%s is a boolean in YAML 1.1 and text in YAML 1.2: write true or false, or quote it", n.Value)
	return true
}

// didYouMean returns a hint to append to a message, empty if nothing is near.
func didYouMean(name string, candidates []string) string {
	if n, ok := nearest(name, candidates); ok {
		return "; did you mean \"" + n + "\"?"
	}
	return ""
}
