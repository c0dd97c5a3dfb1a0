// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/helm"
)

func TestDescribe(t *testing.T) {
	b := newBench(t)
	b.request.Values = map[string]any{"data": map[string]any{"color": "green"}}
	b.helmInstall(t)
	got, err := b.Describe(t.Context(), b.request.Release, 1)
	want := helm.Description{
		ChartName: b.request.Name, ChartVersion: "1.0.0", AppVersion: "1.0.0", Message: "Install complete", Values: b.request.Values,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	if _, err := b.Describe(t.Context(), b.request.Release, 2); err == nil {
		t.Error("a revision that is not there was described")
	}
}

func TestDifferences(t *testing.T) {
	type values = map[string]any
	tests := map[string]struct {
		from, to values
		options  helm.DifferenceOptions
		want     []string
	}{
		"none":            {from: values{"a": 1, "b": values{}}, to: values{"a": 1.0}},
		"nil is empty":    {to: values{}},
		"changed":         {from: values{"a": values{"b": 1}}, to: values{"a": values{"b": "x"}}, want: []string{`a.b: 1 → "x"`}},
		"added, removed":  {from: values{"a": true}, to: values{"b": values{"c": nil}}, want: []string{"a: true → (unset)", "b.c: (unset) → null"}},
		"map to scalar":   {from: values{"a": values{"b": 1}}, to: values{"a": 2}, want: []string{`a: {"b":1} → 2`}},
		"lists":           {from: values{"a": []any{1, 2}}, to: values{"a": []any{1, 3, 4}}, want: []string{"a[1]: 2 → 3", "a[2]: (unset) → 4"}},
		"a list appears":  {to: values{"a": []any{values{"b": 1}}}, want: []string{"a[0].b: (unset) → 1"}},
		"a key with dots": {to: values{"app.kubernetes.io/name": "x"}, want: []string{`"app.kubernetes.io/name": (unset) → "x"`}},
		"long":            {to: values{"a": "0123456789012345678901234567890123456789012345678901234567890123456789"}, want: []string{`a: (unset) → "01234567890123456789012345678901234567890123456789012345678…`}},
		"secret by path": {
			from: values{"adminPassword": "one", "apiTOKEN": "t", "auth": values{"credentials": values{"user": "u"}}},
			to:   values{"adminPassword": "two"},
			want: []string{"adminPassword: *** → ***", "apiTOKEN: *** → (unset)", "auth.credentials.user: *** → (unset)"},
		},
		"secret by name": {
			from: values{"env": []any{values{"name": "DB_PASSWORD", "value": "one"}}},
			to:   values{"env": []any{values{"name": "DB_PASSWORD", "value": "two"}}},
			want: []string{"env[0].value: *** → ***"},
		},
		"secret by text": {
			from: values{"args": "--client-secret=one", "url": "https://user:pass@example.com"},
			want: []string{"args: *** → (unset)", "url: *** → (unset)"},
		},
		"all masked": {from: values{"a": 1}, to: values{"a": 2}, options: helm.DifferenceOptions{MaskAll: true}, want: []string{"a: *** → ***"}},
		"limited": {
			to: values{"a": 1, "b": 2, "c": 3, "d": 4}, options: helm.DifferenceOptions{Limit: 2},
			want: []string{"a: (unset) → 1", "b: (unset) → 2", "and 2 more"},
		},
		"just enough": {to: values{"a": 1}, options: helm.DifferenceOptions{Limit: 1}, want: []string{"a: (unset) → 1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, helm.Differences(tt.from, tt.to, tt.options)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
