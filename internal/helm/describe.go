// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Description is what a person wants to know of a revision before it is changed.
type Description struct {
	// ChartName and ChartVersion that it was made from.
	ChartName, ChartVersion string
	// AppVersion that the chart names.
	AppVersion string
	// Message is what Helm recorded about it, such as "Upgrade complete".
	Message string
	// Values that were given for it, without the chart's defaults. They may hold
	// secrets.
	Values map[string]any
}

// Describe reads one revision, whoever made it, from its record.
func (e *Engine) Describe(_ context.Context, release Release, revision int) (Description, error) {
	rls, err := e.record(release, revision)
	if err != nil {
		return Description{}, err
	}
	out := Description{Values: rls.Config}
	if rls.Info != nil {
		out.Message = rls.Info.Description
	}
	if rls.Chart != nil && rls.Chart.Metadata != nil {
		out.ChartName, out.ChartVersion = rls.Chart.Metadata.Name, rls.Chart.Metadata.Version
		out.AppVersion = rls.Chart.Metadata.AppVersion
	}
	return out, nil
}

// DifferenceOptions of Differences.
type DifferenceOptions struct {
	// MaskAll hides every value, for values that came from Secrets.
	MaskAll bool
	// Limit is the number of entries before "and k more"; 0 means all.
	Limit int
}

// Differences lists the paths whose values differ, sorted, each as
// "path: old → new" with values in a short form and "(unset)" for none. Values
// whose path, name or text speaks of a secret are shown as ***. An empty map is
// the same as none, and 1 is the same as 1.0.
func Differences(from, to map[string]any, options DifferenceOptions) []string {
	d := differ{maskAll: options.MaskAll}
	d.compare("", nonNil(from), nonNil(to), false)
	slices.Sort(d.out)
	if left := len(d.out) - options.Limit; options.Limit > 0 && left > 0 {
		d.out = append(d.out[:options.Limit], fmt.Sprintf("and %d more", left))
	}
	return d.out
}

// unset is a value that is not there; nil is one that is null.
type unset struct{}

type differ struct {
	maskAll bool
	out     []string
}

func nonNil(values map[string]any) map[string]any {
	if values == nil {
		return map[string]any{}
	}
	return values
}

func (d *differ) compare(path string, from, to any, secret bool) {
	secret = secret || namesSecret(from) || namesSecret(to)
	left, leftIsMap := asMap(from)
	right, rightIsMap := asMap(to)
	if leftIsMap && rightIsMap {
		keys := map[string]any{}
		maps.Copy(keys, left)
		maps.Copy(keys, right)
		for key := range keys {
			d.compare(joinPath(path, key), at(left, key), at(right, key), secret)
		}
		return
	}
	fromList, fromIsList := from.([]any)
	toList, toIsList := to.([]any)
	if fromIsList && toIsList || fromIsList && to == (unset{}) || toIsList && from == (unset{}) {
		for i := range max(len(fromList), len(toList)) {
			d.compare(path+"["+strconv.Itoa(i)+"]", element(fromList, i), element(toList, i), secret)
		}
		return
	}
	d.leaf(path, from, to, secret)
}

func (d *differ) leaf(path string, from, to any, secret bool) {
	old, current := encoded(from), encoded(to)
	if old == current {
		return
	}
	secret = secret || d.maskAll || sensitive(path)
	d.out = append(d.out, path+": "+shown(old, secret)+" → "+shown(current, secret))
}

// asMap takes nothing for an empty map, so that what is added or removed is listed
// value by value. Two that are not there are no maps.
func asMap(value any) (map[string]any, bool) {
	if value == (unset{}) {
		return nil, true
	}
	out, ok := value.(map[string]any)
	return out, ok
}

func at(values map[string]any, key string) any {
	if value, ok := values[key]; ok {
		return value
	}
	return unset{}
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return unset{}
}

func joinPath(path, key string) string {
	if strings.ContainsAny(key, ".[] ") {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

const none = "(unset)"

// encoded makes numbers of YAML and of JSON comparable.
func encoded(value any) string {
	if value == (unset{}) {
		return none
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}

// shown is at most this many characters long.
const shownLength = 60

func shown(text string, secret bool) string {
	switch {
	case text == none:
		return none
	case secret || sensitive(text) || strings.Contains(text, "://") && strings.Contains(text, "@"):
		return "***"
	case utf8.RuneCountInString(text) > shownLength:
		return string([]rune(text)[:shownLength]) + "…"
	default:
		return text
	}
}

func sensitive(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"pass", "pwd", "secret", "token", "key", "credential", "auth", "dsn", "private", "connection"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// namesSecret is about {name: DB_PASSWORD, value: ...}.
func namesSecret(value any) bool {
	object, ok := value.(map[string]any)
	if !ok {
		return false
	}
	name, ok := object["name"].(string)
	return ok && sensitive(name)
}
