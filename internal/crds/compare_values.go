// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// values compares what is said of the value in one place.
func (c *comparison) values(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	c.bounds(path, before, after)
	c.enum(path, before, after)
	c.pattern(path, "pattern", before.Pattern, after.Pattern)
	c.pattern(path, "format", before.Format, after.Format)
	if before.Nullable && !after.Nullable {
		c.add(path, RuleNullableRemoved, "must not be null any more")
	}
	c.lists(path, before, after)
	c.logic(path, before, after)
	for _, rule := range after.XValidations {
		if !slices.ContainsFunc(before.XValidations, func(r apiextensionsv1.ValidationRule) bool { return r.Rule == rule.Rule }) {
			c.add(path, RuleValidationAdded, "must satisfy the new rule %q", shorten(rule.Rule))
		}
	}
}

// bound is one limit of a value. Absent is what no limit means: nil, or 0 for the least length or count.
type bound struct {
	name          string
	before, after *float64
	upper         bool
}

// bounds compares minima and maxima.
func (c *comparison) bounds(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	for _, b := range []bound{
		{"maximum", before.Maximum, after.Maximum, true},
		{"minimum", before.Minimum, after.Minimum, false},
		{"maxLength", float(before.MaxLength), float(after.MaxLength), true},
		{"minLength", count(before.MinLength), count(after.MinLength), false},
		{"maxItems", float(before.MaxItems), float(after.MaxItems), true},
		{"minItems", count(before.MinItems), count(after.MinItems), false},
		{"maxProperties", float(before.MaxProperties), float(after.MaxProperties), true},
		{"minProperties", count(before.MinProperties), count(after.MinProperties), false},
	} {
		switch {
		case b.after == nil || b.before != nil && (*b.after == *b.before || b.upper == (*b.after > *b.before)):
		case b.before == nil:
			c.add(path, RuleBoundTightened, "gets the %s %s", b.name, number(*b.after))
		default:
			c.add(path, RuleBoundTightened, "changes its %s from %s to %s", b.name, number(*b.before), number(*b.after))
		}
	}
	c.exclusions(path, before, after)
}

// exclusions compares whether a bound itself is allowed, and which steps are.
func (c *comparison) exclusions(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	if after.ExclusiveMaximum && !before.ExclusiveMaximum && after.Maximum != nil {
		c.add(path, RuleBoundTightened, "must stay below its maximum %s", number(*after.Maximum))
	}
	if after.ExclusiveMinimum && !before.ExclusiveMinimum && after.Minimum != nil {
		c.add(path, RuleBoundTightened, "must stay above its minimum %s", number(*after.Minimum))
	}
	if after.MultipleOf != nil && (before.MultipleOf == nil || *before.MultipleOf != *after.MultipleOf) {
		c.add(path, RuleBoundTightened, "must be a multiple of %s", number(*after.MultipleOf))
	}
}

func float(n *int64) *float64 {
	if n == nil {
		return nil
	}
	return new(float64(*n))
}

// count is a least length or count; none means 0.
func count(n *int64) *float64 {
	if n == nil {
		return new(0.0)
	}
	return float(n)
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// enum compares the allowed values.
func (c *comparison) enum(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	if len(after.Enum) == 0 {
		return
	}
	was, is := literals(before.Enum), literals(after.Enum)
	if len(was) == 0 {
		c.add(path, RuleEnumNarrowed, "allows only %s from now on", shorten(strings.Join(is, ", ")))
		return
	}
	gone := slices.DeleteFunc(was, func(value string) bool { return slices.Contains(is, value) })
	if len(gone) > 0 {
		c.add(path, RuleEnumNarrowed, "no longer allows %s", shorten(strings.Join(gone, ", ")))
	}
}

// literals are values as canonical JSON, in order.
func literals(values []apiextensionsv1.JSON) []string {
	out := make([]string, 0, len(values))
	for _, value := range values {
		text := string(value.Raw)
		var decoded any
		if json.Unmarshal(value.Raw, &decoded) == nil {
			if canonical, err := json.Marshal(decoded); err == nil {
				text = string(canonical)
			}
		}
		out = append(out, text)
	}
	return out
}

func (c *comparison) pattern(path, what, before, after string) {
	switch {
	case after == "" || after == before:
	case before == "":
		c.add(path, RulePatternChanged, "gets the %s %q", what, shorten(after))
	default:
		c.add(path, RulePatternChanged, "changes its %s from %q to %q", what, shorten(before), shorten(after))
	}
}

// lists compares which items count as duplicates.
func (c *comparison) lists(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	if after.UniqueItems && !before.UniqueItems {
		c.add(path, RuleListKeysChanged, "must hold no duplicates from now on")
	}
	var was, is string
	if before.XListType != nil {
		was = *before.XListType
	}
	if after.XListType != nil {
		is = *after.XListType
	}
	unique := is == "set" || is == "map"
	if unique && (was != is || !slices.Equal(before.XListMapKeys, after.XListMapKeys)) {
		c.add(path, RuleListKeysChanged, "is a %s from now on%s, which holds no duplicates", is, byKeys(after.XListMapKeys))
	}
}

func byKeys(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return " by " + strings.Join(keys, ", ")
}

// logic compares the combinations of value validations, which are equal or not.
func (c *comparison) logic(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	for _, part := range []struct {
		name          string
		before, after []apiextensionsv1.JSONSchemaProps
	}{
		{"allOf", before.AllOf, after.AllOf}, {"anyOf", before.AnyOf, after.AnyOf}, {"oneOf", before.OneOf, after.OneOf},
		{"not", optional(before.Not), optional(after.Not)},
	} {
		if len(part.after) > 0 && !reflect.DeepEqual(part.before, part.after) {
			c.add(path, RuleLogicChanged, "changes its %s", part.name)
		}
	}
}

func optional(s *apiextensionsv1.JSONSchemaProps) []apiextensionsv1.JSONSchemaProps {
	if s == nil {
		return nil
	}
	return []apiextensionsv1.JSONSchemaProps{*s}
}

// shortened bounds what a message quotes of a schema or of a validator.
const shortened = 160

func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > shortened {
		return string(runes[:shortened-1]) + "…"
	}
	return text
}
