// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package masking says which fields speak of secrets, for commands that show values. It
// is pure and imports the standard library only.
package masking

import (
	"slices"
	"strings"
)

// Hidden stands for what is not shown.
const Hidden = "***"

// Sensitive says whether the name of a field speaks of a secret, and not of where one
// is: password does, passwordSecretName does not.
func Sensitive(name string) bool {
	name = strings.ToLower(name)
	for _, end := range elsewhere() {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	return slices.ContainsFunc(words(), func(word string) bool { return strings.Contains(name, word) })
}

// words speak of secrets.
func words() []string {
	return []string{
		"password", "passwd", "passphrase", "token", "apikey", "api_key", "api-key", "credential", "privatekey", "private_key", "secretkey",
		"secret_key", "secretaccesskey", "clientsecret", "client_secret", "accesskey", "access_key", "dsn",
	}
}

// elsewhere are ends of names that speak of where a secret is, or of what is done
// about it.
func elsewhere() []string {
	return []string{"name", "ref", "path", "file", "url", "ttl", "namespace", "policy", "secrets", "enabled", "volume", "serviceaccounttoken"}
}
