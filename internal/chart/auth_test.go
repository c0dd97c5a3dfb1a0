// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// dockerConfig is a docker config with the test registry's account for one host.
func dockerConfig(host string) []byte {
	plain := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))
	return fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, plain)
}

func TestAuthFromSecret(t *testing.T) {
	t.Parallel()
	ca := serverCA(newRegistry(t, true, authNone).Server)
	config := dockerConfig("ghcr.io")
	data := func(pairs ...string) map[string][]byte {
		m := map[string][]byte{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = []byte(pairs[i+1])
		}
		return m
	}
	tests := map[string]struct {
		data     map[string][]byte
		kind     string
		want     *Auth
		wantCA   []byte
		wantFail string
	}{
		"basic":          {data: data("username", "u", "password", "p"), want: &Auth{Username: "u", Password: "p"}},
		"basic, typed":   {data: data("username", "u", "password", "p"), kind: secretTypeBasicAuth, want: &Auth{Username: "u", Password: "p"}},
		"token":          {data: data("token", "t\n"), want: &Auth{Token: "t"}},
		"bearerToken":    {data: data("bearerToken", "t"), want: &Auth{Token: "t"}},
		"docker config":  {data: data(".dockerconfigjson", string(config)), kind: secretTypeDockerConfig, want: &Auth{DockerConfigJSON: config}},
		"CA alone":       {data: data("ca.crt", string(ca)), wantCA: ca},
		"token and CA":   {data: data("token", "t", "ca.crt", string(ca)), want: &Auth{Token: "t"}, wantCA: ca},
		"no password":    {data: data("username", "u"), wantFail: `the Secret has no key "password"`},
		"no username":    {data: data("password", "p"), wantFail: `the Secret has no key "username"`},
		"typed, empty":   {data: data(), kind: secretTypeBasicAuth, wantFail: `the Secret has no key "username"`},
		"docker, empty":  {data: data("token", "t"), kind: secretTypeDockerConfig, wantFail: `the Secret has no key ".dockerconfigjson"`},
		"nothing":        {data: data("user", "u"), wantFail: "the Secret has none of the keys username, token, bearerToken, .dockerconfigjson, ca.crt"},
		"CA is no PEM":   {data: data("token", "t", "ca.crt", "x"), wantFail: `the Secret's key "ca.crt" holds no PEM certificate`},
		"config no JSON": {data: data(".dockerconfigjson", "x"), wantFail: "the Secret's key \".dockerconfigjson\" is not a docker config: invalid character 'x' looking for beginning of value"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth, gotCA, err := AuthFromSecret(tc.data, tc.kind)
			if tc.wantFail != "" {
				wantFailure(t, err, failure.ClassBlocked, ReasonChartSecretInvalid, tc.wantFail)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, auth); diff != "" {
				t.Errorf("auth (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantCA, gotCA); diff != "" {
				t.Errorf("CA (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCredentialFor(t *testing.T) {
	t.Parallel()
	config := []byte(`{"auths":{
		"https://index.docker.io/v1/": {"username":"hub","password":"p"},
		"ghcr.io": {"username":"all","password":"p"},
		"ghcr.io/one": {"username":"one","password":"p"},
		"quay.io": {"identitytoken":"id"},
		"gcr.io:5000": {"registrytoken":"reg"}}}`)
	tests := map[string]struct {
		auth       *Auth
		host, path string
		want       credential
	}{
		"none":             {nil, "ghcr.io", "", credential{}},
		"basic goes first": {&Auth{Username: "u", Password: "p", Token: "t"}, "ghcr.io", "", credential{username: "u", password: "p"}},
		"token next":       {&Auth{Token: "t", DockerConfigJSON: config}, "ghcr.io", "", credential{token: "t"}},
		"docker host":      {&Auth{DockerConfigJSON: config}, "ghcr.io", "/two/charts", credential{username: "all", password: "p"}},
		"docker namespace": {&Auth{DockerConfigJSON: config}, "ghcr.io", "/one/charts", credential{username: "one", password: "p"}},
		"no half segments": {&Auth{DockerConfigJSON: config}, "ghcr.io", "/onetwo", credential{username: "all", password: "p"}},
		"docker hub":       {&Auth{DockerConfigJSON: config}, dockerHubRegistry, "/x", credential{username: "hub", password: "p"}},
		"identity token":   {&Auth{DockerConfigJSON: config}, "quay.io", "", credential{refresh: "id"}},
		"registry token":   {&Auth{DockerConfigJSON: config}, "gcr.io:5000", "/x", credential{token: "reg"}},
		"other port":       {&Auth{DockerConfigJSON: config}, "gcr.io", "/x", credential{}},
		"other host":       {&Auth{DockerConfigJSON: config}, "ghcr.io.example.com", "", credential{}},
	}
	for name, tc := range tests {
		if got := tc.auth.credentialFor(tc.host, tc.path); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}
