// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var server *rest.Config

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		os.Exit(m.Run())
	}
	environment := &envtest.Environment{}
	var err error
	if server, err = environment.Start(); err != nil {
		panic(err)
	}
	server.QPS = -1
	code := m.Run()
	if err := environment.Stop(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

const patience = 20 * time.Second

// oracle compares Watcher.Obstacle with what an API server does.
type oracle struct {
	*Watcher
	t       *testing.T
	client  kubernetes.Interface
	dynamic dynamic.Interface
}

func newOracle(t *testing.T) *oracle {
	t.Helper()
	if server == nil {
		t.Skip("KUBEBUILDER_ASSETS is not set: run \"make test-envtest\", which builds an API server first")
	}
	w, err := New(server, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Start: %v", err)
		}
	})
	o := &oracle{Watcher: w, t: t, client: kubernetes.NewForConfigOrDie(server), dynamic: dynamic.NewForConfigOrDie(server)}
	o.eventually("the lists", func() bool { _, synced := w.Obstacle(Question{}); return synced })
	for _, labels := range []map[string]string{nil, {"guard": "yes"}} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "oracle-" + labels["guard"] + "x", Labels: labels}}
		if _, err := o.client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
		o.eventually("the namespace", func() bool { _, known := w.stores.namespace(ns.Name); return known })
	}
	return o
}

func (o *oracle) eventually(what string, condition func() bool) {
	o.t.Helper()
	err := wait.PollUntilContextTimeout(o.t.Context(), 5*time.Millisecond, patience, true, func(context.Context) (bool, error) { return condition(), nil })
	if err != nil {
		o.t.Fatalf("%s: %v", what, err)
	}
}

// refused sends the object in a dry run and says whether a webhook that cannot be
// called stood in the way.
func (o *oracle) refused(u *unstructured.Unstructured, resource string) bool {
	o.t.Helper()
	gvr := u.GroupVersionKind().GroupVersion().WithResource(resource)
	_, err := o.dynamic.Resource(gvr).Namespace(u.GetNamespace()).Create(o.t.Context(), u, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		return false
	}
	if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "failed calling webhook") {
		o.t.Fatalf("create %s: %v", u.GetKind(), err)
	}
	return true
}

// marker is an object that the second webhook of every configuration asks about, so
// that one can tell when the API server has seen the configuration.
func marker(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "marker", "namespace": "default", "labels": map[string]any{"marker": name}},
	}}
}

// register creates a fail-closed configuration behind a Service that is not there,
// and returns once the API server and the Watcher have seen it; the end of the test
// takes it away.
func (o *oracle) register(name string, w admissionregistrationv1.ValidatingWebhook) {
	o.t.Helper()
	none := admissionregistrationv1.SideEffectClassNone
	w.Name, w.SideEffects, w.AdmissionReviewVersions = "case.example.com", &none, []string{"v1"}
	w.ClientConfig = admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "default", Name: "gone"}}
	sync := w
	sync.Name, sync.MatchPolicy, sync.NamespaceSelector = "marker.example.com", nil, nil
	sync.Rules = []admissionregistrationv1.RuleWithOperations{rule("", "v1", "configmaps", "CREATE", "")}
	sync.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"marker": name}}
	hooks := o.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	config := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionregistrationv1.ValidatingWebhook{w, sync},
	}
	if _, err := hooks.Create(o.t.Context(), config, metav1.CreateOptions{}); err != nil {
		o.t.Fatal(err)
	}
	expected := []v1alpha1.WebhookReference{{Kind: ValidatingKind, Name: name}}
	seen := func() bool {
		problems, _ := o.Own("", nil, expected)
		return o.refused(marker(name), "configmaps") && !strings.Contains(strings.Join(problems, ""), "not registered")
	}
	o.eventually("the configuration", seen)
	ctx := context.WithoutCancel(o.t.Context())
	o.t.Cleanup(func() {
		if err := hooks.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			o.t.Error(err)
			return
		}
		// The next case must not be refused by this one.
		gone := func(ctx context.Context) (bool, error) {
			_, err := o.client.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: "marker", Labels: map[string]string{"marker": name}},
			}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			return err == nil, nil // refused still
		}
		if err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, patience, true, gone); err != nil {
			o.t.Error(err)
		}
	})
}

// samples are objects of every sort that rules tell apart.
var samples = map[string]string{
	"plain":     `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: oracle-x}}`,
	"guarded":   `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: oracle-yesx}}`,
	"labelled":  `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: oracle-x, labels: {guard: "yes"}}}`,
	"cluster":   `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}`,
	"namespace": `{apiVersion: v1, kind: Namespace, metadata: {name: oracle-new}}`,
	"marked":    `{apiVersion: v1, kind: Namespace, metadata: {name: oracle-new, labels: {guard: "yes"}}}`,
	"versioned": `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a, namespace: oracle-x}, spec: {maxReplicas: 1, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}}}`,
	"exempt":    `{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: a}}`,
	"binding":   `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: a}, spec: {policyName: p, validationActions: [Deny]}}`,
}

// TestAgainstAnAPIServer: for every sort of rule and every sort of object, the
// Watcher predicts what an API server then does.
func TestAgainstAnAPIServer(t *testing.T) {
	o := newOracle(t)
	exact := admissionregistrationv1.Exact
	guarded := &metav1.LabelSelector{MatchLabels: map[string]string{"guard": "yes"}}
	byName := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"oracle-x", "oracle-new"}},
	}}
	rules := func(r admissionregistrationv1.RuleWithOperations) []admissionregistrationv1.RuleWithOperations {
		return []admissionregistrationv1.RuleWithOperations{r}
	}
	everything := rules(rule("*", "*", "*", "*", ""))
	for name, hook := range map[string]admissionregistrationv1.ValidatingWebhook{
		"everything":         {Rules: everything},
		"subresources-too":   {Rules: rules(rule("*", "*", "*/*", "*", ""))},
		"subresources-only":  {Rules: rules(rule("*", "*", "*/status", "*", ""))},
		"one-kind":           {Rules: rules(rule("", "v1", "configmaps", "CREATE", ""))},
		"one-kind-and-below": {Rules: rules(rule("", "v1", "configmaps/*", "CREATE", ""))},
		"updates":            {Rules: rules(rule("*", "*", "*", "UPDATE", ""))},
		"namespaced":         {Rules: rules(rule("*", "*", "*", "*", "Namespaced"))},
		"cluster":            {Rules: rules(rule("*", "*", "*", "*", "Cluster"))},
		"by-namespace":       {Rules: everything, NamespaceSelector: guarded},
		"by-namespace-name":  {Rules: everything, NamespaceSelector: byName},
		"by-object":          {Rules: everything, ObjectSelector: guarded},
		"equivalent":         {Rules: rules(rule("autoscaling", "v1", "horizontalpodautoscalers", "CREATE", ""))},
		"exact":              {Rules: rules(rule("autoscaling", "v1", "horizontalpodautoscalers", "CREATE", "")), MatchPolicy: &exact},
		"exact-version":      {Rules: rules(rule("autoscaling", "v2", "horizontalpodautoscalers", "CREATE", "")), MatchPolicy: &exact},
	} {
		t.Run(name, func(t *testing.T) {
			o := &oracle{Watcher: o.Watcher, t: t, client: o.client, dynamic: o.dynamic}
			o.register(name, hook)
			for sample, manifest := range samples {
				o.compare(sample, manifest, name)
			}
		})
	}
}

func (o *oracle) compare(sample, manifest, config string) {
	o.t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &u.Object); err != nil {
		o.t.Fatal(err)
	}
	labels := u.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	obj := Object{GroupVersionKind: u.GroupVersionKind(), Namespace: u.GetNamespace(), Name: u.GetName(), Labels: labels}
	message, synced := o.Obstacle(Question{Objects: []Object{obj}, Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create}})
	predicted := strings.Contains(message, "ValidatingWebhookConfiguration "+config+" ")
	resource := o.stores.resource(obj)
	if got := o.refused(u, resource); got != predicted || !synced {
		o.t.Errorf("%s: the API server refuses it: %t, and we say %q", sample, got, message)
	}
}

// TestServiceOnAnAPIServer: the watches of Services and EndpointSlices read what a
// real server sends.
func TestServiceOnAnAPIServer(t *testing.T) {
	o := newOracle(t)
	ctx := t.Context()
	everything := []admissionregistrationv1.RuleWithOperations{rule("", "v1", "pods", "*", "")}
	o.register("service", admissionregistrationv1.ValidatingWebhook{Rules: everything})
	expected := []v1alpha1.WebhookReference{{Kind: ValidatingKind, Name: "service"}}
	says := func(want string) {
		t.Helper()
		o.eventually(want, func() bool {
			problems, synced := o.Own("", nil, expected)
			return synced && len(problems) == 2 && strings.HasPrefix(problems[0], "webhook case.example.com") && strings.HasSuffix(problems[0], want)
		})
	}
	says("its Service default/gone is gone")
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "gone"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 443}}},
	}
	services, slices := o.client.CoreV1().Services("default"), o.client.DiscoveryV1().EndpointSlices("default")
	if _, err := services.Create(ctx, service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := services.Delete(context.WithoutCancel(ctx), "gone", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	says("its Service default/gone has no ready endpoints")
	ready := true
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "default", Name: "gone-1", Labels: map[string]string{discoveryv1.LabelServiceName: "gone"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.1.1.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
	}
	if _, err := slices.Create(ctx, slice, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := slices.Delete(context.WithoutCancel(ctx), "gone-1", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	says("it has no CA bundle")
}
