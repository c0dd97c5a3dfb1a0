// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

// PolicyEngine is a component that judges what others send to the API server.
// +kubebuilder:validation:Enum=kyverno;gatekeeper
type PolicyEngine string

// The policy engines of the catalog.
const (
	// PolicyEngineKyverno is the component kyverno.
	PolicyEngineKyverno PolicyEngine = "kyverno"
	// PolicyEngineGatekeeper is the component gatekeeper.
	PolicyEngineGatekeeper PolicyEngine = "gatekeeper"
)

// PolicyEnforcement says what is done about an object that a policy is against.
// +kubebuilder:validation:Enum=Audit;Enforce
type PolicyEnforcement string

const (
	// PolicyAudit lets it pass and reports it. It is the default.
	PolicyAudit PolicyEnforcement = "Audit"
	// PolicyEnforce refuses it.
	PolicyEnforce PolicyEnforcement = "Enforce"
)

// PolicySettings name the policies that the catalog brings. None is on unless it is
// named here. The platform's own namespaces are exempt from all of them but
// protectedNamespaces.
type PolicySettings struct {
	// engine that runs the policies. Default: the one in the bundle; kyverno where
	// both are.
	// +optional
	Engine PolicyEngine `json:"engine,omitempty"`
	// requiredLabels asks for labels on workloads and on their pods, without which
	// logs and metrics cannot be selected.
	// +optional
	RequiredLabels *RequiredLabelsPolicy `json:"requiredLabels,omitempty"`
	// serviceTargetPorts is against a Service with a targetPort that no container of
	// the Pods it selects has.
	// +optional
	ServiceTargetPorts *PolicyPreset `json:"serviceTargetPorts,omitempty"`
	// allowedRegistries is against images from anywhere else.
	// +optional
	AllowedRegistries *AllowedRegistriesPolicy `json:"allowedRegistries,omitempty"`
	// resourceBounds asks for requests and limits of every container, of cpu and memory
	// alike, within bounds.
	// +optional
	ResourceBounds *ResourceBoundsPolicy `json:"resourceBounds,omitempty"`
	// noPrivileged is against privileged containers.
	// +optional
	NoPrivileged *PolicyPreset `json:"noPrivileged,omitempty"`
	// protectedNamespaces is against the deletion of namespaces.
	// +optional
	ProtectedNamespaces *ProtectedNamespacesPolicy `json:"protectedNamespaces,omitempty"`
}

// PolicyPreset is a policy that needs to be told nothing else.
type PolicyPreset struct {
	// enforcement: Audit (the default) or Enforce.
	// +optional
	Enforcement PolicyEnforcement `json:"enforcement,omitempty"`
}

// RequiredLabelsPolicy asks for labels.
type RequiredLabelsPolicy struct {
	PolicyPreset `json:",inline"`
	// labels that must be there, with any value.
	// Example: [app.kubernetes.io/name, app.kubernetes.io/part-of].
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=317
	// +kubebuilder:validation:items:Pattern=`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$`
	Labels []string `json:"labels"`
}

// AllowedRegistriesPolicy says where images may come from.
type AllowedRegistriesPolicy struct {
	PolicyPreset `json:",inline"`
	// registries with an optional path, for example [registry.example.com,
	// ghcr.io/acme]. An image is allowed when its name begins with one of them and a
	// slash; an image without a registry is of docker.io.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-zA-Z0-9][a-zA-Z0-9.:-]*(/[a-z0-9._-]+)*$`
	Registries []string `json:"registries"`
}

// ResourceBoundsPolicy bounds requests and limits.
type ResourceBoundsPolicy struct {
	PolicyPreset `json:",inline"`
	// cpu of a container.
	// +optional
	CPU *Bounds `json:"cpu,omitempty"`
	// memory of a container.
	// +optional
	Memory *Bounds `json:"memory,omitempty"`
}

// Bounds are the smallest and the largest quantity that is allowed. Unset: none.
type Bounds struct {
	// min that a request must have.
	// +optional
	Min *resource.Quantity `json:"min,omitempty"`
	// max that a limit may have.
	// +optional
	Max *resource.Quantity `json:"max,omitempty"`
}

// ProtectedNamespacesPolicy names namespaces that nobody may delete.
type ProtectedNamespacesPolicy struct {
	PolicyPreset `json:",inline"`
	// namespaces that stay. Default: those of the platform, and kube-system.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Namespaces []string `json:"namespaces,omitempty"`
}
