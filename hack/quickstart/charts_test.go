// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChooseCharts(t *testing.T) {
	answering := func(code int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	mirror := t.TempDir()
	if err := os.WriteFile(filepath.Join(mirror, "a-1.0.0.tgz"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for _, tc := range []struct {
		reason   string
		given    string
		probes   []string
		mirror   string
		words    string
		standIns bool
		fails    string
	}{
		{reason: "a folder", given: mirror, mirror: mirror, words: "(1 archives)"},
		{reason: "a registry", given: "oci://r.example.com/charts", mirror: "oci://r.example.com/charts", words: "the mirror oci://r.example.com/charts"},
		{reason: "an empty folder", given: empty, fails: "no <name>-<version>.tgz in that folder"},
		{reason: "all answer, one that it wants a login", probes: []string{answering(200), answering(401)}, words: "the real upstream repositories"},
		{reason: "one does not answer", probes: []string{answering(200), closed.URL}, words: "no answer from " + closed.URL, standIns: true},
		{reason: "one is broken", probes: []string{answering(503)}, words: "stand-ins", standIns: true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "charts")
			got, err := chooseCharts(t.Context(), tc.given, folder, tc.probes)
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Fatalf("error %v, want one that says %q", err, tc.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := tc.mirror
			if tc.standIns {
				want = folder
			}
			if got.mirror != want {
				t.Errorf("mirror %q, want %q", got.mirror, want)
			}
			if !strings.Contains(got.words, tc.words) {
				t.Errorf("%q does not say %q", got.words, tc.words)
			}
			written, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
			if err != nil || (len(written) > 0) != tc.standIns {
				t.Errorf("%d stand-ins written, wanted: %t (%v)", len(written), tc.standIns, err)
			}
		})
	}
}

func TestProbeOf(t *testing.T) {
	for repository, want := range map[string][2]string{
		"https://kyverno.github.io/kyverno/": {"https://kyverno.github.io/kyverno/index.yaml", "github.io"},
		"oci://quay.io/jetstack/charts":      {"https://quay.io/v2/", "quay.io"},
	} {
		address, provider, err := probeOf(repository)
		if diff := cmp.Diff(want, [2]string{address, provider}); diff != "" || err != nil {
			t.Errorf("probeOf(%s): %v (-want +got):\n%s", repository, err, diff)
		}
	}
	if _, _, err := probeOf("file:///charts"); err == nil {
		t.Error("a repository without a host was accepted")
	}
}

func TestCatalogProbesAskDifferentProviders(t *testing.T) {
	probes, err := catalogProbes()
	if err != nil {
		t.Fatal(err)
	}
	if len(probes) < 2 || len(probes) > 3 {
		t.Errorf("%d probes, want two or three: %v", len(probes), probes)
	}
}
