// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"
)

// fullWidgets is a definition that serves v1 with the schema.
func fullWidgets(schema *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.CustomResourceDefinition {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	crd.Name = "widgets.example.com"
	crd.Spec = apiextensionsv1.CustomResourceDefinitionSpec{
		Group: "example.com",
		Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "Widget", Plural: "widgets"},
		Scope: apiextensionsv1.NamespaceScoped,
		Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
			Name: "v1", Served: true, Storage: true, Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: schema},
			Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
		}},
	}
	return crd
}

// withSpec is fullWidgets whose spec has the schema, in YAML.
func withSpec(t *testing.T, text string) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	var spec apiextensionsv1.JSONSchemaProps
	if err := yaml.UnmarshalStrict([]byte(text), &spec); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return fullWidgets(&apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": spec}})
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const keep = "x-kubernetes-preserve-unknown-fields: true"
	tests := map[string]struct {
		before, after string
		want          []string // "<path> <rule> <detail>"
	}{
		"the same":         {"{type: object}", "{type: object}", nil},
		"field removed":    {"{type: object, properties: {a: {type: string}, b: {type: object}}}", "{type: object}", []string{"spec.a FieldRemoved is removed", "spec.b FieldRemoved is removed"}},
		"field added":      {"{type: object}", "{type: object, properties: {a: {type: string}}}", nil},
		"removed and kept": {"{type: object, properties: {a: {type: string}}}", "{type: object, " + keep + "}", nil},
		"removed for a map": {
			"{type: object, properties: {a: {type: string}}}", "{type: object, additionalProperties: {type: integer}}",
			[]string{"spec.a TypeChanged changes its type from string to integer"},
		},
		"removed in a list": {
			"{type: array, items: {type: object, properties: {a: {type: string}}}}", "{type: array, items: {type: object}}",
			[]string{"spec[*].a FieldRemoved is removed"},
		},
		"removed in a map": {
			"{type: object, additionalProperties: {type: object, properties: {a: {type: string}}}}",
			"{type: object, additionalProperties: {type: object}}",
			[]string{"spec.*.a FieldRemoved is removed"},
		},
		"type changed":                 {"{type: string}", "{type: integer}", []string{"spec TypeChanged changes its type from string to integer"}},
		"type changed, no look below":  {"{type: object, properties: {a: {type: string}}}", "{type: array}", []string{"spec TypeChanged changes its type from object to array"}},
		"integer to number":            {"{type: integer}", "{type: number}", nil},
		"number to integer":            {"{type: number}", "{type: integer}", []string{"spec TypeChanged changes its type from number to integer"}},
		"string to integer or string":  {"{type: string}", "{x-kubernetes-int-or-string: true}", nil},
		"integer to integer or string": {"{type: integer}", "{x-kubernetes-int-or-string: true}", nil},
		"integer or string to string":  {"{x-kubernetes-int-or-string: true}", "{type: string}", []string{"spec TypeChanged changes its type from integer or string to string"}},
		"anything to string":           {"{" + keep + "}", "{type: string}", []string{"spec TypeChanged changes its type from anything to string"}},
		"string to anything":           {"{type: string}", "{" + keep + "}", nil},
		"required added": {
			"{type: object, properties: {a: {type: string}}}", "{type: object, required: [a], properties: {a: {type: string}}}",
			[]string{"spec.a RequiredAdded becomes required"},
		},
		"required added with a default": {"{type: object}", "{type: object, required: [a], properties: {a: {type: string, default: x}}}", nil},
		"required dropped":              {"{type: object, required: [a], properties: {a: {type: string}}}", "{type: object, properties: {a: {type: string}}}", nil},
		"enum value removed":            {"{type: string, enum: [a, b, c]}", "{type: string, enum: [c, d]}", []string{`spec EnumNarrowed no longer allows "a", "b"`}},
		"enum value added":              {"{type: string, enum: [a]}", "{type: string, enum: [b, a]}", nil},
		"enum added":                    {"{type: string}", "{type: string, enum: [a]}", []string{`spec EnumNarrowed allows only "a" from now on`}},
		"enum dropped":                  {"{type: string, enum: [a]}", "{type: string}", nil},
		"maximum added":                 {"{type: integer}", "{type: integer, maximum: 3}", []string{"spec BoundTightened gets the maximum 3"}},
		"maximum lowered":               {"{type: integer, maximum: 4}", "{type: integer, maximum: 3}", []string{"spec BoundTightened changes its maximum from 4 to 3"}},
		"maximum raised":                {"{type: integer, maximum: 3}", "{type: integer, maximum: 4}", nil},
		"maximum dropped":               {"{type: integer, maximum: 3}", "{type: integer}", nil},
		"maximum excluded":              {"{type: integer, maximum: 3}", "{type: integer, maximum: 3, exclusiveMaximum: true}", []string{"spec BoundTightened must stay below its maximum 3"}},
		"minimum added":                 {"{type: integer}", "{type: integer, minimum: 0}", []string{"spec BoundTightened gets the minimum 0"}},
		"minimum raised":                {"{type: number, minimum: 0.5}", "{type: number, minimum: 1}", []string{"spec BoundTightened changes its minimum from 0.5 to 1"}},
		"minimum lowered":               {"{type: integer, minimum: 1}", "{type: integer, minimum: 0}", nil},
		"minimum excluded":              {"{type: integer, minimum: 3}", "{type: integer, minimum: 3, exclusiveMinimum: true}", []string{"spec BoundTightened must stay above its minimum 3"}},
		"multipleOf added":              {"{type: integer}", "{type: integer, multipleOf: 2}", []string{"spec BoundTightened must be a multiple of 2"}},
		"maxLength added":               {"{type: string}", "{type: string, maxLength: 3}", []string{"spec BoundTightened gets the maxLength 3"}},
		"maxLength raised":              {"{type: string, maxLength: 3}", "{type: string, maxLength: 4}", nil},
		"minLength added":               {"{type: string}", "{type: string, minLength: 1}", []string{"spec BoundTightened changes its minLength from 0 to 1"}},
		"minLength 0 added":             {"{type: string}", "{type: string, minLength: 0}", nil},
		"maxItems lowered":              {"{type: array, maxItems: 3}", "{type: array, maxItems: 2}", []string{"spec BoundTightened changes its maxItems from 3 to 2"}},
		"minItems raised":               {"{type: array, minItems: 1}", "{type: array, minItems: 2}", []string{"spec BoundTightened changes its minItems from 1 to 2"}},
		"maxProperties added":           {"{type: object}", "{type: object, maxProperties: 9}", []string{"spec BoundTightened gets the maxProperties 9"}},
		"minProperties added":           {"{type: object}", "{type: object, minProperties: 1}", []string{"spec BoundTightened changes its minProperties from 0 to 1"}},
		"pattern added":                 {"{type: string}", "{type: string, pattern: ^a}", []string{`spec PatternChanged gets the pattern "^a"`}},
		"pattern changed":               {"{type: string, pattern: ^a}", "{type: string, pattern: ^b}", []string{`spec PatternChanged changes its pattern from "^a" to "^b"`}},
		"pattern dropped":               {"{type: string, pattern: ^a}", "{type: string}", nil},
		"format added":                  {"{type: string}", "{type: string, format: date-time}", []string{`spec PatternChanged gets the format "date-time"`}},
		"nullable dropped":              {"{type: string, nullable: true}", "{type: string}", []string{"spec NullableRemoved must not be null any more"}},
		"nullable added":                {"{type: string}", "{type: string, nullable: true}", nil},
		"map closed": {
			"{type: object, additionalProperties: {type: string}}", "{type: object}",
			[]string{"spec UnknownFieldsClosed no longer takes keys of one's own"},
		},
		"map closed, true":  {"{type: object, additionalProperties: true}", "{type: object}", []string{"spec UnknownFieldsClosed no longer takes keys of one's own"}},
		"map value changed": {"{type: object, additionalProperties: {type: string}}", "{type: object, additionalProperties: {type: integer}}", []string{"spec.* TypeChanged changes its type from string to integer"}},
		"unknown closed":    {"{type: object, " + keep + "}", "{type: object}", []string{"spec UnknownFieldsClosed no longer keeps fields without a schema"}},
		"unknown to a map":  {"{type: object, " + keep + "}", "{type: object, additionalProperties: {type: string}}", []string{"spec.* FieldDeclared gets a schema, and could hold anything before"}},
		"unknown declared": {
			"{type: object, " + keep + "}", "{type: object, " + keep + ", properties: {a: {type: string}}}",
			[]string{"spec.a FieldDeclared gets a schema, and could hold anything before"},
		},
		"rule added": {
			"{type: object, x-kubernetes-validations: [{rule: self.a > 1}]}",
			"{type: object, x-kubernetes-validations: [{rule: self.a > 1, message: new}, {rule: self.b > 2}]}",
			[]string{`spec ValidationAdded must satisfy the new rule "self.b > 2"`},
		},
		"rule dropped": {"{type: object, x-kubernetes-validations: [{rule: self.a > 1}]}", "{type: object}", nil},
		"oneOf added":  {"{type: object}", "{type: object, oneOf: [{required: [a]}, {required: [b]}]}", []string{"spec LogicChanged changes its oneOf"}},
		"anyOf changed": {
			"{type: object, anyOf: [{required: [a]}]}", "{type: object, anyOf: [{required: [b]}]}", []string{"spec LogicChanged changes its anyOf"},
		},
		"allOf kept":                {"{type: string, allOf: [{maxLength: 3}]}", "{type: string, allOf: [{maxLength: 3}]}", nil},
		"not added":                 {"{type: object}", "{type: object, not: {required: [a]}}", []string{"spec LogicChanged changes its not"}},
		"not dropped":               {"{type: object, not: {required: [a]}}", "{type: object}", nil},
		"list becomes a set":        {"{type: array, items: {type: string}}", "{type: array, x-kubernetes-list-type: set, items: {type: string}}", []string{"spec ListKeysChanged is a set from now on, which holds no duplicates"}},
		"list becomes atomic":       {"{type: array, x-kubernetes-list-type: set}", "{type: array, x-kubernetes-list-type: atomic}", nil},
		"list gets other keys":      {"{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [a]}", "{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [b]}", []string{"spec ListKeysChanged is a map from now on by b, which holds no duplicates"}},
		"unique items":              {"{type: array}", "{type: array, uniqueItems: true}", []string{"spec ListKeysChanged must hold no duplicates from now on"}},
		"embedded":                  {"{type: object, " + keep + "}", "{type: object, " + keep + ", x-kubernetes-embedded-resource: true}", []string{"spec TypeChanged must be a complete object with apiVersion and kind"}},
		"no longer embedded":        {"{type: object, x-kubernetes-embedded-resource: true}", "{type: object}", []string{"spec UnknownFieldsClosed no longer is a complete object with metadata"}},
		"default changed":           {"{type: string, default: a}", "{type: string, default: b}", nil},
		"default added and dropped": {"{type: object, properties: {a: {type: string, default: a}, b: {type: string}}}", "{type: object, properties: {a: {type: string}, b: {type: string, default: b}}}", nil},
		"description changed":       {"{type: string, description: a, title: a, example: a}", "{type: string, description: b}", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range Compare(withSpec(t, tc.before), withSpec(t, tc.after)) {
				if c.Version != "v1" {
					t.Errorf("version = %q", c.Version)
				}
				got = append(got, fmt.Sprintf("%s %s %s", c.Path, c.Rule, c.Detail))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// The API server keeps apiVersion, kind and metadata whatever the schema says of them.
func TestCompareKeepsMetadata(t *testing.T) {
	t.Parallel()
	meta := map[string]apiextensionsv1.JSONSchemaProps{
		"apiVersion": {Type: "string"}, "kind": {Type: "string"},
		"metadata": {Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"name": {Type: "string"}}},
	}
	full := fullWidgets(&apiextensionsv1.JSONSchemaProps{Type: "object", Properties: meta})
	bare := fullWidgets(&apiextensionsv1.JSONSchemaProps{Type: "object"})
	free := fullWidgets(&apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"metadata": {Type: "object"}}})
	if got := Compare(full, bare); len(got) > 0 {
		t.Errorf("metadata without a schema: %v", got)
	}
	if got := Compare(full, free); len(got) > 0 {
		t.Errorf("metadata with less of a schema: %v", got)
	}
	if got := Compare(free, full); len(got) != 1 || got[0].Path != "metadata.name" || got[0].Rule != RuleFieldDeclared {
		t.Errorf("a schema for metadata.name: %v", got)
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	before, after := withSpec(t, "{type: string}"), withSpec(t, "{type: integer}")
	before.Spec.Versions = append(before.Spec.Versions, before.Spec.Versions[0], before.Spec.Versions[0])
	before.Spec.Versions[1].Name, before.Spec.Versions[2].Name = "v1beta1", "v1alpha1"
	after.Spec.Versions = append(after.Spec.Versions, after.Spec.Versions[0], after.Spec.Versions[0])
	after.Spec.Versions[1].Name, after.Spec.Versions[2].Name = "v1alpha1", "v2"
	got := Compare(before, after)
	if len(got) != 2 || got[0].Version != "v1" || got[1].Version != "v1alpha1" {
		t.Errorf("changes of the versions that both serve, sorted: %v", got)
	}
	if want := "spec of v1 changes its type from string to integer"; len(got) > 0 && got[0].String() != want {
		t.Errorf("String = %q, want %q", got[0], want)
	}
	after.Spec.Versions[1].Served = false
	if got := Compare(before, after); len(got) != 1 {
		t.Errorf("a version that is no longer served is compared: %v", got)
	}
	before.Spec.PreserveUnknownFields = true
	if got := Compare(before, after); len(got) != 2 || got[0].Rule != RuleUnknownFieldsClosed || !strings.HasPrefix(got[0].String(), "the object of v1 ") {
		t.Errorf("spec.preserveUnknownFields closed: %v", got)
	}
}

// schemaGen makes structural schemas of bounded depth.
func schemaGen(depth int) *rapid.Generator[apiextensionsv1.JSONSchemaProps] {
	return rapid.Custom(func(t *rapid.T) apiextensionsv1.JSONSchemaProps {
		kinds := []string{"string", "integer", "anything"}
		if depth > 0 {
			kinds = append(kinds, "object", "object", "map", "array")
		}
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "string":
			return drawString(t)
		case "integer":
			return apiextensionsv1.JSONSchemaProps{
				Type: "integer", Minimum: rapid.Ptr(rapid.Float64Range(0, 9), true).Draw(t, "minimum"),
				ExclusiveMinimum: rapid.Bool().Draw(t, "exclusive"), MultipleOf: rapid.Ptr(rapid.Float64Range(1, 3), true).Draw(t, "multiple"),
			}
		case "anything":
			return apiextensionsv1.JSONSchemaProps{XPreserveUnknownFields: new(true)}
		case "map":
			return apiextensionsv1.JSONSchemaProps{
				Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: new(schemaGen(depth-1).Draw(t, "values"))},
			}
		case "array":
			return apiextensionsv1.JSONSchemaProps{
				Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: new(schemaGen(depth-1).Draw(t, "items"))},
				XListType: rapid.Ptr(rapid.SampledFrom([]string{"atomic", "set"}), true).Draw(t, "listType"),
				MaxItems:  rapid.Ptr(rapid.Int64Range(0, 9), true).Draw(t, "maxItems"),
			}
		default:
			return drawObject(t, depth)
		}
	})
}

func drawString(t *rapid.T) apiextensionsv1.JSONSchemaProps {
	s := apiextensionsv1.JSONSchemaProps{
		Type: "string", Nullable: rapid.Bool().Draw(t, "nullable"), Pattern: rapid.SampledFrom([]string{"", "^a", "^b"}).Draw(t, "pattern"),
		MaxLength: rapid.Ptr(rapid.Int64Range(0, 9), true).Draw(t, "maxLength"), MinLength: rapid.Ptr(rapid.Int64Range(0, 3), true).Draw(t, "minLength"),
	}
	for _, value := range rapid.SliceOfNDistinct(rapid.StringMatching("[a-c]"), 0, 3, rapid.ID).Draw(t, "enum") {
		s.Enum = append(s.Enum, apiextensionsv1.JSON{Raw: fmt.Appendf(nil, "%q", value)})
	}
	return s
}

func drawObject(t *rapid.T, depth int) apiextensionsv1.JSONSchemaProps {
	s := apiextensionsv1.JSONSchemaProps{
		Type:       "object",
		Properties: rapid.MapOfN(rapid.StringMatching("[a-e]"), schemaGen(depth-1), 0, 4).Draw(t, "properties"),
	}
	for name := range s.Properties {
		s.Required = append(s.Required, name)
	}
	slices.Sort(s.Required)
	s.Required = s.Required[:rapid.IntRange(0, len(s.Required)).Draw(t, "required")]
	if rapid.Bool().Draw(t, "rule") {
		s.XValidations = apiextensionsv1.ValidationRules{{Rule: "has(self.a)"}}
	}
	return s
}

func TestCompareWithItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schemaGen(4).Draw(t, "schema")
		if got := Compare(fullWidgets(&s), fullWidgets(s.DeepCopy())); len(got) > 0 {
			t.Errorf("compared with itself: %v", got)
		}
	})
}

func TestCompareWithOptionalFieldsAdded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawObject(t, 4)
		wider := s.DeepCopy()
		addFields(t, wider)
		if got := Compare(fullWidgets(&s), fullWidgets(wider)); len(got) > 0 {
			t.Errorf("optional fields added: %v", got)
		}
		var removed int
		for _, c := range Compare(fullWidgets(wider), fullWidgets(&s)) {
			if c.Rule == RuleFieldRemoved && strings.HasSuffix(c.Path, "added") {
				removed++
			} else {
				t.Errorf("the way back: %v", c)
			}
		}
		if want := strings.Count(mustYAML(t, wider), "added:"); removed != want {
			t.Errorf("the way back removes %d fields, want %d", removed, want)
		}
	})
}

// addFields adds an optional field to every object whose fields all have a schema.
func addFields(t *rapid.T, s *apiextensionsv1.JSONSchemaProps) {
	for name, child := range s.Properties {
		addFields(t, &child)
		s.Properties[name] = child
	}
	if s.Items != nil {
		addFields(t, s.Items.Schema)
	}
	if s.AdditionalProperties != nil {
		addFields(t, s.AdditionalProperties.Schema)
	}
	if s.Type == "object" && s.AdditionalProperties == nil {
		if s.Properties == nil {
			s.Properties = map[string]apiextensionsv1.JSONSchemaProps{}
		}
		s.Properties["added"] = apiextensionsv1.JSONSchemaProps{Type: rapid.SampledFrom([]string{"string", "integer"}).Draw(t, "added")}
	}
}

func mustYAML(t *rapid.T, value any) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
