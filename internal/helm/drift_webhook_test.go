// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
)

// newWebhook registers a mutating webhook of the namespace with a server in this
// process: every object gets the JSON patch that mutate returns for it, and is
// denied when that is none. It returns once the API server calls it.
func newWebhook(t *testing.T, namespace string, mutate func(object string) string) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		kind := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, PatchType: &kind}
		if review.Response.Patch = []byte(mutate(string(review.Request.Object.Raw))); len(review.Response.Patch) == 0 {
			review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Result: &metav1.Status{Message: "against the policy", Code: http.StatusForbidden}}
		}
		review.Request = nil
		if err := json.NewEncoder(w).Encode(review); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	client := kubernetes.NewForConfigOrDie(config)
	fail, timeout, sideEffects := admissionregistrationv1.Fail, int32(5), admissionregistrationv1.SideEffectClassNone
	hook, err := client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "mutate.example.com", AdmissionReviewVersions: []string{"v1"}, SideEffects: &sideEffects, FailurePolicy: &fail, TimeoutSeconds: &timeout,
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL: &server.URL, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{"", "apps"}, APIVersions: []string{"v1"}, Resources: []string{"configmaps", "deployments"}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := client.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(ctx, hook.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	probe := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "probe"}}
	for deadline := time.Now().Add(20 * time.Second); ; {
		out, err := client.CoreV1().ConfigMaps(namespace).Create(t.Context(), probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil || len(out.Annotations) > 0 {
			return server
		}
		if time.Now().After(deadline) {
			t.Fatal("the API server does not call the webhook")
		}
	}
}

// mirror numbers what it sees, and lets images come from a mirror.
func mirror() func(object string) string {
	var number atomic.Int32
	return func(object string) string {
		out := `[{"op":"add","path":"/metadata/annotations","value":{"example.com/seen":"` + strconv.Itoa(int(number.Add(1))) +
			`","meta.helm.sh/release-name":"` + annotation(object, "meta.helm.sh/release-name") +
			`","meta.helm.sh/release-namespace":"` + annotation(object, "meta.helm.sh/release-namespace") + `"}}`
		if strings.Contains(object, `"kind":"Deployment"`) {
			out += `,{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"mirror.example.com/web:1"},
				{"op":"add","path":"/spec/template/spec/containers/0/workingDir","value":"/"}`
		}
		return out + "]"
	}
}

func annotation(object, key string) string {
	var parsed metav1.PartialObjectMetadata
	if err := json.Unmarshal([]byte(object), &parsed); err != nil {
		return err.Error()
	}
	return parsed.Annotations[key]
}

// What a webhook makes of every write is no drift, whether it came before or after
// the object, and no part of what is found when something else differs.
func TestDriftBehindAWebhook(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	conf, web := b.object(t, "ConfigMap", "conf"), b.object(t, "Deployment", "web")
	newWebhook(t, b.request.Namespace, mirror())

	before := b.live(t, web)
	if found, _ := b.drift(t, true, nil); len(found) != 0 {
		t.Errorf("the webhook is newer than the objects: %s", brief(found))
	}
	if after := b.live(t, web); after.GetResourceVersion() != before.GetResourceVersion() {
		t.Error("the deployment was written")
	}

	b.edit(t, conf, `{"data":{"color":"red"}}`, "kubectl-edit")
	b.edit(t, web, `{"spec":{"replicas":5}}`, "kubectl-edit")
	image, _, _ := unstructured.NestedSlice(b.live(t, web).Object, "spec", "template", "spec", "containers")
	if b.live(t, conf).GetAnnotations()["example.com/seen"] == "" || image[0].(map[string]any)["workingDir"] != "/" {
		t.Fatal("the webhook does nothing, and this test shows nothing")
	}
	found, applied := b.drift(t, true, nil)
	const want = "ConfigMap data.color by kubectl-edit; Deployment spec.replicas by kubectl-edit"
	if brief(found) != want || len(applied) != 2 {
		t.Errorf("found %s, want %s; applied %v", brief(found), want, applied)
	}
	if found, _ = b.drift(t, true, nil); len(found) != 0 {
		t.Errorf("the webhook is older than the last write: %s", brief(found))
	}
}

// A webhook that refuses or does not answer leaves the object that differs
// unknown; all others are compared and put back.
func TestDriftWebhookRefuses(t *testing.T) {
	b := newDriftBench(t, driftObjects)
	conf, svc := b.object(t, "ConfigMap", "conf"), b.object(t, "Service", "svc")
	b.edit(t, conf, `{"data":{"color":"red"}}`, "")
	b.edit(t, svc, `[{"op":"remove","path":"/spec/ports/1"}]`, "")
	server := newWebhook(t, b.request.Namespace, func(string) string { return "" })
	found, applied := b.drift(t, true, nil, conf, svc)
	if len(found) != 2 || found[0].Kind != "ConfigMap" || found[1].Kind != "Service" {
		t.Fatalf("found %s", brief(found))
	}
	if d := found[0]; d.Unknown == nil || !strings.Contains(d.Unknown.Error(), "against the policy") || d.Retry || d.Corrected {
		t.Errorf("behind the webhook: %+v", d)
	}
	if !found[1].Corrected || len(applied) != 1 {
		t.Errorf("not behind the webhook: %+v", found[1])
	}
	server.Close()
	found, _ = b.drift(t, true, nil, conf)
	if len(found) != 1 || found[0].Unknown == nil || !strings.Contains(found[0].Unknown.Error(), "failed calling webhook") || !found[0].Retry {
		t.Errorf("when nobody answers: %+v", found)
	}
}
