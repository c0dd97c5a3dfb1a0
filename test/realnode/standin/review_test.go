// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func review(t *testing.T, path, body string) (code int, answer map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	reviews().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body)))
	decoder := json.NewDecoder(w.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil && w.Code == http.StatusOK {
		t.Fatal(err)
	}
	return w.Code, answer
}

func TestAdmission(t *testing.T) {
	const marked = `{"metadata": {"labels": {"standin.groundwork.dev/deny": "true"}}}`
	allowed := map[string]any{"uid": "u1", "allowed": true}
	tests := []struct {
		reason, path, object string
		want                 map[string]any
	}{
		{"no label", "/validate", `{"metadata": {"labels": {"app": "x"}}}`, allowed},
		{"label", "/validate", marked, map[string]any{"uid": "u1", "allowed": false,
			"status": map[string]any{"code": json.Number("403"), "message": "denied by the stand-in webhook"}}},
		{"label with another value", "/validate", `{"metadata": {"labels": {"standin.groundwork.dev/deny": "false"}}}`, allowed},
		{"deletion", "/validate", "null", allowed},
		{"label, where nothing is refused", "/allow", marked, allowed},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			code, answer := review(t, test.path,
				`{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u1", "object": `+test.object+`}}`)
			want := map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": test.want}
			if diff := cmp.Diff(want, answer); diff != "" || code != http.StatusOK {
				t.Errorf("%d (-want +got):\n%s", code, diff)
			}
		})
	}
}

func TestReviewsThatMakeNoSense(t *testing.T) {
	for _, path := range []string{"/validate", "/convert"} {
		for _, body := range []string{"", "{}", "[]"} {
			if code, _ := review(t, path, body); code != http.StatusBadRequest {
				t.Errorf("%s with %q: %d, want 400", path, body, code)
			}
		}
	}
}

func TestConversion(t *testing.T) {
	convert := func(desired, objects string) map[string]any {
		_, answer := review(t, "/convert", `{"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
			"request": {"uid": "u2", "desiredAPIVersion": "`+desired+`", "objects": [`+objects+`]}}`)
		return answer["response"].(map[string]any)
	}
	got := convert("example.com/v1",
		`{"apiVersion": "example.com/v1beta1", "kind": "Gadget", "metadata": {"name": "a"}, "spec": {"size": 9007199254740993}},
		{"apiVersion": "example.com/v1", "kind": "Gadget", "spec": {}}, {"apiVersion": "example.com/v1beta1", "kind": "Gadget"}`)
	want := map[string]any{"uid": "u2", "result": map[string]any{"status": "Success"}, "convertedObjects": []any{
		map[string]any{"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": map[string]any{"name": "a"},
			"spec": map[string]any{"size": json.Number("9007199254740993"), "convertedFrom": "v1beta1"}},
		map[string]any{"apiVersion": "example.com/v1", "kind": "Gadget", "spec": map[string]any{}},
		map[string]any{"apiVersion": "example.com/v1", "kind": "Gadget", "spec": map[string]any{"convertedFrom": "v1beta1"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("forward (-want +got):\n%s", diff)
	}
	back := convert("example.com/v1beta1", `{"apiVersion": "example.com/v1", "spec": {"convertedFrom": "v1beta1"}}`)
	converted := []any{map[string]any{"apiVersion": "example.com/v1beta1", "spec": map[string]any{"convertedFrom": "v1"}}}
	if diff := cmp.Diff(converted, back["convertedObjects"]); diff != "" {
		t.Errorf("back (-want +got):\n%s", diff)
	}
	for _, desired := range []string{"example.com/v2", "other.example.com/v1"} {
		failed := convert(desired, `{"apiVersion": "example.com/v1beta1"}`)
		if result := failed["result"].(map[string]any); result["status"] != "Failure" || failed["convertedObjects"] != nil {
			t.Errorf("to %s: %v", desired, failed)
		}
	}
}
