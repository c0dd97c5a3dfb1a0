// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values

import (
	"fmt"
	"strconv"
	"strings"
)

// maxIndex bounds a list index in a path, so that a typo cannot allocate much.
const maxIndex = 1000

// SetPath returns a copy of v with value at path, for example
// "provider.credentials[0].token". Missing maps and list elements are made; a
// dot that belongs to a key is written "\\.". It fails, naming the part, when
// the path runs through something that is neither a map nor a list.
func SetPath(v Values, path string, value any) (Values, error) {
	steps, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	out, err := setStep(Copy(v), steps, value, path)
	if err != nil {
		return nil, err
	}
	return out.(map[string]any), nil
}

// step is one key or one index of a path.
type step struct {
	key     string
	index   int
	isIndex bool
}

func setStep(node any, steps []step, value any, path string) (any, error) {
	if len(steps) == 0 {
		return value, nil
	}
	if steps[0].isIndex {
		return setIndex(node, steps, value, path)
	}
	object, ok := node.(map[string]any)
	if !ok && node != nil {
		return nil, fmt.Errorf("targetPath %q: %q would be set in %s", path, steps[0].key, kindOf(node))
	}
	if object == nil {
		object = Values{}
	}
	child, err := setStep(object[steps[0].key], steps[1:], value, path)
	if err != nil {
		return nil, err
	}
	object[steps[0].key] = child
	return object, nil
}

func setIndex(node any, steps []step, value any, path string) (any, error) {
	list, ok := node.([]any)
	if !ok && node != nil {
		return nil, fmt.Errorf("targetPath %q: index %d is used on something that is not a list", path, steps[0].index)
	}
	for len(list) <= steps[0].index {
		list = append(list, nil)
	}
	child, err := setStep(list[steps[0].index], steps[1:], value, path)
	if err != nil {
		return nil, err
	}
	list[steps[0].index] = child
	return list, nil
}

func parsePath(path string) ([]step, error) {
	var steps []step
	for _, part := range splitDots(path) {
		key, rest, hasIndex := strings.Cut(part, "[")
		if key == "" {
			return nil, fmt.Errorf("targetPath %q has an empty key", path)
		}
		steps = append(steps, step{key: key})
		for hasIndex {
			var digits string
			var closed bool
			digits, rest, closed = strings.Cut(rest, "]")
			index, err := strconv.Atoi(digits)
			if err != nil || !closed || index < 0 || index > maxIndex {
				return nil, fmt.Errorf("targetPath %q: %q is not a list index from 0 to %d", path, digits, maxIndex)
			}
			steps = append(steps, step{index: index, isIndex: true})
			if rest == "" {
				break
			}
			rest, hasIndex = strings.CutPrefix(rest, "[")
			if !hasIndex {
				return nil, fmt.Errorf("targetPath %q: a dot is missing before %q", path, rest)
			}
		}
	}
	return steps, nil
}

// splitDots splits at dots that are not escaped by a backslash.
func splitDots(path string) []string {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path) && path[i+1] == '.':
			part.WriteByte('.')
			i++
		case path[i] == '.':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(path[i])
		}
	}
	return append(parts, part.String())
}
