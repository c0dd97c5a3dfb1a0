// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// removeDropped makes sure that what left the manifest is gone, or going. Helm's
// update deletes it too, but only logs that it could not, and the next manifest
// knows nothing of it: the object would stay for ever.
func (d *decorator) removeDropped(dropped kube.ResourceList) error {
	for _, info := range dropped {
		if err := d.removeLeft(info); err != nil {
			return fmt.Errorf("delete %s, which left the manifest: %w", describe(info), err)
		}
	}
	return nil
}

func (d *decorator) removeLeft(info *resource.Info) error {
	helper := resource.NewHelper(info.Client, info.Mapping)
	live, err := helper.Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	object, err := meta.Accessor(live)
	if err != nil {
		return err
	}
	// Helm reads the annotation from the live object, too. What carries another
	// release's label has moved there.
	kept := object.GetAnnotations()[kube.ResourcePolicyAnno] == kube.KeepPolicy
	if owner := object.GetLabels()[v1alpha1.ReleaseLabel]; kept || object.GetDeletionTimestamp() != nil || (owner != "" && owner != d.owner) {
		return nil
	}
	background := metav1.DeletePropagationBackground
	_, err = helper.DeleteWithOptions(info.Namespace, info.Name, &metav1.DeleteOptions{PropagationPolicy: &background})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
