// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// crdKind is the line that makes a document a custom resource definition. It tells
// without parsing: the definitions of one chart can be megabytes.
var crdKind = regexp.MustCompile(`^kind:[ \t]*["']?CustomResourceDefinition["']?[ \t\r]*(#.*)?$`)

// kindLines counts the lines that begin with "kind:", and those of them that say
// CustomResourceDefinition. Of megabytes, a regular expression sees these lines alone.
func kindLines(text string) (all, definitions int) {
	text = "\n" + text
	for {
		at := strings.Index(text, "\nkind:")
		if at < 0 {
			return all, definitions
		}
		text = text[at+1:]
		line, _, _ := strings.Cut(text, "\n")
		if all++; crdKind.MatchString(line) {
			definitions++
		}
	}
}

// documents splits a stream of YAML documents where Helm does, at every line that
// begins with "---" whatever follows (templates that trim white space leave
// "---apiVersion: v1"), and leaves out empty ones. Manifests are megabytes, so no
// regular expression.
func documents(stream string) []string {
	var out []string
	keep := func(document string) {
		if strings.TrimSpace(document) != "" {
			out = append(out, document)
		}
	}
	stream = "\n" + stream
	for {
		document, rest, found := strings.Cut(stream, "\n---")
		keep(document)
		if !found {
			return out
		}
		stream = strings.TrimLeft(rest, " \t")
	}
}

func isCRD(document string) bool {
	if !strings.Contains(document, "CustomResourceDefinition") {
		return false
	}
	_, definitions := kindLines(document)
	return definitions > 0
}

// isHook says whether Helm runs the object as a hook instead of keeping it in the
// release.
func (h head) isHook() bool { return h.Metadata.Annotations[helmrelease.HookAnnotation] != "" }

// head is what is read of a document to know what it is.
type head struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Items []head `json:"items"`
}

// headsOf reads the heads of a document; a List is flattened.
func headsOf(document string) ([]head, error) {
	var h head
	if err := yaml.Unmarshal([]byte(document), &h); err != nil {
		return nil, err
	}
	if strings.HasSuffix(h.Kind, "List") && len(h.Items) > 0 {
		return h.Items, nil
	}
	if h.Kind == "" {
		return nil, nil
	}
	return []head{h}, nil
}

func (h head) gvk() schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(h.APIVersion, h.Kind)
}

// inventoryOf lists the objects of a stored revision: no hooks, no CRDs. A kind
// that is not served any more is listed with the namespace its document says.
func inventoryOf(rls *helmrelease.Release, mapper meta.RESTMapper) ([]Object, error) {
	out, err := objectsOf(rls.Manifest, rls.Namespace, mapper)
	if err != nil {
		return nil, fmt.Errorf("the stored manifest of %s/%s revision %d does not parse: %w",
			rls.Namespace, rls.Name, rls.Version, err)
	}
	return out, nil
}

func objectsOf(manifest, namespace string, mapper meta.RESTMapper) ([]Object, error) {
	var out []Object
	for _, document := range documents(manifest) {
		if isCRD(document) {
			continue
		}
		heads, err := headsOf(document)
		if err != nil {
			return nil, err
		}
		for _, h := range heads {
			out = append(out, objectOf(h, namespace, mapper))
		}
	}
	return out, nil
}

func objectOf(h head, releaseNamespace string, mapper meta.RESTMapper) Object {
	object := Object{GroupVersionKind: h.gvk(), Namespace: h.Metadata.Namespace, Name: h.Metadata.Name}
	mapping, err := mapper.RESTMapping(object.GroupKind(), object.Version)
	if err != nil {
		return object
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		object.Namespace = ""
	} else if object.Namespace == "" {
		object.Namespace = releaseNamespace
	}
	return object
}

// appliedOf lists what a resource list holds after it was written: the client
// refreshes each entry from the API server's answer. What has no UID was not
// written.
func appliedOf(resources kube.ResourceList) []Applied {
	out := make([]Applied, 0, len(resources))
	for _, info := range resources {
		entry := Applied{Object: Object{
			GroupVersionKind: info.Mapping.GroupVersionKind,
			Namespace:        info.Namespace,
			Name:             info.Name,
		}}
		if accessor, err := meta.Accessor(info.Object); err == nil {
			entry.UID, entry.Generation = string(accessor.GetUID()), accessor.GetGeneration()
			entry.ResourceVersion = accessor.GetResourceVersion()
		}
		out = append(out, entry)
	}
	return out
}

// withoutCRDs is Helm's post-renderer here: it drops custom resource
// definitions, so that they are neither in the record nor in Helm's hands.
type withoutCRDs struct{}

// Run implements postrender.PostRenderer.
func (withoutCRDs) Run(rendered *bytes.Buffer) (*bytes.Buffer, error) {
	var out bytes.Buffer
	for _, document := range documents(rendered.String()) {
		if !isCRD(document) {
			out.WriteString("---\n")
			out.WriteString(document)
			if !strings.HasSuffix(document, "\n") {
				out.WriteByte('\n')
			}
		}
	}
	return &out, nil
}

// mapped drops the documents whose kind nobody serves from a stored manifest:
// Helm refuses to build the whole manifest because of one, which would make an
// upgrade and an uninstall impossible after a CRD is gone.
func mapped(stream string, mapper meta.RESTMapper) (kept string, unmapped []string) {
	var out strings.Builder
	for _, document := range documents(stream) {
		heads, err := headsOf(document)
		if err == nil && slices.ContainsFunc(heads, func(h head) bool { return !served(h, mapper) }) {
			for _, h := range heads {
				unmapped = append(unmapped, h.gvk().String()+" "+h.Metadata.Name)
			}
			continue
		}
		out.WriteString("---\n" + document + "\n")
	}
	return out.String(), unmapped
}

func served(h head, mapper meta.RESTMapper) bool {
	_, err := mapper.RESTMapping(h.gvk().GroupKind(), h.gvk().Version)
	return !meta.IsNoMatchError(err)
}
