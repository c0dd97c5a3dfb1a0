// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// canary stands for what must never be in a message.
const canary = "hunter2-canary"

func TestCompose(t *testing.T) {
	content := map[string]string{
		"ConfigMap groundwork-system/base values.yaml": "a: {from: base, base: 1}\nnum: 10000000",
		"Secret other/creds token":                     canary,
		"Secret groundwork-system/over values.yaml":    "a: {from: over}",
		"Secret groundwork-system/empty values.yaml":   "",
		"Secret groundwork-system/broken values.yaml":  "password: [" + canary,
		"Secret groundwork-system/text values.yaml":    canary,
		"ConfigMap groundwork-system/list values.yaml": "[1]",
	}
	lookup := func(ref v1alpha1.ValuesReference) ([]byte, bool, bool) {
		data, found := content[ref.Kind+" "+ref.Namespace+"/"+ref.Name+" "+ref.Key]
		return []byte(data), found || ref.Name == "creds", found
	}
	ref := func(kind, name string) v1alpha1.ValuesReference {
		return v1alpha1.ValuesReference{Kind: kind, Name: name}
	}
	at := func(path string) v1alpha1.ValuesReference {
		return v1alpha1.ValuesReference{Kind: "Secret", Namespace: "other", Name: "creds", Key: "token", TargetPath: path}
	}
	for name, tc := range map[string]struct {
		reason string
		refs   []v1alpha1.ValuesReference
		user   string
		want   string
		err    string
	}{
		"Nothing":      {reason: "the catalog's defaults alone", want: `{"a":{"from":"defaults","keep":true}}`},
		"Order":        {reason: "defaults, references as they are listed, and the user's on top", refs: []v1alpha1.ValuesReference{ref("ConfigMap", "base"), ref("Secret", "over")}, user: "a: {user: 1}", want: `{"a":{"base":1,"from":"over","keep":true,"user":1},"num":10000000}`},
		"UserWins":     {reason: "the user's values are over references", refs: []v1alpha1.ValuesReference{ref("Secret", "over")}, user: "a: {from: user}", want: `{"a":{"from":"user","keep":true}}`},
		"UserNull":     {reason: "a null of the user takes a default away", user: "a: null", want: `{"a":null}`},
		"TargetPath":   {reason: "content is put at a path as a string", refs: []v1alpha1.ValuesReference{at("p[0].token")}, want: `{"a":{"from":"defaults","keep":true},"p":[{"token":"` + canary + `"}]}`},
		"EmptyContent": {reason: "an empty key is an empty layer", refs: []v1alpha1.ValuesReference{ref("Secret", "empty")}, want: `{"a":{"from":"defaults","keep":true}}`},
		"Optional":     {reason: "an optional one may be missing", refs: []v1alpha1.ValuesReference{{Kind: "Secret", Name: "none", Optional: true}, ref("Secret", "over")}, want: `{"a":{"from":"over","keep":true}}`},
		"OptionalKey":  {reason: "a key may be missing in an object that is there", refs: []v1alpha1.ValuesReference{{Kind: "Secret", Namespace: "other", Name: "creds", Key: "none", OptionalKey: true}}, want: `{"a":{"from":"defaults","keep":true}}`},

		"NoObjectAtAll": {reason: "the object may not", refs: []v1alpha1.ValuesReference{{Kind: "Secret", Name: "none", Key: "k", OptionalKey: true}}, err: `valuesFrom: Secret groundwork-system/none is not there; create it`},

		"Missing":     {reason: "a missing one is named with its defaults", refs: []v1alpha1.ValuesReference{ref("Secret", "none")}, err: `valuesFrom: Secret groundwork-system/none with key "values.yaml" is not there; create it, or set optional: true`},
		"Broken":      {reason: "a Secret's content is not quoted", refs: []v1alpha1.ValuesReference{ref("Secret", "broken")}, err: `valuesFrom: Secret groundwork-system/broken key "values.yaml": its content is not a YAML object (the content of a Secret is not shown)`},
		"NoObject":    {reason: "nor described", refs: []v1alpha1.ValuesReference{ref("Secret", "text")}, err: `valuesFrom: Secret groundwork-system/text key "values.yaml": its content is not a YAML object (the content of a Secret is not shown)`},
		"List":        {reason: "what is wrong with a ConfigMap is said", refs: []v1alpha1.ValuesReference{ref("ConfigMap", "list")}, err: `valuesFrom: ConfigMap groundwork-system/list key "values.yaml": values must be an object with keys, not a list`},
		"BadPath":     {reason: "a path that is none", refs: []v1alpha1.ValuesReference{at("p[x]")}, err: `valuesFrom: Secret other/creds key "token": targetPath "p[x]": "x" is not a list index from 0 to 1000`},
		"PathInValue": {reason: "a path through a Secret's own text does not show it", refs: []v1alpha1.ValuesReference{at("p"), at("p.q")}, err: `valuesFrom: Secret other/creds key "token": targetPath "p.q": "q" would be set in a string`},
	} {
		t.Run(name, func(t *testing.T) {
			defaults := mustParse(t, "a: {from: defaults, keep: true}")
			before := asJSON(t, defaults)
			got, err := values.Compose(defaults, tc.refs, lookup, mustParse(t, tc.user))
			if message := errorText(err); message != tc.err || strings.Contains(message, canary) {
				t.Fatalf("%s: got error %q, want %q", tc.reason, message, tc.err)
			}
			if diff := cmp.Diff(tc.want, asJSON(t, got)); tc.err == "" && diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
			if spoil(got); asJSON(t, defaults) != before {
				t.Errorf("the defaults are shared: %s", asJSON(t, defaults))
			}
		})
	}
}

func TestMissingError(t *testing.T) {
	_, err := values.Compose(nil, []v1alpha1.ValuesReference{{Kind: "Secret", Name: "none", Key: "k"}},
		func(v1alpha1.ValuesReference) ([]byte, bool, bool) { return nil, false, false }, nil)
	var missing *values.MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, want a MissingError", err)
	}
	want := v1alpha1.ValuesReference{Kind: "Secret", Namespace: v1alpha1.DefaultNamespace, Name: "none", Key: "k"}
	if diff := cmp.Diff(want, missing.Ref); diff != "" {
		t.Errorf("the reference with its defaults (-want +got)\n%s", diff)
	}
}

func TestNormalize(t *testing.T) {
	full := v1alpha1.ValuesReference{Kind: "Secret", Namespace: "n", Name: "s", Key: "k", TargetPath: "a", Optional: true}
	if diff := cmp.Diff(full, values.Normalize(full)); diff != "" {
		t.Errorf("what is said stays (-want +got)\n%s", diff)
	}
	got := values.Normalize(v1alpha1.ValuesReference{Kind: "ConfigMap", Name: "c"})
	want := v1alpha1.ValuesReference{Kind: "ConfigMap", Namespace: v1alpha1.DefaultNamespace, Name: "c", Key: values.DefaultKey}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the defaults (-want +got)\n%s", diff)
	}
}
