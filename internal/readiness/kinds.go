// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import "k8s.io/apimachinery/pkg/runtime/schema"

var (
	deploymentKind     = schema.GroupKind{Group: "apps", Kind: "Deployment"}
	statefulSetKind    = schema.GroupKind{Group: "apps", Kind: "StatefulSet"}
	daemonSetKind      = schema.GroupKind{Group: "apps", Kind: "DaemonSet"}
	podKind            = schema.GroupKind{Kind: "Pod"}
	jobKind            = schema.GroupKind{Group: "batch", Kind: "Job"}
	serviceKind        = schema.GroupKind{Kind: "Service"}
	claimKind          = schema.GroupKind{Kind: "PersistentVolumeClaim"}
	disruptionKind     = schema.GroupKind{Group: "policy", Kind: "PodDisruptionBudget"}
	apiServiceKind     = schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}
	validatingHookKind = schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}
	mutatingHookKind   = schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}
	storageClassKind   = schema.GroupKind{Group: "storage.k8s.io", Kind: "StorageClass"}
	endpointSliceKind  = schema.GroupKind{Group: "discovery.k8s.io", Kind: "EndpointSlice"}
)

// storageClassGVK and endpointSliceGVK are watched for the sake of claims and webhooks, and are never part of a verdict themselves.
var (
	storageClassGVK  = storageClassKind.WithVersion("v1")
	endpointSliceGVK = endpointSliceKind.WithVersion("v1")
)

// builtin says whether the API server itself defines the group. Only some of its kinds have a state that readiness depends on; a kind of any
// other group is a custom resource or served by an aggregated API, and every one of those may have conditions.
func builtin(group string) bool {
	switch group {
	case "", "apps", "batch", "autoscaling", "policy", "extensions", "events.k8s.io",
		"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io",
		"authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io",
		"flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io",
		"rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io":
		return true
	}
	return false
}

// Watched says whether readiness reads the state of objects of the kind. All others (ConfigMaps, Secrets, RBAC, Ingresses, ...) count as
// current as soon as they were applied, and only their metadata is watched.
func Watched(gk schema.GroupKind) bool {
	if !builtin(gk.Group) {
		return true
	}
	switch gk {
	case deploymentKind, statefulSetKind, daemonSetKind, podKind, jobKind, serviceKind, claimKind, disruptionKind, apiServiceKind,
		validatingHookKind, mutatingHookKind:
		return true
	}
	return false
}

// readWhole says whether objects of the kind are watched with more than their metadata.
func readWhole(gk schema.GroupKind) bool {
	return Watched(gk) || gk == storageClassKind || gk == endpointSliceKind
}

// workload says whether objects of the kind run containers for as long as they exist.
func workload(gk schema.GroupKind) bool {
	switch gk {
	case deploymentKind, statefulSetKind, daemonSetKind, podKind:
		return true
	}
	return false
}

// MakesPods says whether objects of the kind make pods, which know better why an
// object is not current.
func MakesPods(gk schema.GroupKind) bool { return gk == jobKind || (workload(gk) && gk != podKind) }

func webhookConfiguration(gk schema.GroupKind) bool {
	return gk == validatingHookKind || gk == mutatingHookKind
}
