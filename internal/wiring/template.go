// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/groundwork-dev/groundwork/internal/values"
)

// fill returns a copy of a tree whose string leaves have been evaluated.
func fill(node any, data map[string]any, path string) (any, error) {
	switch n := node.(type) {
	case map[string]any:
		out := make(map[string]any, len(n))
		for _, key := range slices.Sorted(maps.Keys(n)) {
			value, err := fill(n[key], data, path+"."+key)
			if err != nil {
				return nil, err
			}
			out[key] = value
		}
		return out, nil
	case []any:
		out := make([]any, len(n))
		for i := range n {
			value, err := fill(n[i], data, fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
		return out, nil
	case string:
		value, err := leaf(n, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return value, nil
	default:
		return n, nil
	}
}

const opening, closing = "{{", "}}"

// leaf evaluates a string. One that is a single action becomes what the action
// gives, a list for example; every other one becomes text.
func leaf(text string, data map[string]any) (any, error) {
	if !strings.Contains(text, opening) {
		return text, nil
	}
	parsed, err := template.New("leaf").Parse(text)
	if err != nil {
		return nil, plain(err)
	}
	if action, single := singleAction(parsed); single {
		return capture(action, data)
	}
	var out strings.Builder
	if err := parsed.Option("missingkey=error").Execute(&out, data); err != nil {
		return nil, plain(err)
	}
	return out.String(), nil
}

// singleAction returns the pipeline of a template that is nothing else.
func singleAction(t *template.Template) (string, bool) {
	if t.Tree == nil || t.Root == nil || len(t.Root.Nodes) != 1 {
		return "", false
	}
	action, ok := t.Root.Nodes[0].(*parse.ActionNode)
	if !ok || len(action.Pipe.Decl) > 0 {
		return "", false
	}
	return action.Pipe.String(), true
}

// capture evaluates a pipeline and returns its result as it is.
func capture(pipeline string, data map[string]any) (any, error) {
	var result any
	keep := template.FuncMap{"keep": func(value any) string { result = value; return "" }}
	parsed, err := template.New("leaf").Funcs(keep).Option("missingkey=error").Parse(opening + "keep (" + pipeline + ")" + closing)
	if err != nil {
		return nil, plain(err)
	}
	if err := parsed.Execute(&strings.Builder{}, data); err != nil {
		return nil, plain(err)
	}
	if result == nil {
		return nil, fmt.Errorf("{{ %s }} is not known: guard the rule by when", pipeline)
	}
	return values.Copy(result), nil
}

// plain takes the template's name, which says nothing, off an error.
func plain(err error) error {
	text := err.Error()
	if i := strings.Index(text, "leaf:"); i >= 0 {
		if _, after, found := strings.Cut(text[i:], ": "); found {
			text = after
		}
	}
	return errors.New(strings.ReplaceAll(text, `executing "leaf" at `, ""))
}
