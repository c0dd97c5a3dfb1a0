// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// place is where a path leads to.
type place struct {
	line, column int
	// whole says that the path could be followed to its end.
	whole bool
	// node identifies the place.
	node *yamlv3.Node
}

// locate follows a path such as spec.components[cert-manager].values.a, where an
// element of a list is named by its index, its name, or what it is, and a key may hold
// dots. What is not there is where its parent is.
func (d document) locate(path string) place {
	at, node := d.node, d.node
	rest := path
	for rest != "" {
		key, next, after := step(node, rest)
		if next == nil {
			break
		}
		at, node, rest = key, deref(next), after
	}
	return place{line: d.offset + at.Line, column: at.Column, whole: rest == "", node: at}
}

// step takes one step: to the node that shows the line, and to the value.
func step(node *yamlv3.Node, path string) (shown, value *yamlv3.Node, rest string) {
	switch node.Kind {
	case yamlv3.MappingNode:
		return keyed(node, strings.TrimPrefix(path, "."))
	case yamlv3.SequenceNode:
		name, rest, ok := bracket(path)
		if !ok {
			return nil, nil, path
		}
		if element := element(node, name); element != nil {
			return element, element, rest
		}
	default: // a scalar has nothing below it
	}
	return nil, nil, path
}

// keyed finds the longest key that the path begins with.
func keyed(node *yamlv3.Node, path string) (shown, value *yamlv3.Node, rest string) {
	inside, after, bracketed := bracket(path)
	best := -1
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, under := node.Content[i], deref(node.Content[i+1])
		if key.Tag == "!!merge" && under.Kind == yamlv3.MappingNode && best < 0 {
			if k, v, r := keyed(under, path); v != nil {
				shown, value, rest = k, v, r
			}
			continue
		}
		if bracketed && key.Value == inside {
			return key, under, after
		}
		tail, found := strings.CutPrefix(path, key.Value)
		if ends := tail == "" || tail[0] == '.' || tail[0] == '['; found && ends && len(key.Value) > best {
			best = len(key.Value)
			shown, value, rest = key, under, tail
		}
	}
	return shown, value, rest
}

// bracket takes [inside] off a path.
func bracket(path string) (inside, rest string, ok bool) {
	if !strings.HasPrefix(path, "[") {
		return "", path, false
	}
	inside, rest, ok = strings.Cut(path[1:], "]")
	return inside, rest, ok
}

func element(list *yamlv3.Node, name string) *yamlv3.Node {
	for _, e := range list.Content {
		e = deref(e)
		if e.Kind == yamlv3.ScalarNode && e.Value == name {
			return e
		}
		if e.Kind == yamlv3.MappingNode && text(e, "name") == name {
			return e
		}
	}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(list.Content) {
		return deref(list.Content[i])
	}
	return nil
}

func deref(node *yamlv3.Node) *yamlv3.Node {
	if node.Kind == yamlv3.AliasNode {
		return node.Alias
	}
	return node
}

// child is the value of a key, merged ones included; nil for none.
func child(node *yamlv3.Node, key string) *yamlv3.Node {
	var merged *yamlv3.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		under := deref(node.Content[i+1])
		switch {
		case node.Content[i].Value == key:
			return under
		case node.Content[i].Tag == "!!merge" && under.Kind == yamlv3.MappingNode:
			merged = child(under, key)
		}
	}
	return merged
}

// text is the value of a key that is text, empty for none.
func text(node *yamlv3.Node, key string) string {
	if node.Kind != yamlv3.MappingNode {
		return ""
	}
	if value := child(node, key); value != nil && value.Kind == yamlv3.ScalarNode {
		return value.Value
	}
	return ""
}
