// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// TestEveryPresetHasFixtures: a preset that nobody tries is one that nobody should
// switch on.
func TestEveryPresetHasFixtures(t *testing.T) {
	fixtures, err := load("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	pass, fail := map[string]int{}, map[string]int{}
	for _, f := range fixtures {
		if f.allowed {
			pass[f.preset]++
		} else {
			fail[f.preset]++
		}
	}
	for field := range reflect.TypeFor[v1alpha1.PolicySettings]().Fields() {
		preset, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if preset == "engine" {
			continue
		}
		if pass[preset] < 2 || fail[preset] < 3 {
			t.Errorf("%s: %d fixtures pass and %d fail: two and three are the least", preset, pass[preset], fail[preset])
		}
	}
}

// TestActions: what each enforcement is in the engines' words.
func TestActions(t *testing.T) {
	for engine, actions := range map[string]map[v1alpha1.PolicyEnforcement][]string{
		"kyverno":    {"Audit": {`"Warn","Audit"`}, "Enforce": {`"Deny","Audit"`}},
		"gatekeeper": {"Audit": {`"warn"`, `"Warn","Audit"`}, "Enforce": {`"deny"`, `"Deny","Audit"`}},
	} {
		var out bytes.Buffer
		if err := run([]string{engine, "../testdata"}, &out); err != nil {
			t.Fatal(err)
		}
		var cases []Case
		if err := json.Unmarshal(out.Bytes(), &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			text := strings.ReplaceAll(string(bytes.Join(rawBytes(c.Manifests), nil)), " ", "")
			found := false
			for _, action := range actions[c.Enforcement] {
				found = found || strings.Contains(text, `validationActions":[`+action) || strings.Contains(text, `enforcementAction":`+action)
			}
			if !found {
				t.Errorf("%s %s: the manifests do none of %v", engine, c.Name, actions[c.Enforcement])
			}
			// What only reports must not stand in the way when its engine is down.
			if engine == "kyverno" && strings.Contains(text, "ValidatingPolicy\"") && strings.Contains(text, `"failurePolicy":"Fail"`) != (c.Enforcement == v1alpha1.PolicyEnforce) {
				t.Errorf("%s %s: the failure policy is not that of the enforcement", engine, c.Name)
			}
		}
	}
}

func rawBytes(raw []json.RawMessage) [][]byte {
	out := make([][]byte, len(raw))
	for i := range raw {
		out[i] = raw[i]
	}
	return out
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"opa"}, {"kyverno", "a", "b"}} {
		if err := run(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
	if err := run([]string{"kyverno", t.TempDir()}, &bytes.Buffer{}); err == nil {
		t.Error("a folder without fixtures is accepted")
	}
}
