// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"bytes"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// configuration is what is kept of a webhook configuration. Webhooks that fail
// open are dropped: nothing is refused while they do not answer.
type configuration struct {
	metav1.ObjectMeta
	kind    string
	release string
	hooks   []webhook
}

// webhook is one fail-closed webhook.
type webhook struct {
	name    string
	service *types.NamespacedName // nil when it is called by URL, which cannot be judged
	hasCA   bool
	exact   bool // matchPolicy Exact: another version of the resource does not count
	rules   []admissionregistrationv1.RuleWithOperations
	// Nil selectors select everything.
	namespaces labels.Selector
	objects    labels.Selector
	// conditional webhooks have matchConditions: CEL over the whole object and the
	// user, which is not evaluated here. Such a webhook counts as asked: waiting for
	// it is cheap, and a write that it refuses is not.
	conditional bool
}

// service is what is kept of a Service.
type service struct {
	metav1.ObjectMeta
	// external: the API server calls the external name and looks for no endpoints.
	external bool
}

// slice is what is kept of an EndpointSlice.
type slice struct {
	metav1.ObjectMeta
	service string
	ready   int
}

// identity keeps what an informer needs to find an object and to see that it
// changed.
func identity(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name, ResourceVersion: m.ResourceVersion}
}

// trim is the transform of all watches. Trimming twice changes nothing.
func trim(obj any) (any, error) {
	switch o := obj.(type) {
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		return trimValidating(o)
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		return trimMutating(o)
	case *corev1.Service:
		return &service{ObjectMeta: identity(&o.ObjectMeta), external: o.Spec.Type == corev1.ServiceTypeExternalName}, nil
	case *discoveryv1.EndpointSlice:
		return &slice{ObjectMeta: identity(&o.ObjectMeta), service: o.Labels[discoveryv1.LabelServiceName], ready: countReady(o)}, nil
	case *metav1.PartialObjectMetadata:
		kept := identity(&o.ObjectMeta)
		kept.Labels = o.Labels
		return &metav1.PartialObjectMetadata{TypeMeta: o.TypeMeta, ObjectMeta: kept}, nil
	default:
		return obj, nil
	}
}

// countReady counts ready endpoints; an unknown readiness means ready, as the API
// says.
func countReady(s *discoveryv1.EndpointSlice) int {
	n := 0
	for i := range s.Endpoints {
		if ready := s.Endpoints[i].Conditions.Ready; ready == nil || *ready {
			n++
		}
	}
	return n
}

func trimValidating(o *admissionregistrationv1.ValidatingWebhookConfiguration) (*configuration, error) {
	out := &configuration{ObjectMeta: identity(&o.ObjectMeta), kind: ValidatingKind, release: o.Labels[v1alpha1.ReleaseLabel]}
	for i := range o.Webhooks {
		w := &o.Webhooks[i]
		if failsOpen(w.FailurePolicy) {
			continue
		}
		hook, err := newWebhook(w.Name, w.ClientConfig, w.Rules, w.MatchPolicy, w.NamespaceSelector, w.ObjectSelector)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", out.kind, out.Name, err)
		}
		hook.conditional = len(w.MatchConditions) > 0
		out.hooks = append(out.hooks, hook)
	}
	return out, nil
}

func trimMutating(o *admissionregistrationv1.MutatingWebhookConfiguration) (*configuration, error) {
	out := &configuration{ObjectMeta: identity(&o.ObjectMeta), kind: MutatingKind, release: o.Labels[v1alpha1.ReleaseLabel]}
	for i := range o.Webhooks {
		w := &o.Webhooks[i]
		if failsOpen(w.FailurePolicy) {
			continue
		}
		hook, err := newWebhook(w.Name, w.ClientConfig, w.Rules, w.MatchPolicy, w.NamespaceSelector, w.ObjectSelector)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", out.kind, out.Name, err)
		}
		hook.conditional = len(w.MatchConditions) > 0
		out.hooks = append(out.hooks, hook)
	}
	return out, nil
}

// failsOpen: no policy means Fail in v1.
func failsOpen(policy *admissionregistrationv1.FailurePolicyType) bool {
	return policy != nil && *policy == admissionregistrationv1.Ignore
}

func newWebhook(
	name string, config admissionregistrationv1.WebhookClientConfig, rules []admissionregistrationv1.RuleWithOperations,
	match *admissionregistrationv1.MatchPolicyType, namespaces, objects *metav1.LabelSelector,
) (webhook, error) {
	w := webhook{
		name: name, hasCA: !blank(config.CABundle), rules: rules,
		exact: match != nil && *match == admissionregistrationv1.Exact, // no policy means Equivalent in v1
	}
	if config.Service != nil {
		w.service = &types.NamespacedName{Namespace: config.Service.Namespace, Name: config.Service.Name}
	}
	var err error
	if w.namespaces, err = selector(namespaces); err != nil {
		return webhook{}, fmt.Errorf("webhook %s: namespaceSelector: %w", name, err)
	}
	if w.objects, err = selector(objects); err != nil {
		return webhook{}, fmt.Errorf("webhook %s: objectSelector: %w", name, err)
	}
	return w, nil
}

// selector returns nil for what selects everything.
func selector(s *metav1.LabelSelector) (labels.Selector, error) {
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return nil, nil //nolint:nilnil // nil is a value here: everything
	}
	return metav1.LabelSelectorAsSelector(s)
}

// blank treats white space as empty: charts write a lone line feed where an
// injector will put the certificate.
func blank(bundle []byte) bool { return len(bytes.TrimSpace(bundle)) == 0 }
