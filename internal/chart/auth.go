// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// Auth holds the credentials for one repository. Where several are given, username and password come before the token, and the token
// before the docker config.
type Auth struct {
	// Username and Password are sent as basic authentication.
	Username, Password string
	// Token is sent as a bearer token.
	Token string
	// DockerConfigJSON is a ~/.docker/config.json; the entry for the repository's host counts. Credential helpers are not supported.
	DockerConfigJSON []byte
}

// The Secret types and keys that AuthFromSecret knows.
const (
	secretTypeBasicAuth    = "kubernetes.io/basic-auth"
	secretTypeDockerConfig = "kubernetes.io/dockerconfigjson"

	keyUsername     = "username"
	keyPassword     = "password"
	keyToken        = "token"
	keyBearerToken  = "bearerToken"
	keyDockerConfig = ".dockerconfigjson"
	keyCA           = "ca.crt"
)

// AuthFromSecret reads a source's credentials and CA from a Secret's data: username and password, token (or bearerToken),
// .dockerconfigjson, and ca.crt. The auth is nil where the Secret holds a CA alone. The failures are Blocked, with
// ReasonChartSecretInvalid, and name the key.
func AuthFromSecret(data map[string][]byte, secretType string) (*Auth, []byte, error) {
	for _, key := range requiredKeys(data, secretType) {
		if len(data[key]) == 0 {
			return nil, nil, failure.Blocked(ReasonChartSecretInvalid, "the Secret has no key %q", key)
		}
	}
	ca := data[keyCA]
	if len(ca) > 0 && !x509.NewCertPool().AppendCertsFromPEM(ca) {
		return nil, nil, failure.Blocked(ReasonChartSecretInvalid, "the Secret's key %q holds no PEM certificate", keyCA)
	}
	auth := &Auth{
		Username: string(data[keyUsername]),
		Password: string(data[keyPassword]),
		// Tokens are often written with a trailing newline, which no HTTP header may hold.
		Token:            strings.TrimSpace(string(data[keyToken])),
		DockerConfigJSON: data[keyDockerConfig],
	}
	if auth.Token == "" {
		auth.Token = strings.TrimSpace(string(data[keyBearerToken]))
	}
	if len(auth.DockerConfigJSON) > 0 {
		if _, err := parseDockerConfig(auth.DockerConfigJSON); err != nil {
			return nil, nil, failure.Blocked(ReasonChartSecretInvalid, "the Secret's key %q is not a docker config: %w", keyDockerConfig, err)
		}
	}
	if auth.Username == "" && auth.Token == "" && len(auth.DockerConfigJSON) == 0 {
		if len(ca) == 0 {
			return nil, nil, failure.Blocked(ReasonChartSecretInvalid, "the Secret has none of the keys %s",
				strings.Join([]string{keyUsername, keyToken, keyBearerToken, keyDockerConfig, keyCA}, ", "))
		}
		return nil, ca, nil
	}
	return auth, ca, nil
}

// requiredKeys are the keys that the Secret's type, or a key that is there, calls for.
func requiredKeys(data map[string][]byte, secretType string) []string {
	switch {
	case secretType == secretTypeBasicAuth, len(data[keyUsername]) > 0, len(data[keyPassword]) > 0:
		return []string{keyUsername, keyPassword}
	case secretType == secretTypeDockerConfig:
		return []string{keyDockerConfig}
	default:
		return nil
	}
}

// credential is what is sent to one host.
type credential struct {
	username, password string
	token              string // bearer token for the repository itself
	refresh            string // identity token of a docker config, for a registry's token endpoint
}

func (c credential) empty() bool { return c == credential{} }

// credentialFor returns the credential for a place, whose host may carry a port. No entry in a docker config means none.
func (a *Auth) credentialFor(host, path string) credential {
	switch {
	case a == nil:
		return credential{}
	case a.Username != "" || a.Password != "":
		return credential{username: a.Username, password: a.Password}
	case a.Token != "":
		return credential{token: a.Token}
	case len(a.DockerConfigJSON) == 0:
		return credential{}
	}
	entries, err := parseDockerConfig(a.DockerConfigJSON)
	if err != nil {
		return credential{}
	}
	// The entry with the longest matching path wins: docker configs may hold one per namespace of a registry.
	best, found := credential{}, -1
	wanted := strings.Trim(host+"/"+strings.Trim(path, "/"), "/")
	for _, entry := range entries {
		if (wanted == entry.key || strings.HasPrefix(wanted, entry.key+"/")) && len(entry.key) > found {
			best, found = entry.credential, len(entry.key)
		}
	}
	return best
}

type dockerEntry struct {
	key string // host[:port][/path], without scheme
	credential
}

// parseDockerConfig returns the entries of a docker config, sorted by key.
func parseDockerConfig(raw []byte) ([]dockerEntry, error) {
	var config struct {
		Auths map[string]struct {
			Username      string `json:"username"`
			Password      string `json:"password"`
			Auth          string `json:"auth"`
			IdentityToken string `json:"identitytoken"`
			RegistryToken string `json:"registrytoken"`
		} `json:"auths"`
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	entries := make([]dockerEntry, 0, len(config.Auths))
	for key, e := range config.Auths {
		c := credential{username: e.Username, password: e.Password, token: e.RegistryToken, refresh: e.IdentityToken}
		if e.Auth != "" {
			plain, err := base64.StdEncoding.DecodeString(e.Auth)
			if err != nil {
				return nil, err
			}
			c.username, c.password, _ = strings.Cut(strings.TrimRight(string(plain), "\x00"), ":")
		}
		entries = append(entries, dockerEntry{key: dockerKey(key), credential: c})
	}
	slices.SortFunc(entries, func(a, b dockerEntry) int { return strings.Compare(a.key, b.key) })
	return entries, nil
}

// dockerKey strips the scheme and the API version that docker login writes, and gives Docker Hub the name of its registry.
func dockerKey(key string) string {
	if _, rest, found := strings.Cut(key, "://"); found {
		key = rest
	}
	key = strings.TrimRight(key, "/")
	key = strings.TrimSuffix(strings.TrimSuffix(key, "/v1"), "/v2")
	if host, path, _ := strings.Cut(key, "/"); slices.Contains([]string{"index.docker.io", "docker.io"}, host) {
		key = strings.TrimRight(dockerHubRegistry+"/"+path, "/")
	}
	return key
}

// dockerHubRegistry serves what references call docker.io.
const dockerHubRegistry = "registry-1.docker.io"
