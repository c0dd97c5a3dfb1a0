// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/groundwork-dev/groundwork/internal/values"
)

func TestSetPath(t *testing.T) {
	for name, tc := range map[string]struct {
		reason, in, path, want, err string
	}{
		"New":         {reason: "what is missing is made", in: "{}", path: "a.b.c", want: `{"a":{"b":{"c":"X"}}}`},
		"Beside":      {reason: "what is beside it stays", in: "a: {b: 1}", path: "a.c", want: `{"a":{"b":1,"c":"X"}}`},
		"Replace":     {reason: "what is there is replaced, whatever it is", in: "a: {b: 1}", path: "a", want: `{"a":"X"}`},
		"Null":        {reason: "null is nothing", in: "a: null", path: "a.b", want: `{"a":{"b":"X"}}`},
		"Dot":         {reason: "an escaped dot belongs to the key", in: "{}", path: `a.b\.c\.d`, want: `{"a":{"b.c.d":"X"}}`},
		"Backslash":   {reason: "any other backslash is itself", in: "{}", path: `a\b.c\`, want: `{"a\\b":{"c\\":"X"}}`},
		"Index":       {reason: "an element of a list", in: "a: [1, 2]", path: "a[1]", want: `{"a":[1,"X"]}`},
		"IndexBeyond": {reason: "missing elements are null", in: "a: [1]", path: "a[2]", want: `{"a":[1,null,"X"]}`},
		"IndexNew":    {reason: "a missing list is made", in: "{}", path: "provider.credentials[0].token", want: `{"provider":{"credentials":[{"token":"X"}]}}`},
		"IndexTwice":  {reason: "lists of lists", in: "a: [[1]]", path: "a[0][1]", want: `{"a":[[1,"X"]]}`},
		"LastIndex":   {reason: "the greatest index is allowed", in: "{}", path: "a[1000]"},

		"Empty":      {reason: "an empty path is nowhere", in: "{}", path: "", err: `targetPath "" has an empty key`},
		"EmptyPart":  {reason: "two dots", in: "{}", path: "a..b", err: `targetPath "a..b" has an empty key`},
		"EndsInDot":  {reason: "a dot at the end", in: "{}", path: "a.", err: `targetPath "a." has an empty key`},
		"OnlyIndex":  {reason: "values are no list", in: "{}", path: "[0]", err: `targetPath "[0]" has an empty key`},
		"Unclosed":   {reason: "a bracket that nobody closes", in: "{}", path: "a[0", err: `targetPath "a[0": "0" is not a list index from 0 to 1000`},
		"NoNumber":   {reason: "an index is a number", in: "{}", path: "a[b]", err: `targetPath "a[b]": "b" is not a list index from 0 to 1000`},
		"NoIndex":    {reason: "an index is there", in: "{}", path: "a[]", err: `targetPath "a[]": "" is not a list index from 0 to 1000`},
		"Negative":   {reason: "lists are not counted from the end", in: "{}", path: "a[-1]", err: `targetPath "a[-1]": "-1" is not a list index from 0 to 1000`},
		"Huge":       {reason: "a typo cannot allocate much", in: "{}", path: "a[1001]", err: `targetPath "a[1001]": "1001" is not a list index from 0 to 1000`},
		"Overflow":   {reason: "nor overflow", in: "{}", path: "a[99999999999999999999]", err: `targetPath "a[99999999999999999999]": "99999999999999999999" is not a list index from 0 to 1000`},
		"NoDot":      {reason: "a key after an index needs a dot", in: "{}", path: "a[0]b", err: `targetPath "a[0]b": a dot is missing before "b"`},
		"InString":   {reason: "a string has no keys", in: "a: text", path: "a.b", err: `targetPath "a.b": "b" would be set in a string`},
		"InNumber":   {reason: "nor has a number", in: "a: 1", path: "a.b", err: `targetPath "a.b": "b" would be set in a number`},
		"InBoolean":  {reason: "nor a boolean", in: "a: true", path: "a.b", err: `targetPath "a.b": "b" would be set in a boolean`},
		"InList":     {reason: "nor a list", in: "a: [1]", path: "a.b", err: `targetPath "a.b": "b" would be set in a list`},
		"IndexInMap": {reason: "an object has no indexes", in: "a: {b: 1}", path: "a[0]", err: `targetPath "a[0]": index 0 is used on something that is not a list`},
	} {
		t.Run(name, func(t *testing.T) {
			in := mustParse(t, tc.in)
			got, err := values.SetPath(in, tc.path, "X")
			if message := errorText(err); message != tc.err {
				t.Fatalf("%s: got error %q, want %q", tc.reason, message, tc.err)
			}
			if diff := cmp.Diff(tc.want, asJSON(t, got)); tc.want != "" && diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
	if got, err := values.SetPath(nil, "a", 1); err != nil || asJSON(t, got) != `{"a":1}` {
		t.Errorf("nil values are empty values, got %v, %v", got, err)
	}
}

// TestSetPathRoundTrip: what was set at a path is found there, and nothing else
// has changed.
func TestSetPathRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path := []any{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "first")}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			if rapid.Bool().Draw(t, "index") {
				path = append(path, rapid.IntRange(0, 3).Draw(t, "i"))
			} else {
				path = append(path, rapid.SampledFrom([]string{"a", "b", "dotted.key"}).Draw(t, "key"))
			}
		}
		v := drawValues(t, 3)
		out, err := values.SetPath(v, pathOf(path), "X")
		if err != nil {
			return // it runs through something else
		}
		if got := at(out, path...); got != "X" {
			t.Fatalf("at %q: got %v in %v", pathOf(path), got, out)
		}
		again, err := values.SetPath(out, pathOf(path), "X")
		if diff := cmp.Diff(out, again); diff != "" || err != nil {
			t.Fatalf("the second time changed something: %v\n%s", err, diff)
		}
		for key := range v {
			if key != path[0] && !cmp.Equal(v[key], out[key]) {
				t.Fatalf("%q was changed", key)
			}
		}
	})
}

// FuzzSetPath: no path whatsoever panics, allocates much, or changes its input.
func FuzzSetPath(f *testing.F) {
	for _, path := range []string{"a", "a.b", "a[0]", `a\.b`, "a[", "a[0]]", ".", "[", `\`, "a[0][1].b", "a[00]", "a[+1]"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		in := mustParse(t, "a: [1, {b: x}]\nb: {c: null}")
		before := asJSON(t, in)
		out, err := values.SetPath(in, path, "X")
		if (err == nil) == (out == nil) {
			t.Errorf("%q: got %v and %v", path, out, err)
		}
		if after := asJSON(t, in); after != before {
			t.Errorf("%q changed its input to %s", path, after)
		}
	})
}
