// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// overlooked are the revisions of ours whose objects Helm does not see when it
// makes the next one: it compares with the manifest of original alone, and what
// only a failed revision brought would stay for ever.
func overlooked(known []Revision, original int) []int {
	var out []int
	for _, r := range slices.Backward(known) {
		ours := r.Holder != "" && r.Number != original
		if ours && (r.Status == StatusFailed || r.Status == StatusDeployed) {
			out = append(out, r.Number)
		}
		if r.Status == StatusDeployed || r.Status == StatusSuperseded || r.Status == StatusUninstalled {
			break
		}
	}
	return out
}

// overlookedByRemoval are the revisions besides the newest whose objects may be
// there still: back to the one that was deployed last, whoever made them. There is
// none where the newest is what is deployed.
func overlookedByRemoval(known []Revision) []int {
	if len(known) == 0 || known[len(known)-1].Status == StatusDeployed {
		return nil
	}
	var out []int
	for _, r := range slices.Backward(known[:len(known)-1]) {
		if r.Status == StatusUninstalled {
			break
		}
		out = append(out, r.Number)
		if r.Status == StatusDeployed || r.Status == StatusSuperseded {
			break
		}
	}
	return out
}

// prune deletes what is left of the given revisions and is not in the manifest of
// made. It runs right before made is recorded as deployed, so that a process that
// dies meanwhile leaves it to be done again. Trouble is no reason to call the
// revision failed; it is logged.
func (s *operation) prune(revisions []int, made *helmrelease.Release) {
	if len(revisions) == 0 {
		return
	}
	list, err := s.leftovers(revisions, made.Manifest, s.owner)
	errs := []error{err}
	if len(list) > 0 {
		_, failed := s.kube.Delete(list)
		errs = append(errs, failed...)
	}
	if err := errors.Join(errs...); err != nil {
		s.kube.log.Error(err, "Objects of failed revisions are left", "revisions", revisions)
		return
	}
	for _, info := range list {
		s.pruned = append(s.pruned, Object{
			GroupVersionKind: info.Mapping.GroupVersionKind, Namespace: info.Namespace, Name: info.Name,
		})
	}
}

// leftovers are the objects of revisions that are not in the manifest, exist, and
// still are the release's. With an owner they must carry its label, too. What is
// kept by annotation, or counts as data, is no leftover.
func (s *operation) leftovers(revisions []int, manifest, owner string) (out kube.ResourceList, err error) {
	defer recovered(&err)
	wanted, err := s.kube.Build(strings.NewReader(manifest), false)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, number := range revisions {
		rls, err := s.records.revision(s.release.Name, number)
		if errors.Is(err, driver.ErrReleaseNotFound) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list, err := s.kube.Build(strings.NewReader(rls.Manifest), false)
		errs = append(errs, err)
		for _, info := range list {
			if wanted.Contains(info) || out.Contains(info) || s.kube.keeps(info) {
				continue
			}
			left, err := s.isLeft(info, owner)
			errs = append(errs, err)
			if left {
				out.Append(info)
			}
		}
	}
	return out, errors.Join(errs...)
}

// liveOf is an object as it is now, nil where it does not exist.
func liveOf(client resource.RESTClient, info *resource.Info) (metav1.Object, error) {
	object, err := resource.NewHelper(client, info.Mapping).Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // as documented
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", describe(info), err)
	}
	return meta.Accessor(object)
}

func (s *operation) isLeft(info *resource.Info, owner string) (bool, error) {
	live, err := liveOf(info.Client, info)
	if err != nil || live == nil {
		return false, err
	}
	return ownedBy(live, s.release) && live.GetDeletionTimestamp() == nil &&
		live.GetAnnotations()[kube.ResourcePolicyAnno] != kube.KeepPolicy &&
		(owner == "" || live.GetLabels()[v1alpha1.ReleaseLabel] == owner), nil
}

// ownedBy is Helm's own notion of whose an object is.
func ownedBy(live metav1.Object, release Release) bool {
	annotations := live.GetAnnotations()
	return live.GetLabels()[managedByLabel] == managedByHelm &&
		annotations[releaseNameAnnotation] == release.Name &&
		annotations[releaseNamespaceAnno] == release.Namespace
}
