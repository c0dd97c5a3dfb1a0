// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/groundwork-dev/groundwork/internal/cli/masking"
)

// shownLength is how many characters of a value are shown.
const shownLength = 100

// compare lists what happens to the objects, sorted by kind and name.
func compare(before, after map[string]object, m *mask) []ObjectChange {
	var out []ObjectChange
	for key, o := range after {
		old, existed := before[key]
		if !existed {
			out = append(out, m.named(o.change(ActionCreate)))
			continue
		}
		d := differ{mask: m, kind: o.gk.Kind}
		d.compare(nil, nil, old.content, o.content)
		if len(d.out) > 0 {
			change := m.named(o.change(ActionChange))
			change.Fields = d.out
			out = append(out, change)
		}
	}
	for key, o := range before {
		if _, stays := after[key]; !stays {
			out = append(out, m.named(o.change(ActionDelete)))
		}
	}
	slices.SortFunc(out, func(a, b ObjectChange) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Hook, b.Hook))
	})
	return out
}

func (m *mask) named(o ObjectChange) ObjectChange {
	o.Namespace, o.Name = m.text(o.Namespace), m.text(o.Name)
	return o
}

// differ compares two trees. Elements of lists that have names are compared by name.
type differ struct {
	mask *mask
	kind string
	out  []FieldChange
}

// missing is a value that is not there; nil is one that is null.
type missing struct{}

func (d *differ) compare(path []string, parent map[string]any, before, after any) {
	left, leftIs := asMap(before)
	right, rightIs := asMap(after)
	if leftIs && rightIs {
		keys := map[string]bool{}
		for key := range left {
			keys[key] = true
		}
		for key := range right {
			keys[key] = true
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			d.compare(append(slices.Clip(path), key), firstOf(right, left), get(left, key), get(right, key))
		}
		return
	}
	leftList, leftIs := before.([]any)
	rightList, rightIs := after.([]any)
	if leftIs && rightIs {
		d.lists(path, parent, leftList, rightList)
		return
	}
	d.leaf(path, parent, before, after)
}

// asMap takes nothing for an empty map beside one that is there.
func asMap(node any) (map[string]any, bool) {
	out, is := node.(map[string]any)
	return out, is
}

func firstOf(a, b map[string]any) map[string]any {
	if a != nil {
		return a
	}
	return b
}

func get(node map[string]any, key string) any {
	if value, ok := node[key]; ok {
		return value
	}
	return missing{}
}

func (d *differ) lists(path []string, parent map[string]any, before, after []any) {
	left, right, named := identified(before, after)
	if !named {
		for i := range max(len(before), len(after)) {
			d.compare(append(slices.Clip(path), "["+strconv.Itoa(i)+"]"), parent, at(before, i), at(after, i))
		}
		return
	}
	names := map[string]bool{}
	for name := range left {
		names[name] = true
	}
	for name := range right {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		d.compare(append(slices.Clip(path), "["+name+"]"), parent, get(left, name), get(right, name))
	}
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return missing{}
}

// identified are two lists as maps, by the first field that tells all their elements
// apart.
func identified(before, after []any) (left, right map[string]any, ok bool) {
	for _, key := range []string{"name", "mountPath", "key", "containerPort", "port"} {
		left, leftIs := byKey(before, key)
		right, rightIs := byKey(after, key)
		if leftIs && rightIs {
			return left, right, true
		}
	}
	return nil, nil, false
}

func byKey(list []any, key string) (map[string]any, bool) {
	out := map[string]any{}
	for _, element := range list {
		object, _ := element.(map[string]any)
		value, has := object[key]
		if !has {
			return nil, false
		}
		name := fmt.Sprint(value)
		if _, twice := out[name]; twice {
			return nil, false
		}
		out[name] = element
	}
	return out, true
}

func (d *differ) leaf(path []string, parent map[string]any, before, after any) {
	old, current := encoded(before), encoded(after)
	if old == current {
		return
	}
	secret := d.mask.field(d.kind, path, parent)
	out := FieldChange{Path: d.mask.text(joined(path))}
	leftText, leftIs := before.(string)
	rightText, rightIs := after.(string)
	if leftIs && rightIs && !secret && (strings.Contains(leftText, "\n") || strings.Contains(rightText, "\n")) {
		removed, added := lines(leftText, rightText)
		out.From, out.To = d.lines(removed), d.lines(added)
		if out.From == "" && out.To == "" {
			out.From, out.To = "(the same lines)", "(in another order, or with other blanks)"
		}
		d.out = append(d.out, out)
		return
	}
	out.From, out.To = d.shown(before, old, secret, path), d.shown(after, current, secret, path)
	if out.From == out.To {
		out.To += " (changed)"
	}
	d.out = append(d.out, out)
}

// shown is a value for people.
func (d *differ) shown(value any, text string, secret bool, path []string) string {
	if value == (missing{}) {
		return ""
	}
	if secret {
		return hidden
	}
	switch v := value.(type) {
	case string:
		if strings.Contains(v, "\n") {
			return d.lines(strings.Split(strings.TrimSpace(v), "\n"))
		}
		text = v
	case map[string]any, []any:
		text = encoded(d.redacted(v, path, nil))
	}
	return shorten(d.mask.text(text))
}

// redacted is a copy of a tree without what is not shown.
func (d *differ) redacted(node any, path []string, parent map[string]any) any {
	if _, isMap := node.(map[string]any); !isMap {
		if _, isList := node.([]any); !isList {
			if d.mask.field(d.kind, path, parent) {
				return hidden
			}
			return node
		}
	}
	switch n := node.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, child := range n {
			out[key] = d.redacted(child, append(slices.Clip(path), key), n)
		}
		return out
	case []any:
		out := make([]any, len(n))
		for i, child := range n {
			out[i] = d.redacted(child, append(slices.Clip(path), "["+strconv.Itoa(i)+"]"), parent)
		}
		return out
	default:
		return node
	}
}

func (d *differ) lines(list []string) string {
	var out []string
	for _, line := range list {
		if key, _, found := strings.Cut(line, "="); found && masking.Sensitive(strings.TrimSpace(key)) {
			line = key + "= " + hidden
		} else if key, _, found := strings.Cut(line, ":"); found && masking.Sensitive(strings.Trim(key, " \"'-")) {
			line = key + ": " + hidden
		}
		out = append(out, shorten(d.mask.text(strings.TrimSpace(line))))
	}
	const told = 6
	if more := len(out) - told; more > 0 {
		out = append(out[:told], fmt.Sprintf("and %d more lines", more))
	}
	return strings.Join(out, "\n")
}

// lines are those that only one of two texts has.
func lines(before, after string) (removed, added []string) {
	count := map[string]int{}
	for line := range strings.Lines(before) {
		count[strings.TrimRight(line, "\n")]++
	}
	for line := range strings.Lines(after) {
		if line = strings.TrimRight(line, "\n"); count[line] > 0 {
			count[line]--
		} else {
			added = append(added, line)
		}
	}
	for line := range strings.Lines(before) {
		if line = strings.TrimRight(line, "\n"); count[line] > 0 {
			count[line]--
			removed = append(removed, line)
		}
	}
	return removed, added
}

func encoded(value any) string {
	raw, err := json.Marshal(value)
	if err != nil || value == (missing{}) {
		return fmt.Sprintf("%T", value)
	}
	return string(raw)
}

func shorten(text string) string {
	if utf8.RuneCountInString(text) <= shownLength {
		return text
	}
	return string([]rune(text)[:shownLength]) + "…"
}

// joined writes a path: spec.template.spec.containers[main].image.
func joined(path []string) string {
	var out strings.Builder
	for _, part := range path {
		if strings.HasPrefix(part, "[") {
			out.WriteString(part)
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('.')
		}
		if strings.ContainsAny(part, "./ ") {
			part = strconv.Quote(part)
		}
		out.WriteString(part)
	}
	return out.String()
}
