// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var claimsResource = schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}

// IsData says whether objects of a kind hold what cannot be made again, so that
// the engine deletes them only where AllowDelete names the kind.
func IsData(kind schema.GroupKind) bool {
	return kind.Group == "" && (kind.Kind == "PersistentVolumeClaim" || kind.Kind == "Namespace")
}

// DataIn lists the objects of an inventory that count as data: kind → names
// (namespace/name), sorted. It does not look whether they exist.
func DataIn(objects []Object) map[string][]string {
	out := map[string][]string{}
	for _, object := range objects {
		if IsData(object.GroupKind()) {
			out[object.Kind] = append(out[object.Kind], qualified(object.Namespace, object.Name))
		}
	}
	for kind := range out {
		slices.Sort(out[kind])
		out[kind] = slices.Compact(out[kind])
	}
	return out
}

// Data is DataIn for what exists, with the claims that the garbage collector
// deletes together with an object of the inventory: those of a StatefulSet whose
// persistentVolumeClaimRetentionPolicy says so. The engine cannot keep these.
func (e *Engine) Data(ctx context.Context, objects []Object) (map[string][]string, error) {
	var existing []Object
	namespaces := map[string]bool{}
	for _, object := range objects {
		if object.Kind == "StatefulSet" && object.Group == "apps" {
			namespaces[object.Namespace] = true
		}
		if !IsData(object.GroupKind()) {
			continue
		}
		live, err := e.metadataOf(ctx, object)
		if err != nil {
			return nil, err
		}
		if live != nil {
			existing = append(existing, object)
		}
	}
	for namespace := range namespaces {
		claims, err := e.ownedClaims(ctx, namespace, objects)
		if err != nil {
			return nil, err
		}
		existing = append(existing, claims...)
	}
	return DataIn(existing), nil
}

func (e *Engine) ownedClaims(ctx context.Context, namespace string, objects []Object) ([]Object, error) {
	list, err := e.metadata.Resource(claimsResource).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the PersistentVolumeClaims of namespace %s: %w", namespace, err)
	}
	var out []Object
	for _, claim := range list.Items {
		for _, owner := range claim.OwnerReferences {
			set := Object{Namespace: namespace, Name: owner.Name}
			set.GroupVersionKind = schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind)
			if slices.ContainsFunc(objects, set.same) {
				out = append(out, Object{
					GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "PersistentVolumeClaim"},
					Namespace:        namespace, Name: claim.Name,
				})
			}
		}
	}
	return out, nil
}

func qualified(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
