// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"

	helmrelease "helm.sh/helm/v3/pkg/release"
)

// Pend rewrites a record with a status, as a process that died leaves it.
func (e *Engine) Pend(_ context.Context, release Release, revision int, status string) error {
	rls, err := e.record(release, revision)
	if err != nil {
		return err
	}
	rls.Info.Status = helmrelease.Status(status)
	return e.store(release).Update(recordKey(release.Name, revision), rls)
}

// Translate is how an error of Helm reads.
func Translate(err error) error { return translate(err) }

// Told is an error with what pods say about it.
func Told(err error, why string) error { return (&decorator{why: why}).told(translate(err)) }

// PlainNumbers is what templates get of values.
func PlainNumbers(values map[string]any) map[string]any { return plainNumbers(values) }

// JSONLength is the bound for a text in a record.
func JSONLength(text string) int { return jsonLength(text) }
