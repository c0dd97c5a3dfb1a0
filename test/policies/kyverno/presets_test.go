// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package kyverno_test

import (
	"encoding/json"
	"testing"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	"github.com/kyverno/kyverno/pkg/cel/policies/vpol/compiler"
	"github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// world is the cluster as policies look things up in it. Kyverno's own stand-in
// knows no selectors; this one does.
type world struct {
	*libs.FakeContextProvider
	objects []*unstructured.Unstructured
}

func (w *world) ListResources(apiVersion, resource, namespace string, selector map[string]string) (*unstructured.UnstructuredList, error) {
	out := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": apiVersion, "kind": "List"}}
	for _, o := range w.objects {
		if o.GetAPIVersion() == apiVersion && (scenario{Object: o}).resource() == resource && o.GetNamespace() == namespace &&
			labels.SelectorFromSet(selector).Matches(labels.Set(o.GetLabels())) {
			out.Items = append(out.Items, *o)
		}
	}
	return out, nil
}

// TestPresets judges every fixture as the webhook does. What is created is what the
// background scan sees, too.
func TestPresets(t *testing.T) {
	cluster := &world{FakeContextProvider: libs.NewFakeContextProvider()}
	libs.LibraryContext = cluster // where policies that are compiled look things up
	engines := map[string]engine.Engine{}
	for _, s := range scenarios(t, "kyverno") {
		t.Run(s.Name, func(t *testing.T) {
			key, err := json.Marshal(s.Manifests)
			if err != nil {
				t.Fatal(err)
			}
			judge, known := engines[string(key)]
			if !known {
				judge = newEngine(t, s)
				engines[string(key)] = judge
			}
			cluster.objects = s.Cluster
			response, err := judge.Handle(t.Context(), celengine.RequestFromAdmission(cluster, s.request(t)), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := s.admissionPolicies(t)
			for _, policy := range response.Policies {
				for _, rule := range policy.Rules {
					switch rule.Status() {
					case engineapi.RuleStatusPass, engineapi.RuleStatusSkip:
					case engineapi.RuleStatusFail:
						got.messages = append(got.messages, rule.Message())
						for action := range policy.Actions {
							if action != "Audit" { // reported in any case
								got.actions = append(got.actions, string(action))
							}
						}
					default:
						t.Fatalf("%s: %s", rule.Status(), rule.Message())
					}
				}
			}
			s.check(t, got, "Deny")
		})
	}
}

// newEngine knows the policies among the manifests.
func newEngine(t *testing.T, s scenario) engine.Engine {
	t.Helper()
	var policies []policiesv1beta1.ValidatingPolicyLike
	for _, manifest := range s.Manifests {
		switch {
		case manifest.GetKind() == "ValidatingPolicy":
			policy := &policiesv1beta1.ValidatingPolicy{}
			convert(t, manifest, policy)
			policies = append(policies, policy)
		case manifest.GetAPIVersion() == "admissionregistration.k8s.io/v1":
		default:
			t.Fatalf("%s: nothing tries a %s", s.Name, manifest.GetKind())
		}
	}
	provider, err := engine.NewProvider(compiler.NewCompiler(), policies, nil)
	if err != nil {
		t.Fatal(err)
	}
	return engine.NewEngine(provider, func(name string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelMetadataName: name}}}
	}, matching.NewMatcher())
}

func (s scenario) request(t *testing.T) admissionv1.AdmissionRequest {
	t.Helper()
	subject := s.subject()
	gvk := subject.GroupVersionKind()
	return admissionv1.AdmissionRequest{
		UID: "1", Kind: metav1.GroupVersionKind(gvk),
		Resource:    metav1.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: s.resource()},
		SubResource: s.Subresource, Name: subject.GetName(), Namespace: subject.GetNamespace(),
		Operation: admissionv1.Operation(s.Operation),
		Object:    runtime.RawExtension{Raw: raw(t, s.Object)}, OldObject: runtime.RawExtension{Raw: raw(t, s.OldObject)},
	}
}
