// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"strconv"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	kyvernoPort    = 443
	kyvernoTimeout = 10
)

// kyvernoWebhooks are the configurations that Kyverno's admission controller
// always registers: those for its policies, which fail closed, and the one by
// which it watches itself. What it registers per policy, and what its other
// controllers register, is not played.
func kyvernoWebhooks(d *appsv1.Deployment, caBundle []byte) registered {
	container := containerNamed(d, "kyverno")
	if container == nil {
		return registered{}
	}
	service := environment(container, "KYVERNO_SVC") // the program reads it there, too
	if service == "" {
		return registered{}
	}
	call := func(path string) admissionregistrationv1.WebhookClientConfig {
		port := kyvernoServicePort(container)
		return admissionregistrationv1.WebhookClientConfig{
			Service:  &admissionregistrationv1.ServiceReference{Namespace: d.Namespace, Name: service, Path: &path, Port: &port},
			CABundle: caBundle,
		}
	}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Labels: map[string]string{"webhook.kyverno.io/managed-by": "kyverno"}}
	}
	fail, ignore, timeout := admissionregistrationv1.Fail, admissionregistrationv1.Ignore, int32(kyvernoTimeout)
	none, dryRun := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.SideEffectClassNoneOnDryRun
	write := []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update}
	policies := []admissionregistrationv1.RuleWithOperations{
		{Operations: write, Rule: admissionregistrationv1.Rule{
			APIGroups: []string{"kyverno.io"}, APIVersions: []string{"v1", "v2beta1"}, Resources: []string{"clusterpolicies", "policies"},
		}},
		{Operations: write, Rule: admissionregistrationv1.Rule{
			APIGroups: []string{"policies.kyverno.io"}, APIVersions: []string{"*"}, Resources: []string{"validatingpolicies", "mutatingpolicies"},
		}},
	}
	leases := []admissionregistrationv1.RuleWithOperations{{Operations: write[1:], Rule: admissionregistrationv1.Rule{
		APIGroups: []string{"coordination.k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"leases"},
	}}}
	return registered{
		validating: []*admissionregistrationv1.ValidatingWebhookConfiguration{{
			ObjectMeta: meta("kyverno-policy-validating-webhook-cfg"),
			Webhooks: []admissionregistrationv1.ValidatingWebhook{{
				Name: "validate-policy.kyverno.svc", ClientConfig: call("/policyvalidate"), Rules: policies, FailurePolicy: &fail,
				SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
			}},
		}},
		mutating: []*admissionregistrationv1.MutatingWebhookConfiguration{
			{
				ObjectMeta: meta("kyverno-policy-mutating-webhook-cfg"),
				Webhooks: []admissionregistrationv1.MutatingWebhook{{
					Name: "mutate-policy.kyverno.svc", ClientConfig: call("/policymutate"), Rules: policies, FailurePolicy: &fail,
					SideEffects: &dryRun, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
				}},
			},
			{
				ObjectMeta: meta("kyverno-verify-mutating-webhook-cfg"),
				Webhooks: []admissionregistrationv1.MutatingWebhook{{
					Name: "monitor-webhooks.kyverno.svc", ClientConfig: call("/verifymutate"), Rules: leases, FailurePolicy: &ignore,
					ObjectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": "kyverno"}},
					SideEffects:    &dryRun, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
				}},
			},
		},
	}
}

// kyvernoServicePort reads the flag that the program is given.
func kyvernoServicePort(c *corev1.Container) int32 {
	for _, arg := range c.Args {
		if value, ok := strings.CutPrefix(arg, "--servicePort="); ok {
			if port, err := strconv.ParseInt(value, 10, 32); err == nil {
				return int32(port)
			}
		}
	}
	return kyvernoPort
}

func containerNamed(d *appsv1.Deployment, name string) *corev1.Container {
	for i := range d.Spec.Template.Spec.Containers {
		if c := &d.Spec.Template.Spec.Containers[i]; c.Name == name {
			return c
		}
	}
	return nil
}

func environment(c *corev1.Container, name string) string {
	for _, variable := range c.Env {
		if variable.Name == name {
			return variable.Value
		}
	}
	return ""
}
