// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gatekeeper_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/apis"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/gator"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/gator/reader"
	synctest "github.com/open-policy-agent/gatekeeper/v3/pkg/gator/sync/test"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/types"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// TestPresets judges every fixture as the webhook does, and what is created as the
// audit does.
func TestPresets(t *testing.T) {
	clients := map[string]gator.Client{}
	for _, s := range scenarios(t, "gatekeeper") {
		t.Run(s.Name, func(t *testing.T) {
			key, err := json.Marshal(s.Manifests)
			if err != nil {
				t.Fatal(err)
			}
			client, known := clients[string(key)]
			if !known {
				client = newClient(t, s)
				clients[string(key)] = client
			}
			for _, object := range s.Cluster {
				if _, err := client.AddData(t.Context(), object); err != nil {
					t.Fatal(err)
				}
			}
			defer func() { // the next one has a cluster of its own
				for _, object := range s.Cluster {
					if _, err := client.RemoveData(t.Context(), object); err != nil {
						t.Error(err)
					}
				}
			}()
			native := s.admissionPolicies(t)
			s.check(t, review(t, client, s.request(t), native), blocks(native))
			if s.Operation == "CREATE" {
				s.check(t, review(t, client, target.AugmentedUnstructured{
					Object: *s.Object, Namespace: namespace(s), Source: types.SourceTypeOriginal,
				}, native), blocks(native))
			}
		})
	}
}

// blocks is the word for a refusal: Gatekeeper's, or the API server's own.
func blocks(native verdict) string {
	if len(native.actions) > 0 {
		return "Deny"
	}
	return "deny"
}

func review(t *testing.T, client gator.Client, request any, native verdict) verdict {
	t.Helper()
	responses, err := client.Review(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	out := verdict{messages: append([]string(nil), native.messages...), actions: append([]string(nil), native.actions...)}
	for _, result := range responses.Results() {
		out.messages = append(out.messages, result.Msg)
		out.actions = append(out.actions, result.EnforcementAction)
	}
	return out
}

// newClient knows the templates and constraints among the manifests.
func newClient(t *testing.T, s scenario) gator.Client {
	t.Helper()
	client, err := gator.NewOPAClient(false, gator.WithK8sCEL())
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := apis.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for _, manifest := range s.Manifests {
		switch {
		case reader.IsTemplate(manifest):
			template, err := reader.ToTemplate(scheme, manifest)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.AddTemplate(t.Context(), template); err != nil {
				t.Fatal(err)
			}
		case reader.IsConstraint(manifest):
			if _, err := client.AddConstraint(t.Context(), manifest); err != nil {
				t.Fatal(err)
			}
		case isSyncSet(manifest), manifest.GetAPIVersion() == admissionAPI:
		default:
			t.Fatalf("%s: nothing tries a %s", s.Name, manifest.GetKind())
		}
	}
	return client
}

const admissionAPI = "admissionregistration.k8s.io/v1"

// TestInventoryIsSynced: what a template looks up must be kept by Gatekeeper, or it
// would find nothing and allow everything.
func TestInventoryIsSynced(t *testing.T) {
	all := scenarios(t, "gatekeeper")
	i := slices.IndexFunc(all, func(s scenario) bool { return slices.ContainsFunc(s.Manifests, isSyncSet) })
	if i < 0 {
		t.Fatal("no preset has a SyncSet")
	}
	missing, problems, err := synctest.Test(all[i].Manifests, true)
	if err != nil || len(missing) > 0 || len(problems) > 0 {
		t.Errorf("missing %v, problems %v: %v", missing, problems, err)
	}
	without := slices.DeleteFunc(slices.Clone(all[i].Manifests), isSyncSet)
	if missing, _, err = synctest.Test(without, true); err != nil || len(missing) == 0 {
		t.Errorf("without the SyncSet nothing is missing: %v", err)
	}
}

func isSyncSet(manifest *unstructured.Unstructured) bool { return manifest.GetKind() == "SyncSet" }

func (s scenario) request(t *testing.T) *target.AugmentedReview {
	t.Helper()
	subject := s.subject()
	gvk := subject.GroupVersionKind()
	return &target.AugmentedReview{
		AdmissionRequest: &admissionv1.AdmissionRequest{
			UID: "1", Kind: metav1.GroupVersionKind(gvk),
			Resource:    metav1.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: s.resource()},
			SubResource: s.Subresource, Name: subject.GetName(), Namespace: subject.GetNamespace(),
			Operation: admissionv1.Operation(s.Operation),
			Object:    runtime.RawExtension{Raw: raw(t, s.Object)}, OldObject: runtime.RawExtension{Raw: raw(t, s.OldObject)},
		},
		Namespace: namespace(s), Source: types.SourceTypeOriginal, IsAdmission: true,
	}
}

// namespace that the subject is in, as the API server labels it.
func namespace(s scenario) *corev1.Namespace {
	name := s.subject().GetNamespace()
	if name == "" {
		return nil
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelMetadataName: name}}}
}
