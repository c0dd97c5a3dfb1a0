// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// ConversionNone makes a definition convert nothing, for one that is kept while its conversion webhook goes with its release: with the
// webhook gone, even listing its objects would fail. That is right only where every stored object can be read as it is, which is certain for
// one version in status.storedVersions. The digest annotation goes too, so that a component that comes back finds the definition changed and
// applies its webhook again. A definition that is not there is no error; any other trouble is Retryable with ReasonCRDApplyFailed.
func ConversionNone(ctx context.Context, c Client, name string) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:null}},"spec":{"conversion":{"strategy":"None","webhook":null}}}`,
		v1alpha1.CRDDigestAnnotation)
	answer := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name}}
	answer.SetGroupVersionKind(GVK)
	err := c.Patch(ctx, answer, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(v1alpha1.FieldManager))
	if client.IgnoreNotFound(err) != nil {
		return failure.Retryable(v1alpha1.ReasonCRDApplyFailed, "set spec.conversion.strategy of CustomResourceDefinition %s to None: %w", name, err)
	}
	return nil
}
