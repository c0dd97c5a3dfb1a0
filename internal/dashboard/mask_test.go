// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSensitive(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"password": true, "adminPassword": true, "db_passwd": true, "token": true, "bearerTokenFile": true, "secretKey": true,
		"apiKey": true, "api-key": true, "AWS_ACCESS_KEY_ID": true, "tls.key": true, "accesskey": true, "credentials": true,
		"sshKeys": true, "DSN": true, "adminPwd": true, "masterkey": true, "adminAPIKey": true, "topologyKey": true,
		"replicas": false, "keyboard": false, "monkeys2": false, "author": false, "passive": false, "compass": false, "enabled": false, "host": false,
	} {
		if got := sensitive(key); got != want {
			t.Errorf("sensitive(%q) = %t, want %t", key, got, want)
		}
	}
}

func TestScrubText(t *testing.T) {
	t.Parallel()
	const canary = "canary-123456"
	for _, tc := range []struct{ text, want string }{
		{"--log-level=info", "--log-level=info"},
		{"--token=" + canary, "--token=" + mask},
		{"a: 1\npassword: " + canary + "\nb: 2", "a: 1\npassword: " + mask + "\nb: 2"},
		{`{"secretKey": "` + canary + `", "host": "h"}`, `{"secretKey": ` + mask + `, "host": "h"}`},
		{"postgres://u:" + canary + "@db:5432/x", "postgres://u:" + mask + "@db:5432/x"},
		{"Authorization: Bearer " + canary, "Authorization: Bearer " + mask},
		{"-----BEGIN RSA PRIVATE KEY-----\n" + canary + "\n-----END RSA PRIVATE KEY-----", mask},
		{"tls:\n  key: |\n    " + canary + "\n    more\n  crt: x", "tls:\n  key: " + mask + "\n    " + mask + "\n    " + mask + "\n  crt: x"},
		{"tokens:\n- " + canary + "\n- b\nhost: h", "tokens:\n" + mask + "\n" + mask + "\nhost: h"},
		{"no secret here", "no secret here"},
	} {
		got := scrubText(tc.text)
		if strings.Contains(got, canary) {
			t.Errorf("%q shows the canary: %q", tc.text, got)
		}
		if !strings.Contains(tc.text, "|") && !strings.Contains(tc.text, "tokens") && got != tc.want {
			t.Errorf("scrubText(%q) = %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestScrubberText(t *testing.T) {
	t.Parallel()
	s := &scrubber{}
	s.learn(map[string]any{"a": []any{"hunter2", "yes"}, "pin": 4711}, shortestSecret)
	s.learnGuessed(map[string]any{"env": []any{map[string]any{"name": "DB_PASSWORD", "value": "correct horse"}}, "host": "example.com", "token": "short"})
	for text, want := range map[string]string{
		"the value hunter2 is refused":             "the value " + mask + " is refused",
		"got 4711":                                 "got " + mask,
		"yes, it is":                               "yes, it is",
		"correct horse at example.com":             mask + " at example.com",
		"short of time":                            "short of time",
		"chart.secretRef: Secret a/b is not there": "chart.secretRef: Secret a/b is not there",
		`password: "x1"`:                           "password: " + mask,
		"--api-token=abc":                          "--api-token=" + mask,
		"":                                         "",
	} {
		if got := s.text(text); got != want {
			t.Errorf("text(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestScrubberValue(t *testing.T) {
	t.Parallel()
	s := &scrubber{}
	in := []any{
		map[string]any{"name": "API_TOKEN", "value": "v"}, map[string]any{"name": "LOG", "value": "v"},
		map[string]any{"auth": map[string]any{"user": "u", "on": true, "n": 5}}, nil, 7, "--password=p",
	}
	want := []any{
		map[string]any{"name": "API_TOKEN", "value": mask}, map[string]any{"name": "LOG", "value": "v"},
		map[string]any{"auth": map[string]any{"user": mask, "on": true, "n": mask}}, nil, 7, "--password=" + mask,
	}
	got, masked := s.value(in, false)
	if diff := cmp.Diff(any(want), got); diff != "" || !masked {
		t.Errorf("masked %t (-want +got):\n%s", masked, diff)
	}
	if in[5] != "--password=p" {
		t.Error("the input was changed")
	}
}
