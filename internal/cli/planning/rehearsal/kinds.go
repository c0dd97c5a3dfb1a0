// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// Kinds are those of a cluster, or of Kubernetes itself where there is none, united
// with those that definitions will bring. It is safe for concurrent use.
type Kinds struct {
	meta.RESTMapper
	cluster helm.Kinds // nil: there is none
	version version.Info
	brought *meta.DefaultRESTMapper

	mu    sync.RWMutex
	names map[string]bool
}

// Live are the kinds of a cluster.
func Live(cluster helm.Kinds) *Kinds {
	brought := meta.NewDefaultRESTMapper(nil)
	return &Kinds{
		RESTMapper: meta.FirstHitRESTMapper{MultiRESTMapper: meta.MultiRESTMapper{brought, cluster}},
		cluster:    cluster, version: cluster.ServerVersion(), brought: brought, names: map[string]bool{},
	}
}

// stable are the versions that every API server serves.
var stable = regexp.MustCompile("^v[0-9]+$")

// clusterScoped are the kinds of Kubernetes itself that live in no namespace.
func clusterScoped() []string {
	return []string{
		"APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ComponentStatus", "CSIDriver", "CSINode",
		"CustomResourceDefinition", "DeviceClass", "FlowSchema", "IngressClass", "IPAddress", "MutatingAdmissionPolicy",
		"MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass",
		"PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "SelfSubjectAccessReview", "SelfSubjectReview",
		"SelfSubjectRulesReview", "ServiceCIDR", "StorageClass", "SubjectAccessReview", "TokenReview", "ValidatingAdmissionPolicy",
		"ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass",
	}
}

// Offline are the stable kinds of Kubernetes in a version such as 1.34.0.
func Offline(kubeVersion string) (*Kinds, error) {
	v, err := semver.NewVersion(kubeVersion)
	if err != nil {
		return nil, fmt.Errorf("--kube-version %q is no version such as 1.34.0: %w", kubeVersion, err)
	}
	brought := meta.NewDefaultRESTMapper(nil)
	k := &Kinds{
		RESTMapper: brought, brought: brought, names: map[string]bool{},
		version: version.Info{Major: fmt.Sprint(v.Major()), Minor: fmt.Sprint(v.Minor()), GitVersion: "v" + v.String()},
	}
	for gvk := range clientgoscheme.Scheme.AllKnownTypes() {
		if stable.MatchString(gvk.Version) {
			k.add(gvk, !slices.Contains(clusterScoped(), gvk.Kind))
		}
	}
	k.add(schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}, false)
	k.add(crds.GVK, false)
	return k, nil
}

func (k *Kinds) add(gvk schema.GroupVersionKind, namespaced bool) {
	scope := meta.RESTScopeRoot
	if namespaced {
		scope = meta.RESTScopeNamespace
	}
	k.brought.Add(gvk, scope)
	k.names[gvk.GroupVersion().String()] = true
	k.names[gvk.GroupVersion().String()+"/"+gvk.Kind] = true
}

// Bring adds what a definition serves. It reports whether anything is new.
func (k *Kinds) Bring(definition *crds.Definition) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	added := false
	for _, gvk := range definition.Kinds() {
		name := gvk.GroupVersion().String() + "/" + gvk.Kind
		if k.names[name] {
			continue
		}
		added = true
		scope := meta.RESTScopeRoot
		if definition.Namespaced {
			scope = meta.RESTScopeNamespace
		}
		k.brought.AddSpecific(gvk, gvk.GroupVersion().WithResource(definition.Plural), gvk.GroupVersion().WithResource(definition.Plural), scope)
		k.names[gvk.GroupVersion().String()], k.names[name] = true, true
	}
	return added
}

// resources are the kinds of a version that do not come from the cluster, as discovery
// lists them.
func (k *Kinds) resources(version string) []metav1.APIResource {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var out []metav1.APIResource
	for name := range k.names {
		kind, is := strings.CutPrefix(name, version+"/")
		if !is || strings.Contains(kind, "/") {
			continue
		}
		gvk := schema.FromAPIVersionAndKind(version, kind)
		mapping, err := k.brought.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			continue // it has been added with its mapping
		}
		out = append(out, metav1.APIResource{
			Name: mapping.Resource.Resource, Kind: kind, Namespaced: mapping.Scope.Name() == meta.RESTScopeNameNamespace,
			Verbs: metav1.Verbs{"get", "list"},
		})
	}
	slices.SortFunc(out, func(a, b metav1.APIResource) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Has implements helm.Kinds.
func (k *Kinds) Has(apiVersion string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.names[apiVersion] || (k.cluster != nil && k.cluster.Has(apiVersion))
}

// APIVersions implements helm.Kinds.
func (k *Kinds) APIVersions() []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var out []string
	if k.cluster != nil {
		out = k.cluster.APIVersions()
	}
	for name := range k.names {
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ServerVersion implements helm.Kinds.
func (k *Kinds) ServerVersion() version.Info { return k.version }
