// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func object(group, version, kind, resource, namespace, name string) Object {
	return Object{GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: kind}, Resource: resource, Namespace: namespace, Name: name}
}

func (o Object) with(labels map[string]string) Object {
	o.Labels = labels
	return o
}

var (
	pod       = object("", "v1", "Pod", "pods", "web", "p")
	deploy    = object("apps", "v1", "Deployment", "deployments", "web", "d")
	node      = object("", "v1", "Node", "nodes", "", "n")
	namespace = object("", "v1", "Namespace", "namespaces", "", "web")
	hookCfg   = object("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "", "x")
	policyCfg = object("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies", "", "x")
)

// rule is one rule in one line; groups, versions and resources are separated by
// commas.
func rule(groups, versions, resources, operations string, scope admissionregistrationv1.ScopeType) admissionregistrationv1.RuleWithOperations {
	r := admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationType(operations)},
		Rule: admissionregistrationv1.Rule{
			APIGroups: strings.Split(groups, ","), APIVersions: strings.Split(versions, ","), Resources: strings.Split(resources, ","),
		},
	}
	if scope != "" {
		r.Scope = &scope
	}
	return r
}

func TestMatchesRule(t *testing.T) {
	const (
		create = admissionregistrationv1.Create
		update = admissionregistrationv1.Update
	)
	everything := rule("*", "*", "*", "*", "")
	tests := map[string]struct {
		rule   admissionregistrationv1.RuleWithOperations
		object Object
		exact  bool
		want   bool
	}{
		"everything":                        {everything, deploy, false, true},
		"everything, exactly":               {everything, deploy, true, true},
		"by name":                           {rule("apps", "v1", "deployments", "CREATE", ""), deploy, true, true},
		"the core group":                    {rule("", "v1", "pods", "CREATE", ""), pod, true, true},
		"another group":                     {rule("", "v1", "deployments", "CREATE", ""), deploy, false, false},
		"another resource":                  {rule("apps", "v1", "daemonsets", "CREATE", ""), deploy, false, false},
		"another version, equivalent":       {rule("apps", "v1beta1", "deployments", "CREATE", ""), deploy, false, true},
		"another version, exactly":          {rule("apps", "v1beta1", "deployments", "CREATE", ""), deploy, true, false},
		"another operation":                 {rule("apps", "v1", "deployments", "DELETE", ""), deploy, false, false},
		"any operation":                     {rule("apps", "v1", "deployments", "*", ""), deploy, false, true},
		"a subresource only":                {rule("", "v1", "pods/status", "UPDATE", ""), pod, false, false},
		"one subresource of everything":     {rule("", "v1", "*/scale", "UPDATE", ""), pod, false, false},
		"the object and its subresources":   {rule("", "v1", "pods/*", "UPDATE", ""), pod, false, true},
		"all objects and all subresources":  {rule("*", "*", "*/*", "UPDATE", ""), pod, false, true},
		"subresources of another":           {rule("", "v1", "nodes/*", "UPDATE", ""), pod, false, false},
		"namespaced, and it is":             {rule("*", "*", "*", "*", "Namespaced"), pod, false, true},
		"namespaced, and it is not":         {rule("*", "*", "*", "*", "Namespaced"), node, false, false},
		"cluster, and it is":                {rule("*", "*", "*", "*", "Cluster"), node, false, true},
		"cluster, and it is not":            {rule("*", "*", "*", "*", "Cluster"), pod, false, false},
		"any scope":                         {rule("*", "*", "*", "*", "*"), pod, false, true},
		"a Namespace is of the cluster":     {rule("*", "*", "*", "*", "Cluster"), namespace, false, true},
		"a Namespace is in no namespace":    {rule("*", "*", "*", "*", "Namespaced"), namespace, false, false},
		"one of several":                    {rule("batch,apps", "v2,v1", "jobs,deployments", "CREATE", ""), deploy, true, true},
		"a rule without resources is empty": {rule("apps", "v1", "", "CREATE", ""), deploy, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := matchesRule(tt.rule, tt.object, []admissionregistrationv1.OperationType{create, update}, tt.exact); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
	if matchesRule(rule("", "v1", "pods", "CREATE", ""), pod, []admissionregistrationv1.OperationType{update}, false) {
		t.Error("a rule for CREATE matches an UPDATE")
	}
}

func TestAsks(t *testing.T) {
	notIn := func(key string, values ...string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: metav1.LabelSelectorOpNotIn, Values: values}}}
	}
	guarded := &metav1.LabelSelector{MatchLabels: map[string]string{"guard": "yes"}}
	labelled, plain := map[string]string{"guard": "yes"}, map[string]string{}
	tests := map[string]struct {
		namespaces, objects *metav1.LabelSelector
		target              target
		conditional         bool
		want                bool
	}{
		"no selector":                              {nil, nil, target{pod, plain}, false, true},
		"empty selectors":                          {&metav1.LabelSelector{}, &metav1.LabelSelector{}, target{pod, nil}, false, true},
		"the namespace is selected":                {guarded, nil, target{pod, labelled}, false, true},
		"the namespace is not selected":            {guarded, nil, target{pod, plain}, false, false},
		"excluded by the name of the namespace":    {notIn("kubernetes.io/metadata.name", "web"), nil, target{pod, named("web", nil)}, false, false},
		"another namespace is excluded":            {notIn("kubernetes.io/metadata.name", "kube-system"), nil, target{pod, named("web", nil)}, false, true},
		"of the cluster: namespaces do not matter": {guarded, nil, target{node, nil}, false, true},
		"a Namespace has its own labels":           {guarded, nil, target{namespace, plain}, false, false},
		"a Namespace that is selected":             {guarded, nil, target{namespace, labelled}, false, true},
		"the object is selected":                   {nil, guarded, target{pod.with(labelled), plain}, false, true},
		"the object is not selected":               {nil, guarded, target{pod.with(plain), plain}, false, false},
		"labels that are not known":                {nil, guarded, target{pod, plain}, false, false},
		"not known, though it may lack the label":  {nil, notIn("guard", "no"), target{pod, plain}, false, false},
		"known to lack the label":                  {nil, notIn("guard", "no"), target{pod.with(plain), plain}, false, true},
		"both selectors, one does not":             {guarded, guarded, target{pod.with(labelled), plain}, false, false},
		"conditions are not evaluated":             {nil, nil, target{pod, plain}, true, true},
		"the API server asks nobody about hooks":   {nil, nil, target{hookCfg, nil}, false, false},
		"nor about admission policies":             {nil, nil, target{policyCfg, nil}, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, err := newWebhook("w", admissionregistrationv1.WebhookClientConfig{},
				[]admissionregistrationv1.RuleWithOperations{rule("x", "v1", "y", "CREATE", ""), rule("*", "*", "*", "CREATE", "")}, nil, tt.namespaces, tt.objects)
			if err != nil {
				t.Fatal(err)
			}
			w.conditional = tt.conditional
			if got := w.asks(tt.target, []admissionregistrationv1.OperationType{admissionregistrationv1.Create}); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
