// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package usage

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// trim is the transform of the watches. Trimming twice changes nothing.
func trim(obj any) (any, error) {
	o, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return obj, nil
	}
	out := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name, ResourceVersion: o.ResourceVersion}}
	if release := o.Labels[v1alpha1.ReleaseLabel]; release != "" {
		out.Labels = map[string]string{v1alpha1.ReleaseLabel: release}
	}
	if len(o.OwnerReferences) > 0 {
		out.OwnerReferences = []metav1.OwnerReference{{}} // that it has one is all that counts
	}
	return out, nil
}

// counts says whether an object with this release label counts.
func (k Kind) counts(release string) bool {
	return release == "" || !slices.Contains(strings.Split(k.Excluded, ","), release)
}

// count counts the objects of a cache.
func count(store cache.Store, k Kind) Count {
	out := Count{GroupVersionKind: k.GroupVersionKind}
	for _, obj := range store.List() {
		o, ok := obj.(*metav1.PartialObjectMetadata)
		// What another object owns was made by a controller, for that object: a
		// CertificateRequest, a policy report. It is made again, or goes with its owner.
		if !ok || len(o.OwnerReferences) > 0 || !k.counts(o.Labels[v1alpha1.ReleaseLabel]) {
			continue
		}
		out.Total++
		out.Names = first(out.Names, cache.NewObjectName(o.Namespace, o.Name).String())
	}
	return out
}

// first inserts a name into the sorted list of the first few.
func first(names []string, name string) []string {
	at, _ := slices.BinarySearch(names, name)
	if at == maxNames {
		return names
	}
	names = slices.Insert(names, at, name)
	return names[:min(len(names), maxNames)]
}
