// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Kinds of webhook configurations, as v1alpha1.WebhookReference names them.
const (
	ValidatingKind = "ValidatingWebhookConfiguration"
	MutatingKind   = "MutatingWebhookConfiguration"
)

// Question asks whether anything stands in the way of writing objects.
type Question struct {
	// Owner is the ComponentRelease that writes. Configurations that carry its
	// name in v1alpha1.ReleaseLabel do not count: an upgrade must be able to repair
	// what stands behind them.
	Owner string
	// OwnServices are the Services of the release; webhooks behind them do not count
	// either, whoever registered them, unless the Service is gone.
	OwnServices []types.NamespacedName
	// Objects to be written.
	Objects []Object
	// Operations of the writes. Default: CREATE and UPDATE.
	Operations []admissionregistrationv1.OperationType
	// NamespaceLabels are the labels, by namespace, of namespaces that do not exist
	// yet; the name label that the API server adds need not be there. They are
	// ignored for namespaces that exist.
	NamespaceLabels map[string]map[string]string
}

// CannotAnswer is in every message about a registered webhook that cannot.
const CannotAnswer = "cannot answer"

// Registration is a webhook configuration that was registered at run time.
type Registration struct {
	v1alpha1.WebhookReference
	// Services that its fail-closed webhooks call.
	Services []types.NamespacedName
}

// Object is one object to be written.
type Object struct {
	schema.GroupVersionKind
	// Resource is the plural. Default: asked of Options.Mapper, or guessed from the
	// kind while the cluster does not serve it.
	Resource string
	// Namespace is empty for cluster-scoped kinds.
	Namespace string
	// Name of the object.
	Name string
	// Labels of the object; nil means that they are not known. Unknown labels match
	// no objectSelector but the empty one.
	Labels map[string]string
}
