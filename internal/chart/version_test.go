// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

func TestPick(t *testing.T) {
	t.Parallel()
	plain := []string{"1.2.3", "1.10.0", "1.9.9", "2.0.0-rc.1", "not-a-version", "0.1.0"}
	prefixed := []string{"v1.20.2", "v1.21.1", "v1.21.0", "v1.22.0-alpha.0"}
	builds := []string{"1.0.0+build.1", "1.0.0+build.2", "1.0.0"}
	tests := map[string]struct {
		version  string
		versions []string
		want     string // "" when none matches
	}{
		"newest stable":                   {"", plain, "1.10.0"},
		"newest stable, prefixed":         {"", prefixed, "v1.21.1"},
		"only pre-releases":               {"", []string{"1.0.0-rc.1"}, ""},
		"exact":                           {"1.2.3", plain, "1.2.3"},
		"exact pre-release":               {"2.0.0-rc.1", plain, "2.0.0-rc.1"},
		"exact, absent":                   {"1.2.4", plain, ""},
		"exact, repository writes v":      {"1.21.1", prefixed, "v1.21.1"},
		"exact, source writes v":          {"v1.2.3", plain, "1.2.3"},
		"exact, both write v":             {"v1.21.0", prefixed, "v1.21.0"},
		"exact text before equal version": {"1.2.3", []string{"v1.2.3", "1.2.3"}, "1.2.3"},
		"range":                           {"1.x", plain, "1.10.0"},
		"range, prefixed":                 {"1.21.x", prefixed, "v1.21.1"},
		"range with v":                    {"v1.21.x", prefixed, "v1.21.1"},
		"two parts are a range":           {"1.9", plain, "1.9.9"},
		"caret":                           {"^0.1", plain, "0.1.0"},
		"bounds":                          {">=1.2 <1.10", plain, "1.9.9"},
		"range without pre-releases":      {">=2.0.0", plain, ""},
		"range with pre-releases":         {">=2.0.0-0", plain, "2.0.0-rc.1"},
		"range, absent":                   {"9.x", plain, ""},
		"build metadata, exact":           {"1.0.0+build.1", builds, "1.0.0+build.1"},
		"build metadata, plain pin":       {"1.0.0", builds[:2], "1.0.0+build.2"},
		"build metadata, other":           {"1.0.0+build.3", builds, ""},
		"build metadata, range":           {"1.0.x", builds, "1.0.0"},
		"nothing there":                   {"", nil, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sel, err := parseSelector(Source{Name: "x", Version: tc.version})
			if err != nil {
				t.Fatal(err)
			}
			for shift := range max(1, len(tc.versions)) {
				turned := append(append([]string{}, tc.versions[min(shift, len(tc.versions)):]...), tc.versions[:min(shift, len(tc.versions))]...)
				got, ok := sel.pick(turned)
				if got != tc.want || ok != (tc.want != "") {
					t.Errorf("pick from %v = %q, %v, want %q", turned, got, ok, tc.want)
				}
			}
		})
	}
}

func TestVersionInvalid(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"abc", "1.2.3.4.5", ">=", "1.2.3 || latest"} {
		_, err := parseSelector(Source{Name: "loki", Version: version})
		wantFailure(t, err, failure.ClassTerminal, ReasonChartVersionInvalid,
			fmt.Sprintf("version %q of chart loki is neither a version (1.2.3) nor a range (1.2.x, ^1.2, >=1.2 <2)", version))
	}
}

type somewhere string

func (s somewhere) String() string { return string(s) }

func TestVersionNotFoundMessage(t *testing.T) {
	t.Parallel()
	many := []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "2.0.0-rc.1"}
	tests := map[string]struct {
		version  string
		versions []string
		want     string
	}{
		"range": {"9.x", many, `chart loki has no version that matches "9.x" in R: the newest are 1.5.0, 1.4.0, 1.3.0, 1.2.0, 1.1.0`},
		"pin":   {"9.0.0", many[:2], "chart loki has no version 9.0.0 in R: the newest are 1.1.0, 1.0.0"},
		"only pre-releases": {
			"", many[6:], "chart loki has only pre-releases in R: set version to one of them, such as 2.0.0-rc.1",
		},
		"pre-releases and a range": {"1.x", many[6:], `chart loki has no version that matches "1.x" in R: the newest are 2.0.0-rc.1`},
		"nothing usable":           {"1.x", []string{"latest"}, "chart loki has no versions in R"},
	}
	for name, tc := range tests {
		src := Source{Name: "loki", Version: tc.version}
		sel, err := parseSelector(src)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, versionNotFound(src, sel, somewhere("R"), tc.versions).Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestChartNotFoundMessage(t *testing.T) {
	t.Parallel()
	names := []string{"cert-manager", "cert-manager-csi-driver", "trust-manager", "velero", "loki", "loki-stack", "lok"}
	tests := map[string]string{
		"cert-manger": "no chart cert-manger in R: did you mean cert-manager?",
		"loki2":       "no chart loki2 in R: did you mean loki, lok?",
		"trust":       "no chart trust in R: did you mean trust-manager?",
		"zzz":         "no chart zzz in R, which has 7 others",
	}
	for name, want := range tests {
		if diff := cmp.Diff(want, chartNotFound(name, somewhere("R"), names).Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := chartNotFound("x", somewhere("R"), nil).Error(); got != "no chart x in R" {
		t.Error(got)
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"loki", "loki", 0}, {"ab", "ba", 2}}
	for _, tc := range tests {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

func TestSplitArchiveName(t *testing.T) {
	t.Parallel()
	tests := map[string][2]string{
		"loki-6.1.0.tgz":                       {"loki", "6.1.0"},
		"cert-manager-v1.21.1.tgz":             {"cert-manager", "v1.21.1"},
		"argo-cd-apps-1.2.3-rc.1.tgz":          {"argo-cd-apps", "1.2.3-rc.1"},
		"foo-2-1.0.0.tgz":                      {"foo-2", "1.0.0"},
		"foo-1.0.0+build.5.tgz":                {"foo", "1.0.0+build.5"},
		"foo.tgz":                              {"", ""},
		"foo-1.0.0.tar":                        {"", ""},
		"-1.0.0.tgz":                           {"", ""},
		strings.Repeat("a", 3) + "-latest.tgz": {"", ""},
	}
	for file, want := range tests {
		name, version := splitArchiveName(file)
		if got := [2]string{name, version}; got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}
