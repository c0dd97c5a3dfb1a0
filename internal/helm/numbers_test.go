// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"encoding/json"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/helm"
)

func TestPlainNumbers(t *testing.T) {
	given := map[string]any{
		"small": json.Number("3"), "zero": json.Number("0"), "ratio": json.Number("0.1"), "negative": json.Number("-7"),
		"big": json.Number("10000000"), "id": json.Number("9007199254740993"), "below": json.Number("-10000000"),
		"text": "1", "flag": true, "none": nil, "list": []any{json.Number("1"), map[string]any{"n": json.Number("2")}},
	}
	want := map[string]any{
		"small": float64(3), "zero": float64(0), "ratio": 0.1, "negative": float64(-7),
		"big": int64(10000000), "id": int64(9007199254740993), "below": int64(-10000000),
		"text": "1", "flag": true, "none": nil, "list": []any{float64(1), map[string]any{"n": float64(2)}},
	}
	got := helm.PlainNumbers(given)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got["list"].([]any)[0] = "changed"
	if given["list"].([]any)[0] != json.Number("1") {
		t.Error("the values of the caller were changed")
	}
	var out strings.Builder
	text := "{{ .small }} {{ .ratio }} {{ .big }} {{ .id }} {{ .below }}"
	if err := template.Must(template.New("").Parse(text)).Execute(&out, got); err != nil {
		t.Fatal(err)
	}
	if want := "3 0.1 10000000 9007199254740993 -10000000"; out.String() != want {
		t.Errorf("templates print %q, want %q", out.String(), want)
	}
}
