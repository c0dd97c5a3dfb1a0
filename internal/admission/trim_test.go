// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func TestTrimConfigurations(t *testing.T) {
	fail, ignore, exact := admissionregistrationv1.Fail, admissionregistrationv1.Ignore, admissionregistrationv1.Exact
	rules := []admissionregistrationv1.RuleWithOperations{rule("*", "*", "pods", "*", "")}
	address := "https://example.org"
	meta := metav1.ObjectMeta{
		Name: "x", ResourceVersion: "7", UID: "u", Labels: map[string]string{v1alpha1.ReleaseLabel: "week1.x", "a": "b"},
		Annotations: map[string]string{"large": "one"},
	}
	service := &admissionregistrationv1.ServiceReference{Namespace: "ns", Name: "s"}
	conditions := []admissionregistrationv1.MatchCondition{{Name: "c", Expression: "true"}}
	validating, err := trim(&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: meta, Webhooks: []admissionregistrationv1.ValidatingWebhook{
		{Name: "open", FailurePolicy: &ignore},
		{Name: "default", Rules: rules, ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: service, CABundle: []byte(" \n")}, MatchConditions: conditions},
		{Name: "url", Rules: rules, FailurePolicy: &fail, MatchPolicy: &exact, ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &address}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	mutating, err := trim(&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: meta, Webhooks: []admissionregistrationv1.MutatingWebhook{
		{Name: "open", FailurePolicy: &ignore},
		{Name: "default", Rules: rules, ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: service, CABundle: []byte("CA")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	name := &types.NamespacedName{Namespace: "ns", Name: "s"}
	kept := metav1.ObjectMeta{Name: "x", ResourceVersion: "7"}
	options := []cmp.Option{cmp.AllowUnexported(configuration{}, webhook{}), cmpopts.EquateEmpty()}
	want := &configuration{ObjectMeta: kept, kind: ValidatingKind, release: "week1.x", hooks: []webhook{
		{name: "default", service: name, rules: rules, conditional: true},
		{name: "url", exact: true, rules: rules},
	}}
	if diff := cmp.Diff(any(want), validating, options...); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want = &configuration{ObjectMeta: kept, kind: MutatingKind, release: "week1.x", hooks: []webhook{{name: "default", service: name, hasCA: true, rules: rules}}}
	if diff := cmp.Diff(any(want), mutating, options...); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if again, err := trim(validating); err != nil || again != validating {
		t.Errorf("trimmed twice: %v, %v", again, err)
	}
}

func TestTrimSays(t *testing.T) {
	_, err := trim(&admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "x"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{Name: "w", NamespaceSelector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}},
		}}},
	})
	want := `ValidatingWebhookConfiguration x: webhook w: namespaceSelector: "Near" is not a valid label selector operator`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTrimOthers(t *testing.T) {
	yes, no := true, false
	meta := metav1.ObjectMeta{Namespace: "ns", Name: "x", ResourceVersion: "7", Labels: map[string]string{discoveryv1.LabelServiceName: "s", "a": "b"}}
	kept := metav1.ObjectMeta{Namespace: "ns", Name: "x", ResourceVersion: "7"}
	labelled := kept
	labelled.Labels = meta.Labels
	meta.UID, meta.Annotations = "u", map[string]string{"large": "one"}
	endpoint := func(ready *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Conditions: discoveryv1.EndpointConditions{Ready: ready}}
	}
	for name, tt := range map[string]struct{ in, want any }{
		"EndpointSlice": {
			&discoveryv1.EndpointSlice{ObjectMeta: meta, Endpoints: []discoveryv1.Endpoint{endpoint(&yes), endpoint(&no), endpoint(nil)}},
			&slice{ObjectMeta: kept, service: "s", ready: 2},
		},
		"Service":          {&corev1.Service{ObjectMeta: meta}, &service{ObjectMeta: kept}},
		"external Service": {&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName}}, &service{ObjectMeta: kept, external: true}},
		"Namespace":        {&metav1.PartialObjectMetadata{ObjectMeta: meta}, &metav1.PartialObjectMetadata{ObjectMeta: labelled}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := trim(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			again, err := trim(got)
			if err != nil {
				t.Fatal(err)
			}
			for _, result := range []any{got, again} {
				if diff := cmp.Diff(tt.want, result, cmp.AllowUnexported(slice{}, service{})); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
	}
}
