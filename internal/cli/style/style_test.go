// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package style_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/cli/style"
)

func TestText(t *testing.T) {
	for _, tc := range []struct {
		ascii      bool
		text, want string
	}{
		{false, "a\nb\t c", "a b c"},
		{false, "\x1b]0;title\a red", "]0;title red"},
		{false, "left\u202eright\u200b\x9b31m", "left right 31m"},
		{false, "broken \xff byte", "broken byte"},
		{true, "größer → 2", "gr??er ? 2"},
	} {
		if got := (style.Style{ASCII: tc.ascii}).Text(tc.text); got != tc.want {
			t.Errorf("%q becomes %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		-time.Second:                        {"0.0s", "0.0s"},
		999 * time.Millisecond:              {"0.9s", "0.9s"},
		12345 * time.Millisecond:            {"12s", "12.3s"},
		3*time.Minute + 5*time.Second:       {"3m 5s", "3m 5s"},
		4*time.Hour + 10*time.Minute:        {"4h 10m", "4h 10m"},
		6*24*time.Hour + 4*time.Hour + 1000: {"6d 4h", "6d 4h"},
	} {
		if got := [2]string{style.Duration(d), style.Exact(d)}; got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestFitAndWrap(t *testing.T) {
	s := style.Style{}
	if got := s.Fit("abc def", 5); got != "abc…" {
		t.Errorf("cut to %q", got)
	}
	if got := s.Fit("äöü", 3); got != "äöü" {
		t.Errorf("cut to %q", got)
	}
	want := []string{"  one two", "  three", "  averylongword", "  x"}
	if diff := cmp.Diff(want, style.Wrap("one two three averylongword x", 10, "  ")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUTF8(t *testing.T) {
	for _, tc := range []struct {
		locale map[string]string
		want   bool
	}{
		{nil, false},
		{map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, false},
		{map[string]string{"LC_CTYPE": "C.utf8"}, true},
	} {
		if got := style.UTF8(func(name string) string { return tc.locale[name] }); got != tc.want {
			t.Errorf("%v: %v", tc.locale, got)
		}
	}
}
