// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/internal/values"
)

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		reason, text string
		want         values.Values
		err          string
	}{
		"Empty":       {reason: "nothing is an empty object", text: "", want: values.Values{}},
		"Comment":     {reason: "a comment is nothing", text: "# later\n", want: values.Values{}},
		"Null":        {reason: "null is nothing", text: "null", want: values.Values{}},
		"Numbers":     {reason: "numbers keep their digits: 10000000 must not become 1e+07", text: "{a: 10000000, b: 0.5, c: -1}", want: values.Values{"a": json.Number("10000000"), "b": json.Number("0.5"), "c": json.Number("-1")}},
		"BigNumber":   {reason: "also those that a float cannot hold", text: "a: 9007199254740993", want: values.Values{"a": json.Number("9007199254740993")}},
		"NullKept":    {reason: "an explicit null is kept", text: "a: null", want: values.Values{"a": nil}},
		"StringStays": {reason: "a quoted number is a string", text: `a: "1"`, want: values.Values{"a": "1"}},
		"JSON":        {reason: "JSON is YAML", text: `{"a": {"b": [1, true, "x"]}}`, want: values.Values{"a": map[string]any{"b": []any{json.Number("1"), true, "x"}}}},
		"List":        {reason: "values are an object", text: "[1]", err: "values must be an object with keys, not a list"},
		"String":      {reason: "values are an object", text: "hello", err: "values must be an object with keys, not a string"},
		"Number":      {reason: "values are an object", text: "1", err: "values must be an object with keys, not a number"},
		"Boolean":     {reason: "values are an object", text: "true", err: "values must be an object with keys, not a boolean"},
		"NotYAML":     {reason: "the parser's own words follow", text: "a: [", err: "not valid YAML: yaml: line 1: did not find expected node content"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := values.Parse([]byte(tc.text))
			if message := errorText(err); message != tc.err {
				t.Fatalf("%s: got error %q, want %q", tc.reason, message, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); tc.err == "" && diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestMerge(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		layers []string
		want   string
	}{
		"None":         {"no layer is an empty object", nil, `{}`},
		"Deep":         {"objects are merged", []string{"a: {v: 1, w: {p: 1}}", "a: {w: {q: 2}}"}, `{"a":{"v":1,"w":{"p":1,"q":2}}}`},
		"ListReplaced": {"lists are replaced, not joined", []string{"a: [1, 2]", "a: [3]"}, `{"a":[3]}`},
		"NullStays":    {"a null stays, so that Helm removes the chart's own default", []string{"a: {x: 1}", "a: null"}, `{"a":null}`},
		"OverNull":     {"and may be overlaid again", []string{"a: {x: 1}", "a: null", "a: {z: 2}"}, `{"a":{"z":2}}`},
		"ObjectOver":   {"an object replaces a scalar", []string{"a: 1", "a: {x: 1}"}, `{"a":{"x":1}}`},
		"ScalarOver":   {"a scalar replaces an object", []string{"a: {x: 1}", "a: 1"}, `{"a":1}`},
		"EmptyObject":  {"an empty object changes nothing", []string{"a: {x: 1}", "a: {}"}, `{"a":{"x":1}}`},
		"EmptyList":    {"an empty list empties", []string{"a: [1]", "a: []"}, `{"a":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			var layers []values.Values
			for _, text := range tc.layers {
				layers = append(layers, mustParse(t, text))
			}
			if diff := cmp.Diff(tc.want, asJSON(t, values.Merge(layers...))); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMergeLaws: layers may be merged one after the other, an empty layer and
// the same layer again change nothing, and the last layer wins.
func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawValues(t, 2), drawValues(t, 2), drawValues(t, 2)
		whole := values.Merge(a, b, c)
		for law, got := range map[string]values.Values{
			"one after the other": values.Merge(values.Merge(a, b), c),
			"empty layers":        values.Merge(nil, a, values.Values{}, b, nil, c),
			"the last one again":  values.Merge(a, b, c, c),
			"all of it again":     values.Merge(whole, whole),
		} {
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Fatalf("%s (-want +got)\n%s", law, diff)
			}
		}
		for key, value := range c {
			if _, object := value.(map[string]any); !object && !cmp.Equal(whole[key], value) {
				t.Fatalf("%s: got %v, want that of the last layer, %v", key, whole[key], value)
			}
		}
	})
}

// TestNothingIsShared: what is returned can be spoilt without anybody noticing.
func TestNothingIsShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawValues(t, 3), drawValues(t, 3)
		before := asJSON(t, []any{a, b})
		spoil(values.Merge(a, b))
		spoil(values.Copy(a))
		if out, err := values.SetPath(a, "a.b[1].c", "x"); err == nil {
			spoil(out)
		}
		if out, err := values.SetPath(b, "a", "x"); err == nil {
			spoil(out)
		}
		if diff := cmp.Diff(before, asJSON(t, []any{a, b})); diff != "" {
			t.Fatalf("the inputs were changed (-want +got)\n%s", diff)
		}
	})
}

// TestAPIRoundTrip: what is written to a field of the API is read back the same,
// whatever its strings and keys are: JSON, not YAML with its own ideas.
func TestAPIRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValues(t, 3)
		field, err := values.ToJSON(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := values.FromJSON(field)
		if err != nil {
			t.Fatalf("%v in %s", err, field.Raw)
		}
		if diff := cmp.Diff(v, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

func TestFields(t *testing.T) {
	if field, err := values.ToJSON(values.Values{}); field != nil || err != nil {
		t.Errorf("an empty object is no field, got %s, %v", field, err)
	}
	if _, err := values.ToJSON(values.Values{"a": make(chan int)}); err == nil {
		t.Error("what JSON cannot hold is an error")
	}
	for name, tc := range map[string]struct {
		field *apiextensionsv1.JSON
		want  values.Values
		err   string
	}{
		"Nil":      {nil, values.Values{}, ""},
		"Empty":    {&apiextensionsv1.JSON{}, values.Values{}, ""},
		"Null":     {&apiextensionsv1.JSON{Raw: []byte("null")}, values.Values{}, ""},
		"MergeKey": {&apiextensionsv1.JSON{Raw: []byte(`{"<<":{"a":1}}`)}, values.Values{"<<": map[string]any{"a": json.Number("1")}}, ""},
		"List":     {&apiextensionsv1.JSON{Raw: []byte("[]")}, nil, "values must be an object with keys, not a list"},
		"Cut":      {&apiextensionsv1.JSON{Raw: []byte(`{"a":`)}, nil, "not valid JSON: unexpected EOF"},
	} {
		got, err := values.FromJSON(tc.field)
		if diff := cmp.Diff(tc.want, got); diff != "" || errorText(err) != tc.err {
			t.Errorf("%s: error %v (-want +got)\n%s", name, err, diff)
		}
	}
}
