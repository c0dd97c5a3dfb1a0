// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"context"
	_ "embed" // the definition is data
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// definition is a copy of the file in config/crd/bases, outside of which Go embeds
// nothing; a test compares the two.
//
//go:generate cp ../../../config/crd/bases/platform.groundwork.dev_platformbundles.yaml platformbundle.yaml
//go:embed platformbundle.yaml
var definition []byte

// What one CEL rule and all of them may cost; the API server's own limits.
const (
	celCallLimit = 1_000_000
	celBudget    = 10_000_000
)

// issue is a mistake in an object by the path of the field.
type issue struct {
	path, rule, text string
	// sentence of a CEL rule, empty for everything else.
	sentence string
}

// schema says what the API server makes of a bundle, with its own code.
type schema struct {
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

func newSchema() (*schema, error) {
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(definition, &crd); err != nil {
		return nil, fmt.Errorf("the embedded CustomResourceDefinition: %w", err)
	}
	internal := &apiextensions.JSONSchemaProps{}
	given := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(given, internal, nil); err != nil {
		return nil, fmt.Errorf("the embedded CustomResourceDefinition: %w", err)
	}
	structural, err := structuralschema.NewStructural(internal)
	if err != nil {
		return nil, fmt.Errorf("the embedded CustomResourceDefinition: %w", err)
	}
	validator, _, err := validation.NewSchemaValidator(internal)
	if err != nil {
		return nil, fmt.Errorf("the embedded CustomResourceDefinition: %w", err)
	}
	return &schema{structural: structural, validator: validator, rules: cel.NewValidator(structural, true, celCallLimit)}, nil
}

// check lists what the API server would not accept or would drop, which it takes out of
// the content.
func (s *schema) check(ctx context.Context, content map[string]any) []issue {
	var out []issue
	unknown := pruning.PruneWithOptions(content, s.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	meta, _, more, err := objectmeta.GetObjectMetaWithOptions(content, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	for _, path := range slices.Concat(unknown, more) {
		i := s.unknown(strings.TrimPrefix(path, "."))
		i.text = named(i.text, content)
		out = append(out, i)
	}
	if err != nil {
		out = append(out, malformed(err))
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(content, s.structural)
	errs := validation.ValidateCustomResource(nil, content, s.validator)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, content)...)
	if meta != nil {
		meta.Namespace = "" // the API server drops it from what belongs to none
		errs = append(errs, apivalidation.ValidateObjectMeta(meta, false, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))...)
	}
	for _, err := range errs {
		out = append(out, refused(err, content))
	}
	if len(errs) > 0 {
		return out // rules are for objects of the right shape
	}
	errs, _ = s.rules.Validate(ctx, nil, s.structural, content, nil, celBudget)
	for _, err := range errs {
		i := refused(err, content)
		i.sentence = err.Detail
		out = append(out, i)
	}
	return out
}

var wrongType = regexp.MustCompile(`cannot unmarshal (\w+) into Go struct field ObjectMeta\.(?:metadata\.)?(\S+) of type (\S+)`)

// malformed says which field of the metadata has another type than it must have.
func malformed(err error) issue {
	if m := wrongType.FindStringSubmatch(err.Error()); m != nil {
		path := "metadata." + m[2]
		return issue{path: path, rule: ruleInvalidField, text: fmt.Sprintf("%s must be a %s, not a %s: put it in quotes", path, m[3], m[1])}
	}
	return issue{path: "metadata", rule: ruleInvalidField, text: "metadata: " + err.Error()}
}

var lastKey = regexp.MustCompile(`^(.*?)\.?([^.\[\]]+)$`)

// unknown says that a field is not known and which one is near.
func (s *schema) unknown(path string) issue {
	parent, key := "", path
	if m := lastKey.FindStringSubmatch(path); m != nil {
		parent, key = m[1], m[2]
	}
	candidates := s.fields(parent)
	if parent == "" {
		candidates = append(candidates, "apiVersion", "kind", "metadata")
	}
	if parent == "metadata" {
		candidates = []string{"name", "labels", "annotations", "finalizers"}
	}
	of := parent
	if of == "" {
		of = "a PlatformBundle"
	}
	hint := didYouMean(key, candidates)
	if hint == "" && len(candidates) > 0 {
		slices.Sort(candidates)
		hint = ": it has " + strings.Join(slices.Compact(candidates), ", ")
	}
	return issue{path: path, rule: ruleUnknownField, text: fmt.Sprintf("%s has no field %q%s", of, key, hint)}
}

// fields are those that the schema knows at a path.
func (s *schema) fields(path string) []string {
	at := s.structural
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		_, err := strconv.Atoi(segment)
		switch {
		case err == nil && at.Items != nil:
			at = at.Items
		case at.AdditionalProperties != nil:
			at = at.AdditionalProperties.Structural
		default:
			next, known := at.Properties[segment]
			if !known {
				return nil
			}
			at = &next
		}
		if at == nil {
			return nil
		}
	}
	return slices.Sorted(maps.Keys(at.Properties))
}

// refused says in a sentence what the API server does not accept.
func refused(err *field.Error, content map[string]any) issue {
	path := strings.TrimPrefix(err.Field, ".")
	if path == "<nil>" {
		path = ""
	}
	detail := strings.TrimPrefix(err.Detail, path+" in body ")
	out := issue{path: path, rule: ruleInvalidField}
	switch err.Type {
	case field.ErrorTypeRequired:
		out.rule, out.text = ruleRequiredField, path+" is missing"
	case field.ErrorTypeDuplicate:
		out.rule, out.text = ruleDuplicateField, fmt.Sprintf("%s is there twice: remove one of them", path)
	case field.ErrorTypeNotSupported:
		var allowed []string
		for _, quoted := range quotedWord.FindAllStringSubmatch(detail, -1) {
			allowed = append(allowed, quoted[1])
		}
		out.text = fmt.Sprintf("%s: \"%v\" is none of %s%s", path, err.BadValue, strings.Join(allowed, ", "), didYouMean(fmt.Sprint(err.BadValue), allowed))
	case field.ErrorTypeForbidden, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		out.text = path + ": " + detail
	default:
		out.text = path + ": "
		if value, is := err.BadValue.(string); is && value != "" && strings.HasPrefix(detail, "should ") {
			out.text += strconv.Quote(value) + " "
		}
		out.text += detail
	}
	out.text = strings.TrimPrefix(named(out.text, content), ": ")
	return out
}

var (
	quotedWord     = regexp.MustCompile(`"([^"]*)"`)
	componentIndex = regexp.MustCompile(`spec\.components\[(\d+)\]`)
)

// named writes components by their names, as the operator does.
func named(text string, content map[string]any) string {
	spec, _ := content["spec"].(map[string]any)
	components, _ := spec["components"].([]any)
	return componentIndex.ReplaceAllStringFunc(text, func(match string) string {
		i, err := strconv.Atoi(componentIndex.FindStringSubmatch(match)[1])
		if err != nil || i >= len(components) {
			return match
		}
		component, _ := components[i].(map[string]any)
		if name, _ := component["name"].(string); name != "" {
			return "spec.components[" + name + "]"
		}
		return match
	})
}
