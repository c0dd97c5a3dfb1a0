// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package export

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// waveAnnotation orders the objects of one sync.
const waveAnnotation = "argocd.argoproj.io/sync-wave"

// argocd writes Applications that an app of apps syncs in waves.
func (p Platform) argocd(namespace string) ([]byte, error) {
	documents := []document{{comment: fmt.Sprintf("Platform %s for Argo CD, with versions and values %s.\n", p.Name, p.Source) +
		"Put this file into Git and sync it with an Application of its own: dependencies are sync waves. Argo CD waits for\n" +
		"the Applications of a wave only when its argocd-cm has a health check for argoproj.io/Application.\n" +
		"Argo CD renders charts and installs no Helm releases: the records that exist are left behind, delete them then.\n" +
		"CRDs: they are objects like others and are deleted with their Application unless they carry Prune=false,Delete=false."}}
	wave := map[string]int{}
	for _, r := range p.Releases {
		for _, name := range r.DependsOn {
			wave[r.Component] = max(wave[r.Component], wave[name]+2) // odd ones are for follow-up manifests
		}
		documents = append(documents, r.argocd(namespace, wave[r.Component]))
		for i, object := range r.Manifests {
			comment := ""
			if i == 0 {
				comment = "Follow-up manifests of " + r.Component + "."
			}
			documents = append(documents, document{comment, inWave(inNamespace(object, r.Namespace), wave[r.Component]+1)})
		}
	}
	return encode(documents)
}

func (r Release) argocd(namespace string, wave int) document {
	notes := r.notes()
	for _, ref := range r.References {
		notes = append(notes, "Not here: values of "+describeReference(ref)+". Argo CD reads no Secrets into Helm values: let the chart refer to\n"+
			"the Secret, or use a plugin.")
	}
	if r.SecretRef != nil {
		notes = append(notes, fmt.Sprintf("The credentials of its repository are in the Secret %s/%s: make a repository Secret of Argo CD from it.",
			r.SecretRef.Namespace, r.SecretRef.Name))
	}
	if strings.HasPrefix(r.Repository, "file://") {
		notes = append(notes, "Argo CD reads no folder: put the chart into a repository and write its address here.")
	}
	annotations := map[string]string{waveAnnotation: strconv.Itoa(wave)}
	helm := fields{{name: "releaseName", value: r.Name}, {name: "valuesObject", value: r.merged()}}
	spec := fields{
		{name: "project", value: "default"},
		{name: "destination", value: fields{{name: "server", value: "https://kubernetes.default.svc"}, {name: "namespace", value: r.Namespace}}},
		{name: "source", value: fields{
			{name: "repoURL", value: strings.TrimPrefix(r.Repository, "oci://")}, {name: "chart", value: r.Chart},
			{name: "targetRevision", value: r.Version}, {name: "helm", value: helm},
		}},
		{name: "revisionHistoryLimit", value: int(r.HistoryLimit)},
		{name: "ignoreDifferences", value: r.argocdIgnore()},
		{name: "syncPolicy", value: r.argocdSync()},
	}
	return document{strings.Join(notes, "\n"), fields{
		{name: "apiVersion", value: "argoproj.io/v1alpha1"}, {name: "kind", value: "Application"},
		{name: "metadata", value: fields{
			{name: "name", value: r.Component}, {name: "namespace", value: namespace}, {name: "annotations", value: annotations},
		}},
		{name: "spec", value: spec},
	}}
}

func (r Release) argocdSync() fields {
	var out fields
	if !r.Suspended {
		out = append(out, field{name: "automated", value: fields{{name: "prune", value: true}, {name: "selfHeal", value: r.Drift == v1alpha1.DriftCorrect}}})
	}
	out = append(out, field{name: "syncOptions", value: []string{"CreateNamespace=true", "ServerSideApply=true", "RespectIgnoreDifferences=true"}})
	if len(r.NamespaceLabels) > 0 {
		out = append(out, field{name: "managedNamespaceMetadata", value: fields{{name: "labels", value: r.NamespaceLabels}}})
	}
	return append(out, field{name: "retry", value: fields{
		{name: "limit", value: int(r.Retries)}, {name: "backoff", value: fields{{name: "duration", value: "10s"}, {name: "maxDuration", value: r.Timeout.String()}}},
	}})
}

// argocdIgnore writes pointers with a * as paths of jq, which Argo CD has for that.
func (r Release) argocdIgnore() []item {
	var out []item
	for _, rule := range r.Ignore {
		var pointers, paths []string
		for _, pointer := range rule.JSONPointers {
			if strings.Contains(pointer+"/", "/*/") {
				paths = append(paths, jqPath(pointer))
				continue
			}
			pointers = append(pointers, pointer)
		}
		group := rule.Group
		if group == "" {
			group = "*"
		}
		out = append(out, item{value: fields{
			{name: "group", value: group}, {name: "kind", value: rule.Kind}, {name: "name", value: rule.Name},
			{name: "jsonPointers", value: pointers}, {name: "jqPathExpressions", value: paths},
		}})
	}
	return out
}

// jqPath is a JSON pointer with * for every element, as a path of jq.
func jqPath(pointer string) string {
	var out strings.Builder
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if token == "*" {
			out.WriteString("[]")
			continue
		}
		if _, err := strconv.Atoi(token); err == nil {
			out.WriteString("[" + token + "]")
			continue
		}
		out.WriteString("." + strconv.Quote(token))
	}
	return out.String()
}

// inWave is an object with a sync wave, unless it has one.
func inWave(object map[string]any, wave int) map[string]any {
	metadata, isMap := object["metadata"].(map[string]any)
	if !isMap {
		return object
	}
	annotations := map[string]any{waveAnnotation: strconv.Itoa(wave)}
	if own, isMap := metadata["annotations"].(map[string]any); isMap {
		maps.Copy(annotations, own)
	}
	out, inner := maps.Clone(object), maps.Clone(metadata)
	inner["annotations"], out["metadata"] = annotations, inner
	return out
}
