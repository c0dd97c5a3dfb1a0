// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// helmReleaseAnnotation stands on every object that Helm made.
const helmReleaseAnnotation = "meta.helm.sh/release-name"

// Parse reads the entries of a component's manifests, in their order; integers
// stay integers. What kubectl writes into a file by itself (creationTimestamp:
// null and an empty status) is dropped. The error is
// failure.Terminal(v1alpha1.ReasonManifestInvalid) and names every entry that
// cannot be applied, with the fix; it holds no content of an object.
func Parse(component string, raw []apiextensionsv1.JSON) ([]*unstructured.Unstructured, error) {
	objects, problems := parse(fmt.Sprintf("spec.components[%s].manifests", component), raw)
	if len(problems) > 0 {
		return nil, failure.Terminal(v1alpha1.ReasonManifestInvalid, "%s", strings.Join(problems, "; "))
	}
	return objects, nil
}

// parse returns the objects, or one problem for each entry that has any.
func parse(path string, raw []apiextensionsv1.JSON) (objects []*unstructured.Unstructured, problems []string) {
	seen := map[key]int{}
	for i, entry := range raw {
		object, problem := parseEntry(entry)
		if problem == "" {
			k := keyOf(referenceOf(object))
			if first, twice := seen[k]; twice {
				problem = fmt.Sprintf("%s is listed already as entry [%d]: keep one of them", describe(referenceOf(object)), first)
			} else {
				seen[k] = i
			}
		}
		if problem != "" {
			problems = append(problems, fmt.Sprintf("%s[%d]: %s", path, i, problem))
			continue
		}
		objects = append(objects, object)
	}
	return objects, problems
}

func parseEntry(raw apiextensionsv1.JSON) (object *unstructured.Unstructured, problem string) {
	content, problem := decode(raw)
	if problem != "" {
		return nil, problem
	}
	object = &unstructured.Unstructured{Object: content}
	for _, check := range []func(*unstructured.Unstructured) string{checkIdentity, checkKind, checkServerOwned, checkMetadata} {
		if problem := check(object); problem != "" {
			return nil, problem
		}
	}
	return object, ""
}

// decode reads one object; its text is never part of the problem.
func decode(raw apiextensionsv1.JSON) (content map[string]any, problem string) {
	var value any
	if err := json.Unmarshal(raw.Raw, &value); err != nil {
		return nil, "is not valid JSON"
	}
	content, ok := value.(map[string]any)
	if !ok {
		return nil, "must be an object with apiVersion, kind and metadata.name"
	}
	return content, ""
}

func checkIdentity(object *unstructured.Unstructured) string {
	for _, path := range [][]string{{"apiVersion"}, {"kind"}} {
		if value, _, err := unstructured.NestedString(object.Object, path...); err != nil || value == "" {
			return path[0] + " is missing or not a string: set it"
		}
	}
	if _, err := schema.ParseGroupVersion(object.GetAPIVersion()); err != nil {
		return "apiVersion must be group/version, or v1 for the core group"
	}
	if _, has := object.Object["items"]; has || object.GetKind() == "List" {
		return fmt.Sprintf("%s is a list: write one object per entry", object.GetKind())
	}
	metadata, ok := object.Object["metadata"].(map[string]any)
	if !ok {
		return "metadata.name is missing: set it"
	}
	if _, has := metadata["generateName"]; has {
		return "metadata.generateName makes a new object each time: set metadata.name in its place"
	}
	if name, _, err := unstructured.NestedString(object.Object, "metadata", "name"); err != nil || name == "" {
		return "metadata.name is missing or not a string: set it"
	}
	dropNull(metadata, "namespace")
	if _, _, err := unstructured.NestedString(object.Object, "metadata", "namespace"); err != nil {
		return "metadata.namespace must be a string: put it in quotes"
	}
	return ""
}

func checkKind(object *unstructured.Unstructured) string {
	switch group := object.GroupVersionKind().Group; {
	case group == "apiextensions.k8s.io" && object.GetKind() == "CustomResourceDefinition":
		return fmt.Sprintf("%s: CRDs must be there before anything that uses them: bring them with a chart, in a component of its own",
			describe(referenceOf(object)))
	case group == v1alpha1.GroupVersion.Group:
		return fmt.Sprintf("%s: a component cannot hold objects of %s: apply it by itself", describe(referenceOf(object)), group)
	}
	return ""
}

// checkServerOwned refuses what only the API server may write: an object copied
// out of a cluster would otherwise carry another cluster's state into this one.
func checkServerOwned(object *unstructured.Unstructured) string {
	metadata := object.Object["metadata"].(map[string]any)
	dropNull(metadata, "creationTimestamp")
	for _, field := range []string{
		"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid",
	} {
		if _, has := metadata[field]; has {
			return fmt.Sprintf("%s: metadata.%s is written by the API server: remove it", describe(referenceOf(object)), field)
		}
	}
	status, has := object.Object["status"]
	if fields, isObject := status.(map[string]any); has && status != nil && (!isObject || len(fields) > 0) {
		return fmt.Sprintf("%s: status is written by controllers: remove it", describe(referenceOf(object)))
	}
	delete(object.Object, "status")
	return ""
}

// checkMetadata refuses labels and annotations that would be lost without a word
// when the operator adds its own label, and those that belong to somebody else.
func checkMetadata(object *unstructured.Unstructured) string {
	what := describe(referenceOf(object))
	metadata := object.Object["metadata"].(map[string]any)
	for _, field := range []string{"labels", "annotations"} {
		dropNull(metadata, field)
		if _, _, err := unstructured.NestedStringMap(object.Object, "metadata", field); err != nil {
			return fmt.Sprintf("%s: metadata.%s must map strings to strings: put numbers and booleans in quotes", what, field)
		}
	}
	if _, has := object.GetLabels()[v1alpha1.ReleaseLabel]; has {
		return fmt.Sprintf("%s: the label %s is set by the operator: remove it", what, v1alpha1.ReleaseLabel)
	}
	if _, has := object.GetAnnotations()[helmReleaseAnnotation]; has {
		return fmt.Sprintf("%s: the annotation %s is for objects of Helm releases: remove it", what, helmReleaseAnnotation)
	}
	return ""
}

// dropNull drops a field that was left empty in YAML.
func dropNull(metadata map[string]any, field string) {
	if metadata[field] == nil {
		delete(metadata, field)
	}
}
