// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests keeps the follow-up objects of a component (a ClusterIssuer, a Kafka, a Constraint) as the spec lists them: it reads
// and names the entries, says which objects have left the list, applies, prunes and removes them, and sends the catalog's probes. The
// Applier waits for nothing and remembers nothing; everything else is pure. It may import the API package, internal/failure, apimachinery
// and client-go's dynamic client, and neither Helm nor a controller. Nothing of an object but its kind, namespace, name and finalizers
// reaches an error, except what the API server itself says about objects that are no Secrets.
package manifests
