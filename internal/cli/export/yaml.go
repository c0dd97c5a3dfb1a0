// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fields are the fields of an object in the order in which people read them.
type fields []field

type field struct {
	name  string
	value any
	// comment stands above the field.
	comment string
}

// item is an element of a list with a comment above it.
type item struct {
	value   any
	comment string
}

// document is one document of a file with a comment above it.
type document struct {
	comment string
	value   any
}

// encode writes documents.
func encode(documents []document) ([]byte, error) {
	var out bytes.Buffer
	for i, d := range documents {
		if i > 0 {
			out.WriteString("---\n")
		}
		out.WriteString(hashes(d.comment))
		if d.value == nil {
			continue
		}
		node, err := nodeOf(d.value)
		if err != nil {
			return nil, err
		}
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(node); err != nil {
			return nil, err
		}
		if err := encoder.Close(); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// hashes makes comment lines.
func hashes(text string) string {
	if text == "" {
		return ""
	}
	return "# " + strings.ReplaceAll(text, "\n", "\n# ") + "\n"
}

// nodeOf keeps the order of fields, and comments. A field without a value is left out;
// false and 0 are values.
func nodeOf(value any) (*yaml.Node, error) {
	switch v := value.(type) {
	case fields:
		node := &yaml.Node{Kind: yaml.MappingNode}
		for _, f := range v {
			if isNothing(f.value) {
				continue
			}
			child, err := nodeOf(f.value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			key := &yaml.Node{Kind: yaml.ScalarNode, Value: f.name, HeadComment: strings.TrimSuffix(hashes(f.comment), "\n")}
			node.Content = append(node.Content, key, child)
		}
		return node, nil
	case []item:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for _, i := range v {
			child, err := nodeOf(i.value)
			if err != nil {
				return nil, err
			}
			child.HeadComment = strings.TrimSuffix(hashes(i.comment), "\n")
			node.Content = append(node.Content, child)
		}
		return node, nil
	default:
		node := &yaml.Node{}
		return node, node.Encode(plain(value))
	}
}

func isNothing(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case fields:
		return len(v) == 0
	case []item:
		return len(v) == 0
	case []string:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case map[string]string:
		return len(v) == 0
	}
	return false
}

// plain makes numbers of YAML: one that comes out of JSON is a text or a float, which
// would get quotes or an exponent.
func plain(value any) any {
	const exact = 1 << 53
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, element := range v {
			out[key] = plain(element)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = plain(element)
		}
		return out
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		if number, err := v.Float64(); err == nil {
			return number
		}
		return v.String()
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < exact {
			return int64(v)
		}
	}
	return value
}
