// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// document is one object of a file: its nodes for the lines, and its content as kubectl
// would send it.
type document struct {
	file string
	// offset is the number of lines before the document.
	offset  int
	node    *yamlv3.Node
	content map[string]any
}

// problem is a mistake in the writing, before anything is known of the object.
type problem struct {
	line       int
	rule, text string
}

var (
	documentMark = regexp.MustCompile(`^---(\s|$)`)
	lineInError  = regexp.MustCompile(`line (\d+): `)
	aliasedYAML  = regexp.MustCompile(`^(yaml: |error converting YAML to JSON: |unmarshal errors:\s*)+`)
)

// documents parts a file. Lines are counted by hand, because a decoder that stops at a
// mistake in one document does not go on with the next.
func documents(f file, ours func(node *yamlv3.Node) bool) (out []document, problems []problem) {
	for _, part := range split(f.content) {
		node, err := parse(part.text)
		if err != nil {
			line, text := explain(err)
			problems = append(problems, problem{part.offset + line, ruleNotYAML, "is not YAML: " + text})
			continue
		}
		for _, object := range objects(node) {
			if !ours(object) {
				continue
			}
			content, err := contentOf(part.text, node, object)
			if err != nil {
				line, text := explain(err)
				problems = append(problems, problem{part.offset + line, ruleDuplicateField, text})
				continue
			}
			out = append(out, document{f.name, part.offset, object, content})
		}
	}
	return out, problems
}

type part struct {
	text   []byte
	offset int
}

func split(content []byte) []part {
	var out []part
	current := part{}
	line := 0
	for text := range bytes.Lines(content) {
		line++
		if documentMark.Match(text) {
			out = append(out, current)
			// What follows on the line of the mark belongs to the document.
			current = part{offset: line - 1}
			text = append([]byte("   "), text[len("---"):]...)
		}
		current.text = append(current.text, text...)
	}
	return append(out, current)
}

// parse returns the root node; nil for an empty document.
func parse(text []byte) (*yamlv3.Node, error) {
	var root yamlv3.Node
	err := yamlv3.NewDecoder(bytes.NewReader(text)).Decode(&root)
	if errors.Is(err, io.EOF) {
		return nil, nil //nolint:nilnil // nothing but comments is no mistake
	}
	if err != nil {
		return nil, err
	}
	return root.Content[0], nil
}

// objects is the object itself, or the items of a list.
func objects(node *yamlv3.Node) []*yamlv3.Node {
	if node == nil || node.Kind != yamlv3.MappingNode {
		return nil
	}
	items := child(node, "items")
	if kind := text(node, "kind"); strings.HasSuffix(kind, "List") && items != nil && items.Kind == yamlv3.SequenceNode {
		return items.Content
	}
	return []*yamlv3.Node{node}
}

// contentOf reads as kubectl does, which knows YAML 1.1: yes is true.
func contentOf(whole []byte, root, object *yamlv3.Node) (map[string]any, error) {
	raw, err := yaml.YAMLToJSONStrict(whole)
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := json.Unmarshal(raw, &content); err != nil || root == object {
		return content, err
	}
	items, _ := content["items"].([]any)
	for i, node := range objects(root) {
		if node == object && i < len(items) {
			item, _ := items[i].(map[string]any)
			return item, nil
		}
	}
	return nil, nil //nolint:nilnil // objects took the node from the same list
}

// explain parts an error of a YAML library into the line, from 1, and the rest.
func explain(err error) (line int, text string) {
	text = strings.Join(strings.Fields(aliasedYAML.ReplaceAllString(err.Error(), "")), " ")
	line = 1
	if at := lineInError.FindStringSubmatchIndex(text); at != nil {
		if n, err := strconv.Atoi(text[at[2]:at[3]]); err == nil && n > 0 {
			line = n
		}
		text = strings.TrimSpace(text[:at[0]] + text[at[1]:])
	}
	text = strings.TrimSuffix(text, " in map")
	if key, twice := strings.CutSuffix(strings.TrimPrefix(text, "key "), " already set"); twice {
		text = fmt.Sprintf("field %s is there twice: remove one of them", key)
	}
	return line, text
}
