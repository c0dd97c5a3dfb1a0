// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// State is what the cluster holds of one definition, trimmed to what decisions need.
type State struct {
	// Name of the definition: <plural>.<group>.
	Name string
	// UID tells a definition from one that was deleted and made again.
	UID types.UID
	// Generation goes up whenever the spec changes.
	Generation int64
	// Group, Kind and Plural name the resource.
	Group, Kind, Plural string
	// Namespaced says that objects live in namespaces.
	Namespaced bool
	// Versions in the order of the definition.
	Versions []Version
	// StoredVersions are those in which objects may still lie in etcd.
	StoredVersions []string
	// Established says that the API server serves it.
	Established bool
	// Owner is the component (<bundle>.<component>) whose definition wins; empty for one that the operator never applied.
	Owner string
	// Digest of the definition that the operator applied last; empty for one that it never applied.
	Digest string
	// Terminating says that it is being deleted.
	Terminating bool
	// Conversion describes how versions are converted; compare with Definition.Conversion.
	Conversion string
	// Problem is the API server's sentence when it does not accept the names; empty when it does.
	Problem string
}

// FromObject reads the state of a definition.
func FromObject(crd *apiextensionsv1.CustomResourceDefinition) State { return slim(crd).State() }

// State reads the state of a definition.
func (o *Object) State() State {
	s := State{
		Name: o.Name, UID: o.UID, Generation: o.Generation, Group: o.Spec.Group, Kind: o.Spec.Names.Kind, Plural: o.Spec.Names.Plural,
		Namespaced: o.Spec.Scope != string(apiextensionsv1.ClusterScoped), Versions: o.Spec.Versions,
		StoredVersions: o.Status.StoredVersions,
		Owner:          o.Labels[v1alpha1.CRDOwnerLabel], Digest: o.Annotations[v1alpha1.CRDDigestAnnotation],
		Terminating: o.DeletionTimestamp != nil, Conversion: o.Spec.Conversion.describe(),
	}
	for _, c := range o.Status.Conditions {
		switch c.Type {
		case string(apiextensionsv1.Established):
			s.Established = c.Status == string(metav1.ConditionTrue)
		case string(apiextensionsv1.NamesAccepted):
			if c.Status == string(metav1.ConditionFalse) {
				s.Problem = c.Message
			}
		}
	}
	return s
}

// StorageKind is the kind in the version in which its objects are written.
func (s State) StorageKind() schema.GroupVersionKind {
	out := schema.GroupVersionKind{Group: s.Group, Kind: s.Kind}
	for _, v := range s.Versions {
		if v.Storage {
			out.Version = v.Name
		}
	}
	return out
}

// HasConversionWebhook says that reading other versions than the stored one needs a webhook to answer.
func (s State) HasConversionWebhook() bool {
	return s.Conversion != "" && s.Conversion != string(apiextensionsv1.NoneConverter)
}

// storageVersion is the version in which objects are written; empty when the definition is not valid.
func (s State) storageVersion() string { return storageVersion(s.Versions) }

func storageVersion(versions []Version) string {
	for _, v := range versions {
		if v.Storage {
			return v.Name
		}
	}
	return ""
}

// slim copies the fields that Object has.
func slim(crd *apiextensionsv1.CustomResourceDefinition) *Object {
	o := &Object{TypeMeta: crd.TypeMeta, ObjectMeta: crd.ObjectMeta}
	o.Spec.Group, o.Spec.Scope = crd.Spec.Group, string(crd.Spec.Scope)
	o.Spec.Names = ObjectNames{Kind: crd.Spec.Names.Kind, ListKind: crd.Spec.Names.ListKind, Plural: crd.Spec.Names.Plural}
	for i := range crd.Spec.Versions {
		v := &crd.Spec.Versions[i]
		o.Spec.Versions = append(o.Spec.Versions, Version{Name: v.Name, Served: v.Served, Storage: v.Storage})
	}
	if c := crd.Spec.Conversion; c != nil {
		o.Spec.Conversion = &conversion{Strategy: string(c.Strategy)}
		if c.Webhook != nil && c.Webhook.ClientConfig != nil {
			o.Spec.Conversion.Webhook = &conversionWebhook{ClientConfig: slimClientConfig(c.Webhook.ClientConfig)}
		}
	}
	for _, c := range crd.Status.Conditions {
		o.Status.Conditions = append(o.Status.Conditions,
			ObjectCondition{Type: string(c.Type), Status: string(c.Status), Reason: c.Reason, Message: c.Message})
	}
	o.Status.StoredVersions = crd.Status.StoredVersions
	return o
}

func slimClientConfig(in *apiextensionsv1.WebhookClientConfig) *clientConfig {
	out := &clientConfig{}
	if in.URL != nil {
		out.URL = *in.URL
	}
	if in.Service != nil {
		out.Service = &serviceReference{Namespace: in.Service.Namespace, Name: in.Service.Name}
		if in.Service.Path != nil {
			out.Service.Path = *in.Service.Path
		}
	}
	return out
}

// Trim is the cache transform for a watch of definitions. It takes the full type or Object and drops schemas, printer columns, CA bundles,
// managed fields and annotations of others in place; anything else passes unchanged. Trimming twice changes nothing.
func Trim(obj any) (any, error) {
	switch o := obj.(type) {
	case *Object:
		trimMeta(&o.ObjectMeta)
	case *apiextensionsv1.CustomResourceDefinition:
		trimMeta(&o.ObjectMeta)
		trimFull(o)
	}
	return obj, nil
}

func trimMeta(m *metav1.ObjectMeta) {
	m.ManagedFields = nil
	m.OwnerReferences = nil
	digest, ok := m.Annotations[v1alpha1.CRDDigestAnnotation]
	m.Annotations = nil
	if ok {
		m.Annotations = map[string]string{v1alpha1.CRDDigestAnnotation: digest}
	}
}

func trimFull(crd *apiextensionsv1.CustomResourceDefinition) {
	for i := range crd.Spec.Versions {
		v := &crd.Spec.Versions[i]
		crd.Spec.Versions[i] = apiextensionsv1.CustomResourceDefinitionVersion{Name: v.Name, Served: v.Served, Storage: v.Storage}
	}
	if c := crd.Spec.Conversion; c != nil && c.Webhook != nil && c.Webhook.ClientConfig != nil {
		c.Webhook.ClientConfig.CABundle = nil
	}
}

func serves(versions []Version, name string) bool {
	return slices.ContainsFunc(versions, func(v Version) bool { return v.Served && v.Name == name })
}

func kinds(group, kind string, versions []Version) []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, v := range versions {
		if v.Served {
			out = append(out, schema.GroupVersionKind{Group: group, Version: v.Name, Kind: kind})
		}
	}
	return out
}
