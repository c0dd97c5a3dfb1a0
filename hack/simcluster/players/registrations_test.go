// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

// kyvernoDeployment is what matters of the chart's Deployment.
func kyvernoDeployment(available int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "policy", Name: "kyverno-admission-controller", ResourceVersion: "1"},
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "sidecar"},
			{Name: "kyverno", Args: []string{"--servicePort=8443"}, Env: []corev1.EnvVar{{Name: "KYVERNO_SVC", Value: "my-svc"}}},
		}}}},
		Status: appsv1.DeploymentStatus{AvailableReplicas: available},
	}
}

var kyvernoConfigurations = []string{
	"kyverno-policy-mutating-webhook-cfg", "kyverno-policy-validating-webhook-cfg", "kyverno-verify-mutating-webhook-cfg",
}

func TestKyvernoWebhooks(t *testing.T) {
	got := kyvernoWebhooks(kyvernoDeployment(1), []byte("CA"))
	type summary struct {
		config, webhook, service, ca string
		port                         int32
		policy                       admissionregistrationv1.FailurePolicyType
	}
	var have []summary
	add := func(config, webhook string, c admissionregistrationv1.WebhookClientConfig, policy *admissionregistrationv1.FailurePolicyType) {
		have = append(have, summary{config, webhook, c.Service.Namespace + "/" + c.Service.Name, string(c.CABundle), *c.Service.Port, *policy})
	}
	for _, c := range got.validating {
		add(c.Name, c.Webhooks[0].Name, c.Webhooks[0].ClientConfig, c.Webhooks[0].FailurePolicy)
	}
	for _, c := range got.mutating {
		add(c.Name, c.Webhooks[0].Name, c.Webhooks[0].ClientConfig, c.Webhooks[0].FailurePolicy)
	}
	want := []summary{
		{"kyverno-policy-validating-webhook-cfg", "validate-policy.kyverno.svc", "policy/my-svc", "CA", 8443, "Fail"},
		{"kyverno-policy-mutating-webhook-cfg", "mutate-policy.kyverno.svc", "policy/my-svc", "CA", 8443, "Fail"},
		{"kyverno-verify-mutating-webhook-cfg", "monitor-webhooks.kyverno.svc", "policy/my-svc", "CA", 8443, "Ignore"},
	}
	if diff := cmp.Diff(want, have, cmp.AllowUnexported(summary{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestKyvernoWebhooksOfOthers(t *testing.T) {
	cleanup := kyvernoDeployment(1) // the cleanup controller has the variable, and another container
	cleanup.Spec.Template.Spec.Containers[1].Name = "controller"
	unrelated := kyvernoDeployment(1) // somebody's container of that name
	unrelated.Spec.Template.Spec.Containers[1].Env = nil
	for name, d := range map[string]*appsv1.Deployment{"cleanup controller": cleanup, "unrelated": unrelated} {
		if got := kyvernoWebhooks(d, nil); !got.empty() {
			t.Errorf("%s registers %+v", name, got)
		}
	}
}

// stage runs the registration player over a fake API server, in a bubble of
// virtual time.
type stage struct {
	t      *testing.T
	client *fake.Clientset
}

func newStage(t *testing.T) *stage {
	t.Helper()
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	all, err := registrationPlayers(client, factory, []byte("CA"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	done := make(chan error, 1)
	go func() { done <- runAll(ctx, all) }()
	t.Cleanup(func() {
		cancel()
		factory.Shutdown()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &stage{t, client}
}

func (s *stage) deploy(d *appsv1.Deployment) {
	s.t.Helper()
	deployments := s.client.AppsV1().Deployments(d.Namespace)
	_, err := deployments.Create(s.t.Context(), d, metav1.CreateOptions{})
	if err != nil {
		_, err = deployments.Update(s.t.Context(), d, metav1.UpdateOptions{})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// registered lists the configurations there are, sorted.
func (s *stage) registered() []string {
	s.t.Helper()
	synctest.Wait()
	validating, err := s.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(s.t.Context(), metav1.ListOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	mutating, err := s.client.AdmissionregistrationV1().MutatingWebhookConfigurations().List(s.t.Context(), metav1.ListOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, c := range validating.Items {
		names = append(names, c.Name)
	}
	for _, c := range mutating.Items {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func (s *stage) expect(when string, want []string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.registered()); diff != "" {
		s.t.Errorf("%s (-want +got)\n%s", when, diff)
	}
}

func TestRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		foreign := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "a-foreign-one"}}
		hooks := s.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
		if _, err := hooks.Create(t.Context(), foreign, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		none, all := []string{"a-foreign-one"}, append([]string{"a-foreign-one"}, kyvernoConfigurations...)

		d := kyvernoDeployment(0)
		s.deploy(d)
		s.expect("not available yet", none)

		d = kyvernoDeployment(1)
		d.ResourceVersion = "2"
		s.deploy(d)
		s.expect("available", all)

		if err := hooks.Delete(t.Context(), "kyverno-policy-validating-webhook-cfg", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		s.expect("one was deleted by hand", all)

		d = kyvernoDeployment(0)
		d.ResourceVersion = "3"
		s.deploy(d)
		s.expect("not available for a moment", all)

		zero := int32(0)
		d = kyvernoDeployment(1)
		d.ResourceVersion, d.Spec.Replicas = "4", &zero
		s.deploy(d)
		s.expect("scaled to zero", none)

		d = kyvernoDeployment(1)
		d.ResourceVersion = "5"
		s.deploy(d)
		s.expect("scaled up again", all)

		if err := s.client.AppsV1().Deployments("policy").Delete(t.Context(), d.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		s.expect("gone", none)
	})
}
