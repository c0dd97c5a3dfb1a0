// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Helm's own annotation for what an uninstall must not delete.
const (
	keepAnnotation = "helm.sh/resource-policy"
	keepPolicy     = "keep"
)

func isKept(object *unstructured.Unstructured) bool {
	return object.GetAnnotations()[keepAnnotation] == keepPolicy
}

// Data returns those of a component's manifests that are data: annotated with
// helm.sh/resource-policy: keep. They are deleted only when their kind is allowed.
// An object without a namespace is taken to be in the one that is given.
func Data(raw []apiextensionsv1.JSON, namespace string) []v1alpha1.ObjectReference {
	return data(raw, namespace, isKept)
}

// Listed returns all of a component's manifests, namespaces as Data has them.
func Listed(raw []apiextensionsv1.JSON, namespace string) []v1alpha1.ObjectReference {
	return data(raw, namespace, func(*unstructured.Unstructured) bool { return true })
}

// Without returns the references that are not among others; versions do not matter.
func Without(refs, others []v1alpha1.ObjectReference) []v1alpha1.ObjectReference {
	listed := map[key]bool{}
	for _, ref := range others {
		listed[keyOf(ref)] = true
	}
	return slices.DeleteFunc(slices.Clone(refs), func(ref v1alpha1.ObjectReference) bool { return listed[keyOf(ref)] })
}

func data(raw []apiextensionsv1.JSON, namespace string, wanted func(*unstructured.Unstructured) bool) []v1alpha1.ObjectReference {
	objects, _ := parse("", raw)
	var out []v1alpha1.ObjectReference
	for _, object := range objects {
		if !wanted(object) {
			continue
		}
		ref := referenceOf(object)
		if ref.Namespace == "" {
			ref.Namespace = namespace
		}
		out = append(out, ref)
	}
	return out
}
