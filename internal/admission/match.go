// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const (
	configurationGroup = admissionregistrationv1.GroupName
	namespaceKind      = "Namespace"
)

// target is an object together with what a webhook is matched against.
type target struct {
	Object
	// namespace holds the labels of its namespace, or its own for a Namespace; it is
	// not read for other cluster-scoped objects.
	namespace map[string]string
}

// isNamespace says whether the object is itself a Namespace, which admission treats
// as its own namespace.
func (o Object) isNamespace() bool { return o.Group == corev1.GroupName && o.Kind == namespaceKind }

// exempt says whether the API server calls no webhook for the object: it would be
// possible to lock oneself out of the configuration.
func (o Object) exempt() bool {
	if o.Group != configurationGroup {
		return false
	}
	switch o.Kind {
	case ValidatingKind, MutatingKind, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
		"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding":
		return true
	}
	return false
}

// asks says whether the API server would ask the webhook about one of the
// operations on the object. It errs in one direction only: towards being asked,
// where matchConditions stand (see webhook.conditional); an object whose labels are
// not known is taken as not selected.
func (w *webhook) asks(t target, operations []admissionregistrationv1.OperationType) bool {
	return !t.exempt() && w.selectsNamespace(t) && w.selectsObject(t) &&
		slices.ContainsFunc(w.rules, func(r admissionregistrationv1.RuleWithOperations) bool {
			return matchesRule(r, t.Object, operations, w.exact)
		})
}

func (w *webhook) selectsNamespace(t target) bool {
	if w.namespaces == nil || (t.Namespace == "" && !t.isNamespace()) {
		return true // a selector for namespaces exempts nothing that is in none
	}
	return w.namespaces.Matches(labels.Set(t.namespace))
}

func (w *webhook) selectsObject(t target) bool {
	if w.objects == nil {
		return true
	}
	return t.Labels != nil && w.objects.Matches(labels.Set(t.Labels))
}

func matchesRule(r admissionregistrationv1.RuleWithOperations, o Object, operations []admissionregistrationv1.OperationType, exact bool) bool {
	asked := slices.ContainsFunc(r.Operations, func(op admissionregistrationv1.OperationType) bool {
		return op == admissionregistrationv1.OperationAll || slices.Contains(operations, op)
	})
	// The API server converts objects for rules that name another version of the
	// resource.
	version := !exact || matchesAny(r.APIVersions, o.Version)
	return asked && version && matchesScope(r.Scope, o) && matchesAny(r.APIGroups, o.Group) &&
		slices.ContainsFunc(r.Resources, func(resource string) bool { return matchesResource(resource, o.Resource) })
}

func matchesAny(items []string, requested string) bool {
	return slices.Contains(items, "*") || slices.Contains(items, requested)
}

// matchesResource matches writes to the object itself: "pods", "*", "pods/*" and
// "*/*" do, "pods/status" and "*/scale" do not.
func matchesResource(rule, resource string) bool {
	name, sub, _ := strings.Cut(rule, "/")
	return (name == "*" || name == resource) && (sub == "" || sub == "*")
}

func matchesScope(scope *admissionregistrationv1.ScopeType, o Object) bool {
	if scope == nil || *scope == admissionregistrationv1.AllScopes {
		return true
	}
	namespaced := o.Namespace != "" && !o.isNamespace()
	return namespaced == (*scope == admissionregistrationv1.NamespacedScope)
}
