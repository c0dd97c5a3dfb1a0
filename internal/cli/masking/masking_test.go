// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package masking_test

import (
	"testing"

	"github.com/groundwork-dev/groundwork/internal/cli/masking"
)

func TestSensitive(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "adminPassword": true, "DB_PASSWORD": true, "admin-password": true, "githubToken": true, "clientSecret": true,
		"aws_secret_access_key": true, "dsn": true,
		"passwordSecretName": false, "existingSecretName": false, "tokenTTL": false, "automountServiceAccountToken": false, "secretRef": false,
		"tokenUrl": false, "replicas": false, "imagePullSecrets": false, "credentialsSecretRef": false,
	} {
		if got := masking.Sensitive(name); got != want {
			t.Errorf("Sensitive(%q) is %v", name, got)
		}
	}
}
