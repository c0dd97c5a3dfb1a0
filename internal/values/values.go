// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package values merges layers of Helm values, puts single values at paths and
// names the result by a digest. It is pure: it imports no client and no Helm,
// and never changes what it is given.
package values

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// Values is a tree of Helm values: maps with string keys, []any, string, bool,
// json.Number and nil. Numbers are json.Number, so that a digest and the API see
// what was written; the Helm engine turns them into what templates expect.
type Values = map[string]any

// Parse reads YAML or JSON into Values. Empty input is an empty map; anything
// else than an object is an error that says what was found.
func Parse(data []byte) (Values, error) {
	raw, err := yaml.YAMLToJSON(data)
	if err != nil {
		return nil, fmt.Errorf("not valid YAML: %w", err)
	}
	return decode(raw)
}

func decode(raw []byte) (Values, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var out any
	if err := decoder.Decode(&out); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	switch v := out.(type) {
	case nil:
		return Values{}, nil
	case map[string]any:
		return v, nil
	default:
		return nil, fmt.Errorf("values must be an object with keys, not %s", kindOf(v))
	}
}

// FromJSON reads a values field of the API; nil is an empty map. It is read as
// JSON, because YAML refuses some of its strings and reads a key "<<" as a merge.
func FromJSON(field *apiextensionsv1.JSON) (Values, error) {
	if field == nil {
		return Values{}, nil
	}
	return decode(field.Raw)
}

// ToJSON writes values for a field of the API with sorted keys; an empty map is nil.
func ToJSON(v Values) (*apiextensionsv1.JSON, error) {
	if len(v) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("values cannot be written as JSON: %w", err)
	}
	return &apiextensionsv1.JSON{Raw: raw}, nil
}

// Merge lays the layers over each other, the last one on top: maps are merged,
// everything else is replaced, and an explicit null stays null so that Helm
// removes the chart's own default. The result shares nothing with the layers.
func Merge(layers ...Values) Values {
	out := Values{}
	for _, layer := range layers {
		mergeInto(out, layer)
	}
	return out
}

func mergeInto(dst, src Values) {
	for key, value := range src {
		below, isMap := dst[key].(map[string]any)
		above, isMapToo := value.(map[string]any)
		if isMap && isMapToo {
			mergeInto(below, above)
			continue
		}
		dst[key] = Copy(value)
	}
}

// Copy returns a deep copy of a value.
func Copy(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := maps.Clone(v)
		for key := range out {
			out[key] = Copy(out[key])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Copy(v[i])
		}
		return out
	default:
		return v
	}
}

func kindOf(value any) string {
	switch value.(type) {
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	default:
		return "a number"
	}
}
