// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// flux writes HelmRepositories and HelmReleases in one namespace.
func (p Platform) flux(namespace string) ([]byte, error) {
	documents := []document{{comment: fmt.Sprintf("Platform %s for Flux 2, with versions and values %s.\n", p.Name, p.Source) +
		"References to Secrets and ConfigMaps are to objects of the namespace " + namespace + ": copy them there.\n" +
		"CRDs: those of a chart's crds folder are created and replaced with its release; Flux checks no change of them."}}
	known := map[string]bool{}
	for _, r := range p.Releases {
		if name := repositoryName(r.Repository); !known[name] {
			known[name] = true
			documents = append(documents, r.fluxRepository(name, namespace))
		}
	}
	documents = append(documents, p.namespaces()...)
	for _, r := range p.Releases {
		release, err := r.flux(namespace)
		if err != nil {
			return nil, err
		}
		documents = append(documents, release...)
	}
	return encode(documents)
}

// namespaces are those with labels, which Flux does not put on the ones that it makes.
func (p Platform) namespaces() []document {
	labels := map[string]map[string]string{}
	for _, r := range p.Releases {
		for key, value := range r.NamespaceLabels {
			if labels[r.Namespace] == nil {
				labels[r.Namespace] = map[string]string{}
			}
			labels[r.Namespace][key] = value
		}
	}
	var out []document
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, document{value: fields{
			{name: "apiVersion", value: "v1"}, {name: "kind", value: "Namespace"},
			{name: "metadata", value: fields{
				{name: "name", value: name}, {name: "labels", value: labels[name]},
				{name: "annotations", value: map[string]string{"kustomize.toolkit.fluxcd.io/prune": "disabled"}},
			}},
		}})
	}
	return out
}

func (r Release) fluxRepository(name, namespace string) document {
	spec := fields{{name: "interval", value: "1h"}, {name: "url", value: r.Repository}}
	if isOCI(r.Repository) {
		spec = append(spec, field{name: "type", value: "oci"})
	}
	comment := ""
	if r.SecretRef != nil {
		spec = append(spec, field{name: "secretRef", value: fields{{name: "name", value: r.SecretRef.Name}}})
		comment = fmt.Sprintf("Copy the Secret %s/%s to %s.", r.SecretRef.Namespace, r.SecretRef.Name, namespace)
	}
	if strings.HasPrefix(r.Repository, "file://") {
		comment = "Flux reads no folder: put the charts into a repository and write its address here."
	}
	return document{comment, fields{
		{name: "apiVersion", value: "source.toolkit.fluxcd.io/v1"}, {name: "kind", value: "HelmRepository"},
		{name: "metadata", value: fields{{name: "name", value: name}, {name: "namespace", value: namespace}}},
		{name: "spec", value: spec},
	}}
}

// flux is the HelmRelease, after a ConfigMap with the catalog's values where references
// come between these and the bundle's own: Flux merges spec.values last.
func (r Release) flux(namespace string) ([]document, error) {
	var before []document
	var from []item
	inline := r.merged()
	if len(r.References) > 0 {
		inline = r.Values
	}
	if len(r.References) > 0 && len(r.Defaults) > 0 {
		defaults, err := yaml.Marshal(plain(r.Defaults))
		if err != nil {
			return nil, fmt.Errorf("%s: values of the catalog: %w", r.Component, err)
		}
		name := r.Component + "-defaults"
		before = append(before, document{"The catalog's values of " + r.Component + ", under the referenced ones.", fields{
			{name: "apiVersion", value: "v1"}, {name: "kind", value: "ConfigMap"},
			{name: "metadata", value: fields{{name: "name", value: name}, {name: "namespace", value: namespace}}},
			{name: "data", value: map[string]string{"values.yaml": string(defaults)}},
		}})
		from = append(from, item{value: fields{{name: "kind", value: "ConfigMap"}, {name: "name", value: name}}})
	}
	for _, ref := range r.References {
		from = append(from, fluxReference(ref, namespace))
	}
	release := fields{
		{name: "apiVersion", value: "helm.toolkit.fluxcd.io/v2"}, {name: "kind", value: "HelmRelease"},
		{name: "metadata", value: fields{{name: "name", value: r.Component}, {name: "namespace", value: namespace}}},
		{name: "spec", value: append(r.fluxSpec(namespace), field{name: "valuesFrom", value: from}, field{name: "values", value: inline})},
	}
	out := append(before, document{strings.Join(r.notes(), "\n"), release})
	for i, object := range r.Manifests {
		comment := ""
		if i == 0 {
			comment = "Follow-up manifests of " + r.Component + ". Flux applies them at once and tries again until their kinds are there;\n" +
				"to wait for the release, put them into a Kustomization that depends on this one."
		}
		out = append(out, document{comment, inNamespace(object, r.Namespace)})
	}
	return out, nil
}

func (r Release) fluxSpec(namespace string) fields {
	var needs []item
	for _, name := range r.DependsOn {
		needs = append(needs, item{value: fields{{name: "name", value: name}}})
	}
	remediation := fields{{name: "retries", value: int(r.Retries)}}
	if r.Rollback {
		remediation = append(remediation, field{name: "remediateLastFailure", value: true}, field{name: "strategy", value: "rollback"})
	}
	spec := fields{
		{name: "interval", value: "10m"}, {name: "timeout", value: r.Timeout.String()},
		{name: "chart", value: fields{{name: "spec", value: fields{
			{name: "chart", value: r.Chart}, {name: "version", value: r.Version},
			{name: "sourceRef", value: fields{
				{name: "kind", value: "HelmRepository"}, {name: "name", value: repositoryName(r.Repository)}, {name: "namespace", value: namespace},
			}},
		}}}},
		{name: "releaseName", value: r.Name}, {name: "targetNamespace", value: r.Namespace},
		{name: "storageNamespace", value: r.Namespace, comment: "Where Groundwork keeps the history, so that the release is taken over."},
		{name: "dependsOn", value: needs}, {name: "maxHistory", value: int(r.HistoryLimit)},
		{name: "install", value: fields{{name: "createNamespace", value: true}, {name: "crds", value: "Create"}}},
		{name: "upgrade", value: fields{{name: "crds", value: "CreateReplace"}, {name: "remediation", value: remediation}}},
		{name: "driftDetection", value: r.fluxDrift()},
	}
	if r.Suspended {
		spec = append(spec, field{name: "suspend", value: true})
	}
	return spec
}

// fluxDrift leaves out pointers with a *, which Flux does not know.
func (r Release) fluxDrift() fields {
	mode := "enabled"
	switch r.Drift {
	case v1alpha1.DriftWarn:
		mode = "warn"
	case v1alpha1.DriftOff:
		mode = "disabled"
	case v1alpha1.DriftCorrect:
	}
	var ignore, lost []string
	var rules []item
	for _, rule := range r.Ignore {
		ignore = ignore[:0:0]
		for _, pointer := range rule.JSONPointers {
			if slices.Contains(strings.Split(pointer, "/"), "*") {
				lost = append(lost, rule.Kind+" "+pointer)
				continue
			}
			ignore = append(ignore, pointer)
		}
		if len(ignore) > 0 {
			rules = append(rules, item{value: fields{
				{name: "paths", value: ignore},
				{name: "target", value: fields{{name: "group", value: rule.Group}, {name: "kind", value: rule.Kind}, {name: "name", value: rule.Name}}},
			}})
		}
	}
	comment := ""
	if len(lost) > 0 {
		comment = "Not here, because Flux has no * in paths: " + strings.Join(lost, ", ")
	}
	return fields{{name: "mode", value: mode, comment: comment}, {name: "ignore", value: rules}}
}

func fluxReference(ref v1alpha1.ValuesReference, namespace string) item {
	out := fields{
		{name: "kind", value: ref.Kind}, {name: "name", value: ref.Name}, {name: "valuesKey", value: ref.Key}, {name: "targetPath", value: ref.TargetPath},
	}
	if ref.Optional {
		out = append(out, field{name: "optional", value: true})
	}
	comment := ""
	if ref.Namespace != namespace {
		comment = fmt.Sprintf("Copy the %s %s/%s to %s.", ref.Kind, ref.Namespace, ref.Name, namespace)
	}
	return item{value: out, comment: comment}
}

// inNamespace is an object with the namespace that an empty one means. Cluster-scoped
// kinds that are known as such are left alone.
func inNamespace(object map[string]any, namespace string) map[string]any {
	metadata, isMap := object["metadata"].(map[string]any)
	kind, isText := object["kind"].(string)
	if !isMap || !isText || metadata["namespace"] != nil || strings.HasPrefix(kind, "Cluster") || slices.Contains(clusterScoped(), kind) {
		return object
	}
	out, inner := maps.Clone(object), maps.Clone(metadata)
	inner["namespace"] = namespace
	out["metadata"] = inner
	return out
}

// clusterScoped are kinds without a namespace that follow-up manifests often are.
func clusterScoped() []string {
	return []string{
		"Namespace", "CustomResourceDefinition", "StorageClass", "PriorityClass", "IngressClass", "GatewayClass", "PersistentVolume",
		"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ConstraintTemplate", "APIService", "RuntimeClass",
	}
}
