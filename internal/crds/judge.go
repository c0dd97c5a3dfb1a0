// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"fmt"
	"slices"
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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What one CEL rule and all of them may cost; the API server's own limits.
const (
	celCallLimit = 1_000_000
	celBudget    = 10_000_000
)

// problem is one thing in an object that a definition does not allow.
type problem struct {
	// path in the object: spec.listeners[0].tls.
	path string
	// detail is a clause for people, without the object's own values.
	detail string
}

func (p problem) String() string { return strings.TrimSpace(p.path + " " + p.detail) }

// judge says what a version of a definition makes of objects, with the API server's own code.
type judge struct {
	apiVersion string
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator // nil: the schema has none
	keepsAll   bool           // spec.preserveUnknownFields
	ownStatus  bool           // status belongs to the controller
}

// newJudge prepares a version of a definition. The error says why the API server would not accept the version.
func newJudge(crd *apiextensionsv1.CustomResourceDefinition, version string) (*judge, error) {
	schema := schemaOf(crd, version)
	if schema == nil {
		return nil, fmt.Errorf("version %q of CustomResourceDefinition %s has no schema", version, crd.Name)
	}
	internal := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schema, internal, nil); err != nil {
		return nil, fmt.Errorf("schema %s of CustomResourceDefinition %s: %w", version, crd.Name, err)
	}
	structural, err := structuralschema.NewStructural(internal)
	if err != nil {
		return nil, fmt.Errorf("schema %s of CustomResourceDefinition %s: %w", version, crd.Name, err)
	}
	if errs := structuralschema.ValidateStructural(nil, structural); len(errs) > 0 {
		return nil, fmt.Errorf("schema %s of CustomResourceDefinition %s is not structural: %w", version, crd.Name, errs.ToAggregate())
	}
	validator, _, err := validation.NewSchemaValidator(internal)
	if err != nil {
		return nil, fmt.Errorf("schema %s of CustomResourceDefinition %s: %w", version, crd.Name, err)
	}
	return &judge{
		apiVersion: crd.Spec.Group + "/" + version,
		structural: structural,
		validator:  validator,
		rules:      cel.NewValidator(structural, true, celCallLimit),
		keepsAll:   crd.Spec.PreserveUnknownFields,
		ownStatus:  hasStatus(crd, version),
	}, nil
}

func hasStatus(crd *apiextensionsv1.CustomResourceDefinition, version string) bool {
	return slices.ContainsFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Name == version && v.Subresources != nil && v.Subresources.Status != nil
	})
}

// problems lists what the version does not allow in an object, which is not changed. What lies in a status subresource is left aside: its
// controller is upgraded with the definition and writes it anew, and no user could repair it.
func (j *judge) problems(ctx context.Context, object map[string]any) []problem {
	content := runtime.DeepCopyJSON(object)
	content["apiVersion"] = j.apiVersion
	if j.ownStatus {
		delete(content, "status")
	}
	var out []problem
	if !j.keepsAll {
		options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
		for _, path := range pruning.PruneWithOptions(content, j.structural, true, options) {
			out = append(out, problem{path, "would be dropped"})
		}
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(content, j.structural)
	defaulting.Default(content, j.structural)
	for _, err := range j.validate(ctx, content) {
		if !j.ownStatus || !isStatus(err.Field) {
			out = append(out, problem{err.Field, describe(err)})
		}
	}
	return out
}

// validate is what the API server does on a create. CEL rules come last and only for an object of the right shape, as there.
func (j *judge) validate(ctx context.Context, content map[string]any) field.ErrorList {
	errs := validation.ValidateCustomResource(nil, content, j.validator)
	errs = append(errs, objectmeta.Validate(ctx, nil, content, j.structural, true)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, j.structural, content)...)
	if len(errs) > 0 || j.rules == nil {
		return errs
	}
	errs, _ = j.rules.Validate(ctx, nil, j.structural, content, nil, celBudget)
	return slices.DeleteFunc(errs, isRuleError)
}

// isRuleError says that a rule does not compile here. The cluster's API server may know more functions than this code, and refuses the
// definition itself when it does not.
func isRuleError(err *field.Error) bool {
	return strings.HasPrefix(err.Detail, "rule compile")
}

func isStatus(path string) bool {
	return path == "status" || strings.HasPrefix(path, "status.") || strings.HasPrefix(path, "status[")
}

// describe leaves the object's own value out, which may be long or not for everybody's eyes.
func describe(err *field.Error) string {
	if err.Type == field.ErrorTypeRequired {
		return "is required"
	}
	detail := strings.TrimPrefix(err.Detail, err.Field+" in body ")
	if detail == "" {
		detail = err.Type.String()
	}
	return "is refused: " + shorten(detail)
}

// newProblems lists what next does not allow and current did.
func newProblems(ctx context.Context, current, next *judge, object map[string]any) []problem {
	found := next.problems(ctx, object)
	if len(found) == 0 || current == nil {
		return found
	}
	had := current.problems(ctx, object)
	return slices.DeleteFunc(found, func(p problem) bool { return slices.Contains(had, p) })
}

// causes says whether the change is why the problem is there.
func (c Change) causes(p problem) bool {
	change, place := segments(c.Path), segments(p.path)
	if len(change) > len(place) {
		return false
	}
	for i, segment := range change {
		if segment != "*" && segment != place[i] {
			return false
		}
	}
	return true
}

// segments splits a path: spec.listeners[0].tls is spec, listeners, 0, tls.
func segments(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}
