// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"errors"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/refs"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// referencesOf are the Secrets and ConfigMaps that inputs come from: values, and the
// credentials of the chart's repository, which may be nil.
func referencesOf(from []v1alpha1.ValuesReference, credentials *v1alpha1.SecretReference) []refs.Ref {
	var out []refs.Ref
	for _, ref := range from {
		out = append(out, refs.Ref{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name})
	}
	if credentials != nil {
		out = append(out, refs.Ref{Kind: refs.Secret, Namespace: credentials.Namespace, Name: credentials.Name})
	}
	return out
}

// sourceOf builds a chart source with the credentials of its Secret. Synced is
// false until the Secret has been looked at.
func sourceOf(references References, repository, name, version string, secret *v1alpha1.SecretReference) (source chart.Source, synced bool, err error) {
	source = chart.Source{Repository: repository, Name: name, Version: version}
	if secret == nil {
		return source, true, nil
	}
	content, found, synced := references.Get(refs.Ref{Kind: refs.Secret, Namespace: secret.Namespace, Name: secret.Name})
	if !synced {
		return source, false, nil
	}
	if !found {
		return source, true, failure.Blocked(v1alpha1.ReasonReferenceNotFound,
			"chart.secretRef: Secret %s/%s is not there; create it with username and password, token or .dockerconfigjson",
			secret.Namespace, secret.Name)
	}
	source.Auth, source.CA, err = chart.AuthFromSecret(content.Data, content.Type)
	if err != nil {
		err = failure.Blocked(v1alpha1.ReasonChartSecretInvalid, "chart.secretRef: Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	return source, true, err
}

// composeValues merges all layers. Synced is false until every reference has
// been looked at.
func composeValues(
	references References, defaults values.Values, from []v1alpha1.ValuesReference, user values.Values,
) (merged values.Values, synced bool, err error) {
	synced = true
	merged, err = values.Compose(defaults, from, func(ref v1alpha1.ValuesReference) (data []byte, object, key bool) {
		content, found, looked := references.Get(refs.Ref{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name})
		synced = synced && looked
		data, key = content.Data[ref.Key]
		return data, found, key
	}, user)
	if !synced {
		return nil, false, nil
	}
	var missing *values.MissingError
	switch {
	case errors.As(err, &missing):
		return nil, true, failure.Blocked(v1alpha1.ReasonReferenceNotFound, "%w", err)
	case err != nil:
		return nil, true, failure.Terminal(v1alpha1.ReasonValuesInvalid, "%w", err)
	}
	return merged, true, nil
}
