// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
)

func digest(t interface{ Fatalf(string, ...any) }, in values.Inputs) string {
	out, err := in.Digest()
	if err != nil {
		t.Fatalf("digest: %v", err)
	}
	return out
}

func someInputs() values.Inputs {
	return values.Inputs{
		ChartDigest: "sha256:1", Namespace: "n", ReleaseName: "r",
		NamespaceLabels: map[string]string{"l": "1"},
		Values:          values.Values{"a": json.Number("1"), "b": nil},
		Capabilities:    []v1alpha1.CapabilityAnswer{{APIVersion: "v1", Available: true}, {APIVersion: "v2"}},
	}
}

// TestDigestIsStable: the digest is stored on releases, so that another way to
// compute it would upgrade every platform.
func TestDigestIsStable(t *testing.T) {
	got := digest(t, someInputs())
	if want := "fcf3a65e39b39eea954f5d00b0a1773198a04dea"; got != want {
		t.Errorf("got %s, want %s: changing the digest upgrades every release; raise the format on purpose", got, want)
	}
	if !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(got) || len(got) != values.DigestLength {
		t.Errorf("%q does not fit a label value", got)
	}
}

func TestDigestCoversEveryField(t *testing.T) {
	seen := map[string]string{digest(t, someInputs()): "nothing"}
	for name, change := range map[string]func(*values.Inputs){
		"ChartDigest":       func(in *values.Inputs) { in.ChartDigest = "sha256:2" },
		"Namespace":         func(in *values.Inputs) { in.Namespace = "m" },
		"ReleaseName":       func(in *values.Inputs) { in.ReleaseName = "s" },
		"SwappedNames":      func(in *values.Inputs) { in.Namespace, in.ReleaseName = in.ReleaseName, in.Namespace },
		"NamespaceLabels":   func(in *values.Inputs) { in.NamespaceLabels = map[string]string{"l": "2"} },
		"NoNamespaceLabels": func(in *values.Inputs) { in.NamespaceLabels = nil },
		"Values":            func(in *values.Inputs) { in.Values = values.Values{"a": json.Number("2"), "b": nil} },
		"ValueType":         func(in *values.Inputs) { in.Values = values.Values{"a": "1", "b": nil} },
		"NullAbsent":        func(in *values.Inputs) { in.Values = values.Values{"a": json.Number("1")} },
		"Answer":            func(in *values.Inputs) { in.Capabilities[1].Available = true },
		"Question":          func(in *values.Inputs) { in.Capabilities[1].APIVersion = "v3" },
		"FewerQuestions":    func(in *values.Inputs) { in.Capabilities = in.Capabilities[:1] },
	} {
		in := someInputs()
		change(&in)
		got := digest(t, in)
		if other, taken := seen[got]; taken {
			t.Errorf("%s gives the digest of %s", name, other)
		}
		seen[got] = name
	}
}

func TestDigestOfNothing(t *testing.T) {
	none := digest(t, values.Inputs{})
	empty := digest(t, values.Inputs{
		NamespaceLabels: map[string]string{}, Values: values.Values{}, Capabilities: []v1alpha1.CapabilityAnswer{},
	})
	if none != empty {
		t.Error("empty and absent differ, but the API server stores neither")
	}
	if _, err := (values.Inputs{Values: values.Values{"a": func() {}}}).Digest(); err == nil {
		t.Error("what JSON cannot hold is an error")
	}
}

// TestDigestSurvivesTheAPI: neither the order of capabilities nor writing
// everything to the API and reading it back changes the digest, and computing it
// changes nothing.
func TestDigestSurvivesTheAPI(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := values.Inputs{ChartDigest: "sha256:1", Values: drawValues(t, 3)}
		for _, name := range rapid.SliceOfDistinct(rapid.StringMatching(`[a-c]/v[12]`), rapid.ID).Draw(t, "asked") {
			in.Capabilities = append(in.Capabilities, v1alpha1.CapabilityAnswer{APIVersion: name, Available: rapid.Bool().Draw(t, "answer")})
		}
		before := asJSON(t, in)
		want := digest(t, in)
		if asJSON(t, in) != before {
			t.Fatalf("computing the digest changed its inputs")
		}
		field, err := values.ToJSON(in.Values)
		if err != nil {
			t.Fatal(err)
		}
		if in.Values, err = values.FromJSON(field); err != nil {
			t.Fatal(err)
		}
		if len(in.Capabilities) > 0 {
			in.Capabilities = rapid.Permutation(in.Capabilities).Draw(t, "shuffled")
		}
		if got := digest(t, in); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}
