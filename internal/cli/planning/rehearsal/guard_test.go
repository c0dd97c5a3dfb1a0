// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"net/http"
	"strings"
	"testing"
)

// reached counts what gets past a guard.
type reached struct{ methods []string }

// RoundTrip implements http.RoundTripper.
func (r *reached) RoundTrip(request *http.Request) (*http.Response, error) {
	r.methods = append(r.methods, request.Method)
	return answer(request, http.StatusOK, map[string]string{})
}

// TestNothingIsWritten sends every method to every kind of place.
func TestNothingIsWritten(t *testing.T) {
	behind := &reached{}
	before := (&guard{kinds: &Kinds{}}).over(behind)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodConnect} {
		for _, path := range []string{"/api/v1/namespaces/x/secrets", "/api/v1/namespaces/x/secrets/" + recordPrefix + "x.v1", "/apis/apps/v1/deployments"} {
			request, err := http.NewRequestWithContext(t.Context(), method, "http://cluster.invalid"+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := before.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			if err := response.Body.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(behind.methods) > 0 {
		t.Errorf("these reached the cluster: %v", behind.methods)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://cluster.invalid/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := before.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || len(behind.methods) != 1 {
		t.Errorf("a read does not reach the cluster: %v, %v", behind.methods, err)
	}
}

func TestOfflineKinds(t *testing.T) {
	kinds, err := Offline("1.34.0")
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]bool{
		"apps/v1/Deployment": true, "apps/v1": true, "v1/Pod": true, "autoscaling/v2/HorizontalPodAutoscaler": true,
		"apiextensions.k8s.io/v1/CustomResourceDefinition": true, "policy/v1beta1/PodSecurityPolicy": false,
		"apps/v1beta1": false, "monitoring.coreos.com/v1": false,
	} {
		if kinds.Has(question) != want {
			t.Errorf("Has(%q) is %v", question, !want)
		}
	}
}
