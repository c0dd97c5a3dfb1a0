// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// WatchOne watches a single object from now on; list is an empty list of its kind. The
// version to watch from is that of a fresh list: the object's own may be from before
// all that the API server remembers. The caller stops the watch.
func WatchOne(ctx context.Context, c client.WithWatch, list client.ObjectList, key client.ObjectKey) (watch.Interface, error) {
	only := client.ListOptions{
		Namespace: key.Namespace,
		Raw:       &metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, key.Name).String()},
	}
	if err := c.List(ctx, list, &only); err != nil {
		return nil, fmt.Errorf("list %s: %w", key, err)
	}
	only.Raw.ResourceVersion = list.GetResourceVersion()
	events, err := c.Watch(ctx, list, &only)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", key, err)
	}
	return events, nil
}
