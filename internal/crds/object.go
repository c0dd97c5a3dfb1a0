// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Object is a CustomResourceDefinition without its schemas, for reading. Registered in a scheme in place of the full type (AddToScheme), a
// watch decodes some kilobytes where the full type would build megabytes for every event: both decoders, of JSON and of protobuf, skip what
// has no field here. Clients of controller-runtime ask for protobuf when AddToScheme is passed to apiutil.AddToProtobufScheme too.
// It must never be written back.
type Object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              ObjectSpec   `json:"spec"`
	Status            ObjectStatus `json:"status,omitempty"`
}

// ObjectSpec is the part of the spec that decisions need.
type ObjectSpec struct {
	Group string      `json:"group"`
	Names ObjectNames `json:"names"`
	Scope string      `json:"scope"`
	// Versions without their schemas.
	Versions   []Version   `json:"versions"`
	Conversion *conversion `json:"conversion,omitempty"`
}

// ObjectNames are the names of the kind.
type ObjectNames struct {
	Kind     string `json:"kind"`
	ListKind string `json:"listKind,omitempty"`
	Plural   string `json:"plural"`
}

// ObjectStatus is the part of the status that decisions need.
type ObjectStatus struct {
	Conditions     []ObjectCondition `json:"conditions,omitempty"`
	StoredVersions []string          `json:"storedVersions,omitempty"`
}

// ObjectCondition is a condition without its time.
type ObjectCondition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// ObjectList is a list of Objects.
type ObjectList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Object `json:"items"`
}

// conversion is how versions are converted.
type conversion struct {
	Strategy string             `json:"strategy,omitempty"`
	Webhook  *conversionWebhook `json:"webhook,omitempty"`
}

type conversionWebhook struct {
	ClientConfig *clientConfig `json:"clientConfig,omitempty"`
}

type clientConfig struct {
	URL     string            `json:"url,omitempty"`
	Service *serviceReference `json:"service,omitempty"`
}

type serviceReference struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Path      string `json:"path,omitempty"`
}

func (c *conversion) isWebhook() bool {
	return c != nil && c.Strategy == string(apiextensionsv1.WebhookConverter)
}

// describe tells conversions apart; nil is the API server's default.
func (c *conversion) describe() string {
	switch {
	case !c.isWebhook():
		return string(apiextensionsv1.NoneConverter)
	case c.Webhook == nil || c.Webhook.ClientConfig == nil:
		return "Webhook"
	case c.Webhook.ClientConfig.Service != nil:
		s := c.Webhook.ClientConfig.Service
		return "Webhook " + s.Namespace + "/" + s.Name + s.Path
	default:
		return "Webhook " + c.Webhook.ClientConfig.URL
	}
}

// AddToScheme registers Object and ObjectList as CustomResourceDefinition. The scheme must not hold the full type too.
func AddToScheme(scheme *runtime.Scheme) error {
	gv := GVK.GroupVersion()
	scheme.AddKnownTypeWithName(GVK, &Object{})
	scheme.AddKnownTypeWithName(schema.GroupVersionKind{Group: gv.Group, Version: gv.Version, Kind: kindCRD + "List"}, &ObjectList{})
	metav1.AddToGroupVersion(scheme, gv)
	return nil
}

// DeepCopyObject implements runtime.Object.
func (o *Object) DeepCopyObject() runtime.Object {
	if o == nil {
		return nil
	}
	return o.DeepCopy()
}

// DeepCopy returns a copy that shares nothing with the original.
func (o *Object) DeepCopy() *Object {
	out := *o
	o.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Versions = slices.Clone(o.Spec.Versions)
	out.Spec.Conversion = o.Spec.Conversion.deepCopy()
	out.Status.Conditions = slices.Clone(o.Status.Conditions)
	out.Status.StoredVersions = slices.Clone(o.Status.StoredVersions)
	return &out
}

func (c *conversion) deepCopy() *conversion {
	if c == nil {
		return nil
	}
	out := *c
	if c.Webhook == nil {
		return &out
	}
	out.Webhook = &conversionWebhook{}
	if config := c.Webhook.ClientConfig; config != nil {
		copied := *config
		if config.Service != nil {
			service := *config.Service
			copied.Service = &service
		}
		out.Webhook.ClientConfig = &copied
	}
	return &out
}

// DeepCopyObject implements runtime.Object.
func (l *ObjectList) DeepCopyObject() runtime.Object {
	if l == nil {
		return nil
	}
	out := *l
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]Object, len(l.Items))
	for i := range l.Items {
		out.Items[i] = *l.Items[i].DeepCopy()
	}
	return &out
}
