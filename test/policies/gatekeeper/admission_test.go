// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gatekeeper_test

import (
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// admissionPolicies judges by the ValidatingAdmissionPolicies among the manifests,
// with the API server's own library. Rules name a resource and an operation only.
func (s scenario) admissionPolicies(t *testing.T) verdict {
	t.Helper()
	var out verdict
	for _, manifest := range s.Manifests {
		if manifest.GetKind() != "ValidatingAdmissionPolicy" {
			continue
		}
		var policy admissionregistrationv1.ValidatingAdmissionPolicy
		convert(t, manifest, &policy)
		var binding admissionregistrationv1.ValidatingAdmissionPolicyBinding
		for _, other := range s.Manifests {
			if other.GetKind() == "ValidatingAdmissionPolicyBinding" {
				convert(t, other, &binding)
			}
		}
		if binding.Spec.PolicyName != policy.Name {
			t.Fatalf("policy %s is bound by nothing", policy.Name)
		}
		if !s.matches(policy.Spec.MatchConstraints.ResourceRules) {
			continue
		}
		for _, decision := range s.decide(t, policy) {
			if decision.Action == validating.ActionDeny {
				out.messages = append(out.messages, decision.Message)
				out.actions = append(out.actions, string(binding.Spec.ValidationActions[0]))
			}
		}
	}
	return out
}

func (s scenario) matches(rules []admissionregistrationv1.NamedRuleWithOperations) bool {
	for _, rule := range rules {
		for _, resource := range rule.Resources {
			for _, operation := range rule.Operations {
				if resource == s.resource() && s.Subresource == "" && string(operation) == s.Operation {
					return true
				}
			}
		}
	}
	return false
}

// decide evaluates a policy as the API server would.
func (s scenario) decide(t *testing.T, policy admissionregistrationv1.ValidatingAdmissionPolicy) []validating.PolicyDecision {
	t.Helper()
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		t.Fatal(err)
	}
	var options cel.OptionalVariableDeclarations
	var variables []cel.NamedExpressionAccessor
	for _, v := range policy.Spec.Variables {
		variables = append(variables, &validating.Variable{Name: v.Name, Expression: v.Expression})
	}
	compiler.CompileAndStoreVariables(variables, options, environment.NewExpressions)
	var validations, messages []cel.ExpressionAccessor
	for _, v := range policy.Spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: v.Expression, Message: v.Message, Reason: v.Reason})
		messages = append(messages, &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression})
	}
	compile := func(expressions []cel.ExpressionAccessor) cel.ConditionEvaluator {
		return compiler.CompileCondition(expressions, options, environment.NewExpressions)
	}
	failure := policy.Spec.FailurePolicy
	validator := validating.NewValidator(compile(validations), matchconditions.NewMatcher(compile(nil), failure, "policy", "", policy.Name),
		compile(nil), compile(messages), failure, nil)
	subject := s.subject()
	gvk := subject.GroupVersionKind()
	attributes := admission.NewAttributesRecord(object(s.Object), object(s.OldObject), gvk, subject.GetNamespace(), subject.GetName(),
		gvk.GroupVersion().WithResource(s.resource()), s.Subresource, admission.Operation(s.Operation), nil, false, nil)
	versioned := &admission.VersionedAttributes{
		Attributes: attributes, VersionedKind: gvk, VersionedObject: object(s.Object), VersionedOldObject: object(s.OldObject),
	}
	return validator.Validate(t.Context(), attributes.GetResource(), versioned, nil, nil, celconfig.RuntimeCELCostBudget, nil).Decisions
}

// object is nil without a type when there is none.
func object(o *unstructured.Unstructured) runtime.Object {
	if o == nil {
		return nil
	}
	return o
}

func convert(t *testing.T, from *unstructured.Unstructured, to any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(from.Object, to, true); err != nil {
		t.Fatal(err)
	}
}
