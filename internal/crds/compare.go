// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Rule names what a Change breaks.
type Rule string

// The rules of a safe change. What only widens breaks none; defaults and descriptions do not count.
const (
	// RuleFieldRemoved: a field is gone, and its values would be pruned.
	RuleFieldRemoved Rule = "FieldRemoved"
	// RuleFieldDeclared: a field that was free to hold anything gets a schema.
	RuleFieldDeclared Rule = "FieldDeclared"
	// RuleTypeChanged: values of the old type are no longer valid.
	RuleTypeChanged Rule = "TypeChanged"
	// RuleRequiredAdded: a field without a default becomes required.
	RuleRequiredAdded Rule = "RequiredAdded"
	// RuleEnumNarrowed: values are no longer allowed, or only some are from now on.
	RuleEnumNarrowed Rule = "EnumNarrowed"
	// RuleBoundTightened: a minimum or maximum of a value, a length or a count is new or tighter.
	RuleBoundTightened Rule = "BoundTightened"
	// RulePatternChanged: a pattern or a format is new or another one.
	RulePatternChanged Rule = "PatternChanged"
	// RuleNullableRemoved: null is no longer allowed.
	RuleNullableRemoved Rule = "NullableRemoved"
	// RuleUnknownFieldsClosed: fields or keys without a schema are no longer kept.
	RuleUnknownFieldsClosed Rule = "UnknownFieldsClosed"
	// RuleValidationAdded: a CEL rule is new or another one.
	RuleValidationAdded Rule = "ValidationAdded"
	// RuleLogicChanged: allOf, anyOf, oneOf or not is new or another one.
	RuleLogicChanged Rule = "LogicChanged"
	// RuleListKeysChanged: a list must hold no duplicates from now on, or by other keys.
	RuleListKeysChanged Rule = "ListKeysChanged"
)

// Change is one way in which a schema allows less than it did.
type Change struct {
	// Version of the kind.
	Version string
	// Path of the field: spec.listeners[*].tls, spec.labels.* for the values of a map; empty for the object itself.
	Path string
	// Rule that is broken.
	Rule Rule
	// Detail is a verb phrase for people: "is removed".
	Detail string
}

// String is a clause for people.
func (c Change) String() string {
	path := c.Path
	if path == "" {
		path = "the object"
	}
	return fmt.Sprintf("%s of %s %s", path, c.Version, c.Detail)
}

// Compare lists where next allows less than current, for every version that both serve, sorted. It is pure and judges schemas only: a
// change breaks something when live objects use what is no longer allowed.
func Compare(current, next *apiextensionsv1.CustomResourceDefinition) []Change {
	var out []Change
	for i := range current.Spec.Versions {
		name := current.Spec.Versions[i].Name
		if current.Spec.Versions[i].Served && servedVersion(next, name) != nil {
			out = append(out, compareVersions(current, name, next, name)...)
		}
	}
	slices.SortFunc(out, compareChanges)
	return out
}

func compareChanges(a, b Change) int {
	return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Detail, b.Detail))
}

// compareVersions lists where version to of next allows less than version from of current, sorted and under the name of from.
func compareVersions(current *apiextensionsv1.CustomResourceDefinition, from string, next *apiextensionsv1.CustomResourceDefinition,
	to string,
) []Change {
	before, after := schemaOf(current, from), schemaOf(next, to)
	if after == nil {
		return nil // a version without a schema is not valid; the API server will say so
	}
	c := &comparison{version: from}
	if before == nil {
		before = &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: new(true)}
	}
	if current.Spec.PreserveUnknownFields && !next.Spec.PreserveUnknownFields {
		c.add("", RuleUnknownFieldsClosed, "no longer keeps fields without a schema (spec.preserveUnknownFields)")
	}
	c.root(before, after)
	slices.SortFunc(c.changes, compareChanges)
	return slices.Compact(c.changes)
}

func schemaOf(crd *apiextensionsv1.CustomResourceDefinition, version string) *apiextensionsv1.JSONSchemaProps {
	for i := range crd.Spec.Versions {
		if v := &crd.Spec.Versions[i]; v.Name == version && v.Schema != nil {
			return v.Schema.OpenAPIV3Schema
		}
	}
	return nil
}

func servedVersion(crd *apiextensionsv1.CustomResourceDefinition, name string) *apiextensionsv1.CustomResourceDefinitionVersion {
	for i := range crd.Spec.Versions {
		if v := &crd.Spec.Versions[i]; v.Name == name && v.Served {
			return v
		}
	}
	return nil
}

// comparison walks two schemas side by side.
type comparison struct {
	version string
	changes []Change
}

func (c *comparison) add(path string, rule Rule, format string, args ...any) {
	c.changes = append(c.changes, Change{c.version, path, rule, fmt.Sprintf(format, args...)})
}

// root compares whole objects: the API server keeps apiVersion, kind and metadata whatever the schema says.
func (c *comparison) root(before, after *apiextensionsv1.JSONSchemaProps) {
	b, a := *before, *after
	b.XEmbeddedResource, a.XEmbeddedResource = true, true
	c.schema("", &b, &a)
}

// schema compares one place of the two schemas and what is below it.
func (c *comparison) schema(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	if !c.types(path, before, after) {
		return // what is below has another meaning
	}
	c.values(path, before, after)
	c.fields(path, before, after)
	c.required(path, before, after)
	if b, a := itemsOf(before), itemsOf(after); b != nil && a != nil {
		c.schema(path+"[*]", b, a)
	}
	c.keys(path, before, after)
}

// types says whether values of the old type are of the new one.
func (c *comparison) types(path string, before, after *apiextensionsv1.JSONSchemaProps) bool {
	was, is := typeOf(before), typeOf(after)
	fits := was == is || is == anything ||
		was == "integer" && (is == "number" || is == intOrString) ||
		was == "string" && is == intOrString
	if !fits {
		c.add(path, RuleTypeChanged, "changes its type from %s to %s", was, is)
	}
	if after.XEmbeddedResource && !before.XEmbeddedResource {
		c.add(path, RuleTypeChanged, "must be a complete object with apiVersion and kind")
	}
	return fits
}

const (
	anything    = "anything"
	intOrString = "integer or string"
)

func typeOf(s *apiextensionsv1.JSONSchemaProps) string {
	switch {
	case s.XIntOrString:
		return intOrString
	case s.Type == "":
		return anything
	default:
		return s.Type
	}
}

// fields compares properties.
func (c *comparison) fields(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	for _, name := range slices.Sorted(maps.Keys(before.Properties)) {
		b, below := before.Properties[name], join(path, name)
		a, stays := after.Properties[name]
		switch values := valuesOf(after); {
		case before.XEmbeddedResource && after.XEmbeddedResource && isMeta(name):
			if stays {
				c.meta(below, name, b, a)
			}
		case stays:
			c.schema(below, &b, &a)
		case values != nil:
			c.schema(below, &b, values)
		case !keepsUnknown(after):
			c.add(below, RuleFieldRemoved, "is removed")
		}
	}
	if !keepsUnknown(before) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(after.Properties)) {
		if _, ok := before.Properties[name]; !ok && !(before.XEmbeddedResource && isMeta(name)) {
			c.add(join(path, name), RuleFieldDeclared, "gets a schema, and could hold anything before")
		}
	}
}

// meta compares apiVersion, kind or metadata of a complete object. The API server keeps them, and everything in metadata, whatever the
// schema says; it may still bound their values.
func (c *comparison) meta(path, name string, before, after apiextensionsv1.JSONSchemaProps) {
	if name == "metadata" {
		before.XPreserveUnknownFields, after.XPreserveUnknownFields = new(true), new(true)
	}
	c.schema(path, &before, &after)
}

func isMeta(name string) bool { return name == "apiVersion" || name == "kind" || name == "metadata" }

// keys compares what is said of fields and keys without a schema of their own.
func (c *comparison) keys(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	b, a := valuesOf(before), valuesOf(after)
	switch {
	case b != nil && a != nil:
		c.schema(join(path, "*"), b, a)
	case b != nil && !keepsUnknown(after):
		c.add(path, RuleUnknownFieldsClosed, "no longer takes keys of one's own")
	case keepsUnknown(before) && a != nil && !unconstrained(a):
		c.add(join(path, "*"), RuleFieldDeclared, "gets a schema, and could hold anything before")
	case keepsUnknown(before) && !keepsUnknown(after) && a == nil && typeOf(after) != anything:
		c.add(path, RuleUnknownFieldsClosed, "no longer keeps fields without a schema")
	case before.XEmbeddedResource && !after.XEmbeddedResource && !keepsUnknown(after):
		c.add(path, RuleUnknownFieldsClosed, "no longer is a complete object with metadata")
	}
}

// required compares which fields must be there; one with a default always is.
func (c *comparison) required(path string, before, after *apiextensionsv1.JSONSchemaProps) {
	for _, name := range after.Required {
		if !slices.Contains(before.Required, name) && after.Properties[name].Default == nil {
			c.add(join(path, name), RuleRequiredAdded, "becomes required")
		}
	}
}

// keepsUnknown says that fields without a schema are kept and may hold anything.
func keepsUnknown(s *apiextensionsv1.JSONSchemaProps) bool {
	return s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields
}

// unconstrained says that a schema allows everything.
func unconstrained(s *apiextensionsv1.JSONSchemaProps) bool {
	return typeOf(s) == anything && keepsUnknown(s) && len(s.Properties) == 0
}

// valuesOf is the schema of the values of a map; nil when there is none.
func valuesOf(s *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	switch {
	case s.AdditionalProperties == nil:
		return nil
	case s.AdditionalProperties.Schema != nil:
		return s.AdditionalProperties.Schema
	case s.AdditionalProperties.Allows:
		return &apiextensionsv1.JSONSchemaProps{XPreserveUnknownFields: new(true)}
	}
	return nil
}

// itemsOf is the schema of the items of a list; nil when there is none.
func itemsOf(s *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	if s.Items == nil {
		return nil
	}
	return s.Items.Schema
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }
