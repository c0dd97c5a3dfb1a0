// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/refs"
)

type knownReferences map[refs.Ref]refs.Content

func (knownReferences) SetRefs(string, []refs.Ref) {}

func (k knownReferences) Get(ref refs.Ref) (refs.Content, bool, bool) {
	content, found := k[ref]
	return content, found, true
}

func TestRedact(t *testing.T) {
	references := knownReferences{
		{Kind: refs.Secret, Namespace: "ns", Name: "values"}: {Data: map[string][]byte{
			"values.yaml": []byte("db: {password: canary-one, pin: 48151623}\nlist: [canary-two]\nok: yes\n"),
		}},
		{Kind: refs.Secret, Namespace: "ns", Name: "token"}:     {Data: map[string][]byte{"token": []byte("canary-three\n")}},
		{Kind: refs.ConfigMap, Namespace: "ns", Name: "public"}: {Data: map[string][]byte{"values.yaml": []byte("a: public-text")}},
	}
	from := []v1alpha1.ValuesReference{
		{Kind: refs.Secret, Namespace: "ns", Name: "values"},
		{Kind: refs.Secret, Namespace: "ns", Name: "token", Key: "token", TargetPath: "a.b"},
		{Kind: refs.ConfigMap, Namespace: "ns", Name: "public"},
		{Kind: refs.Secret, Namespace: "ns", Name: "gone"},
	}
	message := "at '/db/password': 'canary-one' is not a number; 48151623; canary-two; tpl \"canary-three\"; public-text"
	got := redact(references, from, message)
	for _, canary := range []string{"canary-one", "canary-two", "canary-three", "48151623"} {
		if strings.Contains(got, canary) {
			t.Errorf("%q is shown in %q", canary, got)
		}
	}
	if !strings.Contains(got, "public-text") || !strings.Contains(got, "at '/db/password'") {
		t.Errorf("more than the secrets is hidden: %q", got)
	}
}
