// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// errNotServed is the answer of an API server that does not know the kind,
// although the mapper does: its definition has just come or gone.
var errNotServed = errors.New("the API server does not serve this kind")

// refusal is what the API server said to an attempt (for example "apply") on an
// object. The text of an answer about a Secret is not repeated, since the API
// server and its webhooks may quote the data: the reason alone is.
func refusal(attempt string, ref v1alpha1.ObjectReference, err error) error {
	what := attempt + " " + describe(ref)
	switch {
	case isSecret(ref):
		return secretRefusal(what, ref, err)
	case apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) && apierrors.IsNotFound(err):
		return fmt.Errorf("%s: %w", what, errNotServed)
	case namespaceMissing(err):
		return fmt.Errorf("%s: namespace %q does not exist: create it, or list it in manifests: %w", what, ref.Namespace, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// secretRefusal wraps nothing that could hold more than its own text says.
func secretRefusal(what string, ref v1alpha1.ObjectReference, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", what, context.DeadlineExceeded)
	case namespaceMissing(err):
		return fmt.Errorf("%s: namespace %q does not exist: create it, or list it in manifests", what, ref.Namespace)
	case apierrors.ReasonForError(err) == metav1.StatusReasonUnknown:
		return fmt.Errorf("%s: the API server gave no answer that could be shown for a Secret", what)
	default:
		return fmt.Errorf("%s: the API server answers %s; its message is not shown, since it may quote the Secret", what, apierrors.ReasonForError(err))
	}
}

func isSecret(ref v1alpha1.ObjectReference) bool {
	return groupVersionOf(ref).Group == "" && ref.Kind == "Secret"
}

func namespaceMissing(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	return ok && apierrors.IsNotFound(err) && status.ErrStatus.Details != nil && status.ErrStatus.Details.Kind == "namespaces"
}
