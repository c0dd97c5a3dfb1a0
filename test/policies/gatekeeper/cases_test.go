// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gatekeeper_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// scenario is what test/policies/cases prints.
type scenario struct {
	Name        string                       `json:"name"`
	Allowed     bool                         `json:"allowed"`
	Message     string                       `json:"message"`
	Enforcement string                       `json:"enforcement"`
	Operation   string                       `json:"operation"`
	Subresource string                       `json:"subresource"`
	Object      *unstructured.Unstructured   `json:"object"`
	OldObject   *unstructured.Unstructured   `json:"oldObject"`
	Cluster     []*unstructured.Unstructured `json:"cluster"`
	Manifests   []*unstructured.Unstructured `json:"manifests"`
}

func scenarios(t *testing.T, engine string) []scenario {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "run", "./test/policies/cases", engine)
	command.Dir = "../../.."
	out, err := command.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []scenario
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// subject is the object that the request is about.
func (s scenario) subject() *unstructured.Unstructured {
	if s.Object != nil {
		return s.Object
	}
	return s.OldObject
}

// resource is the name of the subject's kind in requests.
func (s scenario) resource() string { return strings.ToLower(s.subject().GetKind()) + "s" }

func raw(t *testing.T, object *unstructured.Unstructured) []byte {
	t.Helper()
	if object == nil {
		return nil
	}
	out, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// verdict is what an engine found: messages, and what is done about them.
type verdict struct{ messages, actions []string }

// check compares a verdict with what the fixture says. An action that blocks is
// wanted of Enforce, and of nothing else.
func (s scenario) check(t *testing.T, got verdict, blocking string) {
	t.Helper()
	if s.Allowed != (len(got.messages) == 0) {
		t.Fatalf("allowed must be %t, and is said to be: %q", s.Allowed, got.messages)
	}
	if s.Allowed {
		return
	}
	if text := strings.Join(got.messages, "\n"); !strings.Contains(text, s.Message) {
		t.Errorf("says %q, want %q", text, s.Message)
	}
	for _, action := range got.actions {
		if (action == blocking) != (s.Enforcement == "Enforce") {
			t.Errorf("%s does %q", s.Enforcement, action)
		}
	}
	if len(got.actions) == 0 {
		t.Error("nothing is done about it")
	}
}
